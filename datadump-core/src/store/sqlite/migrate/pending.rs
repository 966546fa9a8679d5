//! Checks that a migration is still the pending one, before each of its steps.

use super::super::writer::Writer;
use crate::{
    error::{Error, Result},
    schema::StorageId,
};

/// Fails unless this version is still pending: an earlier attempt, whose caller was cancelled, may have applied
/// it.
pub(super) fn check_pending(writer: &Writer, id: StorageId, version: i32) -> Result<()> {
    match writer.catalogue.by_id(id) {
        Some(storage) if storage.is_migrating() && storage.migration.version == version => Ok(()),
        storage => Err(Error::Moved(storage.map_or_else(|| id.get().to_string(), |s| s.name.to_string()))),
    }
}
