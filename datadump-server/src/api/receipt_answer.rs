//! A receipt, as the API shows it.

use std::collections::BTreeMap;

use datadump_core::{Receipt, Remark};
use poem_openapi::{ApiResponse, Object as ApiObject};
use serde::Serialize;

use crate::{
    answer::Reply,
    throwing::{Accepted, Thrown},
};

/// What became of a throw. Everything it counts is committed.
#[derive(Debug, Default, ApiObject, Serialize)]
#[oai(rename = "Receipt")]
pub(crate) struct ReceiptAnswer {
    /// Whether nothing of the throw was lost: always, or this would be a problem.
    ok: bool,
    /// The throw's id.
    throw: String,
    /// The source it came through.
    source: String,
    /// The format it was read as.
    format: String,
    /// Rows that were written.
    accepted: u64,
    /// Entries made in quarantine.
    quarantined: u64,
    /// Records that nothing was to be done with: a program or the source says so.
    dropped: u64,
    /// Records that were there already.
    duplicates: u64,
    /// Rows that were written, by storage.
    storages: BTreeMap<String, u64>,
    /// What was stored otherwise than one might expect.
    warnings: Vec<RemarkAnswer>,
    /// What is in quarantine, and why.
    errors: Vec<RemarkAnswer>,
    /// Whether there were more warnings or errors than are listed.
    truncated: bool,
    /// That nothing has become of it yet, and so nothing is counted: only with `ack=accepted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued: Option<bool>,
}

/// A warning or an error about a part of a throw.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Remark")]
pub(crate) struct RemarkAnswer {
    /// Which record it is about, from 0; none for the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// The line it stands on, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// What it is, for programs.
    code: String,
    /// The field concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What it is, for people.
    detail: String,
    /// The entry in quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

/// What a thrower is told.
#[derive(ApiResponse)]
pub(crate) enum ThrowAnswer {
    /// Everything of it is committed: as rows, or in quarantine with its bytes.
    #[oai(status = 200)]
    Committed(
        Reply<ReceiptAnswer>,
        /// Whether it was answered before.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
    /// It is taken, and nothing has become of it yet: the answer to `ack=accepted`.
    #[oai(status = 202)]
    Accepted(
        Reply<ReceiptAnswer>,
        /// Whether it was answered before.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

impl From<Thrown> for ThrowAnswer {
    fn from(thrown: Thrown) -> Self {
        match thrown {
            Thrown::Committed(receipt) => {
                let again = receipt.again.then_some(true);
                Self::Committed(Reply(receipt.into()), again)
            }
            Thrown::Accepted(Accepted { id, source, again }) => {
                let answer = ReceiptAnswer {
                    ok: true,
                    throw: id.to_string(),
                    source: source.as_str().to_owned(),
                    queued: Some(true),
                    ..ReceiptAnswer::default()
                };
                Self::Accepted(Reply(answer), again.then_some(true))
            }
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
            truncated: receipt.truncated,
            queued: None,
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
