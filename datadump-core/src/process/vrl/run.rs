//! Running a program here and now, in this process.

use std::time::Instant;

use vrl::compiler::runtime::Runtime;

use super::{
    ProgramContext, Diagnostics, ProgramInput, Limits, Mode, Program, ProgramOutcome,
    run_result::{RunResult, Code},
    event,
    program::Bounds,
};

impl Program {
    /// Runs the program on each event, **in this process**, with nothing between it and the caller
    /// but a look at the clock between two expressions. Only for programs that are trusted: one that
    /// asks for more memory than there is takes the process down, and a single long call is not
    /// interrupted. Everything else goes through [`Workers`](super::Workers).
    ///
    /// ```
    /// use datadump_core::{Record, Timestamp};
    /// use datadump_core::process::vrl::{ProgramContext, ProgramInput, Limits, Program, Script, ProgramOutcome};
    /// use serde_json::{Map, json};
    ///
    /// let program = r#"%storage = "dog"; .speed = to_float(.speed) ?? 0.0; .from = %source"#;
    /// let program = Program::compile(&Script::of_records(program)).unwrap();
    /// let fields = Map::from_iter([("speed".to_owned(), json!("1.75"))]);
    /// let about = ProgramContext {
    ///     source: "animals".into(),
    ///     received_at: Timestamp::from_micros(0).unwrap(),
    ///     format: Some("json".into()),
    ///     arguments: Vec::new(),
    /// };
    /// let outcomes = program.run(&about, &[ProgramInput::Record(Record::new(fields))], &Limits::default());
    /// let [ProgramOutcome::Records(records)] = &outcomes[..] else { panic!("{outcomes:?}") };
    /// assert_eq!(json!(records[0].fields), json!({"speed": 1.75, "from": "animals"}));
    /// assert_eq!(records[0].storage.as_ref().unwrap().as_str(), "dog");
    /// ```
    pub fn run(&self, about: &ProgramContext, events: &[ProgramInput], limits: &Limits) -> Vec<ProgramOutcome> {
        let mut runtime = Runtime::default();
        let shared = about.metadata();
        let last = Instant::now() + limits.patience(events.len());
        let run = |event: &ProgramInput| {
            let started = Instant::now();
            if started > last {
                return event.settle(late());
            }
            let (bytes, mode) = (event.bytes(), event.mode());
            if self.mode() != Some(mode) {
                return event.settle(unfit(mode));
            }
            let bounds = Bounds {
                deadline: Some(last.min(started + limits.deadline)),
                output: limits.output_for(bytes),
            };
            let metadata = event::metadata(&shared, event.index());
            let target = match event {
                ProgramInput::Record(record) => event::record(ProgramInput::fields(record).into_owned()),
                ProgramInput::Throw { body, content_type } => {
                    event::throw(body.clone(), content_type.as_deref(), &shared)
                }
            };
            event.settle(self.run_one(&mut runtime, target, metadata, bounds))
        };
        events.iter().map(run).collect()
    }
}

/// The events before it used up the time of all.
pub(super) fn late() -> RunResult {
    RunResult::failed(Code::Timeout, "the program took too long for the records of this throw together")
}

/// The program is not for this.
pub(super) fn unfit(mode: Mode) -> RunResult {
    let (given, wanted) = match mode {
        Mode::Record => ("a record", "throws"),
        Mode::Throw => ("a throw", "records"),
    };
    RunResult::failed(Code::NotCompiled, format!("the program is given {given}, and is written for {wanted}"))
}

/// The program does not compile.
pub(super) fn not_compiled(errors: &Diagnostics) -> RunResult {
    let first = errors.list.first().map_or_else(String::new, |first| {
        format!("line {}, column {}: {}", first.place.line, first.place.column, first.message)
    });
    RunResult::failed(Code::NotCompiled, format!("the program does not compile: {first}"))
}

/// It made what runs it panic.
pub(super) fn panicked(message: &str) -> RunResult {
    // More bytes than an address can count: the first form of too much.
    if message.contains("capacity overflow") {
        return RunResult::failed(Code::OutOfMemory, OUT_OF_MEMORY);
    }
    RunResult::failed(Code::Crashed, format!("the program made its interpreter panic: {message}"))
}

/// How programs are told where they went too far.
pub(super) const OUT_OF_MEMORY: &str = "the program needs more memory than it may have";
pub(super) const TIMEOUT: &str = "the program took too long for this record";
pub(super) const TOO_MUCH: &str = "the program puts out more than it may for one record";
