//! Finding the rows that the database refuses, so that those beside them are stored, in the same
//! transaction.

use std::{collections::HashSet, ops::Range};

use sqlx::{AssertSqlSafe, postgres::PgDatabaseError};

use super::{
    apply::{self, Failure, Look, apply},
    batch::{self, Inserted, Item, Stamps, Target, What},
    columns::{self, KeyRef},
    error::{Trouble, details},
    session::Session,
};
use crate::{
    error::Fault,
    schema::{Definition, Index, StorageId, StoredRow},
    store::{
        Atomicity, Catalogue, Outcome,
        refusal::{constraint, no_keys_left, not_unique},
        sql,
    },
};

/// How many parts are kept as subtransactions before they are made one. Of more than 64 the database
/// no longer knows by heart which are done: every reader would have to look it up. Two searches can
/// be under way, one in the other, each with a few savepoints beside.
const PARTS: usize = 25;

/// Applies writes part by part. A part that the database refuses is halved, until the row at fault
/// is alone, or the call that stands or falls as a whole.
pub(super) struct Isolation<'s> {
    pub(super) session: &'s mut Session,
    pub(super) catalogue: &'s Catalogue,
    pub(super) targets: &'s [Target],
    pub(super) stamps: &'s Stamps,
}

/// What came of trying a part.
enum Tried {
    /// It is applied, and this became of its writes.
    Applied(Vec<Outcome>),
    /// It is not; this is what the database said, if it said anything.
    Refused(Option<sqlx::Error>),
}

