//! Throws with an idempotency key: the receipt is recorded in the transaction of the rows.

use std::sync::Arc;

use super::{
    Incoming, Ingest,
    commit::{Committed, ReceiptRecord},
    recent::Trace,
};
use crate::{
    error::{Error, Result},
    idempotency::{Fingerprint, Reservation, StoredAnswer},
    receipt::Receipt,
    throw::SourceName,
};

impl Ingest {
    /// Looks up the receipt of an earlier throw with the same idempotency key. If there is none, the throw
    /// takes the lock on its key, and others with that key wait until it has been committed or dropped.
    ///
    /// [`Dump::throw`](crate::Dump::throw) does this by itself; this is for callers that respond before they
    /// throw.
    pub async fn find_receipt(
        &self,
        source: &SourceName,
        incoming: &mut Incoming,
    ) -> Result<Option<Receipt>> {
        let Some(key) = incoming.key.take() else { return Ok(None) };
        let fingerprint = throw_fingerprint("throw", source, incoming);
        let (reservation, found) = self.idempotency.reserve(key.clone(), fingerprint).await?;
        incoming.key = Some(key.locked_by(&reservation));
        found.map(replayed_receipt).transpose()
    }

    /// Processes a throw, unless one with the same idempotency key was committed before.
    pub(super) async fn throw_with_key(
        &self,
        source: &SourceName,
        mut incoming: Incoming,
    ) -> Result<Receipt> {
        let key = incoming.key.take().ok_or_else(|| Error::internal("a throw without its key"))?;
        let fingerprint = throw_fingerprint("throw", source, &incoming);
        let (reservation, found) = self.idempotency.reserve(key, fingerprint).await?;
        if let Some(answer) = found {
            return replayed_receipt(answer);
        }
        let strict = incoming.strict;
        let throw = Arc::new(self.receive(source, incoming));
        let record = ReceiptRecord::of(&reservation, |receipt| receipt);
        let mut trace = Trace::default();
        let outcome = match self.run_with_key(&throw, strict, Some(record), &mut trace).await {
            Ok(Committed::Existing(row)) => return replayed_receipt(reservation.read(&row)?),
            Ok(Committed::New(commit)) => {
                trace.lineage = commit.lineage;
                Ok(commit.receipt)
            }
            Err(error) => Err(error),
        };
        self.remember(throw, &outcome, trace);
        outcome
    }
}

impl ReceiptRecord {
    /// Creates the record of a receipt; `complete` adds to the receipt before it is recorded.
    pub(crate) fn of(
        reservation: &Reservation,
        complete: impl Fn(Receipt) -> Receipt + Send + Sync + 'static,
    ) -> Self {
        let recorder = reservation.clone();
        let row = move |receipt| recorder.row(serde_json::to_string(&complete(receipt)).ok(), None);
        Self { reservation: reservation.clone(), row: Box::new(row), extra: Vec::new() }
    }
}

/// Returns the fingerprint of a throw, which covers everything but the sender.
pub(crate) fn throw_fingerprint(kind: &str, source: &SourceName, incoming: &Incoming) -> Fingerprint {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (content_type, format) = (text(&incoming.content_type), text(&incoming.format));
    let strict = if incoming.strict { "strict" } else { "" };
    let head = [kind, source.as_str(), &content_type, &format, strict].map(str::as_bytes);
    let arguments = incoming.arguments.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    Fingerprint::of(head.into_iter().chain([incoming.body.as_ref()]).chain(arguments))
}

/// Returns the receipt that was recorded for an earlier throw.
pub(crate) fn replayed_receipt(answer: StoredAnswer) -> Result<Receipt> {
    let answer = answer.answer.ok_or(Error::KeyReused)?;
    let receipt: Receipt = serde_json::from_str(&answer).map_err(Error::internal)?;
    Ok(Receipt { replayed: true, ..receipt })
}
