//! Checks of the sizes of storages.

use serde_json::json;

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq};
use crate::{
    error::Result,
    store::{Expect, RowCount, WriteBatch},
};

pub(super) async fn storage_sizes_are_estimated(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let in_force = test.in_force("dog")?;
    let empty = test.store.storage_size(&in_force).await?;
    ensure_eq("an empty storage", (empty.rows, empty.last_write), (RowCount::Exactly(0), None))?;
    let mut measured = empty;
    // Few rows are counted, many are estimated.
    for (from, to) in [(0, 57), (57, 20_000)] {
        let mut writes = Vec::new();
        for number in from..to {
            let record =
                json!({"chip_id": format!("{number:09}"), "color": "red", "collar_size": number % 9});
            writes.push(test.put("dog", &record, Expect::Anything)?);
        }
        test.store.write(WriteBatch::independent(writes)).await?;
        let (newest, _) = test.list("dog", &[("limit", "1")]).await?;
        let last_write = newest.rows.first().map(|row| row.updated_at);
        measured = test.store.storage_size(&in_force).await?;
        ensure_eq("the last write", measured.last_write, last_write)?;
        match measured.rows {
            RowCount::Exactly(rows) => ensure_eq("few rows", rows, 57)?,
            RowCount::About(rows) => ensure("many rows", (10_000..=40_000).contains(&rows))?,
            RowCount::Unknown => ensure("the number of rows", false)?,
        }
    }
    ensure("the rows are estimated", matches!(measured.rows, RowCount::About(_)))?;
    // A row has some 60 bytes, and as much in indexes.
    ensure("the size", (500_000..10_000_000).contains(&measured.bytes))
}
