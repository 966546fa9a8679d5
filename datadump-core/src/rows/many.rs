//! Commits many writes of one request, and returns the result of each.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;

use crate::{
    context::Context,
    error::{Error, Place, Result},
    idempotency::{RecordOutcome, Reservation, StoredAnswer},
    schema::{StoredRow, Value},
    store::{Atomicity, Expect, Outcome, Returning, Stored, Write, WriteBatch},
    write_result::{FailedWrite, FailureReason, WriteResult, WrittenRow},
};

/// Maximum size of the current rows that are returned with failed writes.
const MAX_CURRENT_BYTES: usize = 8 << 20;

/// The results of a request.
#[derive(Debug, Clone)]
pub struct WriteResults {
    /// One per write, in order.
    pub results: Vec<WriteResult>,
    /// True if this repeats the answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// Options of a request with many writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// True if either all writes take effect or none.
    pub(crate) is_atomic: bool,
    /// True if nothing is stored.
    pub(crate) is_dry_run: bool,
}

/// One write of a request.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) origin: WriteOrigin,
    /// The write, or its failure if that is known already.
    pub(crate) write: Result<Write, FailedWrite>,
}

/// The origin of a write in its request, for its result.
#[derive(Debug, Clone)]
pub(crate) struct WriteOrigin {
    /// Place of the write in the request.
    pub(crate) place: Place,
    /// Place of the row in the request, to which the places of its faults are relative.
    pub(crate) row: Place,
    /// Name of the storage.
    pub(crate) storage: String,
}

/// An item without its write, which the store takes.
#[derive(Debug)]
struct Pending {
    origin: WriteOrigin,
    expect: Expect,
    key: Option<Json>,
    failed: Option<FailedWrite>,
}

/// Commits the writes in one transaction, once per reservation.
///
/// # Errors
///
/// [`Aborted`](Error::Aborted) if a write of an atomic request failed, so that none took effect.
pub(crate) async fn commit(
    context: &Context,
    items: Vec<Item>,
    options: Options,
    reservation: Option<Reservation>,
) -> Result<WriteResults> {
    let (mut pending, mut writes) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for Item { origin, write } in items {
        pending.push(match write {
            Ok(write) => {
                let pending =
                    Pending { origin, expect: write.expect.clone(), key: key_of(&write), failed: None };
                writes.push(write);
                pending
            }
            Err(failed) => {
                Pending { origin, expect: Expect::Anything, key: failed.key.clone(), failed: Some(failed) }
            }
        });
    }
    if options.is_atomic && pending.iter().any(|item| item.failed.is_some()) {
        return Err(aborted(pending.into_iter().filter_map(|item| item.failed)));
    }
    let pending = Arc::new(pending);
    let record = reservation.as_ref().map(|reservation| {
        let (pending, recorder) = (pending.clone(), reservation.clone());
        reservation.record(move |outcomes| {
            // If a request changes nothing, repeating it carries it out again.
            let results = results(&pending, outcomes).ok()?;
            let is_effective = results.iter().any(|result| !matches!(result, WriteResult::Failed(_)));
            let answer = is_effective.then(|| serde_json::to_string(&results).ok())??;
            recorder.row(Some(answer), None)
        })
    });
    let batch = WriteBatch {
        atomicity: if options.is_atomic { Atomicity::AllOrNothing } else { Atomicity::Independent },
        returning: Returning::Keys,
        is_dry_run: options.is_dry_run,
        idempotency: record,
        ..WriteBatch::independent(writes)
    };
    let mut outcomes = context.store.write(batch).await?;
    if let Some(reservation) = &reservation
        && let RecordOutcome::Existing(row) = RecordOutcome::of(outcomes.pop())?
    {
        return replayed(context, reservation.read(&row)?).await;
    }
    let mut results = results(&pending, &outcomes)?;
    add_current(context, &mut results).await;
    let is_aborted = options.is_atomic && outcomes.iter().any(Outcome::is_failure);
    if is_aborted {
        return Err(aborted(results.into_iter().filter_map(failure)));
    }
    Ok(WriteResults { results, replayed: false })
}

/// Returns the recorded answer to an earlier request.
pub(crate) async fn replayed(context: &Context, answer: StoredAnswer) -> Result<WriteResults> {
    let answer = answer.answer.ok_or(Error::KeyReused)?;
    let mut results: Vec<WriteResult> = serde_json::from_str(&answer).map_err(|_| Error::KeyReused)?;
    add_current(context, &mut results).await;
    Ok(WriteResults { results, replayed: true })
}

fn failure(result: WriteResult) -> Option<FailedWrite> {
    match result {
        WriteResult::Failed(failed) => Some(failed),
        _ => None,
    }
}

fn aborted(failed: impl Iterator<Item = FailedWrite>) -> Error {
    Error::Aborted(failed.collect())
}

fn key_of(write: &Write) -> Option<Json> {
    let kind = &write.in_force().definition.key.kind;
    write.action.key().map(|key| key.to_json(kind))
}

/// Returns the results of all items, given the outcomes of the writes. In an atomic request that failed, those that
/// were rolled back have none.
fn results(pending: &[Pending], outcomes: &[Outcome]) -> Result<Vec<WriteResult>> {
    let (mut outcomes, mut results) = (outcomes.iter(), Vec::with_capacity(pending.len()));
    for item in pending {
        match &item.failed {
            Some(failed) => results.push(WriteResult::Failed(failed.clone())),
            None => {
                let outcome = outcomes.next();
                let outcome = outcome.ok_or_else(|| Error::internal("a write without an outcome"))?;
                results.extend(item.result(outcome)?);
            }
        }
    }
    Ok(results)
}

