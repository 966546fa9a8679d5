//! Isolates the rows that the database refuses, so that the other rows are stored in the same transaction.

use std::{collections::HashSet, ops::Range};

use sqlx::{AssertSqlSafe, postgres::PgDatabaseError};

use super::{
    apply::{self, Failure, LockRead, ReadRows, apply},
    batch::{self, PlannedAction, PlannedWrite, Stamps, Target},
    columns::{self, KeyRef},
    error::{ErrorClass, details},
    parts::MAX_READ_BYTES,
    rows::{NewRow, WrittenRow},
    session::Session,
};
use crate::{
    error::Fault,
    schema::{Definition, InForce, Index, StorageId},
    store::{
        Atomicity, Catalogue, Outcome,
        refusal::{constraint, no_keys_left, not_unique},
        sql,
    },
};

/// Maximum number of applied parts that are kept as subtransactions before they are merged into one.
/// PostgreSQL caches the state of 64 subtransactions per backend; beyond that every reader has to look them
/// up. Two searches can be nested, each with a few more savepoints.
const MAX_SAVEPOINTS: usize = 25;

/// The SQLSTATE of a unique index's violation.
const UNIQUE_VIOLATION: &str = "23505";

/// Applies writes part by part. A part that the database refuses is halved, until a single row or an
/// all-or-nothing batch is left.
pub(super) struct Isolation<'s> {
    pub(super) session: &'s mut Session,
    pub(super) catalogue: &'s Catalogue,
    pub(super) targets: &'s [Target],
    pub(super) stamps: &'s Stamps,
}

enum PartResult {
    /// Applied, with these outcomes.
    Applied(Vec<Outcome>),
    /// Rolled back. Holds the database's error, if there was one.
    Refused(Option<sqlx::Error>),
}

