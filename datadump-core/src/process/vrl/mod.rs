//! VRL programs: those that users write, and the runtime of built-in formats written in VRL.
//!
//! ```text
//! source ─► Workers::check ─► diagnostics with positions
//!                                      ┌─ worker process ─┐
//! inputs ─► Workers::run ──► frames ──► Program::run_one ──► frames ─► outcomes, one per input
//!                                      └──────────────────┘
//! ```
//!
//! # Semantics of a program
//!
//! * `.` is the record or, in [`Mode::Throw`], the whole throw: `{body, content_type, args, method, path,
//!   headers}`.
//! * `%source`, `%received_at`, `%format`, `%args`, `%method`, `%path`, `%headers` and `%index` are readable.
//!   Assigning to them is a compile error.
//! * The final value of `.` is the output: an object is one record, an array one record per item (an
//!   item that is not an object becomes `{"value": …}`), and null drops the record, as does `abort`.
//! * `%storage = "dog"` sets the storage of all output. The member `_storage` of an object sets it for
//!   that record and is removed. This applies only to programs that mention `_storage`, so that a sender
//!   cannot choose a storage through a program that does not expect it. For the same reason the
//!   `_storage` of an incoming record is hidden while the program runs.
//! * An error fails one record; the others are processed.
//! * Programs have no access to the network, files, the environment or the log.
//!
//! # Isolation
//!
//! A program written by a user may loop, exhaust memory or crash its process. [`Workers`] runs it in
//! worker processes that can be killed and replaced. Built-in programs run in the calling process.

mod child;
mod compile;
mod diagnostic;
mod input;
mod limits;
mod line_program;
mod pool;
mod program;
mod run;
mod run_result;
mod script;
mod turns;
mod value;
mod wire;
mod worker;
mod workers;

pub use child::WorkerCommand;
pub use diagnostic::{CheckError, Diagnostic, Diagnostics, Label, Severity, Span};
pub use input::{ProgramContext, ProgramInput, ProgramOutcome};
pub use limits::Limits;
pub use program::Program;
pub use script::{Mode, Script};
pub use worker::serve_worker;
pub use workers::Workers;

pub(crate) use limits::RunLeft;
pub(super) use line_program::LineProgram;
pub(crate) use run_result::BUSY;

#[cfg(test)]
mod tests;