impl Pending {
    /// Returns the result of a write with this outcome; none if it was rolled back.
    fn result(&self, outcome: &Outcome) -> Result<Option<WriteResult>> {
        Ok(Some(match outcome {
            Outcome::Created(stored) => WriteResult::Created(written(stored)),
            Outcome::Updated(stored) => WriteResult::Updated(written(stored)),
            Outcome::Unchanged(stored) => WriteResult::Ignored(written(stored)),
            Outcome::Deleted(stored) => WriteResult::Deleted(written(stored)),
            Outcome::Refused(Some(stored)) | Outcome::Superseded(stored) => {
                let version = stored.row.version;
                match self.expect {
                    Expect::Absent | Expect::First(_) => {
                        let detail = format!("a row with this key exists, with version {version}");
                        self.failed(FailureReason::Exists, detail)
                    }
                    _ => {
                        let expected = match self.expect {
                            Expect::Version(expected) | Expect::Exactly(expected) => expected.to_string(),
                            _ => "the one in the request".to_owned(),
                        };
                        let detail = format!("the row has version {version}, not {expected}");
                        self.failed(FailureReason::Conflict, detail)
                    }
                }
            }
            Outcome::Refused(None) => {
                let detail = "the row does not exist, so it does not have the version in the request";
                self.failed(FailureReason::Conflict, detail.into())
            }
            Outcome::Missing => {
                let key = self.key.as_ref().map(Json::to_string).unwrap_or_default();
                let detail = format!("storage `{}` has no row with the key {key}", self.origin.storage);
                self.failed(FailureReason::Missing, detail)
            }
            Outcome::VersionRequired => {
                let detail = Error::VersionRequired(self.origin.storage.clone()).to_string();
                self.failed(FailureReason::VersionRequired, detail)
            }
            Outcome::Invalid(faults) => {
                let WriteOrigin { place, row, storage, .. } = &self.origin;
                let mut failed = FailedWrite::invalid(row, storage, self.key.clone(), faults);
                failed.pointer = place.pointer().unwrap_or_default();
                WriteResult::Failed(failed)
            }
            Outcome::RolledBack => return Ok(None),
            Outcome::Replaced(..) | Outcome::Unmatched => {
                return Err(Error::internal(format!("a write with the outcome {outcome:?}")));
            }
        }))
    }

    fn failed(&self, reason: FailureReason, detail: String) -> WriteResult {
        WriteResult::Failed(FailedWrite {
            pointer: self.origin.place.pointer().unwrap_or_default(),
            storage: self.origin.storage.clone(),
            key: self.key.clone(),
            reason,
            detail,
            faults: Vec::new(),
            current: None,
        })
    }
}

fn written(stored: &Stored) -> WrittenRow {
    let kind = &stored.in_force.definition.key.kind;
    WrittenRow { key: stored.row.key.to_json(kind), version: stored.row.version }
}

/// Adds the current rows to writes whose condition they did not meet, as long as they are not too large together. Those
/// that cannot be read are left out: the writes are committed, and a client that got an error would repeat them.
async fn add_current(context: &Context, results: &mut [WriteResult]) {
    let mut wanted: BTreeMap<String, Vec<&mut FailedWrite>> = BTreeMap::new();
    for result in results {
        if let WriteResult::Failed(failed) = result
            && matches!(failed.reason, FailureReason::Conflict | FailureReason::Exists)
        {
            wanted.entry(failed.storage.clone()).or_default().push(failed);
        }
    }
    let mut left = MAX_CURRENT_BYTES;
    for (storage, failed) in wanted {
        match add_current_of(context, &storage, failed, left).await {
            Ok(bytes) => left = left.saturating_sub(bytes),
            Err(error) => tracing::warn!(storage, %error, "results of writes lack the current rows"),
        }
        if left == 0 {
            break;
        }
    }
}

/// Adds the current rows of a storage up to this size. Returns their size.
async fn add_current_of(
    context: &Context,
    storage: &str,
    failed: Vec<&mut FailedWrite>,
    max_bytes: usize,
) -> Result<usize> {
    // A storage that was removed since has no rows.
    let Some(storage) = context.store.catalogue().get(storage) else { return Ok(0) };
    let Some(in_force) = &storage.in_force else { return Ok(0) };
    let kind = &in_force.definition.key.kind;
    let keys: Vec<Value> = failed.iter().filter_map(|failed| kind.read(failed.key.as_ref()?).ok()).collect();
    let found = context.store.rows(in_force, &keys, max_bytes).await?;
    let mut rows: BTreeMap<String, Json> = BTreeMap::new();
    // A key that was looked up and not found has no row.
    rows.extend(keys.iter().take(found.keys).map(|key| (key.to_json(kind).to_string(), Json::Null)));
    for row in &found.rows {
        rows.insert(row.key.to_json(kind).to_string(), row.to_json(&in_force.definition));
    }
    for failed in failed {
        failed.current = failed.key.as_ref().and_then(|key| rows.get(&key.to_string())).cloned();
    }
    Ok(found.rows.iter().map(StoredRow::size).sum())
}
