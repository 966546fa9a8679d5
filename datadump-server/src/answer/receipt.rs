//! Receipts, in responses and in messages of WebSockets.

use std::collections::BTreeMap;

use datadump_core::{Reason, Receipt, Remark, SourceName};
use poem_openapi::Object as ApiObject;
use serde::Serialize;
use uuid::Uuid;

/// The outcome of a throw. Everything it counts is committed.
#[derive(Debug, Default, ApiObject, Serialize)]
#[oai(rename = "Receipt")]
pub(crate) struct ReceiptAnswer {
    /// True if nothing was quarantined or refused.
    ok: bool,
    /// ID of the throw.
    throw: String,
    /// Name of the source.
    source: String,
    /// Format the data was parsed as.
    format: String,
    /// Number of rows written.
    accepted: u64,
    /// Number of quarantine entries created.
    quarantined: u64,
    /// Number of records dropped by a program or by the settings of the source.
    dropped: u64,
    /// Number of records that were already stored.
    duplicates: u64,
    /// Number of rows written, by storage.
    storages: BTreeMap<String, u64>,
    /// Data that was stored differently than it was sent.
    warnings: Vec<RemarkAnswer>,
    /// Records that went to quarantine, and why.
    errors: Vec<RemarkAnswer>,
    /// All warnings and errors, counted by step, code and field; the most frequent ones come first.
    reasons: Vec<ReasonAnswer>,
    /// True if there were more warnings, errors or reasons than are listed.
    truncated: bool,
    /// True if the throw is not committed yet and nothing is counted; only with `ack=accepted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued: Option<bool>,
}

/// A warning or an error about part of a throw.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Remark")]
pub(crate) struct RemarkAnswer {
    /// Index of the record, starting at 0; absent if the remark is about the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// Line of the record, starting at 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// Machine-readable code.
    code: String,
    /// Name of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Human-readable explanation.
    detail: String,
    /// ID of the quarantine entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

/// Count of a throw's warnings or errors with the same step, code and field.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Reason")]
pub(crate) struct ReasonAnswer {
    /// The step that caused them: `decode`, `program`, `route`, `validate` or `store`.
    step: String,
    /// Machine-readable code.
    code: String,
    /// Name of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Number of these warnings or errors.
    count: u64,
    /// Index of the first record concerned, starting at 0; absent if the reason concerns the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
}

impl ReceiptAnswer {
    /// Creates the receipt of a throw that is not committed yet.
    pub(crate) fn queued(throw: Uuid, source: &SourceName) -> Self {
        Self {
            ok: true,
            throw: throw.to_string(),
            source: source.as_str().to_owned(),
            queued: Some(true),
            ..Self::default()
        }
    }

    /// Creates the receipt of a throw that became one row of the storage of its source.
    pub(crate) fn stored(throw: &str, source: &str, format: &str) -> Self {
        Self {
            ok: true,
            throw: throw.to_owned(),
            source: source.to_owned(),
            format: format.to_owned(),
            accepted: 1,
            storages: BTreeMap::from([(source.to_owned(), 1)]),
            ..Self::default()
        }
    }
}

impl From<Receipt> for ReceiptAnswer {
    fn from(receipt: Receipt) -> Self {
        Self {
            ok: receipt.ok,
            throw: receipt.throw_id.to_string(),
            source: receipt.source.as_str().to_owned(),
            format: receipt.format,
            accepted: receipt.accepted,
            quarantined: receipt.quarantined,
            dropped: receipt.dropped,
            duplicates: receipt.duplicates,
            storages: receipt.storages,
            warnings: receipt.warnings.into_iter().map(RemarkAnswer::from).collect(),
            errors: receipt.errors.into_iter().map(RemarkAnswer::from).collect(),
            reasons: receipt.reasons.into_iter().map(ReasonAnswer::from).collect(),
            truncated: receipt.truncated,
            queued: None,
        }
    }
}

impl From<Reason> for ReasonAnswer {
    fn from(reason: Reason) -> Self {
        Self {
            step: reason.step.name().to_owned(),
            code: reason.code,
            field: reason.field,
            count: reason.count,
            first: reason.first.map(|index| index as u64),
        }
    }
}

impl From<Remark> for RemarkAnswer {
    fn from(remark: Remark) -> Self {
        Self {
            index: remark.index.map(|index| index as u64),
            line: remark.line.map(|line| line as u64),
            code: remark.code,
            field: remark.field,
            detail: remark.detail,
            quarantine: remark.quarantine.map(|id| id.to_string()),
        }
    }
}
