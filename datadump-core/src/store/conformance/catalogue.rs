//! Checks of declaring and removing storages.

use serde_json::json;

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq};
use crate::{
    error::{Error, Result},
    store::{Declaration, Expect, ReadMemory, State, WriteBatch},
};

pub(super) async fn versions_follow_one_another(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    let queued = test.queue(dog()).await?;
    ensure("it is migrating", queued.is_migrating())?;
    ensure("nothing is in force yet", matches!(queued.ready(), Err(Error::NotReady { .. })))?;
    let definition = crate::schema::parse::definition(&dog())?;
    let again = |base| Declaration { definition: definition.clone(), sent: dog(), base };
    let second = test.store.declare(again(Some((queued.id, 0)))).await;
    ensure("a second version waits for the first", matches!(second, Err(Error::Migrating { .. })))?;
    test.store.migrate(queued.id).await?;
    let storage = test.store.catalogue().find("dog")?;
    ensure_eq("the version in force", storage.ready()?.version, 1)?;
    for (what, base) in [("none", None), ("an old one", Some((queued.id, 0)))] {
        let stale = test.store.declare(again(base)).await;
        ensure(
            &format!("a declaration based on {what} is stale"),
            matches!(stale, Err(Error::StalePlan(_))),
        )?;
    }
    let mut next = dog();
    next["fields"][1]["default"] = json!(5);
    test.declare(next.clone()).await?;
    let test = test.reopen().await?;
    let storage = test.store.catalogue().find("dog")?;
    ensure_eq("the version in force after a restart", storage.ready()?.version, 2)?;
    ensure_eq("the definition as it was sent", &storage.sent["fields"], &next["fields"])?;
    let everything = ReadMemory::unlimited();
    let versions = test.store.versions(storage.id, 0, 100, &everything).await?.versions;
    let states: Vec<_> = versions.iter().map(|record| (record.version, record.state)).collect();
    ensure_eq("the history", states, vec![(1, State::Applied), (2, State::Applied)])?;
    ensure("all have a time of application", versions.iter().all(|record| record.applied_at.is_some()))?;
    for (skip, limit, expected) in [(0, 1, vec![1]), (1, 1, vec![2]), (1, 100, vec![2]), (2, 100, vec![])] {
        let page = test.store.versions(storage.id, skip, limit, &everything).await?;
        let numbers: Vec<_> = page.versions.iter().map(|record| record.version).collect();
        ensure_eq("a page of the history", (page.count, numbers), (2, expected))?;
    }
    Ok(())
}

pub(super) async fn a_removed_storage_can_be_created_again(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    let first = test.declare(dog()).await?;
    test.save("dog", json!({"chip_id": "A"})).await?;
    test.store.remove(first.id).await?;
    ensure("it does not exist", test.store.catalogue().get("dog").is_none())?;
    let second = test.declare(dog()).await?;
    ensure("numbers are not reused", first.id != second.id)?;
    ensure_eq("its rows", test.list("dog", &[]).await?.0.rows.len(), 0)?;
    let test = test.reopen().await?;
    ensure_eq("storages after a restart", test.store.catalogue().all().len(), 1)
}

pub(super) async fn a_row_for_a_removed_storage_is_refused(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    let storage = test.declare(dog()).await?;
    let write = test.put("dog", &json!({"chip_id": "A"}), Expect::Anything)?;
    test.store.remove(storage.id).await?;
    let written = test.store.write(WriteBatch::independent(vec![write])).await;
    ensure("it is refused", matches!(written, Err(Error::UnknownStorage(_))))
}
