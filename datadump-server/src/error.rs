//! The error of a server that cannot start, and the mapping from core errors to HTTP statuses.

use std::{net::SocketAddr, process::ExitCode};

use datadump_core::{Error as CoreError, FailedWrite, FailureReason, Fault, Place, Remark, WriteFault};
use poem::http::{HeaderValue, StatusCode, header};
use serde_json::Value as Json;

use crate::problem::{FaultAnswer, Problem};

/// Maximum number of errors listed for the writes of one request.
const MAX_FAULTS: usize = 100;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Help or the version was requested, or the command line is not valid.
    #[error("{0}")]
    Usage(clap::Error),
    /// The configuration is not valid, one message per error.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// The server cannot listen on its address.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Error of the operating system.
        #[source]
        cause: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the database {database}: {cause}")]
    Open {
        /// Address of the database, without its password.
        database: String,
        /// Error of the core.
        #[source]
        cause: CoreError,
    },
    /// Threads, timers or signal handlers cannot be created.
    #[error("cannot start: {0}")]
    Runtime(#[source] std::io::Error),
}

impl Error {
    /// Prints the error and returns the exit code: 0 for help, 2 for an invalid command line or
    /// configuration, 1 for everything else.
    pub fn report(&self) -> ExitCode {
        use std::io::Write as _;
        match self {
            Self::Usage(usage) => {
                let _ = usage.print();
                ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
            }
            other => {
                let _ = writeln!(std::io::stderr(), "datadump-server: {other}");
                ExitCode::from(if matches!(other, Self::Config(_)) { 2 } else { 1 })
            }
        }
    }
}

