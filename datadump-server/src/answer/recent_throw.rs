//! Recent throws, as the API returns them.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use datadump_core::{
    FateStatus, RecentRecord, RecentRecords, RecentThrow, RecordFate, ThrowOutcome, Transport,
};
use poem_openapi::{Enum as ApiEnum, Object as ApiObject, types::Example};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{Moment, Object, ReceiptAnswer};

/// A throw as this server received it, with its outcome.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "RecentThrow", example)]
pub(crate) struct RecentThrowAnswer {
    /// ID.
    id: String,
    /// Name of the source; `_hub` for pushes to the hub.
    source: String,
    /// Time it was received.
    received_at: Moment,
    /// Protocol.
    #[oai(nullable)]
    transport: Option<TransportAnswer>,
    /// Method of the request; for a message of a WebSocket, of the request that opened it.
    #[oai(nullable)]
    method: Option<String>,
    /// Path of that request, without the query.
    #[oai(nullable)]
    path: Option<String>,
    /// Headers of that request, in order. Those with secrets and those about the connection are left out.
    headers: Vec<ThrowHeader>,
    /// Names and values of the URL arguments, except those that control the throw.
    arguments: Vec<Vec<String>>,
    /// IP address of the sender.
    #[oai(nullable)]
    peer: Option<String>,
    /// Content type as it was sent.
    #[oai(nullable)]
    content_type: Option<String>,
    /// Size of the body in bytes, decompressed.
    size: u64,
    /// True if only the first 32 KiB of the body are kept.
    cut: bool,
    /// The body, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The body in base64, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// The format and why it was chosen; null if the throw was refused before it was parsed.
    #[oai(nullable)]
    detected: Option<DetectedFormat>,
    /// Outcome.
    outcome: ThrowOutcomeAnswer,
    /// The receipt, unless the throw was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptAnswer>,
    /// Reason of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A recent throw with its records and the rows that they became.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "RecentThrowDetails", example)]
pub(crate) struct RecentThrowDetails {
    #[oai(flatten)]
    #[serde(flatten)]
    throw: RecentThrowAnswer,
    /// The first 100 records, and what became of each.
    records: Vec<ThrownRecord>,
    /// True if there are more records or rows than are listed, or if some records are not in the kept part of the
    /// body.
    records_truncated: bool,
}

/// The protocol that a throw was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ApiEnum, Serialize)]
#[oai(rename = "Transport", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum TransportAnswer {
    Http,
    #[oai(rename = "websocket")]
    WebSocket,
}

/// Outcome of a throw: `quarantined` if any part of it is in quarantine, `refused` if nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ApiEnum, Serialize)]
#[oai(rename = "ThrowOutcome", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum ThrowOutcomeAnswer {
    Stored,
    Quarantined,
    Refused,
}

/// A header of the request that brought a throw.
#[derive(Debug, ApiObject, Serialize)]
#[oai(example)]
pub(crate) struct ThrowHeader {
    /// Name in lower case.
    name: String,
    /// Value.
    value: String,
}

/// The format of a throw.
#[derive(Debug, ApiObject, Serialize)]
#[oai(example)]
pub(crate) struct DetectedFormat {
    /// Name of the format.
    format: String,
    /// Reason for the choice, as a sentence.
    because: String,
    /// Other formats that the body could be taken for, the most likely first.
    alternatives: Vec<String>,
}

/// A record of a throw, and what became of it.
#[derive(Debug, ApiObject, Serialize)]
#[oai(example)]
pub(crate) struct ThrownRecord {
    /// Index in the throw, starting at 0.
    index: u64,
    /// Line in the throw, starting at 1, in line-based formats.
    #[oai(nullable)]
    line: Option<u64>,
    /// The record as it was read; null if it could not be read, is very large, is not in the kept part of the body, or
    /// was made by a program that takes the whole throw.
    #[oai(nullable)]
    record: Option<Object>,
    /// Its outcomes, several if it went to several storages; empty if the throw was refused.
    became: Vec<RecordFateAnswer>,
}

/// Outcome of a record.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "RecordFate", example)]
pub(crate) struct RecordFateAnswer {
    /// Outcome: `duplicate` if the stored row has these values already, `dropped` by a program or the
    /// routes, `refused` if it was neither stored nor quarantined.
    status: FateStatusAnswer,
    /// Storage of the row, or that it was meant for.
    #[oai(nullable)]
    storage: Option<String>,
    /// Key of the row: text or a number.
    #[oai(nullable)]
    key: Option<Json>,
    /// ID of the quarantine entry.
    #[oai(nullable)]
    quarantine: Option<String>,
}

/// Outcome of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ApiEnum, Serialize)]
#[oai(rename = "FateStatus", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum FateStatusAnswer {
    Stored,
    Duplicate,
    Dropped,
    Quarantined,
    Refused,
}

