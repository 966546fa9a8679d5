//! A quarantine entry: data that could not be stored, with its bytes and the reason.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    error::{Error, Fault, Result},
    json,
    receipt::{Remark, Stage},
    record::{Failure, Origin},
    schema::{InForce, Row, StorageName, StoredRow},
    store::{Expect, Outcome},
    system_rows,
    throw::{self, Headers, RequestHead, Throw, Transport},
};

/// Maximum length of a failure's code in an entry. A processor of the embedding program may use longer codes.
const MAX_CODE_LENGTH: usize = 64;

/// Code of a record that would overwrite a newer row.
pub(crate) const SUPERSEDED: &str = "superseded";

/// The context shared by all entries of one throw.
#[derive(Debug)]
pub(crate) struct ThrowContext {
    /// The definition of the quarantine storage.
    pub(crate) quarantine: Arc<InForce>,
    pub(crate) throw: Arc<Throw>,
    /// The body the processor was given; the byte ranges of records refer to it.
    pub(crate) body: Bytes,
    /// The format the throw was parsed as.
    pub(crate) format: String,
    /// The program the throw went through, with its version.
    pub(crate) processor: Option<(String, u32)>,
    /// The storage of an import, to which parts that fail belong too.
    pub(crate) import: Option<StorageName>,
}

/// A part of a throw that could not be stored.
#[derive(Debug, Clone)]
pub(crate) struct FailedPart {
    /// Its position in the throw; `None` for the throw as a whole.
    pub(crate) origin: Option<Origin>,
    /// The original record, if it cannot be parsed again from its bytes alone.
    pub(crate) original: Option<Arc<Json>>,
    /// The storage it was meant for.
    pub(crate) storage: Option<String>,
    pub(crate) reason: FailureReason,
}

/// Why a part of a throw could not be stored.
#[derive(Debug, Clone)]
pub(crate) struct FailureReason {
    pub(crate) stage: Stage,
    pub(crate) code: String,
    pub(crate) field: Option<String>,
    pub(crate) detail: String,
}

impl FailureReason {
    /// Returns the reason for a failure of a processor or program.
    pub(crate) fn of(stage: Stage, failure: &Failure) -> Self {
        Self { stage, code: failure.code.to_owned(), field: None, detail: failure.detail.clone() }
    }

    /// Returns the reason for a record that does not fit its storage. It lists all faults and has the code and
    /// the field of the first.
    pub(crate) fn invalid(stage: Stage, faults: &[Fault]) -> Self {
        let first = faults.first();
        let field = first.map(|fault| fault.at.to_string()).filter(|at| !at.is_empty());
        let mut details: Vec<String> = faults.iter().take(MAX_FAULTS).map(Fault::to_string).collect();
        if let Some(more) = faults.len().checked_sub(MAX_FAULTS).filter(|more| *more > 0) {
            details.push(format!("and {more} more"));
        }
        let detail = details.join("; ");
        let code = first.map_or("invalid", |fault| fault.code).to_owned();
        Self { stage, code, field, detail }
    }

    /// Returns the reason for a row that the store refused under a condition.
    pub(crate) fn refused(outcome: &Outcome, expect: &Expect) -> Self {
        let (code, detail) = match outcome {
            // The store finds missing fields, because they are only required of new rows.
            Outcome::Invalid(faults) if faults.iter().all(|fault| fault.code == "missing") => {
                return Self::invalid(Stage::Validate, faults);
            }
            Outcome::Invalid(faults) => return Self::invalid(Stage::Store, faults),
            Outcome::Refused(Some(_)) if *expect == Expect::Absent => return Self::exists(),
            Outcome::Refused(Some(current)) => {
                let version = current.row.version;
                ("conflict", format!("the row has version {version}, not the version that was thrown"))
            }
            Outcome::Superseded(current) => return Self::superseded(&current.row),
            Outcome::VersionRequired => {
                ("version-required", "the storage requires the version that the change is based on".into())
            }
            _ => ("refused", "the row to change does not exist".into()),
        };
        Self { stage: Stage::Store, code: code.into(), field: None, detail }
    }

    /// Returns the reason for a record whose key must not exist.
    pub(crate) fn exists() -> Self {
        let detail = "a row with this key exists".to_owned();
        Self { stage: Stage::Store, code: "exists".into(), field: None, detail }
    }

    /// Returns the reason for a row that would overwrite a newer one.
    pub(crate) fn superseded(current: &StoredRow) -> Self {
        let detail = format!("the row was written at {}, after this was received", current.updated_at);
        Self { stage: Stage::Store, code: SUPERSEDED.into(), field: None, detail }
    }
}

/// Maximum number of faults that a reason lists.
const MAX_FAULTS: usize = 20;

/// Approximate memory of the columns of an entry, apart from its bytes, while it is built.
const ENTRY_BYTES: usize = 2 << 10;

impl FailedPart {
    /// Returns the approximate memory that it takes until its entry is built.
    pub(crate) fn memory(&self) -> usize {
        let original =
            self.original.as_deref().map_or(0, |record| json::array_size(std::slice::from_ref(record)));
        // Lists of parts may be moved while they grow.
        2 * size_of::<Self>() + original + self.reason.detail.len() + 64
    }

    /// Creates the part for a throw that failed as a whole.
    pub(crate) fn whole(reason: FailureReason) -> Self {
        Self { origin: None, original: None, storage: None, reason }
    }

