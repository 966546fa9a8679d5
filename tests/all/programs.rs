//! User programs in worker processes of the server binary: whatever a program does, only the offending record fails.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use datadump_core::{
    Headers, Record, Timestamp,
    process::vrl::{
        CheckError, Diagnostics, Limits, ProgramContext, ProgramInput, ProgramOutcome, Script, WorkerCommand,
        Workers,
    },
};
use datadump_tests::workspace;
use serde_json::{Map, Value as Json, json};

fn workers(limits: Limits) -> Workers {
    marked("any", limits)
}

/// Starts workers with a mark on their command line, by which [`children`] tells them from those of other tests.
fn marked(mark: &str, limits: Limits) -> Workers {
    let program = workspace::program("datadump-server");
    Workers::new(
        WorkerCommand { program, arguments: ["worker", "--config", mark].map(Into::into).into() },
        limits,
    )
}

/// A program that practically never ends.
const ENDLESS: &str = r#"
many = split("a" * 100000, "")
for_each(many) -> |_i, _v| { for_each(many) -> |_j, _w| { .x = 1 } }
"#;

/// A program that doubles its memory in each step.
const DOUBLING: &str = r#"
x = "a"
for_each(split("a" * 60, "")) -> |_i, _v| { x = x + x }
.x = x
"#;

fn about() -> ProgramContext {
    ProgramContext {
        source: "animals".into(),
        received_at: Timestamp::from_micros(0).unwrap(),
        format: Some("json".into()),
        arguments: vec![("unit".into(), "°C".into())],
        method: Some("POST".into()),
        path: Some("/".into()),
        headers: Headers::new([("x-event", "birth")]),
    }
}

fn event(fields: &Json) -> ProgramInput {
    let fields: Map<String, Json> = fields.as_object().cloned().unwrap();
    ProgramInput::Record(Record::new(fields))
}

/// Returns the records `{"n": 0}`, `{"n": 1}`, …
fn numbered(count: usize) -> Vec<ProgramInput> {
    (0..count).map(|n| event(&json!({ "n": n, "text": "the quick brown fox" }))).collect()
}

fn code(verdict: &ProgramOutcome) -> &'static str {
    match verdict {
        ProgramOutcome::Records(_) => "ok",
        ProgramOutcome::Dropped(_) => "dropped",
        ProgramOutcome::Failed(failure) => failure.code,
    }
}

/// Runs a program that misbehaves on record 42 of 100. Asserts that the others are stored, and returns the failure of
/// that one.
async fn failure_of_bad_record(workers: &Workers, bad: &str) -> String {
    let script = Script::for_records(format!("if .n == 42 {{\n{bad}\nreturn null\n}}\n.done = true"));
    if let Err(CheckError::Program(errors)) = workers.check(&script).await {
        panic!("{bad}\n{}", errors.rendered);
    }
    let verdicts = workers.run(&script, &about(), numbered(100)).await;
    assert_eq!(verdicts.len(), 100);
    for (number, verdict) in verdicts.iter().enumerate().filter(|(number, _)| *number != 42) {
        let ProgramOutcome::Records(records) = verdict else { panic!("{bad}\nrecord {number}: {verdict:?}") };
        assert_eq!((&records[0].fields["n"], &records[0].fields["done"]), (&json!(number), &json!(true)));
    }
    code(&verdicts[42]).to_owned()
}

#[tokio::test]
async fn a_bad_record_fails_alone() {
    // The deadline is long enough not to be the reason, even on a busy machine.
    let deadline = Duration::from_secs(60);
    let workers = workers(Limits { deadline, memory: 64 << 20, output_bytes: 1 << 20 });
    for (bad, expected) in [
        (".x = to_int!(\"none\")", "program-failed"),
        ("abort \"not wanted\"", "dropped"),
        ("%storage = \"no storage\"", "invalid-storage"),
        (".x = \"a\" * 100000000000", "out-of-memory"),
        (DOUBLING, "out-of-memory"),
        (
            "x = [1]\nfor_each(split(\"a\" * 40, \"\")) -> |_i, _v| { x = append(x, x) }\n.x = x",
            "out-of-memory",
        ),
        // Small in memory, huge when serialized.
        ("x = \"a\" * 400000\n.x = [x, x, x, x, x]", "too-much-output"),
        (". = split(\"a\" * 30000, \"\")", "too-much-output"),
    ] {
        assert_eq!(failure_of_bad_record(&workers, bad).await, expected, "{bad}");
    }
    // All workers still work.
    assert_eq!(failure_of_bad_record(&workers, "abort").await, "dropped");
}

