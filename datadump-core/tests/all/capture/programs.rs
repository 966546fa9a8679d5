//! Processors: programs that people write, and those of the program that embeds the library.

use datadump_core::{
    Dump, Error, Failure, Incoming, Record,
    process::{Input, Output, Processor},
};
use serde_json::{Map, json};

use super::{Backend, Bench, name, on_both};

on_both![
    programs_have_versions_and_are_checked,
    programs_make_many_records_or_none,
    simulation_stores_nothing
];

async fn programs_have_versions_and_are_checked(bench: Bench) {
    let error = bench.dump.set_processor(&name("p"), "record", ".a = \n  nope(1)").await.unwrap_err();
    let Error::Program(first, messages) = error else { panic!("{error}") };
    assert!(first.starts_with("line 2, column 3"), "{first}");
    assert_eq!(messages[0]["line"], 2);
    let (info, new) = bench.dump.set_processor(&name("p"), "record", ".a = 1").await.unwrap();
    assert!(new && info.version == 1);
    let (info, new) = bench.dump.set_processor(&name("p"), "record", ".a = 2").await.unwrap();
    assert!(!new && info.version == 2);
    assert_eq!(bench.dump.processor_versions("p").await.unwrap().len(), 2);
    assert!(bench.dump.set_processor(&name("json"), "record", ".a = 2").await.is_err());
    bench.dump.set_source(&name("s"), &json!({"processor": "p"}), None).await.unwrap();
    assert!(matches!(bench.dump.remove_processor("p").await, Err(Error::InUse(_))));
    let bench = bench.reopen().await;
    bench.throw("s", "{}").await;
    assert_eq!(bench.rows("s").await[0]["a"], 2);
    bench.dump.remove_source("s").await.unwrap();
    bench.dump.remove_processor("p").await.unwrap();
    assert!(bench.dump.processor("p").is_err());
    let (info, _) = bench.dump.set_processor(&name("p"), "record", ".a = 3").await.unwrap();
    assert_eq!(info.version, 4);
    assert!(bench.dump.processors().iter().any(|processor| processor.name == "ndjson"));
}

async fn programs_make_many_records_or_none(bench: Bench) {
    let program = r#"
        if .skip == true { abort }
        if is_array(.items) {
            . = map_values(array!(.items)) -> |item| { {"item": item} }
        } else {
            %storage = "elsewhere"
        }
    "#;
    bench.dump.set_processor(&name("split"), "record", program).await.unwrap();
    bench.dump.set_source(&name("s"), &json!({"processor": "split"}), None).await.unwrap();
    let receipt =
        bench.throw("s", r#"[{"items": [1, 2, 3]}, {"skip": true}, {"other": 1}, {"items": [4]}]"#).await;
    assert_eq!((receipt.accepted, receipt.dropped, receipt.quarantined), (5, 1, 0), "{receipt:?}");
    assert_eq!((receipt.storages["s"], receipt.storages["elsewhere"]), (4, 1));
    assert_eq!(bench.rows("s").await.len(), 4);
    bench
        .dump
        .set_processor(
            &name("whole"),
            "throw",
            r#". = {"size": length(string!(.body)), "type": .content_type}"#,
        )
        .await
        .unwrap();
    bench.dump.set_source(&name("w"), &json!({"processor": "whole"}), None).await.unwrap();
    let incoming = Incoming { content_type: Some("text/x-mine".into()), ..Incoming::default() };
    bench.try_throw("w", "four", incoming).await.unwrap();
    assert_eq!(
        (&bench.rows("w").await[0]["size"], &bench.rows("w").await[0]["type"]),
        (&json!(4), &json!("text/x-mine"))
    );
}

async fn simulation_stores_nothing(bench: Bench) {
    bench.throw("s", r#"{"n": 1}"#).await;
    let answer = bench
        .dump
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
    assert_eq!((bench.rows("s").await.len(), bench.fields("s").len()), (1, 1));
    assert!(bench.dump.find("big").is_err());
    assert_eq!(bench.dump.waiting().await.unwrap(), 0);
}

/// Reads `a|b|c` lines; panics and loops when told so.
#[derive(Debug)]
struct Pipes;

impl Processor for Pipes {
    fn name(&self) -> &str {
        "pipes"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for line in input.text()?.lines() {
            assert_ne!(line, "panic", "told so");
            let fields = line.split('|').enumerate().map(|(n, part)| (format!("part_{n}"), part.into()));
            output.record(Record::new(fields.collect::<Map<_, _>>()));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_of_the_program_is_used_by_name_and_its_panics_are_caught() {
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