    /// Returns the remark about it in a receipt.
    pub(crate) fn remark(&self, quarantine: Option<Uuid>) -> Remark {
        Remark {
            index: self.origin.as_ref().map(|origin| origin.index),
            line: self.origin.as_ref().and_then(|origin| origin.line),
            code: self.reason.code.clone(),
            field: self.reason.field.clone(),
            detail: self.reason.detail.clone(),
            quarantine,
        }
    }
}

/// The fields of a throw in an entry or in a kept throw, without its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ThrowFields {
    source: String,
    pub(crate) format: Option<String>,
    content_type: Option<String>,
    arguments: Option<Vec<(String, String)>>,
    peer: Option<IpAddr>,
    method: Option<String>,
    path: Option<String>,
    transport: Option<Transport>,
    headers: Option<Headers>,
    received_at: Timestamp,
}

/// A stored entry, without its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntryRow {
    id: Uuid,
    state: String,
    pub(crate) throw: Uuid,
    /// Index of the record in the throw; `None` for the throw as a whole.
    pub(crate) index: Option<usize>,
    line: Option<usize>,
    pub(crate) storage: Option<String>,
    processor: Option<String>,
    processor_version: Option<u32>,
    step: String,
    code: String,
    field: Option<String>,
    detail: String,
    pub(crate) record: Option<Json>,
    #[serde(flatten)]
    pub(crate) fields: ThrowFields,
}

/// A kept throw, without its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptThrowRow {
    pub(crate) id: Uuid,
    #[serde(flatten)]
    pub(crate) fields: ThrowFields,
}

impl ThrowContext {
    /// Returns the approximate memory that the row of an entry takes.
    pub(crate) fn entry_memory(&self, part: &FailedPart) -> usize {
        let FailedPart { origin, original, reason, .. } = part;
        let byte_range = origin.as_ref().and_then(|origin| origin.byte_range.as_ref());
        let bytes = match (byte_range, original) {
            (Some(byte_range), _) => byte_range.len(),
            (None, Some(_)) => part.memory(),
            (None, None) => self.throw.body.len(),
        };
        let arguments = self.throw.arguments.iter().map(|(name, text)| 2 * (name.len() + text.len() + 64));
        let head = self.throw.head.as_ref().map_or(0, |head| 3 * head.size());
        ENTRY_BYTES + bytes + 3 * reason.detail.len() + arguments.sum::<usize>() + head
    }

    /// Returns the row of an entry.
    pub(crate) fn entry(&self, id: Uuid, part: &FailedPart) -> Result<Row> {
        let FailedPart { origin, original, storage, reason } = part;
        let piece = origin.as_ref().and_then(|origin| origin.byte_range.clone());
        let raw = match (origin, piece, original) {
            (_, Some(piece), _) => self.body.get(piece).unwrap_or_default().to_vec(),
            (Some(_), None, Some(record)) => record.to_string().into_bytes(),
            _ => self.throw.body.to_vec(),
        };
        let row = EntryRow {
            id,
            state: "waiting".into(),
            throw: self.throw.id,
            index: origin.as_ref().map(|origin| origin.index),
            line: origin.as_ref().and_then(|origin| origin.line),
            storage: storage.clone().or_else(|| self.import.as_ref().map(StorageName::to_string)),
            processor: self.processor.as_ref().map(|(name, _)| name.clone()),
            processor_version: self.processor.as_ref().map(|(_, version)| *version),
            step: reason.stage.name().into(),
            code: reason.code.chars().take(MAX_CODE_LENGTH).collect(),
            field: reason.field.clone(),
            detail: reason.detail.clone(),
            record: original.as_deref().cloned(),
            fields: ThrowFields::of(&self.throw, &self.format),
        };
        system_rows::encode_captured(&self.quarantine, &row, raw)
    }
}

impl EntryRow {
    /// Marks the entry as replayed.
    pub(crate) fn replayed(self) -> Self {
        Self { state: "replayed".into(), ..self }
    }
}

impl KeptThrowRow {
    /// Returns the row of a kept throw.
    pub(crate) fn encode(in_force: &Arc<InForce>, throw: &Throw, format: &str) -> Result<Row> {
        let row = Self { id: throw.id, fields: ThrowFields::of(throw, format) };
        system_rows::encode_captured(in_force, &row, throw.body.to_vec())
    }
}

impl ThrowFields {
    fn of(throw: &Throw, format: &str) -> Self {
        let head = throw.head.as_deref();
        Self {
            source: throw.source.to_string(),
            format: Some(format.to_owned()),
            content_type: throw.content_type.clone(),
            arguments: Some(throw.arguments.clone()),
            peer: throw.peer,
            method: head.map(|head| head.method.clone()),
            path: head.map(|head| head.path.clone()),
            transport: head.map(|head| head.transport),
            headers: head.map(|head| head.headers.clone()),
            received_at: throw.received_at,
        }
    }

    /// Returns the throw, with the bytes of the stored row as its body.
    pub(crate) fn throw(&self, id: Uuid, row: &StoredRow) -> Result<Throw> {
        let source = throw::source_name(&self.source).map_err(Error::internal)?;
        Ok(Throw {
            id,
            source,
            received_at: self.received_at,
            body: system_rows::bytes(row).to_vec().into(),
            content_type: self.content_type.clone(),
            arguments: self.arguments.clone().unwrap_or_default(),
            format: None,
            peer: self.peer,
            head: self.head().map(Arc::new),
        })
    }

    fn head(&self) -> Option<RequestHead> {
        Some(RequestHead {
            method: self.method.clone()?,
            path: self.path.clone()?,
            transport: self.transport?,
            headers: self.headers.clone().unwrap_or_default(),
        })
    }
}
