//! Runs a program in this process, and the failures common to all ways of running one.

use std::time::Instant;

use vrl::{compiler::runtime::Runtime, value::ObjectMap};

use super::{
    Diagnostics, Limits, Mode, Program, ProgramContext, ProgramInput, ProgramOutcome, input,
    program::RunLimits,
    run_result::{self, ErrorCode, RunResult},
};

impl Program {
    /// Runs the program on each input **in this process**.
    ///
    /// Only for trusted programs: the deadline is checked between expressions, so a single long call
    /// is not interrupted, and a program that allocates too much memory aborts the process. All other
    /// programs go through [`Workers`](super::Workers).
    ///
    /// ```
    /// use datadump_core::{Headers, Record, Timestamp};
    /// use datadump_core::process::vrl::{ProgramContext, ProgramInput, Limits, Program, Script, ProgramOutcome};
    /// use serde_json::{Map, json};
    ///
    /// let program = r#"%storage = "dog"; .speed = to_float(.speed) ?? 0.0; .from = %source"#;
    /// let program = Program::compile(&Script::for_records(program)).unwrap();
    /// let fields = Map::from_iter([("speed".to_owned(), json!("1.75"))]);
    /// let context = ProgramContext {
    ///     source: "animals".into(),
    ///     received_at: Timestamp::from_micros(0).unwrap(),
    ///     format: Some("json".into()),
    ///     arguments: Vec::new(),
    ///     method: None,
    ///     path: None,
    ///     headers: Headers::default(),
    /// };
    /// let outcomes = program.run(&context, &[ProgramInput::Record(Record::new(fields))], &Limits::default());
    /// let [ProgramOutcome::Records(records)] = &outcomes[..] else { panic!("{outcomes:?}") };
    /// assert_eq!(json!(records[0].fields), json!({"speed": 1.75, "from": "animals"}));
    /// assert_eq!(records[0].storage.as_ref().unwrap().as_str(), "dog");
    /// ```
    pub fn run(
        &self,
        context: &ProgramContext,
        inputs: &[ProgramInput],
        limits: &Limits,
    ) -> Vec<ProgramOutcome> {
        let mut runtime = Runtime::default();
        let shared = context.metadata();
        let last = Instant::now() + limits.total_timeout(inputs.len());
        let run = |input: &ProgramInput| {
            let started = Instant::now();
            if started > last {
                return input.outcome(total_timeout());
            }
            let bounds = RunLimits {
                deadline: Some(last.min(started + limits.deadline)),
                output: limits.output_for(input.bytes()),
            };
            input.outcome(self.run_input(&mut runtime, input.clone(), &shared, bounds))
        };
        inputs.iter().map(run).collect()
    }

    /// Runs the program on one input. `shared` is the metadata of its throw.
    pub(super) fn run_input(
        &self,
        runtime: &mut Runtime,
        input: ProgramInput,
        shared: &ObjectMap,
        bounds: RunLimits,
    ) -> RunResult {
        let mode = input.mode();
        if self.mode != Some(mode) {
            return wrong_mode(mode);
        }
        let metadata = input::metadata(shared, input.index());
        self.run_one(runtime, input.into_target(shared), metadata, bounds)
    }
}

/// Returns the result of an input that was not started within the total time limit.
pub(super) fn total_timeout() -> RunResult {
    RunResult::failed(ErrorCode::Timeout, "the program exceeded the time limit for all records of this throw")
}

/// Returns the result of an input that the program is not written for.
fn wrong_mode(mode: Mode) -> RunResult {
    let (given, wanted) = match mode {
        Mode::Record => ("a record", "throws"),
        Mode::Throw => ("a throw", "records"),
    };
    RunResult::failed(
        ErrorCode::NotCompiled,
        format!("the program was given {given} but is written for {wanted}"),
    )
}

/// Returns the result of every input of a program that does not compile.
pub(super) fn not_compiled(errors: &Diagnostics) -> RunResult {
    let first = errors.list.first().map_or_else(String::new, |first| {
        format!("line {}, column {}: {}", first.place.line, first.place.column, first.message)
    });
    RunResult::failed(ErrorCode::NotCompiled, format!("the program does not compile: {first}"))
}

/// Returns the result of an input on which the interpreter panicked.
pub(super) fn panicked(message: &str) -> RunResult {
    // An allocation larger than the address space panics instead of failing.
    if message.contains("capacity overflow") {
        return RunResult::failed(ErrorCode::OutOfMemory, run_result::OUT_OF_MEMORY);
    }
    RunResult::failed(ErrorCode::Crashed, format!("the interpreter panicked: {message}"))
}
