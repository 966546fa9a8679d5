//! What a program is given, and what becomes of it.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value as Json;
use vrl::value::{ObjectMap, Value};

use super::{
    Mode,
    run_result::{RunResult, Code, OutputRecord, STORAGE},
    value,
};
use crate::{
    clock::Timestamp,
    record::{Failure, Fields, Record},
    schema::StorageName,
};

/// What a program can read of the throw, whichever record of it it is given.
#[derive(Debug, Clone)]
pub struct ProgramContext {
    /// `%source`: the door it came through.
    pub source: String,
    /// `%received_at`.
    pub received_at: Timestamp,
    /// `%format`: what it was read as, when it was read.
    pub format: Option<String>,
    /// `%args`: the arguments of its address. One that is given more than once is an array.
    pub arguments: Vec<(String, String)>,
}

/// What a program is run on.
#[derive(Debug, Clone)]
pub enum ProgramInput {
    /// A record, for [`Mode::Record`](super::Mode::Record).
    Record(Record),
    /// A throw, for [`Mode::Throw`](super::Mode::Throw).
    Throw {
        /// Its bytes, as a text or as they are.
        body: Bytes,
        /// What it said it is.
        content_type: Option<String>,
    },
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum ProgramOutcome {
    /// It became these, at least one.
    Records(Vec<Record>),
    /// The program wants nothing of it, with what `abort` said about it.
    Dropped(Option<String>),
    /// The program failed on it, or had to be stopped.
    Failed(Failure),
}

impl ProgramContext {
    /// `%`, for all records of the throw.
    pub(super) fn metadata(&self) -> ObjectMap {
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

/// `%` for one record.
pub(super) fn metadata(about: &ObjectMap, index: usize) -> Value {
    let mut metadata = about.clone();
    metadata.insert("index".into(), Value::Integer(i64::try_from(index).unwrap_or(i64::MAX)));
    Value::Object(metadata)
}

/// `.` for a record.
pub(super) fn record(fields: Fields) -> Value {
    value::from_object(fields)
}

/// `.` for a throw.
pub(super) fn throw(body: Bytes, content_type: Option<&str>, about: &ObjectMap) -> Value {
    Value::Object(ObjectMap::from([
        ("body".into(), Value::Bytes(body)),
        ("content_type".into(), content_type.map_or(Value::Null, Value::from)),
        ("args".into(), about.get("args").cloned().unwrap_or(Value::Null)),
    ]))
}

impl ProgramInput {
    /// Which one of its throw it is.
    pub(super) fn index(&self) -> usize {
        match self {
            Self::Record(record) => record.origin.index,
            Self::Throw { .. } => 0,
        }
    }

    /// What kind of program it is for.
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Record(_) => Mode::Record,
            Self::Throw { .. } => Mode::Throw,
        }
    }

    /// ProgramContext how many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Record(record) => record.fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
            Self::Throw { body, .. } => body.len(),
        }
    }

    /// The fields that the program is given: also what JSON cannot hold, as text, and without
    /// `_storage`, which is only the program's to say.
    pub(super) fn fields(record: &Record) -> Cow<'_, Fields> {
        if record.non_finite.is_empty() && !record.fields.contains_key(STORAGE) {
            return Cow::Borrowed(&record.fields);
        }
        let members = record.fields.iter().chain(record.non_finite.iter()).filter(|(name, _)| *name != STORAGE);
        Cow::Owned(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Puts together what it was and what came out.
    pub(super) fn settle(&self, answer: RunResult) -> ProgramOutcome {
        match answer {
            RunResult::Dropped(reason) => ProgramOutcome::Dropped(reason),
            RunResult::Failed { code, detail } => ProgramOutcome::Failed(Failure::new(code.as_str(), detail)),
            RunResult::Records(items) => {
                let records = items.into_iter().map(|item| self.settled(item)).collect::<Result<_, _>>();
                records.map_or_else(ProgramOutcome::Failed, ProgramOutcome::Records)
            }
        }
    }

    fn settled(&self, item: OutputRecord) -> Result<Record, Failure> {
        let invalid = |why| Failure::new(Code::InvalidStorage.as_str(), why);
        let storage = item.storage.map(|name| StorageName::parse(&name)).transpose().map_err(invalid)?;
        let Self::Record(before) = self else {
            return Ok(Record { storage, ..Record { non_finite: item.non_finite.into(), ..Record::new(item.fields) } });
        };
        let mut fields = item.fields;
        let mut record =
            Record { non_finite: item.non_finite.into(), storage, origin: before.origin.clone(), ..Record::default() };
        // VRL sorts by name. What was there before keeps its place, so that columns stand as they
        // were thrown.
        for (name, value) in before.fields.iter().chain(before.non_finite.iter()) {
            if name == STORAGE {
                record.fields.insert(name.clone(), value.clone());
            } else if let Some(now) = fields.get_mut(name) {
                let untouched = before.non_finite.get(name) == Some(now);
                let place = if untouched { &mut record.non_finite } else { &mut record.fields };
                place.insert(name.clone(), now.take());
            }
        }
        let is_new = |name: &str| !before.fields.contains_key(name) && !before.non_finite.contains_key(name);
        record.fields.extend(fields.into_iter().filter(|(name, _)| is_new(name)));
        Ok(record)
    }
}

/// ProgramContext how many bytes a value has as JSON.
pub(super) fn size(value: &Json) -> usize {
    4 + match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(members) => members.iter().map(|(name, member)| name.len() + size(member)).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 4,
    }
}
