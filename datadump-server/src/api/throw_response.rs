//! The response to a throw.

use poem_openapi::ApiResponse;

use crate::{
    answer::{ReceiptAnswer, Reply},
    throwing::{AcceptedThrow, ThrowOutcome},
};

/// The response to a throw.
#[derive(ApiResponse)]
pub(crate) enum ThrowResponse {
    /// The whole throw is committed: as rows, and what could not be stored in quarantine, with its original
    /// bytes.
    #[oai(status = 200)]
    Committed(
        Reply<ReceiptAnswer>,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// The whole throw is in quarantine: nothing was stored, dropped or a duplicate. Or, with
    /// `ack=accepted`, the throw is not committed yet.
    #[oai(status = 202)]
    Accepted(
        Reply<ReceiptAnswer>,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

impl From<ThrowOutcome> for ThrowResponse {
    fn from(outcome: ThrowOutcome) -> Self {
        match outcome {
            ThrowOutcome::Committed(receipt) => {
                let replayed = receipt.replayed.then_some(true);
                let respond = if receipt.is_only_quarantined() { Self::Accepted } else { Self::Committed };
                respond(Reply(receipt.into()), replayed)
            }
            ThrowOutcome::Accepted(AcceptedThrow { id, source, replayed }) => {
                Self::Accepted(Reply(ReceiptAnswer::queued(id, &source)), replayed.then_some(true))
            }
        }
    }
}
