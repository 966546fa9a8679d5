//! Finds the versions in force of the storages that a transaction writes to.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    apply::Failure,
    batch::Target,
    call_state::{PendingBatch, writes},
    catalogue::CatalogueMirror,
    session::Session,
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId},
};

/// Returns the storages of a transaction, each with its version in force.
pub(super) async fn targets(
    session: &mut Session,
    mirror: &CatalogueMirror,
    pending: &[PendingBatch<'_>],
    versions: &BTreeMap<StorageId, i64>,
) -> Result<Vec<Target>, Failure> {
    let mut known: BTreeMap<StorageId, &Arc<InForce>> = BTreeMap::new();
    for in_force in writes(pending).map(|(_, write)| write.in_force()) {
        if versions.get(&in_force.storage) == Some(&in_force.version.into()) {
            known.insert(in_force.storage, in_force);
        }
    }
    let mut targets = Vec::with_capacity(versions.len());
    for (id, version) in versions {
        let in_force = match known.get(id) {
            Some(in_force) => Arc::clone(in_force),
            None => in_force(mirror, *id, *version).await?,
        };
        targets.push(Target { statements: session.statements(&in_force), in_force });
    }
    Ok(targets)
}

/// Returns the version that the database reported as in force. It cannot change while its lock is held.
async fn in_force(mirror: &CatalogueMirror, id: StorageId, version: i64) -> Result<Arc<InForce>, Failure> {
    let is_it = |in_force: &Arc<InForce>| i64::from(in_force.version) == version;
    let known = mirror.catalogue.by_id(id).and_then(|storage| storage.in_force.clone());
    if let Some(in_force) = known.filter(is_it) {
        return Ok(in_force);
    }
    let read = mirror.refresh_one(id).await.map_err(Failure::Catalogue)?;
    let missing = || Failure::Catalogue(Error::internal("the version in force is not in the catalogue"));
    read.and_then(|storage| storage.in_force.clone()).filter(is_it).ok_or_else(missing)
}
