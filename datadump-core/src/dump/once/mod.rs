//! Requests that take effect once: their answers are recorded in the transaction that does what they
//! tell, and given again to whoever asks with the same key.

mod answers;
mod expiry;
mod rows;
mod turns;

use std::sync::Arc;

use crate::{
    clock::Timestamp,
    dump::Dump,
    error::{Error, Result},
    once::{Fingerprint, IdempotencyKey},
    schema::{InForce, Row, StoredRow, Value},
    store::{self, Expect, MakeRecord, Outcome, system_storages::SystemStorage},
};
pub use answers::{Begun, Pending};
pub(in crate::dump) use turns::{Turn, Turns};

/// How long an answer is given again, in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// That a request is to take effect once, under this key.
#[derive(Debug, Clone)]
pub struct Once {
    key: IdempotencyKey,
    /// From when its turn has come.
    turn: Option<Arc<Turn>>,
}

impl From<IdempotencyKey> for Once {
    fn from(key: IdempotencyKey) -> Self {
        Self { key, turn: None }
    }
}

impl Once {
    /// The same, with the turn it has.
    pub(in crate::dump) fn at(self, turn: Arc<Turn>) -> Self {
        Self { turn: Some(turn), ..self }
    }
}

/// Where the answer to a request is going to be recorded. Nobody else in this process has the same one.
#[derive(Debug, Clone)]
pub(in crate::dump) struct Slot {
    in_force: Arc<InForce>,
    key: Value,
    fingerprint: Fingerprint,
    expect: Expect,
    turn: Arc<Turn>,
}

/// What is recorded of a request.
#[derive(Debug)]
pub(in crate::dump) struct Record {
    /// Its answer; none of a stream that has not ended.
    pub(in crate::dump) answer: Option<String>,
    /// How far a stream is.
    pub(in crate::dump) progress: Option<String>,
}

impl Dump {
    /// Waits for the turn of a request, and finds what is recorded of it. It errs when that is of
    /// another request.
    pub(in crate::dump) async fn slot(
        &self,
        once: Once,
        fingerprint: Fingerprint,
    ) -> Result<(Slot, Option<Record>)> {
        let turn = match once.turn {
            Some(turn) => turn,
            None => Arc::new(self.capture.turns.turn(&once.key).await?),
        };
        let in_force = self.store.catalogue().system(SystemStorage::IdempotencyKey)?;
        let key = Value::Text(once.key.as_str().to_owned());
        let found = self.store.get(&in_force, &key).await?;
        let mut slot = Slot { in_force, key, fingerprint, expect: Expect::Absent, turn };
        let Some(row) = found else { return Ok((slot, None)) };
        slot.expect = Expect::Exactly(row.version);
        // One that is too old is as good as gone, and is replaced if it is not.
        if row.updated_at <= self.expired() {
            return Ok((slot, None));
        }
        let record = slot.read(&row)?;
        Ok((slot, Some(record)))
    }

    /// What was recorded at this moment or before is not given again.
    fn expired(&self) -> Timestamp {
        let then = self.clock.now().micros().saturating_sub(DAY);
        Timestamp::from_micros(then).unwrap_or(Timestamp::MIN)
    }
}

impl Slot {
    /// What a row says, if it is of the same request.
    pub(in crate::dump) fn read(&self, row: &StoredRow) -> Result<Record> {
        let [Value::Binary(fingerprint), answer, progress] = row.values.as_slice() else {
            return Err(Error::internal("a record of another shape"));
        };
        if fingerprint != self.fingerprint.bytes() {
            return Err(Error::KeyReused);
        }
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        Ok(Record { answer: text(answer), progress: text(progress) })
    }

    /// The row that records this.
    pub(in crate::dump) fn row(&self, answer: Option<String>, progress: Option<String>) -> Row {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
        let values = vec![Value::Binary(self.fingerprint.bytes().to_vec()), text(answer), text(progress)];
        Row::proven(self.in_force.clone(), Some(self.key.clone()), values)
    }

    /// What a call of the store has to be given, so that it takes effect once.
    pub(in crate::dump) fn once(
        &self,
        make: impl Fn(&[Outcome]) -> Option<Row> + Send + Sync + 'static,
    ) -> store::IdempotencyRecord {
        let (in_force, key) = (self.in_force.clone(), self.key.clone());
        store::IdempotencyRecord { in_force, key, expect: self.expect, make: MakeRecord(Arc::new(make)) }
    }

    /// The next is recorded over this version.
    pub(in crate::dump) fn follow(&mut self, version: i32) {
        self.expect = Expect::Exactly(version);
    }

    /// The turn of the request.
    pub(in crate::dump) fn turn(&self) -> Arc<Turn> {
        self.turn.clone()
    }
}

/// How the record of a call has fared: its version, or what is there instead.
pub(in crate::dump) enum Recorded {
    /// It was put, if there was anything to record.
    Now(Option<i32>),
    /// Another one was there, and nothing of the call took effect.
    Before(Box<StoredRow>),
}

/// Reads the last outcome of a call with a record.
pub(in crate::dump) fn recorded(outcome: Option<Outcome>) -> Result<Recorded> {
    match outcome {
        Some(Outcome::Created(stored) | Outcome::Updated(stored)) => {
            Ok(Recorded::Now(Some(stored.row.version)))
        }
        Some(Outcome::RolledBack) => Ok(Recorded::Now(None)),
        Some(Outcome::Refused(Some(stored))) => Ok(Recorded::Before(Box::new(stored.row))),
        // It was there a moment ago, and has expired: the next try finds none.
        Some(Outcome::Refused(None)) => Err(Error::Overloaded),
        other => Err(Error::internal(format!("a record with the outcome {other:?}"))),
    }
}
