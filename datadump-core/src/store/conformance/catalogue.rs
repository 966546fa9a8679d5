//! Checks of declaring and removing storages.

use serde_json::json;

use super::{Bench, Subject, dog, holds, same};
use crate::{
    error::{Error, Result},
    store::{Declaration, Expect, State, WriteBatch},
};

pub(super) async fn versions_follow_one_another(bench: &dyn Bench) -> Result<()> {
    let subject = Subject::open(bench).await?;
    let queued = subject.queue(dog()).await?;
    holds("it is migrating", queued.is_migrating())?;
    holds("nothing is in force yet", matches!(queued.ready(), Err(Error::NotReady { .. })))?;
    let definition = crate::schema::parse::definition(&dog())?;
    let again = |base| Declaration { definition: definition.clone(), sent: dog(), base };
    let second = subject.store.declare(again(Some((queued.id, 0)))).await;
    holds("a second version waits for the first", matches!(second, Err(Error::Migrating { .. })))?;
    subject.store.migrate(queued.id).await?;
    let storage = subject.store.catalogue().find("dog")?;
    same("the version in force", storage.ready()?.version, 1)?;
    for (what, base) in [("none", None), ("an old one", Some((queued.id, 0)))] {
        let stale = subject.store.declare(again(base)).await;
        holds(&format!("a declaration based on {what} is stale"), matches!(stale, Err(Error::StalePlan(_))))?;
    }
    let mut next = dog();
    next["fields"][1]["default"] = json!(5);
    subject.declare(next.clone()).await?;
    let subject = subject.reopen().await?;
    let storage = subject.store.catalogue().find("dog")?;
    same("the version in force after a restart", storage.ready()?.version, 2)?;
    same("the definition as it was sent", &storage.sent["fields"], &next["fields"])?;
    let versions = subject.store.versions(storage.id).await?;
    let states: Vec<_> = versions.iter().map(|record| (record.version, record.state)).collect();
    same("the history", states, vec![(1, State::Applied), (2, State::Applied)])?;
    holds("all have a time of application", versions.iter().all(|record| record.applied_at.is_some()))
}

pub(super) async fn a_removed_storage_can_be_created_again(bench: &dyn Bench) -> Result<()> {
    let subject = Subject::open(bench).await?;
    let first = subject.declare(dog()).await?;
    subject.save("dog", json!({"chip_id": "A"})).await?;
    subject.store.remove(first.id).await?;
    holds("it does not exist", subject.store.catalogue().get("dog").is_none())?;
    let second = subject.declare(dog()).await?;
    holds("numbers are not reused", first.id != second.id)?;
    same("its rows", subject.list("dog", &[]).await?.0.rows.len(), 0)?;
    let subject = subject.reopen().await?;
    same("storages after a restart", subject.store.catalogue().all().len(), 1)
}

pub(super) async fn a_row_for_a_removed_storage_is_refused(bench: &dyn Bench) -> Result<()> {
    let subject = Subject::open(bench).await?;
    let storage = subject.declare(dog()).await?;
    let write = subject.put("dog", &json!({"chip_id": "A"}), Expect::Anything)?;
    subject.store.remove(storage.id).await?;
    let written = subject.store.write(WriteBatch::independent(vec![write])).await;
    holds("it is refused", matches!(written, Err(Error::UnknownStorage(_))))
}
