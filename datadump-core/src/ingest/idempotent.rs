//! Throws that are stored once: the receipt is recorded in the transaction of the rows.

use std::sync::Arc;

use super::{
    Incoming,
    keep::{Kept, Noting},
};
use crate::{
    dump::{
        Dump,
        once::{Record, Slot},
    },
    error::{Error, Result},
    once::Fingerprint,
    receipt::Receipt,
    schema::StoredRow,
    throw::SourceName,
};

impl Dump {
    /// The receipt of a throw that was made before, with the same idempotency key; and if there is none,
    /// the throw's turn, so that until it is made and forgotten others with its key wait.
    ///
    /// [`throw`](Dump::throw) asks by itself. This is for who answers before throwing.
    pub async fn thrown(&self, source: &SourceName, incoming: &mut Incoming) -> Result<Option<Receipt>> {
        let Some(once) = incoming.once.take() else { return Ok(None) };
        let (slot, found) = self.slot(once.clone(), request("throw", source, incoming)).await?;
        incoming.once = Some(once.at(slot.turn()));
        found.map(receipt).transpose()
    }

    /// Throws it, unless that was done before.
    pub(super) async fn throw_once(&self, source: &SourceName, mut incoming: Incoming) -> Result<Receipt> {
        let Some(once) = incoming.once.take() else {
            return Err(Error::internal("a throw without its key"));
        };
        let (slot, found) = self.slot(once, request("throw", source, &incoming)).await?;
        if let Some(record) = found {
            return receipt(record);
        }
        let strict = incoming.strict;
        let throw = Arc::new(self.begin(source, incoming));
        let maker = slot.clone();
        let row = move |receipt: Receipt| Some(maker.row(serde_json::to_string(&receipt).ok(), None));
        let noting = Noting { slot: slot.clone(), row: Box::new(row) };
        let outcome = match self.run_once(&throw, strict, Some(noting)).await {
            Ok(Kept::Before(row)) => return again(&slot, &row),
            Ok(Kept::Now(receipt, _)) => Ok(receipt),
            Err(error) => Err(error),
        };
        self.capture.recent.put(throw, &outcome);
        outcome
    }
}

/// What a throw says, but for who sends it.
pub(super) fn request(way: &str, source: &SourceName, incoming: &Incoming) -> Fingerprint {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (content_type, format) = (text(&incoming.content_type), text(&incoming.format));
    let strict = if incoming.strict { "strict" } else { "" };
    let head = [way, source.as_str(), &content_type, &format, strict].map(str::as_bytes);
    let arguments = incoming.arguments.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    Fingerprint::of(head.into_iter().chain([incoming.body.as_ref()]).chain(arguments))
}

fn again(slot: &Slot, row: &StoredRow) -> Result<Receipt> {
    receipt(slot.read(row)?)
}

/// The receipt that was recorded.
pub(super) fn receipt(record: Record) -> Result<Receipt> {
    let answer = record.answer.ok_or(Error::KeyReused)?;
    let receipt: Receipt = serde_json::from_str(&answer).map_err(Error::internal)?;
    Ok(Receipt { again: true, ..receipt })
}