impl Isolation<'_> {
    /// Applies writes. Returns their outcomes, which hold once the transaction is committed.
    pub(super) async fn run(&mut self, writes: &mut [PlannedWrite<'_>]) -> Result<Vec<Outcome>, Failure> {
        // Takes all row locks at once, in key order, because the parts follow the order of the writes.
        apply::lock(self.session, self.targets, writes, LockRead::Key).await?;
        let mut outcomes = Vec::new();
        outcomes.resize_with(writes.len(), || Outcome::RolledBack);
        let units = units(writes);
        self.search(writes, &units, &mut outcomes).await?;
        Ok(outcomes)
    }

    /// Examines all-or-nothing batches that failed on a condition: the database may refuse other rows of them
    /// too, and the caller should get all faults at once.
    pub(super) async fn complete(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        outcomes: &mut [Outcome],
    ) -> Result<(), Failure> {
        if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::RolledBack)) {
            return Ok(());
        }
        for range in units(writes) {
            let (Some(writes), Some(outcomes)) = (writes.get_mut(range.clone()), outcomes.get_mut(range))
            else {
                continue;
            };
            let is_failed = outcomes.iter().any(|outcome| matches!(outcome, Outcome::RolledBack));
            if is_failed && writes.iter().any(|write| !matches!(write.action, PlannedAction::Final(_))) {
                self.atomic(writes, outcomes).await?;
            }
        }
        Ok(())
    }

    /// Applies units one after another, or until the first one that is refused. A refused unit gets its final outcome.
    /// Returns the ranges that were applied.
    async fn search(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        units: &[Range<usize>],
        outcomes: &mut [Outcome],
    ) -> Result<Vec<Range<usize>>, Failure> {
        let (mut applied, mut merged) = (Vec::new(), 0);
        let mut parts = vec![units];
        let repeated = batch::repeated(writes)?;
        self.session.execute("SAVEPOINT base").await?;
        while let Some(part) = parts.pop() {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let range = first.start..last.end;
            for place in range.clone() {
                if let (Some(version), Some(write)) =
                    (repeated.own_version(place, outcomes), writes.get_mut(place))
                {
                    write.expect = write.expect.with_own(version);
                }
            }
            let (Some(tried), Some(results)) =
                (writes.get_mut(range.clone()), outcomes.get_mut(range.clone()))
            else {
                continue;
            };
            let max_read = if part.len() > 1 { MAX_READ_BYTES } else { usize::MAX };
            match self.try_part(tried, max_read).await? {
                PartResult::Applied(found) => {
                    results.iter_mut().zip(found).for_each(|(slot, found)| *slot = found);
                    applied.push(range);
                }
                PartResult::Refused(_) if part.len() > 1 => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([right, left]);
                }
                PartResult::Refused(_)
                    if tried.iter().any(|write| write.atomicity == Atomicity::AllOrNothing) =>
                {
                    let ranges = Box::pin(self.atomic(tried, results)).await?;
                    applied.extend(ranges.into_iter().map(|r| range.start + r.start..range.start + r.end));
                }
                PartResult::Refused(error) => {
                    if let ([write], [slot]) = (tried, results) {
                        if write.atomicity == Atomicity::StopAtFailure {
                            parts.clear();
                        }
                        self.check_index(error.as_ref(), write)?;
                        let outcome = Outcome::Invalid(self.faults(error.as_ref(), write.target));
                        write.action = PlannedAction::Final(outcome.clone());
                        *slot = outcome;
                    }
                }
            }
            if applied.len() - merged >= MAX_SAVEPOINTS {
                self.session.execute("ROLLBACK TO SAVEPOINT base; RELEASE SAVEPOINT base").await?;
                self.apply_again(writes, applied.get(merged..).unwrap_or_default(), outcomes).await?;
                merged = applied.len();
                self.session.execute("SAVEPOINT base").await?;
            }
        }
        self.session.execute("RELEASE SAVEPOINT base").await?;
        Ok(applied)
    }

    /// Applies ranges again, without savepoints, that were applied and rolled back.
    async fn apply_again(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        ranges: &[Range<usize>],
        outcomes: &mut [Outcome],
    ) -> Result<(), Failure> {
        for range in ranges {
            let Some(writes) = writes.get_mut(range.clone()) else { continue };
            let found = match apply(self.session, self.targets, writes, self.stamps, ReadRows::ALL).await {
                // It was accepted before, so another session has taken a unique value since.
                Err(Failure::Sql(error)) if is_refusal(&error) => return Err(Failure::Collision),
                found => found?,
            };
            let slots = outcomes.iter_mut().skip(range.start);
            slots.zip(found).for_each(|(slot, found)| *slot = found);
        }
        Ok(())
    }

    /// Applies an all-or-nothing batch, write by write if need be. If a write fails, the batch is rolled back
    /// and gets its final outcomes. Returns the ranges that were applied.
    async fn atomic(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        outcomes: &mut [Outcome],
    ) -> Result<Vec<Range<usize>>, Failure> {
        self.session.execute("SAVEPOINT batch").await?;
        for write in writes.iter_mut() {
            write.atomicity = Atomicity::Independent;
        }
        let singles: Vec<Range<usize>> = (0..writes.len()).map(|place| place..place + 1).collect();
        let applied = self.search(writes, &singles, outcomes).await?;
        if !outcomes.iter().any(Outcome::is_failure) {
            self.session.execute("RELEASE SAVEPOINT batch").await?;
            return Ok(applied);
        }
        self.session.execute("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch").await?;
        batch::roll_back(outcomes.iter_mut());
        for (write, outcome) in writes.iter_mut().zip(outcomes) {
            write.action = PlannedAction::Final(outcome.clone());
        }
        Ok(Vec::new())
    }

    /// Tries to apply a part, and rolls it back if the database refuses it or its stored rows are larger than this.
    async fn try_part(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        max_read: usize,
    ) -> Result<PartResult, Failure> {
        self.session.execute("SAVEPOINT part").await?;
        let refused = match self.sift(writes, max_read).await {
            Ok(Some(outcomes)) => {
                self.session.execute("RELEASE SAVEPOINT part").await?;
                return Ok(PartResult::Applied(outcomes));
            }
            Ok(None) | Err(Failure::PartTooLarge) => None,
            Err(Failure::Sql(error)) if is_refusal(&error) => Some(error),
            Err(failure) => return Err(failure),
        };
        self.session.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await?;
        Ok(PartResult::Refused(refused))
    }

    /// Applies writes, except new rows that violate a unique index: these get their final outcomes. So the
    /// most frequent fault needs no search, however many rows have it. Returns `None` if such a row is part
    /// of an all-or-nothing batch, or other writes of its key depend on it.
    async fn sift(
        &mut self,
        writes: &mut [PlannedWrite<'_>],
        max_read: usize,
    ) -> Result<Option<Vec<Outcome>>, Failure> {
        apply::draw_keys(self.session, self.targets, writes).await?;
        let locked = apply::lock(self.session, self.targets, writes, LockRead::UpTo(max_read)).await?;
        let decided = batch::decide_all(self.targets, writes, &locked, self.stamps)?;
        let mut refused: Vec<(usize, Vec<Fault>)> = Vec::new();
        let targets = self.targets;
        for (target, mut changes) in targets.iter().zip(decided.changes(targets.len())) {
            apply::delete_and_update(self.session, target, &changes).await?;
            // Of two rows with the same unique value, the first one written gets it.
            changes.inserted.sort_unstable_by_key(|inserted| inserted.row.place);
            for left_out in self.insert(target, &changes.inserted).await? {
                let is_atomic = writes
                    .get(left_out.row.place)
                    .is_none_or(|write| write.atomicity == Atomicity::AllOrNothing);
                if is_atomic || !left_out.is_sole {
                    return Ok(None);
                }
                let (faults, error) = self.probe(target, left_out.row).await?;
                if let Some(write) = writes.get(left_out.row.place) {
                    self.check_index(Some(&error), write)?;
                }
                refused.push((left_out.row.place, faults));
            }
        }
        let mut outcomes = decided.outcomes;
        for (place, faults) in refused {
            let outcome = Outcome::Invalid(faults);
            if let (Some(write), Some(slot)) = (writes.get_mut(place), outcomes.get_mut(place)) {
                write.action = PlannedAction::Final(outcome.clone());
                *slot = outcome;
            }
        }
        Ok(Some(outcomes))
    }

    /// Inserts rows. Returns those that were left out because another row has their key or a unique value.
    async fn insert<'r>(
        &mut self,
        target: &Target,
        inserted: &[NewRow<'r>],
    ) -> Result<Vec<NewRow<'r>>, Failure> {
        let definition = &target.in_force.definition;
        let all: Vec<&WrittenRow<'_>> = inserted.iter().map(|inserted| inserted.row).collect();
        let mut left_out = Vec::new();
        for (fields, range) in target.insert_runs(&all) {
            let arguments =
                apply::row_arrays(definition, &fields, all.get(range.clone()).unwrap_or_default())?;
            let statements = target.statements.of(&fields);
            let query = sqlx::query_with(AssertSqlSafe(statements.sift.as_str()), arguments);
            let keys = query.fetch_all(&mut self.session.connection).await?;
            let keys = keys.iter().map(|row| columns::value(row, 0, &definition.key.kind));
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            let keys = keys.iter().map(KeyRef::of).collect::<Result<HashSet<_>, _>>()?;
            for inserted in inserted.get(range).unwrap_or_default() {
                if !keys.contains(&KeyRef::of(inserted.row.key)?) {
                    left_out.push(*inserted);
                }
            }
        }
        Ok(left_out)
    }

    /// Returns the faults of a row that was left out, by inserting it alone, with the database's error.
    async fn probe(
        &mut self,
        target: &Target,
        row: &WrittenRow<'_>,
    ) -> Result<(Vec<Fault>, sqlx::Error), Failure> {
        let mut fields = target.in_force.defaulted().clone();
        fields.extend(row.fields());
        let arguments = apply::row_arrays(&target.in_force.definition, &fields, &[row])?;
        let statements = target.statements.of(&fields);
        self.session.execute("SAVEPOINT probe").await?;
        match self.session.run(&statements.insert, arguments).await {
            Err(error) if is_refusal(&error) => {
                self.session.execute("ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe").await?;
                Ok((faults(Some(&error), target), error))
            }
            // The conflicting row is gone, or has the same key: everything must be reread.
            Ok(_) => Err(Failure::Collision),
            Err(error) => Err(error.into()),
        }
    }

    fn faults(&self, error: Option<&sqlx::Error>, target: usize) -> Vec<Fault> {
        self.targets.get(target).map(|target| faults(error, target)).unwrap_or_default()
    }

    /// Fails if a row was refused because of an index that belongs to the pending version: PostgreSQL enforces it
    /// while it is being built. Whether the row is valid is known when the migration has ended.
    fn check_index(&self, error: Option<&sqlx::Error>, write: &PlannedWrite<'_>) -> Result<(), Failure> {
        let (Some(target), Some(details)) = (self.targets.get(write.target), error.and_then(details)) else {
            return Ok(());
        };
        let storage = target.in_force.storage;
        let storage_now = self.catalogue.by_id(storage).filter(|storage| storage.is_migrating());
        let pending = storage_now.map(|storage| storage.migration.definition.clone());
        let is_of = |definition: &Definition| violated(storage, definition, details).is_some();
        if details.code() == UNIQUE_VIOLATION
            && !is_of(&target.in_force.definition)
            && pending.is_some_and(|pending| is_of(&pending))
        {
            return Err(Failure::Migrating { batch: write.batch });
        }
        Ok(())
    }
}

