//! Checks of retention: what is measured, and that a step removes exactly what its entry in the change log says.

use std::collections::BTreeMap;

use serde_json::json;

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq, numbered};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{StoredRow, Value},
    store::{
        Capacity, Change, Column, Expect, Extent, Query, StepLimit, Trim, Write, WriteBatch, query::Direction,
    },
};

const ALL: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);
const UNLIMITED: StepLimit = StepLimit { rows: u64::MAX, bytes: u64::MAX };
const AT_MOST_4: StepLimit = StepLimit { rows: 4, bytes: u64::MAX };

/// Returns the rows in the order of their last write.
async fn rows(test: &TestStore<'_>, name: &str) -> Result<Vec<StoredRow>> {
    let order = [(Column::UpdatedAt, Direction::Ascending), (Column::Key, Direction::Ascending)];
    let query = Query::first(None, &order, 1_000);
    Ok(test.store.page(&test.in_force(name)?, &query).await?.rows)
}

fn keys(rows: &[StoredRow]) -> Vec<i64> {
    let number = |row: &StoredRow| if let Value::Integer(number) = row.key { number } else { 0 };
    rows.iter().map(number).collect()
}

async fn insert(test: &TestStore<'_>, count: i32) -> Result<()> {
    let writes = (0..count).map(|n| test.put("n", &json!({"n": n}), Expect::Anything));
    test.store.write(WriteBatch::independent(writes.collect::<Result<_>>()?)).await?;
    Ok(())
}

pub(super) async fn a_storage_is_measured(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, numbered()).await?;
    let in_force = test.in_force("n")?;
    let measure = async |rows: Option<u64>, bytes: Option<u64>| {
        test.store.extent(&in_force, Capacity { rows, bytes }).await
    };
    ensure_eq("an empty storage", measure(Some(1), Some(1)).await?, Extent::default())?;
    insert(&test, 1_000).await?;
    test.save("n", json!({"id": 1, "n": 0})).await?;
    let stored = rows(&test, "n").await?;
    let written = |place: usize| stored.get(place).map(|row| row.updated_at);
    let whole = measure(None, None).await?;
    ensure_eq("the rows", (whole.rows, whole.oldest, whole.excess), (1_000, written(0), None))?;
    ensure(&format!("{} bytes are plausible", whole.bytes), (50_000..500_000).contains(&whole.bytes))?;
    for (rows, bytes, kept) in [
        (Some(1_000), None, 1_000),
        (Some(999), None, 999),
        (Some(1), None, 1),
        (None, Some(whole.bytes), 1_000),
        (None, Some(whole.bytes / 4), 250),
        (Some(300), Some(whole.bytes / 4), 250),
        (None, Some(1), 0),
    ] {
        let excess = (1_000_usize - kept).checked_sub(1).and_then(written);
        ensure_eq(&format!("{rows:?} rows, {bytes:?} bytes"), measure(rows, bytes).await?.excess, excess)?;
    }
    Ok(())
}

pub(super) async fn long_values_count_as_long(bench: &dyn Bench) -> Result<()> {
    let note = json!({"name": "note", "key": {"name": "id", "type": "long"},
                      "fields": [{"name": "text", "type": "text"}, {"name": "data", "type": "json"}]});
    let test = TestStore::with(bench, note).await?;
    for id in 0..10 {
        let (text, data) = ("ж".repeat(5_000), json!({"x": "y".repeat(9_992)}));
        test.save("note", json!({"id": id, "text": text, "data": data})).await?;
    }
    let extent = test.store.extent(&test.in_force("note")?, Capacity::default()).await?;
    ensure(&format!("{} bytes", extent.bytes), (200_000..210_000).contains(&extent.bytes))
}

/// Notes whose text has `length` bytes.
async fn save_notes(test: &TestStore<'_>, ids: std::ops::Range<i32>, length: usize) -> Result<()> {
    let text = "x".repeat(length);
    let write = |id| test.put("note", &json!({"id": id, "text": text}), Expect::Anything);
    test.store.write(WriteBatch::independent(ids.map(write).collect::<Result<_>>()?)).await?;
    Ok(())
}

fn note() -> serde_json::Value {
    json!({"name": "note", "key": {"name": "id", "type": "long"}, "fields": [{"name": "text", "type": "text"}]})
}

