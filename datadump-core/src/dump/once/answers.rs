//! Requests of any kind, whose answers are recorded behind what they do: only for those that may be
//! done twice without harm, because a process that dies in between leaves no answer.

use super::{Once, Record, Slot};
use crate::{
    dump::Dump,
    error::{Error, Result},
    once::Fingerprint,
    store::WriteBatch,
};

/// What is to be done about a request.
#[derive(Debug)]
pub enum Begun {
    /// It was answered before; this is the answer.
    Before(String),
    /// It is to be done now. Others with its key wait until this is dropped.
    Now(Pending),
}

/// A request that is being done.
#[derive(Debug)]
pub struct Pending {
    dump: Dump,
    slot: Slot,
}

impl Dump {
    /// Begins a request that is to be done once: waits while one with its key is under way, and finds
    /// its answer. Errs with [`KeyReused`](Error::KeyReused) when that is the answer to another request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Begun, Dump, Fingerprint, IdempotencyKey};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let key = IdempotencyKey::parse("order-4711").unwrap();
    /// let (request, mut done) = (Fingerprint::of(["what is asked"]), 0);
    /// for _ in 0..2 {
    ///     let answer = match dump.begin_once(key.clone().into(), request).await? {
    ///         Begun::Before(answer) => answer,
    ///         Begun::Now(pending) => {
    ///             done += 1;
    ///             pending.record("done".into()).await?;
    ///             "done".into()
    ///         }
    ///     };
    ///     assert_eq!((answer.as_str(), done), ("done", 1));
    /// }
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn begin_once(&self, once: Once, request: Fingerprint) -> Result<Begun> {
        let (slot, found) = self.slot(once, request).await?;
        Ok(match found {
            Some(Record { answer: Some(answer), .. }) => Begun::Before(answer),
            Some(Record { answer: None, .. }) => return Err(Error::KeyReused),
            None => Begun::Now(Pending { dump: self.clone(), slot }),
        })
    }
}

impl Pending {
    /// Records the answer, committed when this returns. Whoever has recorded another one in the
    /// meantime, on another node, goes before.
    pub async fn record(self, answer: String) -> Result<()> {
        let row = self.slot.row(Some(answer.replace('\0', "\u{fffd}")), None);
        let once = self.slot.once(move |_| Some(row.clone()));
        self.dump
            .store
            .write(WriteBatch { idempotency: Some(once), ..WriteBatch::independent(Vec::new()) })
            .await
            .map(drop)
    }
}