/// Splits writes into units that stay together: all-or-nothing batches, and single writes otherwise.
fn units(writes: &[PlannedWrite<'_>]) -> Vec<Range<usize>> {
    let mut start = 0;
    let is_one_unit = |one: &PlannedWrite<'_>, next: &PlannedWrite<'_>| {
        one.batch == next.batch && one.atomicity == Atomicity::AllOrNothing
    };
    let lengths = writes.chunk_by(is_one_unit).map(<[_]>::len);
    lengths
        .map(|length| {
            let unit = start..start + length;
            start = unit.end;
            unit
        })
        .collect()
}

/// Returns whether the database refuses the content of a row.
fn is_refusal(error: &sqlx::Error) -> bool {
    matches!(ErrorClass::of(error), ErrorClass::Row | ErrorClass::Other)
}

/// Returns the faults of the one row that the database refused.
fn faults(error: Option<&sqlx::Error>, target: &Target) -> Vec<Fault> {
    let Some(error) = error else { return vec![constraint("unknown reason")] };
    let Some(details) = details(error) else {
        return vec![constraint(&error.to_string())];
    };
    let InForce { storage, definition, .. } = &*target.in_force;
    match details.code() {
        UNIQUE_VIOLATION => {
            let fields =
                violated(*storage, definition, details).map(|index| index.fields).unwrap_or_default();
            vec![not_unique(&fields.iter().map(ToString::to_string).collect::<Vec<_>>())]
        }
        "2200H" => vec![no_keys_left(definition.key.name.as_str())],
        _ => vec![constraint(details.message())],
    }
}

/// Returns the index that a row violates.
fn violated(storage: StorageId, definition: &Definition, details: &PgDatabaseError) -> Option<Index> {
    let name = details.constraint()?;
    definition.all_indexes().into_iter().find(|index| {
        let expected = sql::index_name(storage, index);
        [expected.as_str(), expected.grown().as_str()].contains(&name)
    })
}
