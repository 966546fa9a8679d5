//! Tests of running programs, of compiler diagnostics, and of what programs cannot access.

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};

use super::context;
use crate::process::vrl::*;
use crate::{Origin, Record};

fn object(value: Json) -> Map<String, Json> {
    let Json::Object(fields) = value else { panic!("no object: {value}") };
    fields
}

fn input(fields: Json) -> ProgramInput {
    let origin = Origin { index: 7, line: Some(3), byte_range: Some(5..9) };
    ProgramInput::Record(Record { origin, ..Record::new(object(fields)) })
}

/// Returns an outcome as JSON: the records, or why there are none.
fn shown(outcome: ProgramOutcome) -> Json {
    match outcome {
        ProgramOutcome::Dropped(reason) => json!({ "dropped": reason }),
        ProgramOutcome::Failed(failure) => json!({ "failed": failure.code, "detail": failure.detail }),
        ProgramOutcome::Records(records) => records
            .into_iter()
            .map(|record| {
                let mut shown = record.fields;
                if let Some(storage) = record.storage {
                    shown.insert("→", storage.as_str().into());
                }
                if !record.non_finite.is_empty() {
                    shown.insert("non_finite", record.non_finite.into());
                }
                Json::from(shown)
            })
            .collect(),
    }
}

fn compile(script: &Script) -> Program {
    let compiled = Program::compile(script);
    compiled.unwrap_or_else(|errors| panic!("{}\n{}", script.source, errors.rendered))
}

fn run(program: &Program, given: ProgramInput, limits: &Limits) -> ProgramOutcome {
    program.run(&context(), &[given], limits).remove(0)
}

fn check(source: &str, given: ProgramInput, expected: &Json) {
    let program = compile(&Script { source: source.into(), mode: given.mode() });
    let outcome = run(&program, given, &Limits::default());
    assert_eq!(shown(outcome).to_string(), expected.to_string(), "{source}");
}

#[test]
fn a_program_turns_a_record_into_any_number_of_records() {
    for (source, given, expected) in [
        ("", json!({"b": 1, "a": [true, null, 1.5]}), json!([{"b": 1, "a": [true, null, 1.5]}])),
        (".c = .a + .b ?? 0\n.aa = 1", json!({"b": 1, "a": 2}), json!([{"b": 1, "a": 2, "aa": 1, "c": 3}])),
        (". = null", json!({"a": 1}), json!({"dropped": null})),
        (". = []", json!({"a": 1}), json!({"dropped": null})),
        ("abort", json!({"a": 1}), json!({"dropped": null})),
        (
            "if .a == 1 { abort \"one \" + string!(.b) }",
            json!({"a": 1, "b": "x"}),
            json!({"dropped": "one x"}),
        ),
        (". = [.a, .b]", json!({"a": {"x": 1}, "b": 2}), json!([{"x": 1}, {"value": 2}])),
        (". = .a", json!({"a": "text"}), json!([{"value": "text"}])),
        (
            ". = unnest!(.items)",
            json!({"k": 1, "items": [1, 2]}),
            json!([{"k": 1, "items": 1}, {"k": 1, "items": 2}]),
        ),
        ("return 1\n.a = 2", json!({"a": 1}), json!([{"a": 1}])),
    ] {
        check(source, input(given), &expected);
    }
}

#[test]
fn an_error_fails_the_record_and_says_where() {
    let detail = "function call error for \"to_int\" at line 2, column 6: Invalid integer \"x\": invalid digit found in string";
    check(
        "\n.b = to_int!(.a)",
        input(json!({"a": "x"})),
        &json!({"failed": "program-failed", "detail": detail}),
    );
}

