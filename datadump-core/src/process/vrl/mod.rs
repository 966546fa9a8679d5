//! Programs in VRL: the ones a person writes, and the built-in formats that are small programs.
//!
//! ```text
//! source ─► Workers::check ─► diagnostics, with positions
//!                                     ┌─ worker process ─┐
//! events ─► Workers::run ──► frames ──► Program::run_one ──► frames ─► outcomes, one per event
//!                                     └──────────────────┘
//! ```
//!
//! # What a program sees and does
//!
//! * `.` is the record, or in [`Mode::Throw`] the whole throw: `{body, content_type, args}`.
//! * `%source`, `%received_at`, `%format`, `%args` and `%index` can be read; writing to them does
//!   not compile.
//! * What `.` is at the end is what comes out: an object is one record, an array one record per
//!   item (an item that is no object becomes `{"value": …}`), null is nothing. `abort` drops.
//! * `%storage = "dog"` chooses the storage of all that comes out; `_storage` in an object chooses
//!   it for that one alone and is taken out of it. Only a program that names `_storage` does so: no
//!   thrower chooses a storage through a program that knows nothing of it. For the same reason a
//!   `_storage` that a record brings along is set aside while the program runs.
//! * An error fails that one record; its neighbours go on.
//! * There is no network, no file, no environment and no log to reach.
//!
//! # What holds
//!
//! A program that a person wrote may loop, explode or take down its process; it is run by
//! [`Workers`], in processes that can be thrown away. The programs of this folder are our own, and
//! run where they are called.

mod run_result;
mod child;
mod compile;
mod diagnostic;
mod line_program;
mod event;
mod limits;
mod pool;
mod program;
mod run;
mod value;
mod wire;
mod worker;
mod workers;

pub use child::WorkerCommand;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity, Span};
pub use event::{ProgramContext, ProgramInput, ProgramOutcome};
pub use limits::Limits;
pub use program::{Mode, Program, Script};
pub use worker::serve_worker;
pub use workers::Workers;

pub(super) use line_program::{LineProgram, LineValues};

#[cfg(test)]
mod tests;
