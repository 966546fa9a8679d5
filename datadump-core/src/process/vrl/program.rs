//! A program: what is written, what was compiled, and one run of it on one event.

use std::{
    ops::ControlFlow,
    sync::{Arc, LazyLock},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use vrl::{
    compiler::{
        ExpressionError, TargetValue, TimeZone,
        runtime::{Runtime, Terminate},
    },
    value::{Secrets, Value},
};

use super::{
    run_result::{self, RunResult, Code, StorageMember},
    compile::{self, Shape},
    diagnostic::{Diagnostic, Diagnostics, position},
    run,
};

/// Times without a zone are UTC, wherever the server stands.
static UTC: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::parse("UTC").unwrap_or_default());

/// What a program is given as `.`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each record that the throw was decoded into.
    #[default]
    Record,
    /// The throw, not decoded: `{body, content_type, args}`.
    Throw,
}

/// A program as it is written. Nothing says yet that it compiles.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Script {
    /// Its text.
    pub source: Arc<str>,
    /// What it is given.
    pub mode: Mode,
}

/// A program that compiles.
pub struct Program {
    source: Arc<str>,
    shape: Shape,
    compiled: vrl::compiler::Program,
    warnings: Diagnostics,
    /// What the members of an object mean to it.
    members: StorageMember,
}

/// How far one run may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// When it is interrupted.
    pub(super) deadline: Option<Instant>,
    /// How much it may put out, in bytes.
    pub(super) output: usize,
}

impl Script {
    /// A program that is given records.
    pub fn of_records(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), mode: Mode::Record }
    }

    /// A program that is given throws.
    pub fn of_throws(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), mode: Mode::Throw }
    }
}

impl Program {
    /// Compiles a program, **in this process**: the compiler recurses as deep as the program nests,
    /// so that a hostile one can take the process down. For what a person sends there is
    /// [`Workers::check`](super::Workers::check).
    ///
    /// ```
    /// use datadump_core::process::vrl::{Program, Script};
    /// assert!(Program::compile(&Script::of_records(".speed = to_float(.speed) ?? null")).is_ok());
    /// let errors = Program::compile(&Script::of_records("\n  .a = get_env_var(\"HOME\")")).unwrap_err();
    /// let error = &errors.list[0];
    /// assert_eq!((error.place.line, error.place.column), (2, 8));
    /// assert!(error.message.contains("undefined function"));
    /// ```
    pub fn compile(script: &Script) -> Result<Self, Diagnostics> {
        Self::compile_for(script.source.clone(), script.mode.into())
    }

    pub(super) fn compile_for(source: Arc<str>, shape: Shape) -> Result<Self, Diagnostics> {
        let (compiled, warnings) = compile::compile(&source, shape)?;
        Ok(Self { members: StorageMember::of(&source), source, shape, compiled, warnings })
    }

    /// What it is given; none when that is a line of a built-in format.
    pub(super) fn mode(&self) -> Option<Mode> {
        match self.shape {
            Shape::Record => Some(Mode::Record),
            Shape::Throw => Some(Mode::Throw),
            Shape::Line => None,
        }
    }

    /// What the compiler has to say although the program compiles.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings.list
    }

    /// All of that, with the compiler's own rendering.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Runs it once. The deadline is looked at between expressions: a single call that takes long is
    /// not interrupted.
    pub(super) fn run_one(
        &self,
        runtime: &mut Runtime,
        target: Value,
        metadata: Value,
        bounds: Bounds,
    ) -> RunResult {
        let mut target = TargetValue { value: target, metadata, secrets: Secrets::new() };
        let mut steps = 0_u32;
        let mut control = || {
            steps = steps.wrapping_add(1);
            // A look at the clock costs as much as half an expression.
            let over =
                steps.is_multiple_of(16) && bounds.deadline.is_some_and(|deadline| Instant::now() > deadline);
            if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = runtime.resolve_with_control(&mut target, &self.compiled, &UTC, &mut control);
        runtime.clear();
        match outcome {
            Ok(_) => run_result::read(target.value, &target.metadata, self.members, bounds.output),
            Err(Terminate::Abort(ExpressionError::Abort { message, .. })) => RunResult::Dropped(message),
            Err(Terminate::Interrupted) => RunResult::failed(Code::Timeout, run::TIMEOUT),
            Err(Terminate::Abort(error) | Terminate::Error(error)) => {
                RunResult::failed(Code::ProgramFailed, self.explain(&error.to_string()))
            }
        }
    }

    /// The compiler puts byte offsets into its messages (` at (3:17)`); people count lines.
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
