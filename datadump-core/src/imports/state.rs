//! The recorded state of an import. It is a row among the recorded answers, written in the transactions of the rows
//! that it counts.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::position::{Segment, total};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    process::TableHeader,
    receipt::{Reason, Receipt, Remark},
    rows::OnConflict,
};

/// Maximum number of errors, and of warnings, that the state of an import lists.
const MAX_LISTED: usize = 20;

/// Treatment of records that do not fit their storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Quarantine of the records.
    #[default]
    Quarantine,
    /// The import stops before the chunk that has one.
    Stop,
}

/// The settings of an import, which are the same for all attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) on_conflict: String,
    pub(super) on_error: OnError,
    pub(super) raw: bool,
}

/// The recorded end of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    /// Not yet, as far as is recorded.
    Running,
    Done,
    Failed,
}

/// The record of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ImportRecord {
    pub(super) id: Uuid,
    pub(super) storage: String,
    pub(super) end: End,
    /// The process that wrote the record.
    pub(super) process: Uuid,
    pub(super) settings: Settings,
    pub(super) content_type: Option<String>,
    pub(super) format: Option<String>,
    /// The encoding, once there is text that is not ASCII.
    #[serde(default)]
    pub(super) encoding: Option<String>,
    /// The header of a table, as base64, and the length of its declaration.
    header: Option<(String, usize)>,
    pub(super) segments: Vec<Segment>,
    pub(super) records: usize,
    pub(super) lines: usize,
    pub(super) receipt: Receipt,
    pub(super) failure: Option<ImportFailure>,
    pub(super) started_at: Timestamp,
}

/// The failure of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportFailure {
    /// A code for programs.
    pub code: String,
    /// An explanation for people.
    pub detail: String,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// The progress or outcome of an import. Everything it counts is committed.
#[derive(Debug, Clone, Serialize)]
pub struct ImportState {
    /// Its id.
    pub id: Uuid,
    /// The storage.
    pub storage: String,
    /// `running`, `done`, `failed` or `interrupted`.
    pub state: &'static str,
    /// The format of the file, once it is known.
    pub format: Option<String>,
    /// Number of bytes of the file, decompressed, that are stored.
    pub bytes: u64,
    /// Numbers of records.
    pub rows: ImportRows,
    /// The first errors.
    pub errors: Vec<Remark>,
    /// The first warnings.
    pub warnings: Vec<Remark>,
    /// All errors and warnings, counted by step, code and field.
    pub reasons: Vec<Reason>,
    /// True if there are more errors, warnings or reasons than are listed.
    pub truncated: bool,
    /// The failure, if it failed.
    pub failure: Option<ImportFailure>,
    /// Treatment of records whose key exists.
    pub on_conflict: String,
    /// Treatment of records that do not fit.
    pub on_error: OnError,
    /// Time of its start.
    pub started_at: Timestamp,
    /// Time of its last stored progress.
    pub updated_at: Timestamp,
}

/// Numbers of the records of an import.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ImportRows {
    /// Number of records that were read.
    pub read: u64,
    /// Number of rows that were inserted or changed.
    pub stored: u64,
    /// Number of records that changed nothing.
    pub ignored: u64,
    /// Number of records in quarantine.
    pub quarantined: u64,
}

impl Settings {
    pub(super) fn new(on_conflict: OnConflict, on_error: OnError, raw: bool) -> Self {
        Self { on_conflict: on_conflict.name().to_owned(), on_error, raw }
    }

    pub(super) fn on_conflict(&self) -> OnConflict {
        OnConflict::from_name(&self.on_conflict).unwrap_or_default()
    }
}

impl ImportRecord {
    /// Creates the record of a new import.
    pub(super) fn new(
        receipt: Receipt,
        storage: String,
        process: Uuid,
        settings: Settings,
        content_type: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: receipt.throw_id,
            storage,
            end: End::Running,
            process,
            settings,
            content_type,
            format: None,
            encoding: None,
            header: None,
            segments: Vec::new(),
            records: 0,
            lines: 0,
            receipt,
            failure: None,
            started_at: now,
        }
    }

    pub(super) fn set_header(&mut self, header: Option<&TableHeader>) {
        self.header = header.map(|header| (BASE64.encode(&header.bytes), header.declaration));
    }

    pub(super) fn header(&self) -> Result<Option<TableHeader>> {
        let Some((bytes, declaration)) = &self.header else { return Ok(None) };
        let bytes = BASE64.decode(bytes).map_err(Error::internal)?.into();
        Ok(Some(TableHeader { bytes, declaration: *declaration }))
    }

    /// Returns the state that the record shows. `is_running` tells whether the import is being carried out.
    pub(super) fn state(&self, is_running: bool, updated_at: Timestamp) -> ImportState {
        let state = match self.end {
            _ if is_running => "running",
            End::Running => "interrupted",
            End::Done => "done",
            End::Failed => "failed",
        };
        let Receipt { accepted, quarantined, duplicates, errors, warnings, reasons, truncated, .. } =
            &self.receipt;
        let listed = |remarks: &[Remark]| remarks.iter().take(MAX_LISTED).cloned().collect();
        ImportState {
            id: self.id,
            storage: self.storage.clone(),
            state,
            format: self.format.clone(),
            bytes: total(&self.segments),
            rows: ImportRows {
                read: self.records as u64,
                stored: *accepted,
                ignored: *duplicates,
                quarantined: *quarantined,
            },
            errors: listed(errors),
            warnings: listed(warnings),
            reasons: reasons.clone(),
            truncated: *truncated || errors.len().max(warnings.len()) > MAX_LISTED,
            failure: self.failure.clone().filter(|_| !is_running),
            on_conflict: self.settings.on_conflict.clone(),
            on_error: self.settings.on_error,
            started_at: self.started_at,
            updated_at,
        }
    }
}
