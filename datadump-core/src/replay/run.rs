//! Runs a replay: reads entries in batches, prepares them concurrently, and commits them together.

use std::collections::HashSet;

use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream};

use super::{
    Replay, Replays,
    entry::{PreparedEntry, ReplayOptions},
};
use crate::{
    error::Result, ingest::keep_newer::OwnRows, schema::StoredRow, store::system_storages::SystemStorage,
};

/// Number of entries looked up at a time, without their bytes.
const PAGE_ROWS: usize = 500;

/// Maximum size of the entries that are processed at a time, in bytes. A larger one is processed alone.
const BATCH_BYTES: usize = 4 << 20;

/// Maximum number of entries that are processed at a time.
const BATCH_ROWS: usize = 128;

/// Maximum number of entries that are prepared concurrently: their programs share the worker processes with
/// those of throws.
const MAX_PREPARING: usize = 8;

/// A replay in progress.
pub(super) struct Run<'r> {
    pub(super) replays: &'r Replays,
    pub(super) replay: &'r Replay,
    pub(super) storage: SystemStorage,
    pub(super) options: &'r ReplayOptions,
    pub(super) own: OwnRows,
}

impl Run<'_> {
    /// Replays everything that passes the filters, oldest first.
    pub(super) async fn run(&self, filters: &[(String, String)]) -> Result<()> {
        let context = &self.replays.context;
        let in_force = context.system(self.storage)?;
        let only_keys = [("fields".to_owned(), in_force.definition.key.name.to_string())];
        let filters: Vec<(String, String)> = filters.iter().cloned().chain(only_keys).collect();
        let mut cursor = String::new();
        loop {
            let (rows, next) = context.page(self.storage, &filters, &cursor, PAGE_ROWS).await?;
            let keys: Vec<_> = rows.into_iter().map(|row| row.key).collect();
            let mut left = keys.as_slice();
            while !left.is_empty() {
                let most = left.get(..BATCH_ROWS).unwrap_or(left);
                // Some may have been removed in the meantime.
                let found = context.store.rows(&in_force, most, BATCH_BYTES).await?;
                self.replay_batch(found.rows).await;
                if self.is_stopped() {
                    return Ok(());
                }
                left = left.get(found.keys..).unwrap_or_default();
            }
            match next {
                Some(next) => cursor = next,
                None => return Ok(()),
            }
        }
    }

    fn is_stopped(&self) -> bool {
        *self.replay.stop.borrow()
    }

    async fn replay_batch(&self, rows: Vec<StoredRow>) {
        let prepare = rows.iter().map(|row| {
            let prepared =
                async move { if self.is_stopped() { None } else { Some((row, self.prepare(row).await)) } };
            prepared.boxed()
        });
        let prepare: Vec<_> = prepare.collect();
        let prepared: Vec<_> = stream::iter(prepare).buffered(MAX_PREPARING).collect().await;
        // Entries that may write the same row are committed one after another.
        let (mut wave, mut keys) = (Vec::new(), HashSet::new());
        for (row, entry) in prepared.into_iter().flatten() {
            let entry_keys = entry.as_ref().map(|entry| self.keys(entry)).unwrap_or_default();
            if entry_keys.iter().any(|key| keys.contains(key)) {
                self.commit_wave(std::mem::take(&mut wave)).await;
                keys.clear();
                if self.is_stopped() {
                    return;
                }
            }
            keys.extend(entry_keys);
            wave.push((row, entry));
        }
        self.commit_wave(wave).await;
    }

    /// Commits entries concurrently, so that the store commits them in one transaction, and counts their
    /// outcomes.
    async fn commit_wave(&self, wave: Vec<(&StoredRow, Result<PreparedEntry>)>) {
        let commits = wave.into_iter().map(|(row, entry)| {
            let committed = async move {
                let outcome = match entry {
                    Ok(entry) => self.commit(entry).await,
                    Err(error) => Err(error),
                };
                (row, outcome)
            };
            committed.boxed()
        });
        let commits: Vec<_> = commits.collect();
        for (row, outcome) in join_all(commits).await {
            self.replay.change(|state| state.note(row, outcome));
        }
    }
}