#[tokio::test]
async fn a_record_that_takes_too_long_fails_alone() {
    let workers = workers(Limits { deadline: Duration::from_millis(200), ..Limits::default() });
    for bad in [
        // A loop that ends, but not within a lifetime.
        ENDLESS,
        // One request, inside which the interpreter does not check the deadline.
        "many = split(\"xy,\" * 20000, \",\")\n.x = contains_all(\"a\" * 30000000 + \"xy\", many)",
    ] {
        assert_eq!(failure_of_bad_record(&workers, bad).await, "timeout", "{bad}");
    }
}

#[tokio::test]
async fn many_bad_records_stay_within_the_time_limits() {
    let limits = Limits { deadline: Duration::from_millis(50), ..Limits::default() };
    let workers = workers(limits);
    for (bad, expected) in [(ENDLESS, "timeout"), (".x = \"a\" * 100000000000", "out-of-memory")] {
        let started = Instant::now();
        let verdicts = workers.run(&Script::for_records(bad), &about(), numbered(2000)).await;
        let took = started.elapsed();
        println!("{expected}: 2,000 bad records took {} ms", took.as_millis());
        assert!(took < limits.total_timeout(2000) + Duration::from_secs(2), "{took:?}");
        assert_eq!(code(&verdicts[0]), expected);
        assert_eq!(code(&verdicts[1999]), "timeout", "the last ones are not waited for");
    }
}

#[tokio::test]
async fn workers_and_in_process_execution_agree() {
    let (in_process, in_worker) = (Workers::in_process(Limits::default()), workers(Limits::default()));
    let throw = |body: &'static [u8], content_type: Option<&str>| ProgramInput::Throw {
        body: body.into(),
        content_type: content_type.map(str::to_owned),
    };
    let mut odd = Record::new(Map::from_iter([("_storage".to_owned(), json!("mine"))]));
    odd.non_finite.insert("t".to_owned(), json!("NaN"));
    let records = vec![
        event(&json!({"z": 1, "a": [1.0, 5e-324, u64::MAX, i64::MIN, null, {"é\u{0}": "\u{7f}\n"}]})),
        event(&json!({})),
        ProgramInput::Record(odd),
    ];
    let throws = vec![throw(b"a,b", Some("text/csv")), throw(b"\xff\x00", None), throw(b"", None)];
    for (script, events) in [
        (Script::for_records(""), &records),
        (Script::for_records(".at = %received_at\n.source = [%source, %format, %args, %index]"), &records),
        (Script::for_records(". = [{\"_storage\": \"dog\", \"x\": 1}, 2, decode_base16!(\"ff\")]"), &records),
        (Script::for_records(".x = .a[0] * 1e400 ?? 0"), &records),
        (Script::for_records("abort \"no\""), &records),
        (Script::for_records(".b = upcase!(.z)"), &records),
        (Script::for_throws(".hex = encode_base16(.body)"), &throws),
        (Script::for_throws(". = split(.body, \",\")"), &throws),
        (Script::for_throws(""), &records),
        (Script::for_records(""), &throws),
    ] {
        let expected = in_process.run(&script, &about(), events.clone()).await;
        assert_eq!(in_worker.run(&script, &about(), events.clone()).await, expected, "{script:?}");
    }
}