#[test]
fn values_come_out_as_they_went_in_or_as_text() {
    for (source, given, expected) in [
        (
            "",
            json!({"big": u64::MAX, "min": i64::MIN, "f": 1.0, "tiny": 5e-324, "t": "é\u{0}", "deep": {"x": [{}]}}),
            json!([{"big": "18446744073709551615", "min": i64::MIN, "f": 1.0, "tiny": 5e-324, "t": "é\u{0}", "deep": {"x": [{}]}}]),
        ),
        (
            ".t = t'2026-01-02T03:04:05.1234567+01:00'",
            json!({}),
            json!([{"t": "2026-01-02T02:04:05.123456Z"}]),
        ),
        (".r = r'a.b'", json!({}), json!([{"r": "a.b"}])),
        (
            ".text = decode_base16!(\"c3a9\")\n.bytes = decode_base16!(\"ff00\")",
            json!({}),
            json!([{"bytes": "/wA=", "text": "é"}]),
        ),
        (
            "x = float!(.x)\n. = {\"a\": x * 10, \"b\": [x * -10]}",
            json!({"x": 1e308}),
            json!([{"b": ["-Infinity"], "non_finite": {"a": "Infinity"}}]),
        ),
        (
            "for_each(array!(.n)) -> |_i, _v| { .d = {\"d\": .d} }",
            json!({"n": vec![0; 64]}),
            json!({"failed": "too-deep", "detail": "the record is nested more than 64 levels deep"}),
        ),
        (
            ". = {\"a\": [%args.unit, %args.tag, %source, %format, %index, %received_at]}",
            json!({}),
            json!([{"a": ["°C", ["a", "b"], "animals", "json", 7, "2026-01-02T03:04:05.678901Z"]}]),
        ),
        (
            ". = {\"a\": [%method, %path, %headers.\"x-event\", %headers.accept, %headers.cookie, keys(%headers)]}",
            json!({}),
            json!([{"a": ["POST", "/throw/animals", "birth", "a, b", null, ["accept", "x-event"]]}]),
        ),
    ] {
        check(source, input(given), &expected);
    }
}

#[test]
fn a_program_chooses_the_storage() {
    for (source, given, expected) in [
        ("%storage = \"dog\"", json!({"a": 1}), json!([{"a": 1, "→": "dog"}])),
        ("%storage = null", json!({"a": 1}), json!([{"a": 1}])),
        (
            "%storage = \"cat\"\n. = [{\"_storage\": \"dog\", \"a\": 1}, {\"a\": 2}]",
            json!({}),
            json!([{"a": 1, "→": "dog"}, {"a": 2, "→": "cat"}]),
        ),
        (
            "%storage = \"a b\"",
            json!({}),
            json!({"failed": "invalid-storage", "detail": "the program set an invalid storage: ' ' is not allowed in a name: use letters, digits, `_` and `-`"}),
        ),
        (
            "%storage = 5",
            json!({}),
            json!({"failed": "invalid-storage", "detail": "the program set an invalid storage: the name must be a string"}),
        ),
        (
            "._storage = \"_own\"",
            json!({}),
            json!({"failed": "invalid-storage", "detail": "the program set an invalid storage: `_own` is reserved: names must not start with `_`"}),
        ),
        // `_storage` from the sender is data.
        ("", json!({"a": 1, "_storage": "users"}), json!([{"a": 1, "_storage": "users"}])),
        (". = [.]", json!({"a": {"_storage": "users"}}), json!([{"a": {"_storage": "users"}}])),
        (
            "if .a == 2 { ._storage = \"dog\" }",
            json!({"a": 1, "_storage": "users"}),
            json!([{"a": 1, "_storage": "users"}]),
        ),
    ] {
        check(source, input(given), &expected);
    }
    let throw = ProgramInput::Throw { body: Bytes::from(r#"[{"_storage": "users"}]"#), content_type: None };
    check(". = parse_json!(.body)", throw, &json!([{"_storage": "users"}]));
}

#[test]
fn a_throw_can_be_read_by_a_program() {
    let source =
        ". = {\"lines\": length(split(.body, \"\\n\")), \"type\": .content_type, \"unit\": .args.unit}";
    let throw = |body: &'static [u8]| ProgramInput::Throw {
        body: Bytes::from_static(body),
        content_type: Some("text/x".into()),
    };
    check(source, throw(b"a\nb"), &json!([{"lines": 2, "type": "text/x", "unit": "°C"}]));
    let source = ". = {\"event\": .headers.\"x-event\", \"method\": .method, \"path\": .path}";
    let expected = json!([{"event": "birth", "method": "POST", "path": "/throw/animals"}]);
    check(source, throw(b""), &expected);
    check(". = {\"hex\": encode_base16(.body)}", throw(b"\xff\x00"), &json!([{"hex": "ff00"}]));
    let outcome = run(&compile(&Script::for_records("")), throw(b""), &Limits::default());
    assert_eq!(shown(outcome)["failed"], "not-compiled");
}

#[test]
fn what_json_cannot_hold_passes_through() {
    let mut record = Record::new(object(json!({"a": 1, "b": 2})));
    record.non_finite.insert("t", "NaN".into());
    record.non_finite.insert("u", "Infinity".into());
    let program = ".u = 5\n.is = is_string(.t)";
    check(
        program,
        ProgramInput::Record(record),
        &json!([{"a": 1, "b": 2, "u": 5, "is": true, "non_finite": {"t": "NaN"}}]),
    );
}

#[test]
fn records_keep_where_they_came_from() {
    let program = compile(&Script::for_records(". = [{}, {}]"));
    let outcome = run(&program, input(json!({})), &Limits::default());
    let ProgramOutcome::Records(records) = outcome else { panic!("no records") };
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.origin.index == 7 && record.origin.byte_range == Some(5..9)));
}

