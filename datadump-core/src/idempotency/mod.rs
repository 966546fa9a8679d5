//! Requests that take effect only once. The answer to a request is recorded in the transaction that carries
//! out the request, and is returned to every later request with the same idempotency key.

mod expiry;
mod key;
mod locks;
mod responses;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    context::Context,
    error::{Error, Result},
    schema::{InForce, Row, StoredRow, Value},
    store::{Expect, IdempotencyRecord, MakeRecord, Outcome, Write, system_storages::SystemStorage},
    system_rows,
};
pub use key::{Fingerprint, IdempotencyKey};
use locks::{KeyLock, KeyLocks};
pub use responses::{IdempotentRequest, PendingAnswer};

/// How long an answer is retained, in microseconds: one day.
const ANSWER_LIFETIME: i64 = 24 * 3600 * 1_000_000;

/// Records the answers to requests that have an idempotency key.
#[derive(Debug, Clone)]
pub struct Idempotency {
    context: Context,
    locks: Arc<KeyLocks>,
}

/// The idempotency key of a request, and the lock on it once it is held.
#[derive(Debug, Clone)]
pub struct RequestKey {
    key: IdempotencyKey,
    lock: Option<Arc<KeyLock>>,
}

impl From<IdempotencyKey> for RequestKey {
    fn from(key: IdempotencyKey) -> Self {
        Self { key, lock: None }
    }
}

impl RequestKey {
    /// The keys of imports begin like this. Clients cannot use such keys, because they have a space.
    pub(crate) const IMPORT: &str = "import ";

    /// The first key after those of imports.
    pub(crate) const AFTER_IMPORTS: &str = "import!";

    /// Returns the key under which the progress of an import is recorded.
    pub(crate) fn of_import(id: Uuid) -> Self {
        IdempotencyKey::reserved(format!("{}{id}", Self::IMPORT)).into()
    }

    /// Returns the key as text.
    pub(crate) fn as_str(&self) -> &str {
        self.key.as_str()
    }

    /// Returns the same key with the lock of a reservation.
    pub(crate) fn locked_by(self, reservation: &Reservation) -> Self {
        Self { lock: Some(reservation.lock.clone()), ..self }
    }
}

/// A reservation of the record for the answer to a request. It holds the lock on the key, so that no other
/// request in this process can use the key.
#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    in_force: Arc<InForce>,
    key: Value,
    fingerprint: Fingerprint,
    expect: Expect,
    lock: Arc<KeyLock>,
}

/// The recorded state of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredAnswer {
    /// The answer; `None` for a stream that has not ended.
    pub(crate) answer: Option<String>,
    /// The stored part of a stream.
    pub(crate) progress: Option<String>,
}

/// The row of an answer, as it is written.
#[derive(Serialize)]
struct AnswerRow<'a> {
    id: &'a str,
    #[serde(flatten)]
    stored: StoredAnswer,
}

impl Idempotency {
    /// Opens the service and starts removing expired answers.
    pub(crate) fn new(context: Context) -> Self {
        let idempotency = Self { context, locks: Arc::default() };
        idempotency.expire_in_background();
        idempotency
    }

    /// Waits for the lock on a key and looks up its record. Fails with [`KeyReused`](Error::KeyReused) if the
    /// record belongs to a different request.
    pub(crate) async fn reserve(
        &self,
        request: RequestKey,
        fingerprint: Fingerprint,
    ) -> Result<(Reservation, Option<StoredAnswer>)> {
        let lock = match request.lock {
            Some(lock) => lock,
            None => Arc::new(self.locks.lock(&request.key).await?),
        };
        let in_force = self.context.system(SystemStorage::IdempotencyKey)?;
        let key = Value::Text(request.key.as_str().to_owned());
        let found = self.context.store.get(&in_force, &key).await?;
        let mut reservation = Reservation { in_force, key, fingerprint, expect: Expect::Absent, lock };
        let Some(row) = found else { return Ok((reservation, None)) };
        reservation.expect = Expect::Exactly(row.version);
        // An expired answer that has not been removed yet is replaced.
        if row.updated_at <= self.expired_before() {
            return Ok((reservation, None));
        }
        let answer = reservation.read(&row)?;
        Ok((reservation, Some(answer)))
    }

    /// Returns the time at or before which recorded answers have expired.
    fn expired_before(&self) -> Timestamp {
        let then = self.context.now().micros().saturating_sub(ANSWER_LIFETIME);
        Timestamp::from_micros(then).unwrap_or(Timestamp::MIN)
    }
}

impl Reservation {
    /// Reads a stored answer, if it belongs to the same request.
    pub(crate) fn read(&self, row: &StoredRow) -> Result<StoredAnswer> {
        if system_rows::bytes(row) != self.fingerprint.bytes() {
            return Err(Error::KeyReused);
        }
        system_rows::decode(&self.in_force.definition, row)
    }

    /// Returns the row that records an answer.
    pub(crate) fn row(&self, answer: Option<String>, progress: Option<String>) -> Option<Row> {
        let Value::Text(id) = &self.key else { return None };
        let row = AnswerRow { id, stored: StoredAnswer { answer, progress } };
        system_rows::encode_captured(&self.in_force, &row, self.fingerprint.bytes().to_vec())
            .inspect_err(|error| tracing::error!(%error, "an answer cannot be recorded"))
            .ok()
    }

    /// Returns the record that makes a write batch take effect only once.
    pub(crate) fn record(
        &self,
        make: impl Fn(&[Outcome]) -> Option<Row> + Send + Sync + 'static,
    ) -> IdempotencyRecord {
        let (in_force, key) = (self.in_force.clone(), self.key.clone());
        IdempotencyRecord { in_force, key, expect: self.expect.clone(), make: MakeRecord(Arc::new(make)) }
    }

    /// Returns the write that records an answer as a part of a batch.
    pub(crate) fn write(&self, row: Row) -> Write {
        Write::put(row, self.expect.clone())
    }

    /// Sets the version that the next record replaces.
    pub(crate) fn advance(&mut self, version: i32) {
        self.expect = Expect::Exactly(version);
    }
}

/// The outcome of a write batch's record.
pub(crate) enum RecordOutcome {
    /// It was written with this version; `None` if there was nothing to record.
    Written(Option<i32>),
    /// There was another record, so the batch did not take effect.
    Existing(Box<StoredRow>),
}

impl RecordOutcome {
    /// Converts the last outcome of a batch that has a record.
    pub(crate) fn of(outcome: Option<Outcome>) -> Result<Self> {
        match outcome {
            Some(Outcome::Created(stored) | Outcome::Updated(stored)) => {
                Ok(Self::Written(Some(stored.row.version)))
            }
            Some(Outcome::RolledBack) => Ok(Self::Written(None)),
            Some(Outcome::Refused(Some(stored))) => Ok(Self::Existing(Box::new(stored.row))),
            // The record that was found has since expired, so the next attempt finds none.
            Some(Outcome::Refused(None)) => Err(Error::Overloaded),
            other => Err(Error::internal(format!("an idempotency record with the outcome {other:?}"))),
        }
    }
}