impl From<CoreError> for Problem {
    fn from(error: CoreError) -> Self {
        let (status, code, title) = match &error {
            CoreError::Definition(_) => (400, "invalid-definition", "The definition is not valid"),
            CoreError::Incompatible(_) => {
                (400, "incompatible", "The definition is incompatible with the current one")
            }
            CoreError::Invalid(_) => (400, "invalid", "The body is not valid"),
            CoreError::Query(_) => (400, "invalid-query", "The query is not valid"),
            CoreError::Settings(_) => (400, "invalid-settings", "The request is not valid"),
            CoreError::Program(..) => (400, "invalid-program", "The program does not compile"),
            CoreError::Encoding(_) => (400, "broken-encoding", "The body cannot be decompressed"),
            CoreError::UnknownSource(_) => (404, "unknown-source", "No such source"),
            CoreError::UnknownProcessor(_) => (404, "unknown-processor", "No such processor"),
            CoreError::UnknownEntry(_) => (404, "unknown-entry", "No such quarantine entry"),
            CoreError::UnknownThrow(_) => (404, "unknown-throw", "No such recent throw"),
            CoreError::UnknownDevice(_) => (404, "unknown-device", "No such device"),
            CoreError::UnknownSensor { .. } => (404, "unknown-sensor", "No such sensor"),
            CoreError::UnknownCommand(_) => (404, "unknown-command", "No such command"),
            CoreError::CommandState { .. } => (409, "command-state", "The command is in another state"),
            CoreError::DeviceToken(_) => (401, "device-token", "The device token is missing or wrong"),
            CoreError::TooManyDevices { .. } => (429, "too-many-devices", "Too many devices"),
            CoreError::TooManyReadings { .. } => (429, "too-many-readings", "Too many readings"),
            CoreError::TooManyCommands { .. } => (429, "too-many-commands", "Too many commands"),
            CoreError::UnknownStorage(_) => (404, "unknown-storage", "No such storage"),
            CoreError::HubStorage(_) => (403, "hub-storage", "The storage belongs to the hub"),
            CoreError::UnknownRow { .. } => (404, "unknown-row", "No such row"),
            CoreError::TooOld(_) => (410, "too-old", "The position is too old"),
            CoreError::Conflict { .. } => (409, "conflict", "The row has another version"),
            CoreError::InUse(_) => (409, "in-use", "The resource is in use"),
            CoreError::Migrating { .. } => (409, "migrating", "The storage is being migrated"),
            CoreError::TooManyAffected { .. } => (409, "too-many-affected", "Too many rows match"),
            CoreError::Aborted(failed) => aborted(failed),
            CoreError::StalePlan(_) => (409, "stale-plan", "The plan is out of date"),
            CoreError::Precondition { .. } => (412, "precondition-failed", "The precondition failed"),
            CoreError::TooLarge { .. } => (413, "too-large", "The body is too large"),
            CoreError::UnknownEncoding(_) => (415, "content-encoding", "The body cannot be read"),
            CoreError::TooManyStorages { .. } => (429, "too-many-storages", "Too many storages"),
            CoreError::TooManySources { .. } => (429, "too-many-sources", "Too many sources"),
            CoreError::Strict(_) => (422, "strict", "Some records have errors, so nothing was stored"),
            CoreError::VersionRequired(_) => (428, "version-required", "The version is required"),
            CoreError::UnknownImport(_) => (404, "unknown-import", "No such import"),
            CoreError::ImportMismatch(_) => (409, "import-mismatch", "The file does not continue the import"),
            CoreError::ImportStopped(_) => (422, "import-stopped", "The import stopped at an error"),
            CoreError::KeyReused => {
                (422, "idempotency-key-reused", "The idempotency key was used for another request")
            }
            CoreError::StillRunning => (503, "still-running", "The request is still running"),
            CoreError::NotReady { .. } => (503, "not-ready", "The storage is not ready"),
            CoreError::Moved(_) => (503, "moved", "The storage has just been changed"),
            CoreError::Overloaded => (503, "overloaded", "Overloaded"),
            CoreError::Unavailable(_) => (503, "unavailable", "The database is not available"),
            CoreError::Full(_) => (507, "full", "No space left"),
            _ => (500, "internal", "Internal error"),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let problem = Self::new(status, common_code(error.faults()).unwrap_or(code), title, detail(&error));
        let problem = problem.with_faults(faults(&error));
        match error {
            // Without a row, the condition required one.
            CoreError::Conflict { current } | CoreError::Precondition { current } => {
                problem.with_current(current.unwrap_or_default())
            }
            CoreError::Aborted(failed) => {
                let is_refused = |failed: &FailedWrite| {
                    matches!(failed.reason, FailureReason::Conflict | FailureReason::Exists)
                };
                match failed.into_iter().find(is_refused).and_then(|failed| failed.current) {
                    Some(current) => problem.with_current(current),
                    None => problem,
                }
            }
            CoreError::CommandState { current, .. } => problem.with_current(current),
            CoreError::DeviceToken(_) => {
                problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            CoreError::TooManyReadings { .. } | CoreError::TooManyCommands { .. } => retry(problem, "1"),
            CoreError::NotReady { .. }
            | CoreError::Moved(_)
            | CoreError::Overloaded
            | CoreError::StillRunning
            | CoreError::Migrating { .. } => retry(problem, "1"),
            CoreError::Unavailable(_) => retry(problem, "5"),
            // An operator has to free space first.
            CoreError::Full(_) => retry(problem, "30"),
            _ => problem,
        }
    }
}

/// Returns the status, code and title of a request whose writes failed.
fn aborted(failed: &[FailedWrite]) -> (u16, &str, &'static str) {
    let code = match failed.split_first() {
        Some((first, rest)) if rest.iter().all(|failed| failed.code() == first.code()) => first.code(),
        _ => "aborted",
    };
    let is_invalid = failed.iter().all(|failed| failed.reason == FailureReason::Invalid);
    (if is_invalid { 400 } else { 409 }, code, "Nothing was changed")
}

/// Converts a failed write into its individual errors.
pub(crate) fn failed_write(failed: &FailedWrite) -> Vec<FaultAnswer> {
    if failed.faults.is_empty() {
        let fault = FaultAnswer::new(failed.reason.code(), failed.detail.as_str());
        return vec![FaultAnswer { pointer: Some(failed.pointer.clone()), ..fault }];
    }
    let fault = |fault: &WriteFault| FaultAnswer {
        pointer: Some(fault.pointer.clone()),
        ..FaultAnswer::new(&fault.code, fault.detail.as_str())
    };
    failed.faults.iter().map(fault).collect()
}

fn faults(error: &CoreError) -> Vec<FaultAnswer> {
    match error {
        CoreError::Strict(receipt) | CoreError::ImportStopped(receipt) => {
            receipt.errors.iter().map(record_fault).collect()
        }
        CoreError::Aborted(failed) => failed.iter().flat_map(failed_write).take(MAX_FAULTS).collect(),
        CoreError::Program(_, messages) => messages.iter().map(program_fault).collect(),
        error => error.faults().iter().map(FaultAnswer::from).collect(),
    }
}

/// Converts an error about a record. The pointer treats the throw as an array of records.
fn record_fault(remark: &Remark) -> FaultAnswer {
    let mut place = Place::body();
    if let Some(index) = remark.index {
        place = place.index(index);
    }
    if let Some(field) = &remark.field {
        place = place.name(field);
    }
    let detail = match remark.line {
        Some(line) => format!("line {line}: {}", remark.detail),
        None => remark.detail.clone(),
    };
    FaultAnswer { pointer: place.pointer(), ..FaultAnswer::new(&remark.code, detail) }
}

/// Converts a compiler message about a program.
fn program_fault(message: &Json) -> FaultAnswer {
    let detail = message["message"].as_str().unwrap_or_default();
    let labels =
        message["labels"].as_array().into_iter().flatten().filter_map(|label| label["message"].as_str());
    let notes = message["notes"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let hints = labels.chain(notes).filter(|hint| !hint.is_empty() && *hint != detail);
    FaultAnswer {
        hints: hints.map(str::to_owned).collect(),
        pointer: Some("/program".into()),
        line: message["line"].as_u64(),
        column: message["column"].as_u64(),
        ..FaultAnswer::new(message["severity"].as_str().unwrap_or("error"), detail)
    }
}

/// Returns the detail for the client. Causes that clients must not see are logged, together with the request
/// ID.
fn detail(error: &CoreError) -> String {
    match error {
        CoreError::Unavailable(cause) => {
            tracing::error!(%cause, "the database is not available");
            "the database is not available; try again later".into()
        }
        CoreError::Full(cause) => {
            tracing::error!(%cause, "the database has no space left");
            "the database has no space left; nothing was stored".into()
        }
        error if is_internal(error) => {
            tracing::error!(%error, "internal error");
            "internal error; the server's log has details under this request ID".into()
        }
        error => error.to_string(),
    }
}

fn is_internal(error: &CoreError) -> bool {
    matches!(error, CoreError::Internal(_) | CoreError::Database(_) | CoreError::NewerDatabase { .. })
}

/// Returns the code of the faults if they all have the same, which is more specific than `invalid`.
fn common_code(faults: &[Fault]) -> Option<&'static str> {
    let (first, rest) = faults.split_first()?;
    rest.iter().all(|fault| fault.code == first.code).then_some(first.code)
}

fn retry(problem: Problem, seconds: &'static str) -> Problem {
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static(seconds))
}

impl From<&Fault> for FaultAnswer {
    fn from(fault: &Fault) -> Self {
        let parameter = match &fault.at {
            Place::Parameter(name) => Some(name.clone()),
            Place::Body(_) => None,
        };
        Self { pointer: fault.at.pointer(), parameter, ..Self::new(fault.code, fault.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_error_has_its_status_and_code() {
        let fault = || vec![Fault::new(Place::field("color"), "too-long", "more than 32")];
        let name = || "dog".to_owned();
        for (error, status, code) in [
            (CoreError::Definition(fault()), 400, "too-long"),
            (CoreError::Query(Vec::new()), 400, "invalid-query"),
            (CoreError::Settings(fault()), 400, "too-long"),
            (CoreError::Program("x".into(), Vec::new()), 400, "invalid-program"),
            (CoreError::Encoding("x".into()), 400, "broken-encoding"),
            (CoreError::UnknownSource(name()), 404, "unknown-source"),
            (CoreError::UnknownProcessor(name()), 404, "unknown-processor"),
            (CoreError::UnknownEntry(name()), 404, "unknown-entry"),
            (CoreError::UnknownThrow(name()), 404, "unknown-throw"),
            (CoreError::InUse("x".into()), 409, "in-use"),
            (CoreError::TooLarge { limit: 1 }, 413, "too-large"),
            (CoreError::UnknownEncoding("lzw".into()), 415, "content-encoding"),
            (CoreError::UnknownStorage(name()), 404, "unknown-storage"),
            (CoreError::UnknownDevice(name()), 404, "unknown-device"),
            (CoreError::UnknownSensor { device: name(), sensor: name() }, 404, "unknown-sensor"),
            (CoreError::UnknownCommand(name()), 404, "unknown-command"),
            (CoreError::CommandState { state: "queued", current: json!({}) }, 409, "command-state"),
            (CoreError::DeviceToken(name()), 401, "device-token"),
            (CoreError::TooManyDevices { limit: 1 }, 429, "too-many-devices"),
            (CoreError::UnknownRow { storage: name(), key: "1".into() }, 404, "unknown-row"),
            (CoreError::Conflict { current: None }, 409, "conflict"),
            (CoreError::Migrating { storage: name(), version: 2 }, 409, "migrating"),
            (CoreError::StalePlan(name()), 409, "stale-plan"),
            (CoreError::Precondition { current: None }, 412, "precondition-failed"),
            (CoreError::VersionRequired(name()), 428, "version-required"),
            (CoreError::UnknownImport(name()), 404, "unknown-import"),
            (CoreError::ImportMismatch(name()), 409, "import-mismatch"),
            (CoreError::KeyReused, 422, "idempotency-key-reused"),
            (CoreError::StillRunning, 503, "still-running"),
            (CoreError::NotReady { storage: name(), state: "queued" }, 503, "not-ready"),
            (CoreError::Moved(name()), 503, "moved"),
            (CoreError::Overloaded, 503, "overloaded"),
            (CoreError::Unavailable("x".into()), 503, "unavailable"),
            (CoreError::Full("x".into()), 507, "full"),
            (CoreError::internal("x"), 500, "internal"),
        ] {
            let has_retry_after =
                matches!(error, CoreError::Migrating { .. }) || [503, 507].contains(&status);
            let problem = Problem::from(error);
            assert_eq!((problem.status, problem.code.as_str()), (status, code));
            assert_eq!(problem.header(&header::RETRY_AFTER).is_some(), has_retry_after, "{code}");
        }
    }

    #[test]
    fn faults_and_the_current_row_are_included() {
        let faults = vec![
            Fault::new(Place::field("fields").index(2).name("type"), "unknown-type", "no type `x`"),
            Fault::new(Place::Parameter("limit".into()), "limit", "1 to 1000"),
        ];
        let problem = Problem::from(CoreError::Invalid(faults));
        assert_eq!(problem.code, "invalid");
        assert!(problem.detail.contains("fields[2].type: no type `x`"));
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/fields/2/type"));
        assert_eq!(problem.errors[1].parameter.as_deref(), Some("limit"));
        let problem = Problem::from(CoreError::Conflict { current: Some(json!({"version": 3})) });
        assert_eq!(problem.current, Some(json!({"version": 3})));
    }

    #[test]
    fn faults_point_into_programs_and_records() {
        let message = json!({"severity": "error", "message": "unknown function", "line": 3, "column": 7});
        let problem = Problem::from(CoreError::Program("unknown function".into(), vec![message]));
        let fault = &problem.errors[0];
        assert_eq!(
            (fault.line, fault.column, fault.pointer.as_deref()),
            (Some(3), Some(7), Some("/program"))
        );
        let remark = Remark {
            index: Some(17),
            line: Some(18),
            code: "invalid".into(),
            field: Some("a/b".into()),
            detail: "not a number".into(),
            quarantine: None,
        };
        let fault = record_fault(&remark);
        assert_eq!(fault.pointer.as_deref(), Some("/17/a~1b"));
        assert_eq!(fault.detail, "line 18: not a number");
    }

    #[test]
    fn internal_causes_are_not_exposed() {
        for error in [
            CoreError::internal("secret"),
            CoreError::Unavailable("secret".into()),
            CoreError::Full("secret".into()),
        ] {
            assert!(!Problem::from(error).detail.contains("secret"));
        }
    }
}