/// The rows at the ends of the storage are no measure of those in between.
pub(super) async fn sizes_are_added_up_before_rows_exceed_a_capacity(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, note()).await?;
    let in_force = test.in_force("note")?;
    save_notes(&test, 0..10_500, 10).await?;
    save_notes(&test, 10_500..10_510, 100_000).await?;
    let stored = rows(&test, "note").await?;
    ensure_eq("the oldest row", keys(&stored).first().copied(), Some(0))?;
    let measure =
        async |bytes| test.store.extent(&in_force, Capacity { rows: None, bytes: Some(bytes) }).await;
    let whole = measure(20_000_000).await?;
    ensure_eq("an estimate that is too high removes nothing", whole.excess, None)?;
    ensure(&format!("{} bytes are counted", whole.bytes), (2_000_000..4_000_000).contains(&whole.bytes))?;
    ensure_eq("the capacity is just enough", measure(whole.bytes).await?.excess, None)?;
    let oldest = stored.first().map(|row| row.updated_at);
    ensure_eq("one byte less", measure(whole.bytes - 1).await?.excess, oldest)?;
    let page = Query::first(None, &[(Column::UpdatedAt, Direction::Descending)], 10);
    let large = test.store.page(&in_force, &page).await?.rows;
    let fifth = large.get(5).map(|row| row.updated_at);
    ensure_eq("five large rows", measure(550_000).await?.excess, fifth)
}

pub(super) async fn a_step_ends_at_a_number_of_bytes(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, note()).await?;
    save_notes(&test, 0..3, 10).await?;
    save_notes(&test, 3..6, 1_000).await?;
    let in_force = test.in_force("note")?;
    for (bytes, removed) in [(1_000, 4), (1_500, 2)] {
        let step = test.store.trim(&in_force, ALL, StepLimit { rows: 100, bytes }).await?;
        ensure_eq(&format!("{bytes} bytes"), step.map(|step| step.trim.rows), Some(removed))?;
    }
    save_notes(&test, 6..8, 10_000).await?;
    let step = test.store.trim(&in_force, ALL, StepLimit { rows: 0, bytes: 0 }).await?;
    ensure_eq("at least one row", step.map(|step| step.trim.rows), Some(1))
}

pub(super) async fn a_step_removes_the_oldest_rows_as_one_change(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, numbered()).await?;
    insert(&test, 10).await?;
    test.save("n", json!({"id": 1, "n": 100})).await?;
    let in_force = test.in_force("n")?;
    let before = test.store.span().await?.last;
    let stored = rows(&test, "n").await?;
    ensure_eq("the rows by their last write", keys(&stored), vec![2, 3, 4, 5, 6, 7, 8, 9, 10, 1])?;
    let at = |place: usize| stored.get(place).map_or(Timestamp::MIN, |row| row.updated_at);
    let first = test.store.trim(&in_force, (Timestamp::MIN, at(5)), AT_MOST_4).await?.map(|step| step.trim);
    let trim = |after, until, rows| Trim { storage: in_force.storage, after, until, rows };
    ensure_eq("a step", first, Some(trim(Timestamp::MIN, at(3), 4)))?;
    ensure_eq("the rows after it", keys(&rows(&test, "n").await?), vec![6, 7, 8, 9, 10, 1])?;
    let second = test.store.trim(&in_force, (at(3), at(5)), AT_MOST_4).await?.map(|step| step.trim);
    ensure_eq("the next step", second, Some(trim(at(3), at(5), 2)))?;
    let third = test.store.trim(&in_force, (at(3), at(5)), AT_MOST_4).await?.map(|step| step.trim);
    ensure_eq("a step without rows", third, None)?;
    let test = test.reopen().await?;
    ensure_eq("the rows in the end", keys(&rows(&test, "n").await?), vec![8, 9, 10, 1])?;
    let commits = test.store.commits(before, 100).await?;
    let changes: Vec<Change> = commits.into_iter().flat_map(|commit| commit.changes).collect();
    let expected = [first, second].into_iter().flatten().map(Change::Trim).collect::<Vec<_>>();
    ensure_eq("the change log", changes, expected)
}

