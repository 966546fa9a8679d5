//! Applies writes in bulk within a transaction: reads and locks the rows, decides, and writes the results.

use std::collections::{BTreeSet, HashSet};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, postgres::PgArguments};

use super::{
    batch::{self, LockedRows, PlannedWrite, Stamps, Target},
    columns::{self, KeyRef},
    copy,
    error::ErrorClass,
    rows::{self, NewRow, TableChanges, WrittenRow},
    session::Session,
};
use crate::{
    error::Error,
    schema::{Definition, FieldSet, Kind, Value},
    store::Outcome,
};

/// Maximum number of attempts to draw free keys; each draws twice as many.
const MAX_DRAWS: u32 = 24;

/// Size of the values that one statement writes, unless a single row is larger.
const MAX_STATEMENT_BYTES: usize = 16 << 20;

/// Why writes could not be applied.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(sqlx::Error),
    /// Another session changed one of the rows since it was read.
    Collision,
    /// The definition in force could not be read.
    Catalogue(Error),
    /// A row of this batch violates an index that the pending version of its storage is building.
    Migrating {
        /// Position of the batch among all that the writer has.
        batch: usize,
    },
    /// The stored rows that these writes need are larger than [`ReadRows::UpTo`]. Nothing was written.
    PartTooLarge,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Failure {
    /// Returns how to handle it.
    pub(super) fn class(&self) -> ErrorClass {
        match self {
            Self::Sql(error) => ErrorClass::of(error),
            Self::Collision | Self::Catalogue(_) | Self::Migrating { .. } | Self::PartTooLarge => {
                ErrorClass::Again
            }
        }
    }
}

/// Reading and locking of rows before they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadRows {
    /// Read the values that the writes need, up to this many bytes.
    UpTo(usize),
    /// Insert as if no row existed; if one does, the transaction fails.
    No,
}

/// Applies writes to their tables. Returns their outcomes, which hold once the transaction is committed.
pub(super) async fn apply(
    session: &mut Session,
    targets: &[Target],
    writes: &mut [PlannedWrite<'_>],
    stamps: &Stamps,
    read_rows: ReadRows,
) -> Result<Vec<Outcome>, Failure> {
    // A row without its required fields can be stored only if its key exists.
    let depends_on_existing =
        |write: &PlannedWrite<'_>| write.key.is_some() && write.row().is_some_and(|row| !row.is_complete());
    if read_rows == ReadRows::No && writes.iter().any(depends_on_existing) {
        return Err(Failure::Collision);
    }
    draw_keys(session, targets, writes).await?;
    let locked = match read_rows {
        ReadRows::UpTo(bytes) => lock(session, targets, writes, LockRead::UpTo(bytes)).await?,
        ReadRows::No => LockedRows::new(),
    };
    let decided = batch::decide_all(targets, writes, &locked, stamps)?;
    for (target, changes) in targets.iter().zip(decided.changes(targets.len())) {
        delete_and_update(session, target, &changes).await?;
        insert(session, target, changes.inserted, read_rows).await?;
    }
    Ok(decided.outcomes)
}

impl ReadRows {
    /// All values that the writes need.
    pub(super) const ALL: Self = Self::UpTo(usize::MAX);
}

/// Inserts new rows, those with the same fields by one statement.
async fn insert(
    session: &mut Session,
    target: &Target,
    mut inserted: Vec<NewRow<'_>>,
    read_rows: ReadRows,
) -> Result<(), Failure> {
    let definition = &target.in_force.definition;
    // Stable: rows with the same fields stay in key order.
    inserted.sort_by(|one, other| one.row.fields().cmp(other.row.fields()));
    let all: Vec<&WrittenRow<'_>> = inserted.iter().map(|inserted| inserted.row).collect();
    for (fields, range) in target.insert_runs(&all) {
        let (rows, statements) = (all.get(range).unwrap_or_default(), target.statements.of(&fields));
        let inserted = if read_rows == ReadRows::No && rows.len() >= copy::MIN_COPY_ROWS {
            copy::insert(session, &statements.copy, definition, &fields, rows).await?
        } else {
            session.run(&statements.insert, row_arrays(definition, &fields, rows)?).await?
        };
        check_count(inserted, rows.len())?;
    }
    Ok(())
}

/// Deletes and updates rows. Deletions come first: inserted or updated rows may take the unique values they
/// free.
pub(super) async fn delete_and_update(
    session: &mut Session,
    target: &Target,
    changes: &TableChanges<'_>,
) -> Result<(), Failure> {
    let definition = &target.in_force.definition;
    if !changes.deleted.is_empty() {
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &definition.key.kind, changes.deleted.iter().copied())?;
        let deleted = session.run(&target.statements.delete, arguments).await?;
        check_count(deleted, changes.deleted.len())?;
    }
    // A statement sets the same fields in all of its rows, and no other field of a row was read.
    let mut updated = changes.updated.clone();
    let all = FieldSet::first(definition.fields.len());
    updated.sort_by(|one, other| one.set_fields(&all).cmp(other.set_fields(&all)));
    for mut same in updated.chunk_by(|one, other| one.set_fields(&all) == other.set_fields(&all)) {
        let Some(fields) = same.first().map(|row| row.set_fields(&all)) else { continue };
        while !same.is_empty() {
            let sizes = same.iter().map(|row| row.values.size());
            let (rows, rest) = same.split_at(statement_length(sizes, fields.len()));
            let arguments = row_arrays(definition, fields, rows)?;
            let updated = session.run(&target.statements.of(fields).update, arguments).await?;
            check_count(updated, rows.len())?;
            same = rest;
        }
    }
    Ok(())
}

