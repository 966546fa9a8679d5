//! The result of one run of a program, before it is combined with its input.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vrl::{owned_value_path, value::Value};

use super::{
    input,
    value::{ConversionError, OutputBudget, infinity},
};
use crate::schema::StorageName;

/// Member of an output object that sets its storage.
pub(super) const STORAGE: &str = "_storage";

/// Size counted for each record in addition to its fields, so that empty records are not free.
const RECORD_BYTES: usize = 64;

/// Code of an input that was not processed because too much was waiting for the workers. It may succeed later.
pub(crate) const BUSY: &str = "busy";

/// Messages of the limits.
pub(super) const OUT_OF_MEMORY: &str = "the program exceeded its memory limit";
pub(super) const TIMEOUT: &str = "the program exceeded the time limit for one record";
pub(super) const TOO_MUCH_OUTPUT: &str = "the program exceeded the output limit for one record";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum RunResult {
    #[serde(rename = "r")]
    Records(Vec<OutputRecord>),
    #[serde(rename = "d")]
    Dropped(Option<String>),
    #[serde(rename = "f")]
    Failed { code: ErrorCode, detail: String },
}

/// One record returned by a program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OutputRecord {
    #[serde(rename = "f")]
    pub(super) fields: Map<String, Json>,
    #[serde(rename = "o", default, skip_serializing_if = "Map::is_empty")]
    pub(super) non_finite: Map<String, Json>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) storage: Option<String>,
}

/// Error codes of a failed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ErrorCode {
    ProgramFailed,
    NotCompiled,
    InvalidStorage,
    TooDeep,
    TooMuchOutput,
    Timeout,
    OutOfMemory,
    Crashed,
    /// No worker process is available.
    Unavailable,
    /// Too much is waiting for the workers. Not a fault of the input.
    Busy,
}

impl ErrorCode {
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
            Self::Busy => BUSY,
        }
    }
}

impl RunResult {
    pub(super) fn failed(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Failed { code, detail: detail.into() }
    }

    /// Returns the approximate size of the output.
    pub(super) fn bytes(&self) -> usize {
        let Self::Records(records) = self else { return 0 };
        let members = records.iter().flat_map(|record| &record.fields);
        records.len() * RECORD_BYTES
            + members.map(|(name, value)| name.len() + input::size(value)).sum::<usize>()
    }
}

/// Reads the final values of `.` and `%`. `sets_storage` tells whether the member `_storage` of an output
/// object sets its storage, or is data.
pub(super) fn read(target: Value, metadata: &Value, sets_storage: bool, output: usize) -> RunResult {
    let storage = metadata.get(&owned_value_path!("storage")).cloned();
    let storage = match storage.map_or(Ok(None), |value| storage_name(&value)) {
        Ok(storage) => storage,
        Err(failure) => return failure,
    };
    let mut reader = Reader { budget: OutputBudget(output), storage, sets_storage };
    let records = match target {
        Value::Null => return RunResult::Dropped(None),
        Value::Array(records) if records.is_empty() => return RunResult::Dropped(None),
        Value::Array(records) => records.into_iter().map(|record| reader.record(record)).collect(),
        other => reader.record(other).map(|record| vec![record]),
    };
    match records {
        Ok(records) => RunResult::Records(records),
        Err(failure) => failure,
    }
}

struct Reader {
    budget: OutputBudget,
    storage: Option<String>,
    sets_storage: bool,
}

impl Reader {
    fn record(&mut self, value: Value) -> Result<OutputRecord, RunResult> {
        let mut record = OutputRecord { storage: self.storage.clone(), ..OutputRecord::default() };
        self.budget.take(RECORD_BYTES).map_err(conversion_failed)?;
        let Value::Object(mut members) = value else {
            self.member(&mut record, "value".into(), value)?;
            return Ok(record);
        };
        if self.sets_storage
            && let Some(value) = members.remove(STORAGE)
        {
            record.storage = storage_name(&value)?.or(record.storage);
        }
        for (name, value) in members {
            self.member(&mut record, name.into(), value)?;
        }
        Ok(record)
    }

    fn member(&mut self, record: &mut OutputRecord, name: String, value: Value) -> Result<(), RunResult> {
        self.budget.take(name.len()).map_err(conversion_failed)?;
        match infinity(&value) {
            Some(text) => record.non_finite.insert(name, text.into()),
            None => record.fields.insert(name, self.budget.json(value).map_err(conversion_failed)?),
        };
        Ok(())
    }
}

fn conversion_failed(refusal: ConversionError) -> RunResult {
    match refusal {
        ConversionError::TooDeep => {
            let depth = crate::json::MAX_DEPTH;
            RunResult::failed(
                ErrorCode::TooDeep,
                format!("the record is nested more than {depth} levels deep"),
            )
        }
        ConversionError::TooLarge => RunResult::failed(ErrorCode::TooMuchOutput, TOO_MUCH_OUTPUT),
    }
}

fn storage_name(value: &Value) -> Result<Option<String>, RunResult> {
    let wrong = |why: String| {
        RunResult::failed(ErrorCode::InvalidStorage, format!("the program set an invalid storage: {why}"))
    };
    if value.is_null() {
        return Ok(None);
    }
    let text = value.to_str_lossy().ok_or_else(|| wrong("the name must be a string".into()))?;
    StorageName::parse(&text).map_err(wrong)?;
    Ok(Some(text.into_owned()))
}