#[test]
fn the_compiler_says_what_and_where() {
    for (source, line, column, end_column, message) in [
        (".a = \n  get_env_var(\"HOME\")", 2, 3, 14, "call to undefined function"),
        (".\"é\" = 1; .b = to_int(.a)", 1, 16, 26, "unhandled fallible assignment"),
        (".a = ", 1, 5, 5, "syntax error"),
        ("%index = 5", 1, 1, 9, "mutation of read-only value"),
        ("% = {}", 1, 1, 4, "mutation of read-only value"),
        ("del(%args.unit)", 1, 1, 16, "mutation of read-only value"),
        ("del(%headers.host)", 1, 1, 19, "mutation of read-only value"),
        ("upcase(%sorce)", 1, 8, 14, "invalid argument type"),
        (
            "parse_groks!(.a, patterns: [\"x\"], alias_sources: [\"/etc/passwd\"])",
            1,
            1,
            66,
            "alias_sources is disabled",
        ),
    ] {
        let errors = Program::compile(&Script::for_records(source)).expect_err(source);
        let error = &errors.list[0];
        let place = (error.place.line, error.place.column, error.place.end_column);
        assert_eq!(
            (place, error.severity),
            ((line, column, end_column), Severity::Error),
            "{source}\n{}",
            errors.rendered
        );
        assert!(errors.rendered.contains(message), "{source}: {}", errors.rendered);
        assert!(errors.rendered.contains(&error.message), "{}", errors.rendered);
    }
}

#[test]
fn warnings_come_beside_a_program_that_runs() {
    let program = Program::compile(&Script::for_records(".a = 1\nunused = 5\n.b = 2")).unwrap();
    let warning = &program.warnings()[0];
    assert_eq!(
        (warning.severity, warning.place.line, warning.place.column),
        (Severity::Warning, 2, 1),
        "{warning:?}"
    );
    assert!(program.diagnostics().rendered.contains("unused variable"), "{}", program.diagnostics().rendered);
    let json = json!(warning);
    assert_eq!((&json["severity"], &json["line"]), (&json!("warning"), &json!(2)));
}

#[test]
fn nothing_outside_can_be_reached() {
    for call in [
        "get_env_var!(\"HOME\")",
        "get_hostname!()",
        "get_timezone_name!()",
        "dns_lookup!(\"localhost\")",
        "reverse_dns!(\"127.0.0.1\")",
        "http_request!(\"http://127.0.0.1\")",
        "parse_etld!(\"a.b\")",
        "parse_proto!(\"a\", \"/etc/passwd\", \"a\")",
        "encode_proto!({}, \"/etc/passwd\", \"a\")",
        "validate_json_schema!(\"1\", \"/etc/passwd\")",
        "log(\"x\")",
    ] {
        let errors = Program::compile(&Script::for_records(format!(".x = {call}"))).expect_err(call);
        assert!(errors.list[0].message.contains("undefined function"), "{call}: {}", errors.rendered);
    }
}

#[test]
fn a_program_is_stopped_between_two_expressions() {
    let limits = Limits { deadline: std::time::Duration::from_millis(50), ..Limits::default() };
    let source = "n = 0\nitems = split(repeat(\"a,\", 20000), \",\")\nfor_each(items) -> |_i, _a| { for_each(items) -> |_j, _b| { n = n + 1 } }\n.n = n";
    let source = source.replace("repeat(\"a,\", 20000)", "\"a,\" * 20000");
    let outcome = run(&compile(&Script::for_records(source)), input(json!({})), &limits);
    assert_eq!(shown(outcome)["failed"], "timeout");
    let source = ".t = \"0123456789\" * 1000\n.all = [.t, .t, .t]";
    let limits = Limits { output_bytes: 39_000, ..limits };
    let outcome = run(&compile(&Script::for_records(source)), input(json!({})), &limits);
    assert_eq!(shown(outcome)["failed"], "too-much-output");
}
