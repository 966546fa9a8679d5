//! Imports, as the API returns them.

use datadump_core::{ImportFailure, ImportRows, ImportState, OnError, PlannedColumn, PlannedImport};
use poem_openapi::Object as ApiObject;
use serde::Serialize;

use crate::answer::{Object, ReasonAnswer, RemarkAnswer};

/// The progress or outcome of an import, or its plan. Everything it counts is committed.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Import")]
pub(crate) struct ImportAnswer {
    /// ID; null for a plan.
    #[oai(nullable)]
    id: Option<String>,
    /// Name of the storage.
    storage: String,
    /// `running`, `done`, `failed`, `interrupted` or `planned`.
    state: String,
    /// Format of the file, once it is known.
    #[oai(nullable)]
    format: Option<String>,
    /// Number of bytes of the file, decompressed, that are stored.
    bytes: u64,
    /// Numbers of records.
    rows: RowsAnswer,
    /// The first errors, with their quarantine entries.
    errors: Vec<RemarkAnswer>,
    /// The first values that were stored differently than they were sent.
    warnings: Vec<RemarkAnswer>,
    /// All errors and warnings, counted by step, code and field; the most frequent ones come first.
    reasons: Vec<ReasonAnswer>,
    /// True if there are more errors, warnings or reasons than are listed.
    truncated: bool,
    /// The failure, if the import failed.
    #[oai(nullable)]
    failure: Option<FailureAnswer>,
    /// `merge`, `replace`, `ignore` or `error`.
    on_conflict: String,
    /// `quarantine` or `stop`.
    on_error: String,
    /// Start of the import; null for a plan.
    #[oai(nullable)]
    started_at: Option<String>,
    /// Time of its last stored progress; null for a plan.
    #[oai(nullable)]
    updated_at: Option<String>,
    /// The plan, if that was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanAnswer>,
}

/// Numbers of the records of an import.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "ImportRows")]
struct RowsAnswer {
    /// Number of records that were read.
    read: u64,
    /// Number of rows that were inserted or changed.
    stored: u64,
    /// Number of records that changed nothing.
    ignored: u64,
    /// Number of records in quarantine.
    quarantined: u64,
}

/// The failure of an import.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "ImportFailure")]
struct FailureAnswer {
    /// Machine-readable code.
    code: String,
    /// Human-readable explanation.
    detail: String,
    /// Line of the file, starting at 1.
    #[oai(nullable)]
    line: Option<u64>,
}

/// The plan of an import. Nothing was stored.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "ImportPlan")]
struct PlanAnswer {
    /// True if the storage exists.
    exists: bool,
    /// True if the storage is, or would be, an inferred one.
    auto: bool,
    /// Reason for this format.
    because: String,
    /// Number of bytes, decompressed, that were read: the whole file, or up to its failure.
    bytes_read: u64,
    /// Number of records that fit.
    fit: u64,
    /// Number of records that do not fit.
    unfit: u64,
    /// Number of records whose key exists, of those that were looked up.
    existing: u64,
    /// Number of keys that were looked up: the first ones only.
    keys_checked: u64,
    /// The columns of the file.
    columns: Vec<ColumnAnswer>,
    /// The definition that the storage would get, if that is a new one.
    #[oai(nullable)]
    definition: Option<Object>,
}

/// A column of the file, and the field that would take its values.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "ImportColumn")]
struct ColumnAnswer {
    /// Name of the column.
    column: String,
    /// `key`, `field`, `new`, `widened`, `service` (ignored), `extra` (kept in `_extra`) or `unknown`.
    role: String,
    /// Type of the field.
    #[oai(rename = "type", nullable)]
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl From<ImportState> for ImportAnswer {
    fn from(state: ImportState) -> Self {
        let ImportRows { read, stored, ignored, quarantined } = state.rows;
        Self {
            id: Some(state.id.to_string()),
            storage: state.storage,
            state: state.state.to_owned(),
            format: state.format,
            bytes: state.bytes,
            rows: RowsAnswer { read, stored, ignored, quarantined },
            errors: state.errors.into_iter().map(RemarkAnswer::from).collect(),
            warnings: state.warnings.into_iter().map(RemarkAnswer::from).collect(),
            reasons: state.reasons.into_iter().map(ReasonAnswer::from).collect(),
            truncated: state.truncated,
            failure: state.failure.map(FailureAnswer::from),
            on_conflict: state.on_conflict,
            on_error: name(state.on_error),
            started_at: Some(state.started_at.to_string()),
            updated_at: Some(state.updated_at.to_string()),
            plan: None,
        }
    }
}

impl ImportAnswer {
    /// Creates the answer with a plan.
    pub(super) fn planned(plan: PlannedImport, on_conflict: &str, on_error: OnError) -> Self {
        Self {
            id: None,
            storage: plan.storage,
            state: "planned".into(),
            format: plan.format,
            bytes: 0,
            rows: RowsAnswer { read: plan.read, stored: 0, ignored: 0, quarantined: 0 },
            errors: plan.errors.into_iter().map(RemarkAnswer::from).collect(),
            warnings: plan.warnings.into_iter().map(RemarkAnswer::from).collect(),
            reasons: plan.reasons.into_iter().map(ReasonAnswer::from).collect(),
            truncated: plan.truncated,
            failure: plan.failure.map(FailureAnswer::from),
            on_conflict: on_conflict.to_owned(),
            on_error: name(on_error),
            started_at: None,
            updated_at: None,
            plan: Some(PlanAnswer {
                exists: plan.exists,
                auto: plan.auto,
                because: plan.because.to_owned(),
                bytes_read: plan.bytes,
                fit: plan.fit,
                unfit: plan.unfit,
                existing: plan.existing,
                keys_checked: plan.keys_checked,
                columns: plan.columns.into_iter().map(ColumnAnswer::from).collect(),
                definition: plan.definition.map(Object),
            }),
        }
    }
}

impl From<ImportFailure> for FailureAnswer {
    fn from(failure: ImportFailure) -> Self {
        let ImportFailure { code, detail, line } = failure;
        Self { code, detail, line: line.map(|line| line as u64) }
    }
}

impl From<PlannedColumn> for ColumnAnswer {
    fn from(column: PlannedColumn) -> Self {
        Self { column: column.column, role: column.role.to_owned(), kind: column.kind }
    }
}

fn name(on_error: OnError) -> String {
    match on_error {
        OnError::Quarantine => "quarantine".into(),
        OnError::Stop => "stop".into(),
    }
}
