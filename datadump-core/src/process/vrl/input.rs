//! The input and outcome of a program.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use vrl::value::{ObjectMap, Value};

use super::{
    Mode,
    run_result::{ErrorCode, OutputRecord, RunResult, STORAGE},
    value,
};
use crate::{
    clock::Timestamp,
    record::{Failure, Fields, Record},
    schema::StorageName,
    throw::Headers,
};

/// Information about the throw that a program can read, the same for all records of a throw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgramContext {
    /// `%source`: the source of the throw.
    pub source: String,
    /// `%received_at`.
    pub received_at: Timestamp,
    /// `%format`: the format the throw was decoded from, if it was decoded.
    pub format: Option<String>,
    /// `%args`: the query parameters. A repeated parameter becomes an array.
    pub arguments: Vec<(String, String)>,
    /// `%method`: the method of the request, if the throw came with one.
    pub method: Option<String>,
    /// `%path`: its path.
    pub path: Option<String>,
    /// `%headers`: its headers, by their names in lower case. The values of repeated headers are joined with commas.
    pub headers: Headers,
}

/// The input of one run of a program.
#[derive(Debug, Clone)]
pub enum ProgramInput {
    /// A record, for [`Mode::Record`](super::Mode::Record).
    Record(Record),
    /// A throw, for [`Mode::Throw`](super::Mode::Throw).
    Throw {
        /// The body.
        body: Bytes,
        /// The content type as sent.
        content_type: Option<String>,
    },
}

/// The outcome of running a program on one input.
#[derive(Debug, Clone, PartialEq)]
pub enum ProgramOutcome {
    /// The records the program returned, at least one.
    Records(Vec<Record>),
    /// The program dropped the input, with the message of `abort`.
    Dropped(Option<String>),
    /// The program failed or was stopped.
    Failed(Failure),
}

impl ProgramContext {
    /// Returns `%` as far as it is the same for all records of the throw.
    pub(super) fn metadata(&self) -> ObjectMap {
        let mut metadata = self.basic_metadata();
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        metadata.insert("method".into(), text(&self.method));
        metadata.insert("path".into(), text(&self.path));
        metadata.insert("headers".into(), Value::Object(self.headers()));
        metadata
    }

    /// Returns it without the request, which built-in programs do not read.
    pub(super) fn basic_metadata(&self) -> ObjectMap {
        let moment = Value::Timestamp(self.received_at.to_chrono());
        let format = self.format.as_deref().map_or(Value::Null, Value::from);
        ObjectMap::from([
            ("source".into(), Value::from(self.source.as_str())),
            ("received_at".into(), moment),
            ("format".into(), format),
            ("args".into(), Value::Object(self.arguments())),
            ("index".into(), Value::Integer(0)),
        ])
    }

    fn headers(&self) -> ObjectMap {
        let named = |(name, _): (&str, _)| Some((name.into(), Value::from(self.headers.get(name)?)));
        self.headers.iter().filter_map(named).collect()
    }

    fn arguments(&self) -> ObjectMap {
        let mut arguments = ObjectMap::new();
        for (name, text) in &self.arguments {
            let text = Value::from(text.as_str());
            match arguments.get_mut(name.as_str()) {
                None => {
                    arguments.insert(name.as_str().into(), text);
                }
                Some(Value::Array(several)) => several.push(text),
                Some(first) => *first = Value::Array(vec![first.clone(), text]),
            }
        }
        arguments
    }
}

/// Returns `%` for one record.
pub(super) fn metadata(shared: &ObjectMap, index: usize) -> Value {
    let mut metadata = shared.clone();
    metadata.insert("index".into(), Value::Integer(i64::try_from(index).unwrap_or(i64::MAX)));
    Value::Object(metadata)
}

impl ProgramInput {
    /// Returns the index of the record in its throw.
    pub(super) fn index(&self) -> usize {
        match self {
            Self::Record(record) => record.origin.index,
            Self::Throw { .. } => 0,
        }
    }

