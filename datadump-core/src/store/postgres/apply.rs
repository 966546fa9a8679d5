//! Writes in bulk, inside a transaction: find and lock the rows, decide, write what they became.

use std::collections::{BTreeSet, HashSet};

use sqlx::{AssertSqlSafe, postgres::PgArguments};

use super::{
    batch::{self, Changes, Found, Item, Stamps, Target, What},
    columns::{self, KeyRef},
    copy,
    error::Trouble,
    session::Session,
};
use crate::{
    error::Error,
    schema::{Definition, Kind, StoredRow, Value},
    store::Outcome,
};

/// How often to draw keys before giving up; each time twice as many.
const DRAWS: u32 = 24;

/// Why writes could not be applied.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database says so.
    Sql(sqlx::Error),
    /// Another session has inserted one of the rows since they were looked for.
    Collision,
    /// The definition in force could not be read.
    Catalogue(Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Failure {
    /// What it asks for.
    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::Sql(error) => Trouble::of(error),
            Self::Collision | Self::Catalogue(_) => Trouble::Again,
        }
    }
}

/// Whether rows are looked for before they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Yes,
    /// They are inserted as if none were there; when one is, the transaction fails.
    No,
}

/// Applies writes to their tables; what became of each, once the transaction is committed.
pub(super) async fn apply(
    session: &mut Session,
    targets: &[Target],
    items: &mut [Item<'_>],
    stamps: &Stamps,
    look: Look,
) -> Result<Vec<Outcome>, Failure> {
    draw_keys(session, targets, items).await?;
    let found = match look {
        Look::Yes => lock(session, targets, items).await?,
        Look::No => Found::new(),
    };
    let folded = batch::fold(targets, items, &found, stamps)?;
    for (target, changes) in targets.iter().zip(folded.changes(targets.len())) {
        change(session, target, &changes).await?;
        if !changes.inserted.is_empty() {
            let rows: Vec<&StoredRow> = changes.inserted.iter().map(|inserted| inserted.row).collect();
            let (definition, texts) = (&target.in_force.definition, &target.texts);
            let inserted = if look == Look::No && rows.len() >= copy::MANY {
                copy::insert(session, texts, definition, &rows).await?
            } else {
                session.run(&texts.insert, whole(definition, &rows)?).await?
            };
            exactly(inserted, rows.len())?;
        }
    }
    Ok(folded.outcomes)
}

/// Deletes and replaces rows. Deletions first: what they free may be taken by the rows that follow.
pub(super) async fn change(
    session: &mut Session,
    target: &Target,
    changes: &Changes<'_>,
) -> Result<(), Failure> {
    let definition = &target.in_force.definition;
    if !changes.deleted.is_empty() {
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &definition.key.kind, changes.deleted.iter().copied())?;
        let deleted = session.run(&target.texts.delete, arguments).await?;
        exactly(deleted, changes.deleted.len())?;
    }
    if !changes.updated.is_empty() {
        let updated = session.run(&target.texts.update, whole(definition, &changes.updated)?).await?;
        exactly(updated, changes.updated.len())?;
    }
    Ok(())
}

/// What was decided for a row must not get lost because the row is not where it was.
fn exactly(concerned: u64, wanted: usize) -> Result<(), Failure> {
    if concerned == wanted as u64 { Ok(()) } else { Err(Failure::Collision) }
}

/// Finds the rows that the writes are about, and locks them in the order of their keys.
pub(super) async fn lock(
    session: &mut Session,
    targets: &[Target],
    items: &[Item<'_>],
) -> sqlx::Result<Found> {
    let mut found = Vec::with_capacity(targets.len());
    for (place, target) in targets.iter().enumerate() {
        let mut seen = HashSet::new();
        let mut keys: Vec<&Value> = Vec::new();
        for key in items.iter().filter(|item| item.target == place).filter_map(|item| item.key.as_ref()) {
            if seen.insert(KeyRef::of(key)?) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            found.push(Vec::new());
            continue;
        }
        let definition = &target.in_force.definition;
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &definition.key.kind, keys.into_iter())?;
        let query = sqlx::query_with(AssertSqlSafe(target.texts.lock.as_str()), arguments);
        let rows = query.fetch_all(&mut session.connection).await?;
        let rows: Result<Vec<StoredRow>, _> =
            rows.iter().map(|row| columns::stored_row(row, definition)).collect();
        found.push(rows?);
    }
    Ok(found)
}

/// Whether the row is to have the next number.
pub(super) fn wants_key(item: &Item<'_>) -> bool {
    item.key.is_none() && matches!(item.what, What::Put(_))
}

/// Gives a key to every row that is to have the next number. Numbers that rows were given by hand
/// are passed over.
pub(super) async fn draw_keys(
    session: &mut Session,
    targets: &[Target],
    items: &mut [Item<'_>],
) -> sqlx::Result<()> {
    for (place, target) in targets.iter().enumerate() {
        let of_target = || items.iter().filter(|item| item.target == place);
        let mut wanted = of_target().filter(|item| wants_key(item)).count();
        if wanted == 0 {
            continue;
        }
        let given: BTreeSet<i64> = of_target()
            .filter_map(|item| match item.key {
                Some(Value::Integer(number)) => Some(number),
                _ => None,
            })
            .collect();
        let mut drawn: Vec<i64> = Vec::with_capacity(wanted);
        for round in 0..DRAWS {
            let count = i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(1 << round);
            let mut arguments = PgArguments::default();
            columns::add(&mut arguments, count)?;
            let query = sqlx::query_scalar_with(AssertSqlSafe(target.texts.draw.as_str()), arguments);
            let free: Vec<i64> = query.fetch_all(&mut session.connection).await?;
            drawn.extend(free.into_iter().filter(|number| !given.contains(number)).take(wanted));
            wanted = of_target().filter(|item| wants_key(item)).count() - drawn.len();
            if wanted == 0 {
                break;
            }
        }
        if wanted > 0 {
            return Err(sqlx::Error::Encode("no free key was found".into()));
        }
        let mut drawn = drawn.into_iter();
        for item in items.iter_mut().filter(|item| item.target == place && wants_key(item)) {
            item.key = drawn.next().map(Value::Integer);
        }
    }
    Ok(())
}

/// Whole rows as arrays, in the order of the columns.
pub(super) fn whole(definition: &Definition, rows: &[&StoredRow]) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, &definition.key.kind, rows.iter().map(|row| &row.key))?;
    for (place, field) in definition.fields.iter().enumerate() {
        let values = rows.iter().map(|row| row.values.get(place).unwrap_or(&Value::Null));
        columns::bind(&mut arguments, &field.kind, values)?;
    }
    columns::add(&mut arguments, rows.iter().map(|row| row.version).collect::<Vec<i32>>())?;
    for moment in [|row: &StoredRow| row.created_at, |row: &StoredRow| row.updated_at] {
        let moments: Vec<Value> = rows.iter().map(|row| Value::Timestamp(moment(row))).collect();
        columns::bind(&mut arguments, &Kind::Timestamp, moments.iter())?;
    }
    Ok(arguments)
}