/// Returns the number of rows that the next statement writes, given the sizes of those that are left: at least one.
fn statement_length(sizes: impl Iterator<Item = usize>, fields: usize) -> usize {
    let max_rows = (rows::MAX_VALUES / fields.max(1)).max(1);
    let mut bytes = 0_usize;
    let fits = |size: &usize| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(size.saturating_add(1));
        is_first || bytes <= MAX_STATEMENT_BYTES
    };
    sizes.take(max_rows).take_while(fits).count()
}

/// Checks that a statement affected every row it was meant for; a missing row must not be ignored.
fn check_count(affected: u64, expected: usize) -> Result<(), Failure> {
    if affected == expected as u64 { Ok(()) } else { Err(Failure::Collision) }
}

/// The part of each row that is read when it is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockRead {
    /// The values that the writes of its row need. It fails if they have more bytes than this in total.
    UpTo(usize),
    /// Nothing but its key and service columns.
    Key,
}

/// Reads the rows that the writes refer to, and locks them in key order.
pub(super) async fn lock(
    session: &mut Session,
    targets: &[Target],
    writes: &[PlannedWrite<'_>],
    read: LockRead,
) -> Result<LockedRows, Failure> {
    let mut locked = Vec::with_capacity(targets.len());
    let mut left = match read {
        LockRead::UpTo(bytes) => bytes,
        LockRead::Key => usize::MAX,
    };
    for (place, target) in targets.iter().enumerate() {
        let mut seen = HashSet::new();
        let (mut keys, mut fields): (Vec<&Value>, _) = (Vec::new(), FieldSet::first(0));
        for write in writes.iter().filter(|write| write.target == place) {
            let Some(key) = &write.key else { continue };
            if read != LockRead::Key {
                fields.extend(&write.needed_fields(&target.in_force));
            }
            if seen.insert(KeyRef::of(key)?) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            locked.push(Vec::new());
            continue;
        }
        let definition = &target.in_force.definition;
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &definition.key.kind, keys.into_iter())?;
        let statements = target.statements.of(&fields);
        let query = sqlx::query_with(AssertSqlSafe(statements.lock.as_str()), arguments);
        let mut selected = query.fetch(&mut session.connection);
        let mut found = Vec::new();
        while let Some(row) = selected.try_next().await? {
            let row = rows::read(&row, definition, &fields)?;
            left = left.checked_sub(row.values.size()).ok_or(Failure::PartTooLarge)?;
            found.push(row);
        }
        locked.push(found);
    }
    Ok(locked)
}

