//! Requests of any kind whose answer is recorded after they have been carried out. If the process dies in
//! between, there is no answer, so this is only for requests that are harmless to repeat.

use super::{Idempotency, RecordOutcome, RequestKey, Reservation, StoredAnswer};
use crate::{
    context::Context,
    error::{Error, Result},
    idempotency::Fingerprint,
    store::WriteBatch,
};

/// How to handle a request.
#[derive(Debug)]
pub enum IdempotentRequest {
    /// It was answered before, with this answer.
    Replayed(String),
    /// It has to be carried out now. Other requests with the same key wait until this is dropped.
    New(Box<PendingAnswer>),
}

/// A request that is being carried out.
#[derive(Debug)]
pub struct PendingAnswer {
    context: Context,
    reservation: Reservation,
}

impl Idempotency {
    /// Begins a request: waits while another one with the same key is running, then looks for its answer.
    /// Fails with [`KeyReused`](Error::KeyReused) if the key was used for a different request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Fingerprint, IdempotencyKey, IdempotentRequest};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let key = IdempotencyKey::parse("order-4711").unwrap();
    /// let (request, mut runs) = (Fingerprint::of(["what is asked"]), 0);
    /// for _ in 0..2 {
    ///     let answer = match dump.idempotency().begin(key.clone().into(), request).await? {
    ///         IdempotentRequest::Replayed(answer) => answer,
    ///         IdempotentRequest::New(pending) => {
    ///             runs += 1;
    ///             pending.record("done".into()).await?;
    ///             "done".into()
    ///         }
    ///     };
    ///     assert_eq!((answer.as_str(), runs), ("done", 1));
    /// }
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn begin(&self, key: RequestKey, request: Fingerprint) -> Result<IdempotentRequest> {
        let (reservation, found) = self.reserve(key, request).await?;
        Ok(match found {
            Some(StoredAnswer { answer: Some(answer), .. }) => IdempotentRequest::Replayed(answer),
            Some(StoredAnswer { answer: None, .. }) => return Err(Error::KeyReused),
            None => {
                let context = self.context.clone();
                IdempotentRequest::New(Box::new(PendingAnswer { context, reservation }))
            }
        })
    }
}

impl PendingAnswer {
    /// Records the answer; it is committed when this returns. An answer that another node has recorded in the
    /// meantime is kept.
    pub async fn record(self, answer: String) -> Result<()> {
        let row = self.reservation.row(Some(answer), None);
        let record = self.reservation.record(move |_| row.clone());
        let batch = WriteBatch { idempotency: Some(record), ..WriteBatch::independent(Vec::new()) };
        let outcomes = self.context.store.write(batch).await?;
        RecordOutcome::of(outcomes.into_iter().next()).map(drop)
    }
}