impl From<&RecentThrow> for RecentThrowAnswer {
    fn from(recent: &RecentThrow) -> Self {
        let throw = recent.throw();
        let head = throw.head.as_deref();
        let body = recent.text().map(str::to_owned);
        let receipt = recent.receipt();
        Self {
            id: throw.id.to_string(),
            source: throw.source.as_str().to_owned(),
            received_at: Moment(throw.received_at),
            transport: head.map(|head| head.transport.into()),
            method: head.map(|head| head.method.clone()),
            path: head.map(|head| head.path.clone()),
            headers: head.into_iter().flat_map(|head| head.headers.iter()).map(ThrowHeader::from).collect(),
            arguments: throw.arguments.iter().map(|(name, text)| vec![name.clone(), text.clone()]).collect(),
            peer: throw.peer.map(|peer| peer.to_string()),
            content_type: throw.content_type.clone(),
            size: recent.size() as u64,
            cut: recent.is_cut(),
            body_base64: body.is_none().then(|| BASE64.encode(&throw.body)),
            body,
            detected: recent.detected().map(DetectedFormat::from),
            outcome: recent.outcome().into(),
            receipt: receipt.ok().cloned().map(ReceiptAnswer::from),
            error: receipt.err().map(str::to_owned),
        }
    }
}

impl RecentThrowDetails {
    /// Creates the details of a throw from its records.
    pub(crate) fn new(recent: &RecentThrow, records: RecentRecords) -> Self {
        Self {
            throw: recent.into(),
            records: records.records.into_iter().map(ThrownRecord::from).collect(),
            records_truncated: records.truncated,
        }
    }
}

impl From<(&str, &str)> for ThrowHeader {
    fn from((name, value): (&str, &str)) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

impl From<datadump_core::DetectedFormat<'_>> for DetectedFormat {
    fn from(detected: datadump_core::DetectedFormat<'_>) -> Self {
        Self {
            format: detected.format.to_owned(),
            because: detected.because,
            alternatives: detected.alternatives.iter().copied().map(str::to_owned).collect(),
        }
    }
}

impl From<RecentRecord> for ThrownRecord {
    fn from(record: RecentRecord) -> Self {
        Self {
            index: record.index as u64,
            line: record.line.map(|line| line as u64),
            record: record.record.map(Object),
            became: record.fates.into_iter().map(RecordFateAnswer::from).collect(),
        }
    }
}

impl From<RecordFate> for RecordFateAnswer {
    fn from(fate: RecordFate) -> Self {
        Self {
            status: fate.status.into(),
            storage: fate.storage,
            key: fate.key,
            quarantine: fate.quarantine.map(|id| id.to_string()),
        }
    }
}

impl From<Transport> for TransportAnswer {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Http => Self::Http,
            Transport::WebSocket => Self::WebSocket,
        }
    }
}

impl From<ThrowOutcome> for ThrowOutcomeAnswer {
    fn from(outcome: ThrowOutcome) -> Self {
        match outcome {
            ThrowOutcome::Stored => Self::Stored,
            ThrowOutcome::Quarantined => Self::Quarantined,
            ThrowOutcome::Refused => Self::Refused,
        }
    }
}

impl From<FateStatus> for FateStatusAnswer {
    fn from(status: FateStatus) -> Self {
        match status {
            FateStatus::Stored => Self::Stored,
            FateStatus::Duplicate => Self::Duplicate,
            FateStatus::Dropped => Self::Dropped,
            FateStatus::Quarantined => Self::Quarantined,
            FateStatus::Refused => Self::Refused,
        }
    }
}

/// The id of the throw in the examples, which is also the key of its row.
const EXAMPLE_ID: &str = "019ae0c4-7a30-7cc0-8d6e-2b0f4b1f6a11";

impl Example for RecentThrowAnswer {
    fn example() -> Self {
        Self {
            id: EXAMPLE_ID.to_owned(),
            source: "inbox".to_owned(),
            received_at: Moment::example(),
            transport: Some(TransportAnswer::Http),
            method: Some("POST".to_owned()),
            path: Some("/".to_owned()),
            headers: vec![ThrowHeader::example()],
            arguments: vec![vec!["station".to_owned(), "north".to_owned()]],
            peer: Some("192.168.1.20".to_owned()),
            content_type: None,
            size: 17,
            cut: false,
            body: Some(r#"{"speed": "1.75"}"#.to_owned()),
            body_base64: None,
            detected: Some(DetectedFormat::example()),
            outcome: ThrowOutcomeAnswer::Stored,
            receipt: Some(ReceiptAnswer::stored(EXAMPLE_ID, "inbox", "json")),
            error: None,
        }
    }
}

impl Example for RecentThrowDetails {
    fn example() -> Self {
        Self {
            throw: RecentThrowAnswer::example(),
            records: vec![ThrownRecord::example()],
            records_truncated: false,
        }
    }
}

impl Example for ThrowHeader {
    fn example() -> Self {
        Self { name: "user-agent".to_owned(), value: "curl/8.14.1".to_owned() }
    }
}

impl Example for DetectedFormat {
    fn example() -> Self {
        Self {
            format: "json".to_owned(),
            because: "by the body, because no content type was sent: it is one JSON object or array"
                .to_owned(),
            alternatives: vec!["text".to_owned()],
        }
    }
}

impl Example for ThrownRecord {
    fn example() -> Self {
        let record = Some(Object(json!({"speed": "1.75"})));
        Self { index: 0, line: None, record, became: vec![RecordFateAnswer::example()] }
    }
}

impl Example for RecordFateAnswer {
    fn example() -> Self {
        Self {
            status: FateStatusAnswer::Stored,
            storage: Some("inbox".to_owned()),
            key: Some(EXAMPLE_ID.into()),
            quarantine: None,
        }
    }
}
