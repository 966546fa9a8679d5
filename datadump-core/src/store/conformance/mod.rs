//! What every backend must do, as checks that any backend can run: implement [`Bench`] for it and
//! run [`CHECKS`] one after the other, each on a database of its own.
//!
//! ```
//! # use std::sync::Arc;
//! # use datadump_core::store::conformance::{Bench, CHECKS};
//! # async fn run(fresh: impl Fn() -> Box<dyn Bench>) {
//! for check in CHECKS {
//!     let bench = fresh();
//!     if let Err(error) = check.run(bench.as_ref()).await {
//!         panic!("{}: {error}", check.name);
//!     }
//! }
//! # }
//! ```

mod batches;
mod catalogue;
mod change_log;
mod idempotency;
mod ids;
mod keys;
mod migrations;
mod queries;
mod rows;

use std::{future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use serde_json::Value as Json;

use super::{Declaration, Expect, Outcome, Query, Storage, Store, Write, WriteBatch, query::parse};
use crate::{
    error::{Error, Result},
    schema::{InForce, Row, StoredRow, evolve},
};

/// How the checks get at a backend.
#[async_trait]
pub trait Bench: Send + Sync {
    /// Opens the bench's database: empty the first time, the same one every time after that. The
    /// store opened before is closed by then.
    async fn open(&self) -> Result<Arc<dyn Store>>;

    /// Proves a record, as `validate::row` does.
    fn prove(&self, in_force: &Arc<InForce>, record: &Json) -> Result<Row>;
}

/// One thing that must hold.
#[derive(Clone, Copy)]
pub struct Check {
    /// What holds.
    pub name: &'static str,
    run: for<'a> fn(&'a dyn Bench) -> Checking<'a>,
}

type Checking<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

impl Check {
    /// Checks it. The error says what does not hold.
    pub async fn run(&self, bench: &dyn Bench) -> Result<()> {
        (self.run)(bench).await
    }
}

macro_rules! checks {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$(Check { name: stringify!($name), run: |bench| Box::pin($module::$name(bench)) }),*]
    };
}

/// All checks.
pub const CHECKS: &[Check] = checks![
    rows::every_kind_is_read_back_equal_even_after_a_restart,
    rows::many_rows_are_stored_as_one_is,
    rows::a_condition_holds_or_nothing_is_done,
    rows::writes_of_one_call_to_one_key_take_effect_in_order,
    rows::a_row_that_breaks_a_unique_index_leaves_its_neighbours,
    rows::racing_increments_all_count_once,
    keys::numbered_keys_are_given_and_never_twice,
    keys::rows_of_one_call_are_given_the_keys_they_are_answered_with,
    keys::the_greatest_key_is_the_last_and_harms_nobody,
    keys::calls_at_once_share_what_keys_are_left,
    keys::odd_keys_are_stored_and_found_exactly,
    rows::deleted_rows_are_gone,
    rows::rows_are_looked_up_until_they_have_many_bytes,
    rows::the_list_shows_the_newest_first,
    batches::a_call_together_is_all_or_nothing,
    batches::what_fails_is_replaced_by_its_otherwise,
    batches::a_row_that_is_the_same_is_not_written_again,
    batches::own_storages_are_there_and_are_written_with_others,
    batches::a_large_call_with_many_bad_rows_is_one_moment,
    idempotency::a_call_with_a_record_takes_effect_once,
    idempotency::a_record_says_what_became_of_its_call,
    idempotency::of_equal_calls_at_once_one_takes_effect,
    ids::keys_of_type_id_hold_uuids_and_texts,
    change_log::what_is_committed_is_told_and_nothing_else,
    change_log::nothing_appears_behind_what_was_told,
    change_log::large_commits_are_told_whole,
    catalogue::versions_follow_one_another,
    catalogue::a_removed_storage_is_gone_and_can_be_made_again,
    catalogue::a_row_for_a_removed_storage_is_refused,
    queries::pages_cover_all_rows_once_in_both_directions,
    queries::pages_over_floats_cover_all_rows,
    queries::counts_say_how_many_match,
    queries::a_question_for_a_version_that_is_gone_is_not_answered,
    queries::texts_are_found_whatever_their_case,
    migrations::old_rows_get_the_default_of_a_new_field,
    migrations::texts_in_defaults_are_taken_as_they_are,
    migrations::an_integer_becomes_a_long_with_its_indexes,
    migrations::limits_are_widened,
    migrations::a_decimal_gets_another_scale,
    migrations::violating_rows_fail_a_migration_and_nothing_changes,
    migrations::equal_rows_fail_a_unique_index_and_nothing_changes,
    migrations::a_field_is_renamed_converted_and_dropped,
    migrations::rows_proven_before_are_proven_again,
    migrations::rows_written_meanwhile_are_kept,
    migrations::plans_count_what_stands_in_the_way,
];

