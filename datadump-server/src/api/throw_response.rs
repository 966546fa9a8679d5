//! The response to a throw.

use poem_openapi::ApiResponse;

use crate::{
    answer::{ReceiptAnswer, Reply},
    throwing::{AcceptedThrow, ThrowOutcome},
};

/// The response to a throw.
#[derive(ApiResponse)]
pub(crate) enum ThrowResponse {
    /// The whole throw is committed: as rows, or in quarantine with its original bytes.
    #[oai(status = 200)]
    Committed(
        Reply<ReceiptAnswer>,
        /// Whether this is a recorded response.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// The throw is accepted but not committed yet (`ack=accepted`).
    #[oai(status = 202)]
    Accepted(
        Reply<ReceiptAnswer>,
        /// Whether this is a recorded response.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

impl From<ThrowOutcome> for ThrowResponse {
    fn from(outcome: ThrowOutcome) -> Self {
        match outcome {
            ThrowOutcome::Committed(receipt) => {
                let replayed = receipt.replayed.then_some(true);
                Self::Committed(Reply(receipt.into()), replayed)
            }
            ThrowOutcome::Accepted(AcceptedThrow { id, source, replayed }) => {
                Self::Accepted(Reply(ReceiptAnswer::queued(id, &source)), replayed.then_some(true))
            }
        }
    }
}
