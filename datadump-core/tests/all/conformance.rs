//! The conformance suite on both databases: one test for each check and backend.

use datadump_core::store::conformance::CHECKS;

use crate::databases::{Backend, Database};

/// Runs one check on a database of its own.
async fn run(backend: Backend, name: &str) {
    let check = CHECKS.iter().find(|check| check.name == name);
    let check = check.unwrap_or_else(|| panic!("there is no check `{name}`"));
    let database = Database::new(backend).await;
    if let Err(error) = check.run(&database).await {
        panic!("{backend:?} does not conform: {name}: {error}");
    }
}

macro_rules! checks {
    ($($name:ident,)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::run(crate::databases::Backend::Sqlite, stringify!($name)).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::run(crate::databases::Backend::Postgres, stringify!($name)).await;
                }
            )*
        }
    };
}

checks![
    every_kind_round_trips_even_after_a_restart,
    many_rows_are_stored_like_single_ones,
    a_write_with_an_unmet_condition_changes_nothing,
    a_row_that_is_newer_than_the_write_is_kept,
    rows_written_earlier_in_the_batch_are_not_newer,
    rows_written_before_a_refused_one_are_not_newer,
    writes_of_one_batch_to_one_key_take_effect_in_order,
    a_row_that_violates_a_unique_index_does_not_affect_others,
    concurrent_increments_are_each_counted_once,
    generated_keys_are_never_reused,
    rows_of_one_batch_get_the_keys_in_their_outcomes,
    the_greatest_key_does_not_affect_other_writes,
    concurrent_batches_share_the_keys_that_are_left,
    unusual_keys_are_stored_and_found_exactly,
    deleted_rows_are_gone,
    rows_are_looked_up_until_a_size_is_reached,
    lists_show_the_newest_row_first,
    a_merge_changes_only_the_fields_that_were_sent,
    a_merge_into_a_missing_row_needs_the_required_fields,
    a_merge_keeps_what_did_not_fit_a_field,
    a_merged_row_is_valid_as_a_whole,
    a_failed_batch_undoes_its_merges,
    rows_with_different_fields_are_stored_like_whole_ones,
    concurrent_merges_of_different_fields_are_all_kept,
    a_batch_may_ask_for_keys_only,
    a_patch_changes_only_the_fields_it_names,
    a_patch_leaves_what_did_not_fit_alone,
    rows_that_do_not_match_are_left_alone,
    a_batch_ends_at_its_first_failure,
    a_dry_run_stores_nothing,
    a_patch_for_an_old_version_is_refused,
    an_atomic_batch_spans_storages,
    large_rows_are_patched_part_by_part,
    an_atomic_batch_is_all_or_nothing,
    a_failed_write_is_replaced,
    an_unchanged_row_is_not_written,
    system_storages_are_written_together_with_others,
    a_large_batch_with_invalid_rows_becomes_visible_at_once,
    a_batch_with_a_record_takes_effect_once,
    a_record_is_built_from_the_outcomes_of_its_batch,
    one_of_several_concurrent_equal_batches_takes_effect,
    keys_of_type_id_hold_uuids_and_texts,
    exactly_the_committed_changes_are_logged,
    no_commit_appears_before_one_that_was_read,
    large_commits_are_logged_completely,
    a_storage_is_measured,
    long_values_count_as_long,
    a_step_removes_the_oldest_rows_as_one_change,
    sizes_are_added_up_before_rows_exceed_a_capacity,
    a_step_ends_at_a_number_of_bytes,
    a_removed_storage_is_unknown_and_a_system_storage_has_no_log,
    a_follower_of_the_change_log_removes_the_same_rows,
    versions_follow_one_another,
    a_removed_storage_can_be_created_again,
    a_row_for_a_removed_storage_is_refused,
    storage_sizes_are_estimated,
    pages_cover_all_rows_once_in_both_directions,
    pages_ordered_by_floats_cover_all_rows,
    counts_match_the_filter,
    rows_are_counted_by_their_values,
    a_query_for_an_old_version_is_refused,
    texts_are_found_regardless_of_case,
    long_texts_are_indexed_exactly,
    results_take_memory_as_long_as_they_are_held,
    existing_rows_get_the_default_of_a_new_field,
    text_defaults_are_stored_verbatim,
    an_integer_field_with_indexes_becomes_a_long,
    limits_can_be_widened,
    the_scale_of_a_decimal_can_change,
    violating_rows_fail_a_migration_without_changes,
    duplicate_rows_fail_a_unique_index_without_changes,
    a_field_is_renamed_converted_and_dropped,
    rows_validated_earlier_are_validated_again,
    rows_validated_earlier_are_carried_over,
    dropped_names_can_be_used_again,
    text_can_become_a_string,
    rows_written_during_a_conversion_are_converted,
    rows_written_during_a_migration_are_kept,
    plans_count_violating_rows,
];

#[test]
fn every_check_has_its_tests() {
    let checks: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(NAMES, checks, "list the checks as `CHECKS` does");
}
