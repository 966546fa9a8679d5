//! What one run of a program came to, before it is put together again with the event it was given.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vrl::{owned_value_path, value::Value};

use super::{
    event, run,
    value::{ConversionError, OutputBudget, infinity},
};
use crate::schema::StorageName;

/// In an object that comes out: its storage.
pub(super) const STORAGE: &str = "_storage";

/// What one record costs besides its text, so that a million empty ones are not free.
const RECORD_BYTES: usize = 64;

/// What one run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum RunResult {
    #[serde(rename = "r")]
    Records(Vec<OutputRecord>),
    #[serde(rename = "d")]
    Dropped(Option<String>),
    #[serde(rename = "f")]
    Failed { code: Code, detail: String },
}

/// One record that came out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OutputRecord {
    #[serde(rename = "f")]
    pub(super) fields: Map<String, Json>,
    #[serde(rename = "o", default, skip_serializing_if = "Map::is_empty")]
    pub(super) non_finite: Map<String, Json>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) storage: Option<String>,
}

/// What the members of an object that comes out are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageMember {
    /// Fields, all of them.
    Fields,
    /// Fields, and `_storage`.
    WithStorage,
}

impl StorageMember {
    /// A program that does not name `_storage` does not mean it: what is there came with a throw.
    pub(super) fn of(source: &str) -> Self {
        if source.contains(STORAGE) { Self::WithStorage } else { Self::Fields }
    }
}

/// Why a record failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Code {
    /// The program says so.
    ProgramFailed,
    /// The program does not compile.
    NotCompiled,
    InvalidStorage,
    TooDeep,
    TooMuchOutput,
    Timeout,
    OutOfMemory,
    Crashed,
    /// There is nothing to run it with.
    Unavailable,
}

impl Code {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ProgramFailed => "program-failed",
            Self::NotCompiled => "not-compiled",
            Self::InvalidStorage => "invalid-storage",
            Self::TooDeep => "too-deep",
            Self::TooMuchOutput => "too-much-output",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Crashed => "crashed",
            Self::Unavailable => "unavailable",
        }
    }
}

impl RunResult {
    pub(super) fn failed(code: Code, detail: impl Into<String>) -> Self {
        Self::Failed { code, detail: detail.into() }
    }

    /// ProgramContext how many bytes came out.
    pub(super) fn bytes(&self) -> usize {
        let Self::Records(items) = self else { return 0 };
        let members = items.iter().flat_map(|item| &item.fields);
        items.len() * RECORD_BYTES
            + members.map(|(name, value)| name.len() + event::size(value)).sum::<usize>()
    }
}

/// Reads what a program left behind as `.` and `%`.
pub(super) fn read(target: Value, metadata: &Value, members: StorageMember, output: usize) -> RunResult {
    let storage = metadata.get(&owned_value_path!("storage")).cloned();
    let storage = match storage.map_or(Ok(None), |value| storage_name(&value)) {
        Ok(storage) => storage,
        Err(failure) => return failure,
    };
    let mut reader = Reader { room: OutputBudget::new(output), storage, members };
    let items = match target {
        Value::Null => return RunResult::Dropped(None),
        Value::Array(items) if items.is_empty() => return RunResult::Dropped(None),
        Value::Array(items) => items.into_iter().map(|item| reader.item(item)).collect(),
        other => reader.item(other).map(|item| vec![item]),
    };
    match items {
        Ok(items) => RunResult::Records(items),
        Err(failure) => failure,
    }
}

struct Reader {
    room: OutputBudget,
    storage: Option<String>,
    members: StorageMember,
}

impl Reader {
    fn item(&mut self, value: Value) -> Result<OutputRecord, RunResult> {
        let mut item = OutputRecord { storage: self.storage.clone(), ..OutputRecord::default() };
        self.room.take(RECORD_BYTES).map_err(refused)?;
        let Value::Object(mut members) = value else {
            self.member(&mut item, "value".into(), value)?;
            return Ok(item);
        };
        if self.members == StorageMember::WithStorage
            && let Some(value) = members.remove(STORAGE)
        {
            item.storage = storage_name(&value)?.or(item.storage);
        }
        for (name, value) in members {
            self.member(&mut item, name.into(), value)?;
        }
        Ok(item)
    }

    fn member(&mut self, item: &mut OutputRecord, name: String, value: Value) -> Result<(), RunResult> {
        self.room.take(name.len()).map_err(refused)?;
        match infinity(&value) {
            Some(text) => item.non_finite.insert(name, text.into()),
            None => item.fields.insert(name, self.room.json(value).map_err(refused)?),
        };
        Ok(())
    }
}

fn refused(refusal: ConversionError) -> RunResult {
    match refusal {
        ConversionError::TooDeep => {
            let depth = crate::json::MAX_DEPTH;
            RunResult::failed(Code::TooDeep, format!("the record nests deeper than {depth} levels"))
        }
        ConversionError::TooLarge => RunResult::failed(Code::TooMuchOutput, run::TOO_MUCH),
    }
}

fn storage_name(value: &Value) -> Result<Option<String>, RunResult> {
    let wrong = |why: String| RunResult::failed(Code::InvalidStorage, format!("the program's storage: {why}"));
    if value.is_null() {
        return Ok(None);
    }
    let text = value.to_str_lossy().ok_or_else(|| wrong("a name must be a text".into()))?;
    StorageName::parse(&text).map_err(wrong)?;
    Ok(Some(text.into_owned()))
}
