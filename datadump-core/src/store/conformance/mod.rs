//! The conformance suite: checks of the contract of [`Store`](super::Store) that any backend can run. Implement
//! [`Bench`] for the backend, and run each of [`CHECKS`] on a database of its own.
//!
//! ```
//! # use datadump_core::store::conformance::{Bench, CHECKS};
//! # async fn run(new_bench: impl Fn() -> Box<dyn Bench>) {
//! for check in CHECKS {
//!     if let Err(error) = check.run(new_bench().as_ref()).await {
//!         panic!("{}: {error}", check.name);
//!     }
//! }
//! # }
//! ```
//!
//! As a test for each check they run in parallel, and a failure names its check: a macro makes the tests from
//! a list of names, and one more test compares that list with `CHECKS`. `tests/all/conformance.rs` of this
//! crate does so.

mod batches;
mod bench;
mod catalogue;
mod change_log;
mod conversions;
mod idempotency;
mod ids;
mod keys;
mod merges;
mod migrations;
mod newer;
mod patches;
mod queries;
mod results;
mod retention;
mod rows;
mod storage_sizes;

use std::{future::Future, pin::Pin};

pub use self::bench::Bench;
use crate::error::Result;

/// A check of one part of the contract.
#[derive(Clone, Copy)]
pub struct Check {
    /// The property that must hold, as an identifier.
    pub name: &'static str,
    run: for<'a> fn(&'a dyn Bench) -> CheckFuture<'a>,
}

type CheckFuture<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

impl Check {
    /// Runs the check. The error says what does not hold.
    pub async fn run(&self, bench: &dyn Bench) -> Result<()> {
        (self.run)(bench).await
    }
}

macro_rules! checks {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$(Check { name: stringify!($name), run: |bench| Box::pin($module::$name(bench)) }),*]
    };
}

/// All checks of the contract.
pub const CHECKS: &[Check] = checks![
    rows::every_kind_round_trips_even_after_a_restart,
    rows::many_rows_are_stored_like_single_ones,
    rows::a_write_with_an_unmet_condition_changes_nothing,
    newer::a_row_that_is_newer_than_the_write_is_kept,
    newer::rows_written_earlier_in_the_batch_are_not_newer,
    newer::rows_written_before_a_refused_one_are_not_newer,
    rows::writes_of_one_batch_to_one_key_take_effect_in_order,
    rows::a_row_that_violates_a_unique_index_does_not_affect_others,
    rows::concurrent_increments_are_each_counted_once,
    keys::generated_keys_are_never_reused,
    keys::rows_of_one_batch_get_the_keys_in_their_outcomes,
    keys::the_greatest_key_does_not_affect_other_writes,
    keys::concurrent_batches_share_the_keys_that_are_left,
    keys::unusual_keys_are_stored_and_found_exactly,
    rows::deleted_rows_are_gone,
    rows::rows_are_looked_up_until_a_size_is_reached,
    rows::lists_show_the_newest_row_first,
    merges::a_merge_changes_only_the_fields_that_were_sent,
    merges::a_merge_into_a_missing_row_needs_the_required_fields,
    merges::a_merge_keeps_what_did_not_fit_a_field,
    merges::a_merged_row_is_valid_as_a_whole,
    merges::a_failed_batch_undoes_its_merges,
    merges::rows_with_different_fields_are_stored_like_whole_ones,
    merges::concurrent_merges_of_different_fields_are_all_kept,
    merges::a_batch_may_ask_for_keys_only,
    patches::a_patch_changes_only_the_fields_it_names,
    patches::a_patch_leaves_what_did_not_fit_alone,
    patches::rows_that_do_not_match_are_left_alone,
    patches::a_batch_ends_at_its_first_failure,
    patches::a_dry_run_stores_nothing,
    patches::a_patch_for_an_old_version_is_refused,
    patches::an_atomic_batch_spans_storages,
    patches::large_rows_are_patched_part_by_part,
    batches::an_atomic_batch_is_all_or_nothing,
    batches::a_failed_write_is_replaced,
    batches::an_unchanged_row_is_not_written,
    batches::system_storages_are_written_together_with_others,
    batches::a_large_batch_with_invalid_rows_becomes_visible_at_once,
    idempotency::a_batch_with_a_record_takes_effect_once,
    idempotency::a_record_is_built_from_the_outcomes_of_its_batch,
    idempotency::one_of_several_concurrent_equal_batches_takes_effect,
    ids::keys_of_type_id_hold_uuids_and_texts,
    change_log::exactly_the_committed_changes_are_logged,
    change_log::no_commit_appears_before_one_that_was_read,
    change_log::large_commits_are_logged_completely,
    retention::a_storage_is_measured,
    retention::long_values_count_as_long,
    retention::a_step_removes_the_oldest_rows_as_one_change,
    retention::sizes_are_added_up_before_rows_exceed_a_capacity,
    retention::a_step_ends_at_a_number_of_bytes,
    retention::a_removed_storage_is_unknown_and_a_system_storage_has_no_log,
    retention::a_follower_of_the_change_log_removes_the_same_rows,
    catalogue::versions_follow_one_another,
    catalogue::a_removed_storage_can_be_created_again,
    catalogue::a_row_for_a_removed_storage_is_refused,
    storage_sizes::storage_sizes_are_estimated,
    queries::pages_cover_all_rows_once_in_both_directions,
    queries::pages_ordered_by_floats_cover_all_rows,
    queries::counts_match_the_filter,
    queries::rows_are_counted_by_their_values,
    queries::a_query_for_an_old_version_is_refused,
    queries::texts_are_found_regardless_of_case,
    queries::long_texts_are_indexed_exactly,
    results::results_take_memory_as_long_as_they_are_held,
    migrations::existing_rows_get_the_default_of_a_new_field,
    migrations::text_defaults_are_stored_verbatim,
    migrations::an_integer_field_with_indexes_becomes_a_long,
    migrations::limits_can_be_widened,
    migrations::the_scale_of_a_decimal_can_change,
    migrations::violating_rows_fail_a_migration_without_changes,
    migrations::duplicate_rows_fail_a_unique_index_without_changes,
    migrations::a_field_is_renamed_converted_and_dropped,
    migrations::rows_validated_earlier_are_validated_again,
    conversions::rows_validated_earlier_are_carried_over,
    conversions::dropped_names_can_be_used_again,
    conversions::text_can_become_a_string,
    conversions::rows_written_during_a_conversion_are_converted,
    migrations::rows_written_during_a_migration_are_kept,
    migrations::plans_count_violating_rows,
];