/// A store in use by a check.
struct Subject<'a> {
    bench: &'a dyn Bench,
    store: Arc<dyn Store>,
}

impl<'a> Subject<'a> {
    async fn open(bench: &'a dyn Bench) -> Result<Self> {
        Ok(Self { bench, store: bench.open().await? })
    }

    async fn reopen(self) -> Result<Self> {
        self.store.close().await;
        Self::open(self.bench).await
    }

    /// Declares a definition as the next version of its storage and waits for its migration.
    async fn declare(&self, json: Json) -> Result<Arc<Storage>> {
        let declared = self.queue(json).await?;
        self.store.migrate(declared.id).await?;
        let storage = self.store.catalogue().by_id(declared.id);
        storage.ok_or_else(|| Error::internal("the storage is gone"))
    }

    /// Declares a definition.
    async fn queue(&self, json: Json) -> Result<Arc<Storage>> {
        let definition = crate::schema::parse::definition(&json)?;
        let base = self.store.catalogue().get(definition.name.as_str());
        let base = base
            .map(|storage| (storage.id, storage.in_force.as_ref().map_or(0, |in_force| in_force.version)));
        self.store.declare(Declaration { definition, sent: json, base }).await
    }

    fn in_force(&self, name: &str) -> Result<Arc<InForce>> {
        self.store.catalogue().find(name)?.ready().cloned()
    }

    fn put(&self, name: &str, record: &Json, expect: Expect) -> Result<Write> {
        let row = self.bench.prove(&self.in_force(name)?, record)?;
        Ok(Write::put(row, expect))
    }

    async fn write(&self, write: Write) -> Result<Outcome> {
        let outcomes = self.store.write(WriteBatch::independent(vec![write])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("no outcome"))
    }

    async fn save(&self, name: &str, record: Json) -> Result<Outcome> {
        self.write(self.put(name, &record, Expect::Anything)?).await
    }

    async fn get(&self, name: &str, key: Json) -> Result<Option<StoredRow>> {
        let in_force = self.in_force(name)?;
        let key = in_force.definition.key.kind.read(&key).map_err(|w| Error::internal(w.detail))?;
        self.store.get(&in_force, &key).await
    }

    /// The value of a field of a row; null when there is no such row.
    async fn field(&self, name: &str, key: Json, field: &str) -> Result<Json> {
        let in_force = self.in_force(name)?;
        let row = self.get(name, key).await?;
        Ok(row.map_or(Json::Null, |row| row.to_json(&in_force.definition)[field].clone()))
    }

    async fn list(&self, name: &str, parameters: &[(&str, &str)]) -> Result<(super::Page, Query)> {
        let in_force = self.in_force(name)?;
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let query = parse::parameters(&in_force.definition, &parameters)?;
        Ok((self.store.page(&in_force, &query).await?, query))
    }

    /// What the rows say to a definition that is not declared.
    async fn examine(&self, json: &Json) -> Result<Vec<(String, super::ChangeImpact)>> {
        let definition = crate::schema::parse::definition(json)?;
        let storage = self.store.catalogue().find(definition.name.as_str())?;
        let in_force = storage.ready()?;
        let difference = evolve::difference(&in_force.definition, &definition, &storage.dropped);
        let examined = self.store.examine(in_force, &difference).await?;
        let names = difference.changes.iter().map(|change| change.detail.clone());
        Ok(names.zip(examined).collect())
    }
}

/// An error unless two things are equal.
#[expect(clippy::needless_pass_by_value, reason = "what is compared is made for it")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::internal(format!("{what}: found {found:?}, expected {expected:?}")))
}

/// An error unless something holds.
fn holds(what: &str, holds: bool) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::internal(format!("does not hold: {what}"))) }
}

/// The storage most checks use.
fn dog() -> Json {
    serde_json::json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [
            {"name": "color", "type": "string", "max_length": 32, "db_index": true, "nullable": true},
            {"name": "collar_size", "type": "integer", "default": 0},
        ],
        "meta": {"scans": true},
    })
}