pub(super) async fn a_removed_storage_is_unknown_and_a_system_storage_has_no_log(
    bench: &dyn Bench,
) -> Result<()> {
    let test = TestStore::with(bench, numbered()).await?;
    insert(&test, 3).await?;
    let removed = test.in_force("n")?;
    test.store.remove(removed.storage).await?;
    test.declare(numbered()).await?;
    insert(&test, 3).await?;
    let trimmed = test.store.trim(&removed, ALL, UNLIMITED).await;
    ensure("a removed storage is unknown", matches!(trimmed, Err(Error::UnknownStorage(_))))?;
    ensure_eq("the rows of its successor", rows(&test, "n").await?.len(), 3)?;
    let source = test.store.catalogue().system(crate::store::system_storages::SystemStorage::Source)?;
    let row = test.bench.prove(&source, &json!({"name": "a", "settings": {}, "last_format": null}))?;
    test.write(Write::put(row, Expect::Anything)).await?;
    let before = test.store.span().await?.last;
    let trimmed = test.store.trim(&source, ALL, UNLIMITED).await?.map(|step| step.trim.rows);
    ensure_eq("rows of a system storage", trimmed, Some(1))?;
    ensure_eq("the change log", test.store.span().await?.last, before)
}

/// Writers, a migration, and steps of retention at the same time: whoever follows the change log and does what it
/// says has the same rows in the end.
pub(super) async fn a_follower_of_the_change_log_removes_the_same_rows(bench: &dyn Bench) -> Result<()> {
    const ROUNDS: i32 = 150;
    let test = TestStore::with(bench, dog()).await?;
    let start = test.store.span().await?.last;
    let write = async |writer: i32| {
        for round in 0..ROUNDS {
            let key = |n: i32| format!("{}-{}", (writer + n) % 4, (round * 7 + n * 13) % 60);
            let put = |n: i32| {
                let row = json!({"chip_id": key(n), "collar_size": round});
                if n % 3 == 0 {
                    test.merge("dog", &row, Expect::Anything)
                } else {
                    test.put("dog", &row, Expect::Anything)
                }
            };
            let mut writes = (0..5).map(put).collect::<Result<Vec<_>>>()?;
            let (in_force, gone) = (test.in_force("dog")?, Value::Text(key(17)));
            writes.push(Write::delete(in_force, gone, Expect::Anything));
            test.store.write(WriteBatch::independent(writes)).await?;
        }
        Ok::<_, Error>(())
    };
    let writers = async {
        let done = tokio::join!(write(0), write(1), write(2), write(3));
        done.0.and(done.1).and(done.2).and(done.3)
    };
    let grow = async {
        let mut grown = dog();
        grown["fields"][1]["type"] = json!("long");
        test.apply(grown).await
    };
    let (finished, trimming) = tokio::sync::oneshot::channel::<()>();
    let trim = async {
        let (mut trimming, mut removed) = (trimming, 0);
        while trimming
            .try_recv()
            .is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Empty)
        {
            let in_force = test.in_force("dog")?;
            let extent = match test.store.extent(&in_force, Capacity { rows: Some(30), bytes: None }).await {
                Err(Error::Moved(_)) => continue,
                extent => extent?,
            };
            let mut after = Timestamp::MIN;
            while let Some(until) = extent.excess.filter(|until| after < *until)
                && let Some(step) =
                    test.store.trim(&in_force, (after, until), StepLimit { rows: 7, bytes: u64::MAX }).await?
            {
                (after, removed) = (step.trim.until, removed + step.trim.rows);
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        Ok::<_, Error>(removed)
    };
    let changes = async {
        let (written, grown) = tokio::join!(writers, grow);
        drop(finished);
        written.and(grown.map(drop))
    };
    let (changed, removed) = tokio::join!(changes, trim);
    changed?;
    ensure("rows were removed", removed? > 0)?;
    let mut copy: BTreeMap<String, StoredRow> = BTreeMap::new();
    let (in_force, mut after) = (test.in_force("dog")?, start);
    loop {
        let commits = test.store.commits(after, 50).await?;
        let Some(last) = commits.last() else { break };
        after = last.position;
        for change in commits.iter().flat_map(|commit| &commit.changes) {
            match change {
                Change::Trim(trim) => {
                    copy.retain(|_, row| row.updated_at <= trim.after || row.updated_at > trim.until);
                }
                Change::Row(change) => {
                    let row = test.store.get(&in_force, &change.key).await?;
                    let key = format!("{:?}", change.key);
                    match row {
                        Some(row) => copy.insert(key, row),
                        None => copy.remove(&key),
                    };
                }
            }
        }
    }
    let mut copied: Vec<StoredRow> = copy.into_values().collect();
    copied.sort_by_key(|row| row.updated_at);
    ensure_eq("the rows of the follower", copied, rows(&test, "dog").await?)
}
