//! A row that is written once.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Once, Record, Recorded, recorded};
use crate::{
    dump::{Dump, rows::Saved},
    error::{Error, Result},
    once::Fingerprint,
    store::{Expect, Outcome, WriteBatch},
};

/// How it is recorded.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    row: Json,
    version: i32,
    created: bool,
}

impl Dump {
    /// The same as [`Rows::save`](crate::Rows::save), once: with the same key and the same record, what
    /// it was answered the first time.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Consent, Dump, Expect, IdempotencyKey};
    /// use serde_json::json;
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let note = json!({"name": "note", "key": {"name": "id", "type": "uuid", "generated": true},
    ///                   "fields": [{"name": "text", "type": "text"}]});
    /// dump.declare(&note, Consent::default()).await?;
    /// dump.settled("note").await?;
    ///
    /// let key = IdempotencyKey::parse("note-1").unwrap();
    /// let row = json!({"text": "fine"});
    /// let save = || dump.save_once("note", &row, Expect::Anything, key.clone().into());
    /// let (first, second) = (save().await?, save().await?);
    /// assert!(first.row == second.row && second.again);
    /// assert_eq!(dump.storage("note")?.list(&[]).await?.rows.len(), 1);
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn save_once(&self, storage: &str, record: &Json, expect: Expect, once: Once) -> Result<Saved> {
        let (condition, text) = (format!("{expect:?}"), record.to_string());
        let request = Fingerprint::of(["row", storage, &condition, &text]);
        let (slot, found) = self.slot(once, request).await?;
        if let Some(record) = found {
            return again(record);
        }
        let rows = self.storage(storage)?;
        let (write, expect) = rows.put(record, expect)?;
        let maker = slot.clone();
        let make = move |outcomes: &[Outcome]| {
            let (stored, created) = match outcomes.first()? {
                Outcome::Created(stored) => (stored, true),
                Outcome::Updated(stored) | Outcome::Unchanged(stored) => (stored, false),
                // What changed nothing is tried anew.
                _ => return None,
            };
            let written = Written { row: stored.to_json(), version: stored.row.version, created };
            let answer = serde_json::to_string(&written).ok()?;
            Some(maker.row(Some(answer), None))
        };
        let call = WriteBatch { idempotency: Some(slot.once(make)), ..WriteBatch::independent(vec![write]) };
        let mut outcomes = self.store.write(call).await?;
        match recorded(outcomes.pop())? {
            Recorded::Before(row) => again(slot.read(&row)?),
            Recorded::Now(_) => {
                let outcome = outcomes.pop().ok_or_else(|| Error::internal("a write without an outcome"))?;
                rows.saved(outcome, expect, "")
            }
        }
    }
}

fn again(record: Record) -> Result<Saved> {
    let answer = record.answer.ok_or(Error::KeyReused)?;
    let Written { row, version, created } = serde_json::from_str(&answer).map_err(Error::internal)?;
    Ok(Saved { row, version, created, again: true })
}