impl Isolation<'_> {
    /// Applies writes; what became of each, once the transaction is committed.
    pub(super) async fn run(&mut self, items: &mut [Item<'_>]) -> Result<Vec<Outcome>, Failure> {
        // All locks at once and in order: the parts go in the order of the writes, not of the keys.
        apply::lock(self.session, self.targets, items).await?;
        let mut outcomes = Vec::new();
        outcomes.resize_with(items.len(), || Outcome::RolledBack);
        let units = units(items);
        self.search(items, &units, &mut outcomes).await?;
        Ok(outcomes)
    }

    /// Looks again at calls that stand or fall as a whole and that a condition made fall: the
    /// database may refuse others of their rows too, and whoever asked is told of all faults at once.
    pub(super) async fn complete(
        &mut self,
        items: &mut [Item<'_>],
        outcomes: &mut [Outcome],
    ) -> Result<(), Failure> {
        if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::RolledBack)) {
            return Ok(());
        }
        for range in units(items) {
            let (Some(items), Some(outcomes)) = (items.get_mut(range.clone()), outcomes.get_mut(range))
            else {
                continue;
            };
            let fell = outcomes.iter().any(|outcome| matches!(outcome, Outcome::RolledBack));
            if fell && items.iter().any(|item| !matches!(item.what, What::Settled(_))) {
                self.call(items, outcomes).await?;
            }
        }
        Ok(())
    }

    /// Applies units one after the other. Refused ones are settled, and their outcome is known to
    /// their items from then on. The ranges that were applied.
    async fn search(
        &mut self,
        items: &mut [Item<'_>],
        units: &[Range<usize>],
        outcomes: &mut [Outcome],
    ) -> Result<Vec<Range<usize>>, Failure> {
        let (mut applied, mut firm) = (Vec::new(), 0);
        let mut open = vec![units];
        self.session.say("SAVEPOINT base").await?;
        while let Some(part) = open.pop() {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let range = first.start..last.end;
            let (Some(tried), Some(results)) =
                (items.get_mut(range.clone()), outcomes.get_mut(range.clone()))
            else {
                continue;
            };
            match self.part(tried).await? {
                Tried::Applied(found) => {
                    results.iter_mut().zip(found).for_each(|(slot, found)| *slot = found);
                    applied.push(range);
                }
                Tried::Refused(_) if part.len() > 1 => {
                    let (left, right) = part.split_at(part.len() / 2);
                    open.extend([right, left]);
                }
                Tried::Refused(_) if tried.iter().any(|item| item.atomicity == Atomicity::AllOrNothing) => {
                    let parts = Box::pin(self.call(tried, results)).await?;
                    applied.extend(parts.into_iter().map(|p| range.start + p.start..range.start + p.end));
                }
                Tried::Refused(error) => {
                    if let ([item], [slot]) = (tried, results) {
                        let outcome = Outcome::Invalid(self.faults(error.as_ref(), item.target));
                        item.what = What::Settled(outcome.clone());
                        *slot = outcome;
                    }
                }
            }
            if applied.len() - firm >= PARTS {
                self.session.say("ROLLBACK TO SAVEPOINT base; RELEASE SAVEPOINT base").await?;
                self.again(items, applied.get(firm..).unwrap_or_default(), outcomes).await?;
                firm = applied.len();
                self.session.say("SAVEPOINT base").await?;
            }
        }
        self.session.say("RELEASE SAVEPOINT base").await?;
        Ok(applied)
    }

    /// Applies once more, and for good, what was applied and undone.
    async fn again(
        &mut self,
        items: &mut [Item<'_>],
        ranges: &[Range<usize>],
        outcomes: &mut [Outcome],
    ) -> Result<(), Failure> {
        for range in ranges {
            let Some(items) = items.get_mut(range.clone()) else { continue };
            let found = match apply(self.session, self.targets, items, self.stamps, Look::Yes).await {
                // It was possible a moment ago: others have been at the same values.
                Err(Failure::Sql(error)) if is_refusal(&error) => return Err(Failure::Collision),
                found => found?,
            };
            let slots = outcomes.iter_mut().skip(range.start);
            slots.zip(found).for_each(|(slot, found)| *slot = found);
        }
        Ok(())
    }

    /// Applies a call whose writes stand or fall together, write by write if need be. When one of
    /// them fails, all is undone and settled. The ranges that were applied.
    async fn call(
        &mut self,
        items: &mut [Item<'_>],
        outcomes: &mut [Outcome],
    ) -> Result<Vec<Range<usize>>, Failure> {
        self.session.say("SAVEPOINT call").await?;
        for item in items.iter_mut() {
            item.atomicity = Atomicity::Independent;
        }
        let singles: Vec<Range<usize>> = (0..items.len()).map(|place| place..place + 1).collect();
        let applied = self.search(items, &singles, outcomes).await?;
        if !outcomes.iter().any(Outcome::is_failure) {
            self.session.say("RELEASE SAVEPOINT call").await?;
            return Ok(applied);
        }
        self.session.say("ROLLBACK TO SAVEPOINT call; RELEASE SAVEPOINT call").await?;
        batch::undo(outcomes.iter_mut());
        for (item, outcome) in items.iter_mut().zip(outcomes) {
            item.what = What::Settled(outcome.clone());
        }
        Ok(Vec::new())
    }

    /// Tries a part. When it is refused nothing of it is left.
    async fn part(&mut self, items: &mut [Item<'_>]) -> Result<Tried, Failure> {
        self.session.say("SAVEPOINT part").await?;
        let refused = match self.sift(items).await {
            Ok(Some(outcomes)) => {
                self.session.say("RELEASE SAVEPOINT part").await?;
                return Ok(Tried::Applied(outcomes));
            }
            Ok(None) => None,
            Err(Failure::Sql(error)) if is_refusal(&error) => Some(error),
            Err(failure) => return Err(failure),
        };
        self.session.say("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await?;
        Ok(Tried::Refused(refused))
    }

    /// Applies writes but for those new rows that break a unique index: these are settled. So the
    /// most frequent fault, however many rows have it, costs no search. None when such a row is not
    /// the affair of one write alone.
    async fn sift(&mut self, items: &mut [Item<'_>]) -> Result<Option<Vec<Outcome>>, Failure> {
        apply::draw_keys(self.session, self.targets, items).await?;
        let found = apply::lock(self.session, self.targets, items).await?;
        let folded = batch::fold(self.targets, items, &found, self.stamps)?;
        let mut refused: Vec<(usize, Vec<Fault>)> = Vec::new();
        let targets = self.targets;
        for (target, mut changes) in targets.iter().zip(folded.changes(targets.len())) {
            apply::change(self.session, target, &changes).await?;
            // Of two that want the same the first one gets it.
            changes.inserted.sort_unstable_by_key(|inserted| inserted.place);
            for left in self.insert(target, &changes.inserted).await? {
                let together =
                    items.get(left.place).is_none_or(|item| item.atomicity == Atomicity::AllOrNothing);
                if together || !left.alone {
                    return Ok(None);
                }
                refused.push((left.place, self.probe(target, left.row).await?));
            }
        }
        let mut outcomes = folded.outcomes;
        for (place, faults) in refused {
            let outcome = Outcome::Invalid(faults);
            if let (Some(item), Some(slot)) = (items.get_mut(place), outcomes.get_mut(place)) {
                item.what = What::Settled(outcome.clone());
                *slot = outcome;
            }
        }
        Ok(Some(outcomes))
    }

    /// Inserts rows; those that are left out, because another row is in their way.
    async fn insert<'r>(
        &mut self,
        target: &Target,
        inserted: &[Inserted<'r>],
    ) -> Result<Vec<Inserted<'r>>, Failure> {
        if inserted.is_empty() {
            return Ok(Vec::new());
        }
        let definition = &target.in_force.definition;
        let rows: Vec<&StoredRow> = inserted.iter().map(|inserted| inserted.row).collect();
        let arguments = apply::whole(definition, &rows)?;
        let query = sqlx::query_with(AssertSqlSafe(target.texts.sift.as_str()), arguments);
        let done = query.fetch_all(&mut self.session.connection).await?;
        let done = done.iter().map(|row| columns::value(row, 0, &definition.key.kind));
        let done = done.collect::<Result<Vec<_>, _>>()?;
        let done = done.iter().map(KeyRef::of).collect::<Result<HashSet<_>, _>>()?;
        let mut left = Vec::new();
        for inserted in inserted {
            if !done.contains(&KeyRef::of(&inserted.row.key)?) {
                left.push(*inserted);
            }
        }
        Ok(left)
    }

    /// What the database says to a row that it left out.
    async fn probe(&mut self, target: &Target, row: &StoredRow) -> Result<Vec<Fault>, Failure> {
        let arguments = apply::whole(&target.in_force.definition, &[row])?;
        self.session.say("SAVEPOINT probe").await?;
        match self.session.run(&target.texts.insert, arguments).await {
            Err(error) if is_refusal(&error) => {
                self.session.say("ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe").await?;
                Ok(faults(Some(&error), self.catalogue, target))
            }
            // What was in its way is gone, or has its key: all has to be looked at again.
            Ok(_) => Err(Failure::Collision),
            Err(error) => Err(error.into()),
        }
    }

    fn faults(&self, error: Option<&sqlx::Error>, target: usize) -> Vec<Fault> {
        self.targets.get(target).map(|target| faults(error, self.catalogue, target)).unwrap_or_default()
    }
}

/// What cannot be taken apart: a call that stands or falls as a whole, else each write.
fn units(items: &[Item<'_>]) -> Vec<Range<usize>> {
    let mut start = 0;
    let one =
        |one: &Item<'_>, next: &Item<'_>| one.call == next.call && one.atomicity == Atomicity::AllOrNothing;
    let lengths = items.chunk_by(one).map(<[_]>::len);
    lengths
        .map(|length| {
            let unit = start..start + length;
            start = unit.end;
            unit
        })
        .collect()
}

/// Whether the database refuses what a row says.
fn is_refusal(error: &sqlx::Error) -> bool {
    matches!(Trouble::of(error), Trouble::Row | Trouble::Other)
}

/// What is wrong with the one row that the database refused.
fn faults(error: Option<&sqlx::Error>, catalogue: &Catalogue, target: &Target) -> Vec<Fault> {
    let Some(error) = error else { return vec![constraint("the database refuses the row")] };
    let Some(said) = details(error) else {
        return vec![constraint(&error.to_string())];
    };
    let storage = target.in_force.storage;
    match said.code() {
        "23505" => {
            // The index may belong to the next version: it is enforced while it is being built.
            let pending = catalogue.by_id(storage).map(|storage| storage.migration.definition.clone());
            let definitions = [Some(&target.in_force.definition), pending.as_deref()];
            let index = definitions.into_iter().flatten().find_map(|d| violated(storage, d, said));
            let fields = index.map(|index| index.fields).unwrap_or_default();
            vec![not_unique(&fields.iter().map(ToString::to_string).collect::<Vec<_>>())]
        }
        "2200H" => vec![no_keys_left(target.in_force.definition.key.name.as_str())],
        _ => vec![constraint(said.message())],
    }
}

/// The index that a row violates.
fn violated(storage: StorageId, definition: &Definition, said: &PgDatabaseError) -> Option<Index> {
    let name = said.constraint()?;
    definition.all_indexes().into_iter().find(|index| {
        let own = sql::index_name(storage, index);
        name == own.as_str() || name.strip_suffix(super::text::GROWN) == Some(own.as_str())
    })
}
