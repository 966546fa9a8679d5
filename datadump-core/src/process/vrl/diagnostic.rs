//! Compiler diagnostics, with positions that an editor can mark.

use serde::{Deserialize, Serialize};
use vrl::diagnostic::{DiagnosticList, Formatter};

/// All diagnostics of one program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// The diagnostics.
    pub list: Vec<Diagnostic>,
    /// The text form: lines of the program with markers below them.
    pub rendered: String,
}

/// One compiler diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Severity; an error prevents the program from running.
    pub severity: Severity,
    /// The numeric code that the compiler assigns.
    pub code: usize,
    /// The message.
    pub message: String,
    /// The position. Lines and columns count from 1, columns in characters; the end is exclusive.
    #[serde(flatten)]
    pub place: Span,
    /// Annotations of parts of the program.
    pub labels: Vec<Label>,
    /// Further notes.
    pub notes: Vec<String>,
}

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program does not compile.
    Error,
    /// The program compiles but may contain a mistake.
    Warning,
}

/// An annotation of a part of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The message.
    pub message: String,
    /// True for the cause, false for related code.
    pub primary: bool,
    /// The position.
    #[serde(flatten)]
    pub place: Span,
}

/// A range of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Line of the first character.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Line after the last character.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
}

/// The error of compiling a program.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The program does not compile.
    #[error("the program does not compile")]
    Program(Diagnostics),
    /// Too many programs are waiting to be compiled.
    #[error("too many programs are waiting to be compiled; try again later")]
    Busy,
    /// No worker process could be started.
    #[error("the program cannot be compiled: {0}")]
    NoWorker(String),
}

impl Diagnostics {
    /// Creates an error for the program as a whole.
    pub(super) fn error(message: impl Into<String>, source: &str) -> Self {
        let message = message.into();
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            code: 0,
            message: message.clone(),
            place: span(source, 0, source.len()),
            labels: Vec::new(),
            notes: Vec::new(),
        };
        Self { list: vec![diagnostic], rendered: message }
    }

    pub(super) fn read(source: &str, list: &DiagnosticList) -> Self {
        if list.is_empty() {
            return Self::default();
        }
        let rendered = Formatter::new(source, list.clone()).to_string().trim().to_owned();
        Self { list: list.iter().map(|diagnostic| read(source, diagnostic)).collect(), rendered }
    }
}

fn read(source: &str, diagnostic: &vrl::diagnostic::Diagnostic) -> Diagnostic {
    let labels: Vec<Label> = diagnostic.labels.iter().map(|label| self::label(source, label)).collect();
    let main = labels.iter().find(|label| label.primary).or_else(|| labels.first());
    Diagnostic {
        severity: if diagnostic.is_problem() { Severity::Error } else { Severity::Warning },
        code: diagnostic.code,
        message: diagnostic.message.clone(),
        place: main.map_or_else(|| span(source, 0, source.len()), |label| label.place),
        notes: diagnostic.notes.iter().map(ToString::to_string).collect(),
        labels,
    }
}

fn label(source: &str, label: &vrl::diagnostic::Label) -> Label {
    Label {
        message: label.message.clone(),
        primary: label.primary,
        place: span(source, label.span.start(), label.span.end()),
    }
}

fn span(source: &str, start: usize, end: usize) -> Span {
    let ((line, column), (end_line, end_column)) =
        (position(source, start), position(source, end.max(start)));
    Span { line, column, end_line, end_column }
}

/// Returns the line and column of a byte offset, which may be past the end or inside a character.
pub(super) fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = source.get(..source.floor_char_boundary(byte)).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
