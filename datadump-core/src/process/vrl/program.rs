//! A compiled program, and running it on one input.

use std::{
    ops::ControlFlow,
    sync::{Arc, LazyLock},
    time::Instant,
};

use vrl::{
    compiler::{
        ExpressionError, TargetValue, TimeZone,
        runtime::{Runtime, Terminate},
    },
    value::{Secrets, Value},
};

use super::{
    compile,
    diagnostic::{Diagnostic, Diagnostics, position},
    run_result::{self, ErrorCode, RunResult, STORAGE},
    script::{Mode, Script},
};

/// Times without a zone are UTC, independent of the local time zone.
static UTC: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::parse("UTC").unwrap_or_default());

/// A compiled program.
pub struct Program {
    source: Arc<str>,
    /// `None` for a program that parses lines of a built-in format.
    pub(super) mode: Option<Mode>,
    compiled: vrl::compiler::Program,
    warnings: Diagnostics,
    /// True if the program mentions `_storage`, so that it sets the storage. Otherwise the member comes from
    /// the sender and is data.
    sets_storage: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RunLimits {
    /// When the run is interrupted.
    pub(super) deadline: Option<Instant>,
    /// Maximum output in bytes.
    pub(super) output: usize,
}

impl Program {
    /// Compiles a program **in this process**.
    ///
    /// The compiler recurses as deeply as the program nests, so a hostile program can overflow the
    /// stack. Use [`Workers::check`](super::Workers::check) for programs sent by users.
    ///
    /// ```
    /// use datadump_core::process::vrl::{Program, Script};
    /// assert!(Program::compile(&Script::for_records(".speed = to_float(.speed) ?? null")).is_ok());
    /// let errors = Program::compile(&Script::for_records("\n  .a = get_env_var(\"HOME\")")).unwrap_err();
    /// let error = &errors.list[0];
    /// assert_eq!((error.place.line, error.place.column), (2, 8));
    /// assert!(error.message.contains("undefined function"));
    /// ```
    pub fn compile(script: &Script) -> Result<Self, Diagnostics> {
        Self::compile_for(script.source.clone(), Some(script.mode))
    }

    pub(super) fn compile_for(source: Arc<str>, mode: Option<Mode>) -> Result<Self, Diagnostics> {
        let (compiled, warnings) = compile::compile(&source, mode)?;
        Ok(Self { sets_storage: source.contains(STORAGE), source, mode, compiled, warnings })
    }

    /// Returns the compiler warnings.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings.list
    }

    /// Returns the compiler warnings together with their text form.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Runs the program once. The deadline is checked between expressions, so a single long call is not
    /// interrupted.
    pub(super) fn run_one(
        &self,
        runtime: &mut Runtime,
        target: Value,
        metadata: Value,
        bounds: RunLimits,
    ) -> RunResult {
        let mut target = TargetValue { value: target, metadata, secrets: Secrets::new() };
        let mut steps = 0_u32;
        let mut control = || {
            steps = steps.wrapping_add(1);
            // Reading the clock costs half as much as evaluating an expression.
            let over =
                steps.is_multiple_of(16) && bounds.deadline.is_some_and(|deadline| Instant::now() > deadline);
            if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = runtime.resolve_with_control(&mut target, &self.compiled, &UTC, &mut control);
        runtime.clear();
        match outcome {
            Ok(_) => run_result::read(target.value, &target.metadata, self.sets_storage, bounds.output),
            Err(Terminate::Abort(ExpressionError::Abort { message, .. })) => RunResult::Dropped(message),
            Err(Terminate::Interrupted) => RunResult::failed(ErrorCode::Timeout, run_result::TIMEOUT),
            Err(Terminate::Abort(error) | Terminate::Error(error)) => {
                RunResult::failed(ErrorCode::ProgramFailed, self.explain(&error.to_string()))
            }
        }
    }

    /// Replaces the byte offsets in compiler messages (` at (3:17)`) by line and column.
    fn explain(&self, message: &str) -> String {
        let located = message.split_once(" at (").and_then(|(before, rest)| {
            let (span, after) = rest.split_once(')')?;
            let (start, _) = span.split_once(':')?;
            let (line, column) = position(&self.source, start.parse().ok()?);
            Some(format!("{before} at line {line}, column {column}{after}"))
        });
        located.unwrap_or_else(|| message.to_owned())
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("source", &self.source).finish_non_exhaustive()
    }
}
