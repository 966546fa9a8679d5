//! Responses to messages as JSON: receipts and problems.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    answer::ReceiptAnswer,
    problem::{Problem, ProblemAnswer},
};

#[derive(Serialize)]
struct ReceiptMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    #[serde(flatten)]
    receipt: ReceiptAnswer,
    /// True if this repeats the receipt of an earlier throw with the same idempotency key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
}

#[derive(Serialize)]
struct ProblemMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    ok: bool,
    #[serde(flatten)]
    problem: &'a ProblemAnswer,
}

/// Encodes the response to the message with this ID.
pub(super) fn encode(
    id: Option<&RawValue>,
    outcome: Result<datadump_core::Receipt, Problem>,
) -> serde_json::Result<String> {
    match outcome {
        Ok(receipt) => {
            let replayed = receipt.replayed;
            serde_json::to_string(&ReceiptMessage { id, receipt: receipt.into(), replayed })
        }
        Err(problem) => serde_json::to_string(&ProblemMessage { id, ok: false, problem: &problem }),
    }
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn a_problem_names_the_message_it_responds_to() {
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", "more than 1");
        let id = RawValue::from_string("{\"n\": 7}".into()).unwrap();
        let answer = encode(Some(&id), Err(problem.at("r-1", "/throw/a"))).unwrap();
        let answer: Json = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (&answer["ok"], &answer["id"], &answer["status"]),
            (&false.into(), &json!({"n": 7}), &413.into())
        );
        assert_eq!((&answer["code"], &answer["request_id"]), (&"too-large".into(), &"r-1".into()));
    }
}