/// Returns whether the write needs a generated key.
pub(super) fn needs_key(write: &PlannedWrite<'_>) -> bool {
    write.key.is_none() && write.row().is_some()
}

/// Generates the missing keys, skipping numbers that rows were given explicitly.
pub(super) async fn draw_keys(
    session: &mut Session,
    targets: &[Target],
    writes: &mut [PlannedWrite<'_>],
) -> sqlx::Result<()> {
    for (place, target) in targets.iter().enumerate() {
        let of_target = || writes.iter().filter(|write| write.target == place);
        let mut missing = of_target().filter(|write| needs_key(write)).count();
        if missing == 0 {
            continue;
        }
        let explicit: BTreeSet<i64> = of_target()
            .filter_map(|write| match write.key {
                Some(Value::Integer(number)) => Some(number),
                _ => None,
            })
            .collect();
        let mut drawn: Vec<i64> = Vec::with_capacity(missing);
        for round in 0..MAX_DRAWS {
            let count = i64::try_from(missing).unwrap_or(i64::MAX).saturating_mul(1 << round);
            let mut arguments = PgArguments::default();
            columns::add(&mut arguments, count)?;
            let query = sqlx::query_scalar_with(AssertSqlSafe(target.statements.draw.as_str()), arguments);
            let free: Vec<i64> = query.fetch_all(&mut session.connection).await?;
            drawn.extend(free.into_iter().filter(|number| !explicit.contains(number)).take(missing));
            missing = of_target().filter(|write| needs_key(write)).count() - drawn.len();
            if missing == 0 {
                break;
            }
        }
        if missing > 0 {
            return Err(sqlx::Error::Encode("no free key was found".into()));
        }
        let mut drawn = drawn.into_iter();
        for write in writes.iter_mut().filter(|write| write.target == place && needs_key(write)) {
            write.key = drawn.next().map(Value::Integer);
        }
    }
    Ok(())
}

/// Binds these fields of rows as one array per column: key, fields, version and times.
pub(super) fn row_arrays(
    definition: &Definition,
    fields: &FieldSet,
    rows: &[&WrittenRow<'_>],
) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, &definition.key.kind, rows.iter().map(|row| row.key))?;
    for (position, place) in fields.iter().enumerate() {
        let Some(field) = definition.fields.get(place) else { continue };
        let values = rows.iter().map(|row| row.value_near(place, position));
        columns::bind(&mut arguments, &field.kind, values)?;
    }
    columns::add(&mut arguments, rows.iter().map(|row| row.version).collect::<Vec<i32>>())?;
    for time in [|row: &WrittenRow<'_>| row.created_at, |row: &WrittenRow<'_>| row.updated_at] {
        let times: Vec<Value> = rows.iter().map(|row| Value::Timestamp(time(row))).collect();
        columns::bind(&mut arguments, &Kind::Timestamp, times.iter())?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_when_it_is_large() {
        for (sizes, fields, length) in [
            (vec![], 1, 0),
            (vec![100; 10], 1, 10),
            (vec![0; rows::MAX_VALUES + 1], 1, rows::MAX_VALUES),
            (vec![0; 9], rows::MAX_VALUES / 2, 2),
            (vec![0; 9], 2 * rows::MAX_VALUES, 1),
            (vec![2 * MAX_STATEMENT_BYTES, 1], 1, 1),
            (vec![MAX_STATEMENT_BYTES / 4; 10], 1, 3),
        ] {
            assert_eq!(statement_length(sizes.into_iter(), fields), length);
        }
    }
}