    /// Returns the mode of the programs that take this input.
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Record(_) => Mode::Record,
            Self::Throw { .. } => Mode::Throw,
        }
    }

    /// Returns the approximate size of the input.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Record(record) => record.fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
            Self::Throw { body, .. } => body.len(),
        }
    }

    /// Converts to `.`.
    pub(super) fn into_target(self, shared: &ObjectMap) -> Value {
        let of_throw = |name: &str| shared.get(name).cloned().unwrap_or(Value::Null);
        match self {
            Self::Record(record) => {
                let changed = match Self::fields(&record) {
                    Cow::Owned(fields) => Some(fields),
                    Cow::Borrowed(_) => None,
                };
                value::from_object(changed.unwrap_or(record.fields))
            }
            Self::Throw { body, content_type } => Value::Object(ObjectMap::from([
                ("body".into(), Value::Bytes(body)),
                ("content_type".into(), content_type.map_or(Value::Null, Value::from)),
                ("args".into(), of_throw("args")),
                ("method".into(), of_throw("method")),
                ("path".into(), of_throw("path")),
                ("headers".into(), of_throw("headers")),
            ])),
        }
    }

    /// Returns the fields that the program sees: non-finite numbers as text, and without `_storage`,
    /// which only the program may set.
    pub(super) fn fields(record: &Record) -> Cow<'_, Fields> {
        if record.non_finite.is_empty() && !record.fields.contains_key(STORAGE) {
            return Cow::Borrowed(&record.fields);
        }
        let members =
            record.fields.iter().chain(record.non_finite.iter()).filter(|(name, _)| *name != STORAGE);
        Cow::Owned(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Combines the input with the result of running the program on it.
    pub(super) fn outcome(&self, result: RunResult) -> ProgramOutcome {
        match result {
            RunResult::Dropped(reason) => ProgramOutcome::Dropped(reason),
            RunResult::Failed { code, detail } => ProgramOutcome::Failed(Failure::new(code.as_str(), detail)),
            RunResult::Records(items) => {
                let records = items.into_iter().map(|item| self.record(item)).collect::<Result<_, _>>();
                records.map_or_else(ProgramOutcome::Failed, ProgramOutcome::Records)
            }
        }
    }

    fn record(&self, item: OutputRecord) -> Result<Record, Failure> {
        let invalid = |why| Failure::new(ErrorCode::InvalidStorage.as_str(), why);
        let storage = item.storage.map(|name| StorageName::parse(&name)).transpose().map_err(invalid)?;
        let Self::Record(before) = self else {
            let non_finite = item.non_finite.into();
            return Ok(Record { storage, non_finite, ..Record::new(item.fields) });
        };
        let mut fields = item.fields;
        let mut record = Record {
            non_finite: item.non_finite.into(),
            storage,
            origin: before.origin.clone(),
            ..Record::default()
        };
        // VRL sorts members by name. Restore the original order, so that columns keep the order in
        // which they were thrown.
        for (name, value) in before.fields.iter().chain(before.non_finite.iter()) {
            if name == STORAGE {
                record.fields.insert(name.clone(), value.clone());
            } else if let Some(now) = fields.get_mut(name) {
                let is_unchanged = before.non_finite.get(name) == Some(now);
                let target = if is_unchanged { &mut record.non_finite } else { &mut record.fields };
                target.insert(name.clone(), now.take());
            }
        }
        let is_new = |name: &str| !before.fields.contains_key(name) && !before.non_finite.contains_key(name);
        record.fields.extend(fields.into_iter().filter(|(name, _)| is_new(name)));
        Ok(record)
    }
}

/// Returns the approximate size of a value as JSON.
pub(super) fn size(value: &Json) -> usize {
    4 + match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(members) => members.iter().map(|(name, member)| name.len() + size(member)).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 4,
    }
}
