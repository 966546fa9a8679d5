//! Saves a row once per idempotency key.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Rows, Saved};
use crate::{
    context::Context,
    error::{Error, Result},
    idempotency::{Fingerprint, Idempotency, RecordOutcome, RequestKey, StoredAnswer},
    store::{Expect, Outcome, WriteBatch},
};

/// The recorded answer.
#[derive(Debug, Serialize, Deserialize)]
struct SavedAnswer {
    row: Json,
    version: i32,
    created: bool,
}

/// Saves a row, unless a request with the same key has saved it before; then returns the answer to that
/// request.
pub(crate) async fn save_with_key(
    context: &Context,
    idempotency: &Idempotency,
    storage: &str,
    record: &Json,
    expect: Expect,
    key: RequestKey,
) -> Result<Saved> {
    let (condition, text) = (format!("{expect:?}"), record.to_string());
    let request = Fingerprint::of(["row", storage, &condition, &text]);
    let (reservation, found) = idempotency.reserve(key, request).await?;
    if let Some(answer) = found {
        return replayed(answer);
    }
    let rows = Rows::open(context, storage)?;
    let (write, expect) = rows.merge(record, expect).await?;
    let recorder = reservation.clone();
    let make = move |outcomes: &[Outcome]| {
        let (stored, created) = match outcomes.first()? {
            Outcome::Created(stored) => (stored, true),
            Outcome::Updated(stored) | Outcome::Unchanged(stored) => (stored, false),
            // If a request changes nothing, repeating it carries it out again.
            _ => return None,
        };
        let answer = SavedAnswer { row: stored.to_json(), version: stored.row.version, created };
        recorder.row(Some(serde_json::to_string(&answer).ok()?), None)
    };
    let batch =
        WriteBatch { idempotency: Some(reservation.record(make)), ..WriteBatch::independent(vec![write]) };
    let mut outcomes = context.store.write(batch).await?;
    match RecordOutcome::of(outcomes.pop())? {
        RecordOutcome::Existing(row) => replayed(reservation.read(&row)?),
        RecordOutcome::Written(_) => {
            let outcome = outcomes.pop().ok_or_else(|| Error::internal("a write without an outcome"))?;
            rows.saved(outcome, &expect, "")
        }
    }
}

fn replayed(answer: StoredAnswer) -> Result<Saved> {
    let answer = answer.answer.ok_or(Error::KeyReused)?;
    let SavedAnswer { row, version, created } = serde_json::from_str(&answer).map_err(Error::internal)?;
    Ok(Saved { row, version, created, replayed: true })
}
