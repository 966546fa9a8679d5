//! An entry of quarantine: what could not be stored, with its bytes and the reason.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    error::Fault,
    process::MemoryShare,
    record::{Failure, Origin},
    schema::{InForce, Row, Value},
    store::Outcome,
    throw::Throw,
};

/// What all entries of one throw have in common.
#[derive(Debug)]
pub(super) struct Seed {
    /// The definition of quarantine.
    pub(super) quarantine: Arc<InForce>,
    /// The throw.
    pub(super) throw: Arc<Throw>,
    /// The body as the processor was given it; pieces are of it.
    pub(super) body: Bytes,
    /// The format it was read as.
    pub(super) format: String,
    /// The program it went through, with its version.
    pub(super) processor: Option<(String, u32)>,
    /// The room that its records take, until nobody has anything of it any more.
    pub(super) _share: Option<MemoryShare>,
}

/// The step of a throw's way at which something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Decode,
    Program,
    Route,
    Validate,
    Store,
}

/// What failed, and why.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) step: Step,
    pub(super) code: String,
    pub(super) field: Option<String>,
    pub(super) detail: String,
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Program => "program",
            Self::Route => "route",
            Self::Validate => "validate",
            Self::Store => "store",
        }
    }
}

impl Trouble {
    pub(super) fn of(step: Step, failure: &Failure) -> Self {
        Self { step, code: failure.code.to_owned(), field: None, detail: failure.detail.clone() }
    }

    /// A record that does not fit, by all that is wrong with it.
    pub(super) fn invalid(step: Step, faults: &[Fault]) -> Self {
        let first = faults.first();
        let field = first.map(|fault| fault.at.to_string()).filter(|at| !at.is_empty());
        let detail = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ");
        Self { step, code: "invalid".into(), field, detail }
    }

    /// A row that the store refused.
    pub(super) fn refused(outcome: &Outcome) -> Self {
        let (code, detail) = match outcome {
            Outcome::Invalid(faults) => return Self::invalid(Step::Store, faults),
            Outcome::Refused(Some(current)) => {
                let version = current.row.version;
                (
                    "conflict",
                    format!("the row has moved on: its version is {version}, not the one that was thrown"),
                )
            }
            Outcome::VersionRequired => {
                ("version-required", "the storage takes a change only with the version it is based on".into())
            }
            _ => ("refused", "the row that this is a change of is not there".into()),
        };
        Self { step: Step::Store, code: code.into(), field: None, detail }
    }
}

impl Seed {
    /// The row of an entry. `origin` is none for the throw as a whole; `record` is what was read of
    /// it where its bytes cannot be read again by themselves.
    pub(super) fn row(
        &self,
        id: Uuid,
        origin: Option<&Origin>,
        record: Option<&Json>,
        storage: Option<&str>,
        trouble: &Trouble,
    ) -> Row {
        let text = |text: &str| Value::Text(text.replace('\0', "\u{fffd}"));
        let maybe = |found: Option<&str>| found.map_or(Value::Null, text);
        let number = |number: Option<usize>| {
            number.and_then(|number| i64::try_from(number).ok()).map_or(Value::Null, Value::Integer)
        };
        let piece = origin.and_then(|origin| origin.byte_range.clone());
        let raw = match (origin, piece, record) {
            (_, Some(piece), _) => self.body.get(piece).unwrap_or_default().to_vec(),
            (Some(_), None, Some(record)) => record.to_string().into_bytes(),
            _ => self.throw.body.to_vec(),
        };
        let arguments: Vec<Json> =
            self.throw.arguments.iter().map(|(name, value)| Json::from(vec![name.as_str(), value])).collect();
        let values = vec![
            text("waiting"),
            text(self.throw.source.as_str()),
            Value::Uuid(self.throw.id),
            number(origin.map(|origin| origin.index)),
            number(origin.and_then(|origin| origin.line)),
            maybe(storage),
            text(&self.format),
            maybe(self.processor.as_ref().map(|(name, _)| name.as_str())),
            self.processor.as_ref().map_or(Value::Null, |(_, version)| Value::Integer((*version).into())),
            text(trouble.step.name()),
            text(&trouble.code),
            maybe(trouble.field.as_deref()),
            text(&trouble.detail),
            maybe(self.throw.content_type.as_deref()),
            Value::Json(without_nul(Json::from(arguments)).to_string()),
            self.throw.peer.map_or(Value::Null, |peer| Value::Text(peer.to_string())),
            Value::Timestamp(self.throw.received_at),
            record.map_or(Value::Null, |record| Value::Json(without_nul(record.clone()).to_string())),
            Value::Binary(raw),
        ];
        Row::proven(self.quarantine.clone(), Some(Value::Uuid(id)), values)
    }
}

fn without_nul(mut json: Json) -> Json {
    crate::schema::infer::replace_nul(&mut json);
    json
}
