//! Processors: user programs, and processors of the embedding program.

use datadump_core::{
    Dump, Error, Failure, Incoming, Record,
    process::{Input, Output, Processor},
};
use serde_json::{Map, json};

use super::{Backend, Fixture, name, on_both};

on_both![
    programs_have_versions_and_are_checked,
    programs_return_any_number_of_records,
    simulation_stores_nothing
];

async fn programs_have_versions_and_are_checked(fixture: Fixture) {
    let error = fixture.dump.programs().set(&name("p"), "record", ".a = \n  nope(1)").await.unwrap_err();
    let Error::Program(first, messages) = error else { panic!("{error}") };
    assert!(first.starts_with("line 2, column 3"), "{first}");
    assert_eq!(messages[0]["line"], 2);
    let (info, new) = fixture.dump.programs().set(&name("p"), "record", ".a = 1").await.unwrap();
    assert!(new && info.version == 1);
    let (info, new) = fixture.dump.programs().set(&name("p"), "record", ".a = 2").await.unwrap();
    assert!(!new && info.version == 2);
    assert_eq!(fixture.dump.programs().versions("p").await.unwrap().len(), 2);
    assert!(fixture.dump.programs().set(&name("json"), "record", ".a = 2").await.is_err());
    fixture.dump.sources().set(&name("s"), &json!({"processor": "p"}), None).await.unwrap();
    assert!(matches!(fixture.dump.programs().remove("p").await, Err(Error::InUse(_))));
    let fixture = fixture.reopen().await;
    fixture.throw("s", "{}").await;
    assert_eq!(fixture.rows("s").await[0]["a"], 2);
    fixture.dump.sources().remove("s").await.unwrap();
    fixture.dump.programs().remove("p").await.unwrap();
    assert!(fixture.dump.programs().get("p").is_err());
    let (info, _) = fixture.dump.programs().set(&name("p"), "record", ".a = 3").await.unwrap();
    assert_eq!(info.version, 4);
    assert!(fixture.dump.programs().all().iter().any(|processor| processor.name == "ndjson"));
}

async fn programs_return_any_number_of_records(fixture: Fixture) {
    let program = r#"
        if .skip == true { abort }
        if is_array(.items) {
            . = map_values(array!(.items)) -> |item| { {"item": item} }
        } else {
            %storage = "elsewhere"
        }
    "#;
    fixture.dump.programs().set(&name("split"), "record", program).await.unwrap();
    fixture.dump.sources().set(&name("s"), &json!({"processor": "split"}), None).await.unwrap();
    let receipt =
        fixture.throw("s", r#"[{"items": [1, 2, 3]}, {"skip": true}, {"other": 1}, {"items": [4]}]"#).await;
    assert_eq!((receipt.accepted, receipt.dropped, receipt.quarantined), (5, 1, 0), "{receipt:?}");
    assert_eq!((receipt.storages["s"], receipt.storages["elsewhere"]), (4, 1));
    assert_eq!(fixture.rows("s").await.len(), 4);
    fixture
        .dump
        .programs()
        .set(&name("whole"), "throw", r#". = {"size": length(string!(.body)), "type": .content_type}"#)
        .await
        .unwrap();
    fixture.dump.sources().set(&name("w"), &json!({"processor": "whole"}), None).await.unwrap();
    let incoming = Incoming { content_type: Some("text/x-mine".into()), ..Incoming::default() };
    fixture.try_throw("w", "four", incoming).await.unwrap();
    assert_eq!(
        (&fixture.rows("w").await[0]["size"], &fixture.rows("w").await[0]["type"]),
        (&json!(4), &json!("text/x-mine"))
    );
}

async fn simulation_stores_nothing(fixture: Fixture) {
    fixture.throw("s", r#"{"n": 1}"#).await;
    let answer = fixture
        .dump
        .ingest()
        .simulate(&json!({
            "source": "s",
            "program": ".double = to_int!(.n) * 2",
            "routes": [{"storage": "big", "when": {"n": {"gt": 5}}}],
            "throws": [{"body": "{\"n\": 10}\n{\"n\": \"x\"}\n{\"n\": 2}"}, {"body": "n=1", "content_type": "application/x-www-form-urlencoded"}],
        }))
        .await
        .unwrap();
    let first = &answer["throws"][0];
    assert_eq!(
        (&first["format"], first["records"].as_array().unwrap().len()),
        (&json!("ndjson"), 3),
        "{answer:#}"
    );
    assert_eq!(first["rows"][0]["storage"], "big");
    assert_eq!((&first["rows"][0]["row"]["double"], &first["rows"][1]["storage"]), (&json!(20), &json!("s")));
    assert_eq!(
        (&first["violations"][0]["step"], &first["violations"][0]["index"]),
        (&json!("program"), &json!(1))
    );
    assert_eq!((fixture.rows("s").await.len(), fixture.fields("s").len()), (1, 1));
    assert!(fixture.dump.definitions().find("big").is_err());
    assert_eq!(fixture.dump.quarantine().waiting().await.unwrap(), 0);
}

/// A processor for `a|b|c` lines that panics or loops on request.
#[derive(Debug)]
struct Pipes;

impl Processor for Pipes {
    fn name(&self) -> &str {
        "pipes"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for line in input.text()?.lines() {
            assert_ne!(line, "panic", "the line asks for a panic");
            let fields = line.split('|').enumerate().map(|(n, part)| (format!("part_{n}"), part.into()));
            output.record(Record::new(fields.collect::<Map<_, _>>()));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_processor_is_used_by_name_and_its_panics_are_caught() {
    let dump = Dump::builder().database("sqlite::memory:").processor(Pipes).open().await.unwrap();
    let throw = |body: &'static str| {
        let incoming = Incoming { body: body.into(), format: Some("pipes".into()), ..Incoming::default() };
        let dump = dump.clone();
        async move { dump.throw(&name("s"), incoming).await.unwrap() }
    };
    assert_eq!(throw("a|b\nc|d").await.accepted, 2);
    let receipt = throw("panic").await;
    assert_eq!((receipt.accepted, receipt.quarantined, receipt.errors[0].code.as_str()), (0, 1, "panicked"));
    assert_eq!(throw("e|f").await.accepted, 1);
    dump.close().await;
    assert!(
        Dump::builder().database("sqlite::memory:").processor(Pipes).processor(Pipes).open().await.is_err()
    );
}
