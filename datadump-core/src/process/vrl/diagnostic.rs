//! What the compiler says about a program, with places an editor can mark.

use serde::{Deserialize, Serialize};
use vrl::diagnostic::{DiagnosticList, Formatter};

/// All that the compiler says about one program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// One by one.
    pub list: Vec<Diagnostic>,
    /// As the compiler shows them: the lines of the program with marks below them.
    pub rendered: String,
}

/// One thing the compiler says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Whether the program can run all the same.
    pub severity: Severity,
    /// The compiler's number for it.
    pub code: usize,
    /// What it is.
    pub message: String,
    /// Where it is. Lines and columns count from 1, columns in characters; the end is the place
    /// after the last character.
    #[serde(flatten)]
    pub place: Span,
    /// What there is to say about places.
    pub labels: Vec<Label>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program does not compile.
    Error,
    /// It does, but perhaps not as it was meant.
    Warning,
}

/// A remark about a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// What is said about it.
    pub message: String,
    /// Whether it is what the diagnostic is about, rather than what helps to understand it.
    pub primary: bool,
    /// Where it is.
    #[serde(flatten)]
    pub place: Span,
}

/// A part of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The line of its first character.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line of the place after its last character.
    pub end_line: usize,
    /// The column of the place after its last character.
    pub end_column: usize,
}

impl Diagnostics {
    /// One error about the program as a whole.
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
    let about = labels.iter().find(|label| label.primary).or_else(|| labels.first());
    Diagnostic {
        severity: if diagnostic.is_problem() { Severity::Error } else { Severity::Warning },
        code: diagnostic.code,
        message: diagnostic.message.clone(),
        place: about.map_or_else(|| span(source, 0, source.len()), |label| label.place),
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

/// The line and column of a byte, which need not lie inside the text nor on a character's edge.
pub(super) fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = source.get(..source.floor_char_boundary(byte)).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