#[tokio::test]
async fn a_killed_worker_loses_no_record() {
    let workers = Arc::new(marked("killed", Limits::default()));
    let script = Script::for_records("for_each(split(\"a\" * 2000, \"\")) -> |_i, _v| { .x = 1 }");
    let running = tokio::spawn({
        let (workers, script) = (workers.clone(), script.clone());
        async move { workers.run(&script, &about(), numbered(900)).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let worker =
        children("killed").first().and_then(|worker| rustix::process::Pid::from_raw(*worker)).unwrap();
    rustix::process::kill_process(worker, rustix::process::Signal::KILL).unwrap();
    assert!(!running.is_finished(), "the program ended before the worker was killed");
    let verdicts = running.await.unwrap();
    assert!(verdicts.iter().all(|verdict| code(verdict) == "ok"), "{verdicts:?}");
}

#[tokio::test]
async fn programs_do_not_see_each_other() {
    let workers = Arc::new(marked("interleaved", Limits::default()));
    let mut running = Vec::new();
    for round in 0..40 {
        let workers = workers.clone();
        running.push(tokio::spawn(async move {
            let script = Script::for_records(format!(".round = {round}\n%storage = \"s{}\"", round % 2));
            (round, workers.run(&script, &about(), numbered(50)).await)
        }));
    }
    for running in running {
        let (round, verdicts) = running.await.unwrap();
        for (number, verdict) in verdicts.iter().enumerate() {
            let ProgramOutcome::Records(records) = verdict else { panic!("{verdict:?}") };
            assert_eq!(
                (&records[0].fields["round"], &records[0].fields["n"]),
                (&json!(round), &json!(number))
            );
            assert_eq!(records[0].storage.as_ref().unwrap().as_str(), format!("s{}", round % 2));
        }
    }
    let count = children("interleaved").len();
    assert!(count <= 2, "{count} workers");
}

/// Returns the compiler's errors about a program that does not compile.
async fn errors_of(workers: &Workers, script: &Script) -> Diagnostics {
    match workers.check(script).await {
        Err(CheckError::Program(errors)) => errors,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn programs_are_compiled_in_workers() {
    let workers = workers(Limits::default());
    let errors = errors_of(&workers, &Script::for_records("\n.a = get_env_var(\"HOME\")")).await;
    assert_eq!((errors.list[0].place.line, errors.list[0].place.column), (2, 6));
    let nested = format!(".a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = Script::for_records(nested);
    let errors = errors_of(&workers, &nested).await;
    assert_eq!(
        errors.rendered,
        "the program cannot be compiled: stack overflow: the program is nested too deeply"
    );
    let verdicts = workers.run(&nested, &about(), numbered(2)).await;
    // On a busy machine the deadline may pass before the stack overflows.
    let stopped = |verdict| ["crashed", "timeout"].contains(&code(verdict));
    assert!(verdicts.iter().all(stopped), "{verdicts:?}");
    let verdicts = workers.run(&Script::for_records("?"), &about(), numbered(2)).await;
    assert!(verdicts.iter().all(|verdict| code(verdict) == "not-compiled"), "{verdicts:?}");
    assert!(workers.check(&Script::for_records(".a = 1")).await.unwrap().list.is_empty());
}

#[tokio::test]
async fn an_invalid_worker_program_is_reported() {
    for program in ["/bin/true", "/bin/cat", "/no/such/program"] {
        let workers =
            Workers::new(WorkerCommand { program: program.into(), arguments: Vec::new() }, Limits::default());
        let verdicts = workers.run(&Script::for_records(""), &about(), numbered(3)).await;
        assert!(verdicts.iter().all(|verdict| code(verdict) == "unavailable"), "{verdicts:?}");
        let ProgramOutcome::Failed(failure) = &verdicts[0] else { panic!("{verdicts:?}") };
        println!("{program}: {}", failure.detail);
    }
}

#[tokio::test]
async fn the_cost_of_an_event_is_printed() {
    let script = Script::for_records(
        ".speed = to_float(.speed) ?? 0.0\n.fast = .speed > 1\nif .kind == \"dog\" { %storage = \"dog\" }\ndel(.noise)",
    );
    let fields = json!({
        "kind": "dog", "name": "Rex", "speed": "1.75", "noise": "woof woof woof", "chip": "CHIP-0001",
        "where": {"lat": 52.52, "lon": 13.405}, "tags": ["a", "b", "c"], "at": "2026-01-02T03:04:05Z",
    });
    let in_process = Workers::in_process(Limits::default());
    let in_worker = marked("measured", Limits::default());
    let started = Instant::now();
    in_worker.run(&script, &about(), vec![event(&fields)]).await;
    println!("first event, with the start of a worker: {} ms", started.elapsed().as_millis());
    for (name, workers) in [("in this process", &in_process), ("in a worker", &in_worker)] {
        for (batch, rounds) in [(1, 2000), (10, 500), (1000, 20)] {
            let events: Vec<ProgramInput> = (0..batch).map(|_| event(&fields)).collect();
            workers.run(&script, &about(), events.clone()).await;
            let started = Instant::now();
            for _ in 0..rounds {
                let verdicts = workers.run(&script, &about(), events.clone()).await;
                assert_eq!(code(&verdicts[0]), "ok");
            }
            let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(batch * rounds);
            println!("{name}, {batch} at once: {each:.1} µs an event");
        }
    }
    for worker in children("measured") {
        let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
        let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        println!("a worker at rest: {}, {}", line("VmRSS"), line("VmSize"));
    }
}

/// Returns the worker processes with this mark.
fn children(mark: &str) -> Vec<i32> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_ours = |number: &i32| {
        let status = fs::read_to_string(format!("/proc/{number}/status")).ok()?;
        let command = fs::read_to_string(format!("/proc/{number}/cmdline")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim();
        Some(parent == own && command.contains(mark))
    };
    numbers.filter(|number| is_ours(number) == Some(true)).collect()
}
