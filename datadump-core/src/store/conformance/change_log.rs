//! Checks of the change log: complete, and in commit order.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq, numbered};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Change, ChangeKind, Commit, Expect, RowChange, Store, Write, WriteBatch},
};

/// Reads all commits after a position, up to `limit` at a time.
async fn all(store: &dyn Store, mut after: i64, limit: usize) -> Result<Vec<Commit>> {
    let mut commits: Vec<Commit> = Vec::new();
    loop {
        let next = store.commits(after, limit).await?;
        let Some(last) = next.last() else { return Ok(commits) };
        ensure("no more than the limit", next.len() <= limit)?;
        let positions: Vec<i64> = next.iter().map(|commit| commit.position).collect();
        ensure_eq("positions", positions, (after + 1..=last.position).collect())?;
        after = last.position;
        commits.extend(next);
    }
}

fn changes(commits: &[Commit]) -> Vec<(ChangeKind, Json, i32)> {
    let key = |key: &Value| match key {
        Value::Integer(integer) => json!(integer),
        Value::Text(text) => json!(text),
        other => json!(format!("{other:?}")),
    };
    let changes = commits.iter().flat_map(|commit| &commit.changes).filter_map(Change::row);
    changes.map(|RowChange { kind, key: k, version, .. }| (*kind, key(k), *version)).collect()
}

pub(super) async fn exactly_the_committed_changes_are_logged(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    let storage = test.declare(dog()).await?;
    test.declare(numbered()).await?;
    let before = test.store.span().await?;
    let put =
        |key: &str, size: i32, expect| test.put("dog", &json!({"chip_id": key, "collar_size": size}), expect);
    test.write(put("A", 1, Expect::Anything)?).await?;
    test.write(put("A", 1, Expect::Different)?).await?;
    test.write(put("A", 2, Expect::Version(9))?).await?;
    let both = WriteBatch::independent(vec![put("A", 2, Expect::Exactly(1))?, put("A", 3, Expect::Absent)?]);
    test.store.write(both).await?;
    let none = WriteBatch::atomic(vec![put("B", 1, Expect::Anything)?, put("A", 9, Expect::Absent)?]);
    test.store.write(none).await?;
    let delete = |key: &str| -> Result<Write> {
        Ok(Write::delete(test.in_force("dog")?, Value::Text(key.into()), Expect::Anything))
    };
    test.store.write(WriteBatch::independent(vec![delete("A")?, delete("none")?])).await?;
    test.save("n", json!({"n": 1})).await?;
    let commits = all(test.store.as_ref(), before.last, 2).await?;
    let expected = vec![
        (ChangeKind::Inserted, json!("A"), 1),
        (ChangeKind::Updated, json!("A"), 2),
        (ChangeKind::Deleted, json!("A"), 2),
        (ChangeKind::Inserted, json!(1), 1),
    ];
    ensure_eq("the changes", changes(&commits), expected.clone())?;
    let first = commits.first().and_then(|commit| commit.changes.first());
    ensure_eq("its storage", first.map(Change::storage), Some(storage.id))?;
    ensure("times increase", commits.windows(2).all(|pair| pair[0].at < pair[1].at))?;
    let test = test.reopen().await?;
    let after = test.store.span().await?;
    ensure_eq("the epoch", after.epoch, before.epoch)?;
    ensure_eq("the first", after.first, before.first)?;
    ensure_eq("the last", Some(after.last), commits.last().map(|commit| commit.position))?;
    ensure_eq(
        "the changes after a restart",
        changes(&all(test.store.as_ref(), before.last, 100).await?),
        expected,
    )?;
    test.save("dog", json!({"chip_id": "C"})).await?;
    let next = all(test.store.as_ref(), after.last, 100).await?;
    ensure_eq("the changes after that", changes(&next), vec![(ChangeKind::Inserted, json!("C"), 1)])
}

pub(super) async fn no_commit_appears_before_one_that_was_read(bench: &dyn Bench) -> Result<()> {
    const WRITERS: i64 = 8;
    const EACH: i64 = 40;
    let test = TestStore::with(
        bench,
        json!({"name": "n", "key": {"name": "id", "type": "long"},
               "fields": [{"name": "n", "type": "integer"}]}),
    )
    .await?;
    let before = test.store.span().await?;
    let test = &test;
    let write = |writer: i64| async move {
        for number in 0..EACH {
            test.save("n", json!({"id": writer * EACH + number, "n": 1})).await?;
        }
        Ok::<_, Error>(())
    };
    let read = async {
        let (mut after, mut keys) = (before.last, BTreeSet::new());
        while keys.len() < usize::try_from(WRITERS * EACH).unwrap_or(0) {
            let commits = all(test.store.as_ref(), after, 7).await?;
            after = commits.last().map_or(after, |commit| commit.position);
            for (_, key, _) in changes(&commits) {
                ensure(&format!("{key} is logged once"), keys.insert(key.as_i64()))?;
            }
            tokio::task::yield_now().await;
        }
        Ok::<_, Error>(())
    };
    let writes = futures_util::future::join_all((0..WRITERS).map(write));
    let (written, read) = tokio::join!(writes, read);
    written.into_iter().chain([read]).collect()
}

pub(super) async fn large_commits_are_logged_completely(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let before = test.store.span().await?;
    for round in 0..3 {
        let row = |number: i32| {
            let key =
                format!("{round}{}{number:06}", char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
            test.put("dog", &json!({"chip_id": key}), Expect::Anything)
        };
        test.store.write(WriteBatch::independent((0..3_000).map(row).collect::<Result<_>>()?)).await?;
    }
    let commits = all(test.store.as_ref(), before.last, 100).await?;
    let keys: BTreeSet<String> = changes(&commits).into_iter().map(|(_, key, _)| key.to_string()).collect();
    ensure_eq("keys", keys.len(), 9_000)
}
