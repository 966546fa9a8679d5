//! The SQL of one storage's writes.

use std::{
    array,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::late;
use crate::{
    schema::{InForce, IndexKind},
    store::{Column, sql},
};

/// How many rows one statement inserts at most.
pub(super) const TOGETHER: usize = 16;

/// How many values.
const VALUES: usize = 1_000;

/// The statements of one version of a storage. Their text is constant, so SQLite's own cache of
/// prepared statements serves every batch.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) version: i32,
    pub(super) select: String,
    /// What version there is, and since when.
    pub(super) look: String,
    pub(super) insert: String,
    /// The same for several rows, by what it means that one is refused, by whether they are late, and by how many they
    /// are; made when they are needed.
    several: [[[OnceLock<String>; TOGETHER + 1]; 2]; 2],
    /// Where they are inserted, and the question marks of each: of those that are late last.
    into: [String; 2],
    row: [String; 2],
    /// The fields that late indexes begin with.
    pub(super) late: Vec<usize>,
    /// How many rows go together at most.
    pub(super) together: usize,
    /// Whether rows without a key are hardly ever refused: no index does it.
    pub(super) are_safe: bool,
    /// Does nothing where the key is taken.
    pub(super) insert_new: String,
    pub(super) update: String,
    pub(super) delete: String,
    /// Whether the last write with a key met a row: then the next one probably does too, and looks
    /// before it inserts.
    meets: AtomicBool,
}

impl Statements {
    pub(super) fn new(in_force: &InForce) -> Self {
        let definition = &in_force.definition;
        let table = sql::table(&definition.name).quoted();
        let name = |column| sql::column(definition, column).quoted();
        let key = name(Column::Key);
        let fields = (0..definition.fields.len()).map(Column::Field);
        let set: Vec<String> = fields
            .chain([Column::Version, Column::UpdatedAt])
            .map(|column| format!("{} = ?", name(column)))
            .collect();
        let all = sql::column_list(definition);
        let columns = sql::columns(definition).len();
        let row = vec!["?"; columns].join(", ");
        let (late, marked, marked_without_key) = match late::has(definition) {
            true => (late::NAMED, late::MARKED, late::MARKED_WITHOUT_KEY),
            false => ("", "", ""),
        };
        let created_at = name(Column::CreatedAt);
        let version = name(Column::Version);
        let set = set.join(", ");
        Self {
            version: in_force.version,
            select: format!("SELECT {all} FROM {table} WHERE {key} = ?"),
            look: format!("SELECT {version}, {created_at} FROM {table} WHERE {key} = ?"),
            insert_new: format!("INSERT INTO {table} ({all}) VALUES ({row}) ON CONFLICT ({key}) DO NOTHING"),
            insert: format!("INSERT INTO {table} ({all}{late}) VALUES ({row}{marked_without_key})"),
            into: ["", late].map(|late| format!("INTO {table} ({all}{late}) VALUES ")),
            several: array::from_fn(|_| array::from_fn(|_| array::from_fn(|_| OnceLock::new()))),
            together: (VALUES / columns).min(TOGETHER),
            are_safe: !definition.all_indexes().iter().any(|index| index.kind == IndexKind::Unique),
            row: ["", marked].map(|marked| format!("({row}{marked})")),
            late: late::first_fields(definition),
            update: format!("UPDATE {table} SET {set} WHERE {key} = ?"),
            delete: format!("DELETE FROM {table} WHERE {key} = ?"),
            meets: AtomicBool::new(false),
        }
    }

    /// What inserts so many rows; none when they are too many, or too few. If one is refused
    /// none is inserted; or, when it `fails`, those before it are, and the transaction has to be given up: then SQLite
    /// need not keep every page as it was before.
    pub(super) fn insert_several(&self, rows: usize, fails: bool, is_late: bool) -> Option<&str> {
        let late = usize::from(is_late);
        let (into, row) = (self.into.get(late)?, self.row.get(late)?);
        let texts = self.several.get(usize::from(fails))?.get(late)?;
        let text = texts.get(rows).filter(|_| (2..=self.together).contains(&rows))?;
        Some(text.get_or_init(|| {
            let insert = if fails { "INSERT OR FAIL" } else { "INSERT" };
            format!("{insert} {into}{}", vec![row.as_str(); rows].join(", "))
        }))
    }

    /// Whether the next write probably meets a row.
    pub(super) fn meets(&self) -> bool {
        self.meets.load(Ordering::Relaxed)
    }

    /// Takes note of whether a write has met one.
    pub(super) fn has_met(&self, met: bool) {
        self.meets.store(met, Ordering::Relaxed);
    }
}
