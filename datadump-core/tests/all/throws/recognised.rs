//! Tests the share of samples whose format is detected.

use std::time::Instant;

use bytes::Bytes;
use datadump_core::process::detect;

use super::corpus::samples;

#[test]
fn nearly_all_samples_are_recognised() {
    let samples = samples();
    assert!(samples.len() >= 250, "only {} samples", samples.len());
    let mut wrong = Vec::new();
    for sample in &samples {
        let found = sample.detected().format;
        if found != sample.format {
            wrong.push(format!("{}, {}: taken for {found}", sample.format, sample.name));
        }
    }
    let right = samples.len() - wrong.len();
    #[expect(clippy::cast_precision_loss, reason = "there are hundreds of them")]
    let share = right as f64 * 100.0 / samples.len() as f64;
    println!("{right} of {} samples recognised: {share:.2} %", samples.len());
    for line in &wrong {
        println!("{line}");
    }
    assert!(share >= 99.0, "{}", wrong.join("\n"));
}

#[test]
fn long_lines_are_recognised_quickly() {
    let long = "abcdefghi ".repeat(500_000);
    let numbers: Vec<String> = (0..700_000).map(|number| number.to_string()).collect();
    for (body, format) in [
        (format!("{{\"text\": \"{long}\"}}"), "json"),
        (format!("[{}]", numbers.join(",")), "json"),
        (format!("{{\"a\": 1}}\n{{\"text\": \"{long}\"}}\n"), "ndjson"),
        (long.clone(), "text"),
        (numbers.join(","), "text"),
        (format!("a,b\n1,\"{long}\"\n"), "csv"),
        (format!("level=info msg=\"{long}\""), "logfmt"),
        (format!("<a><b>{long}</b></a>"), "xml"),
        ("[".repeat(5_000_000), "text"),
        ("{\"a\":".repeat(1_000_000), "json"),
        ("\"".repeat(5_000_000), "text"),
        ("<a>".repeat(1_700_000), "xml"),
        ("a=&".repeat(1_700_000), "form"),
        ("\\ ,=".repeat(1_300_000), "text"),
        (" \n".repeat(2_500_000), "text"),
    ] {
        let started = Instant::now();
        let begin: String = body.chars().take(20).collect();
        let found = detect(&Bytes::from(body), None, false).format;
        let took = started.elapsed();
        println!("{:7.1} ms  {begin:?} is {found}", took.as_secs_f64() * 1000.0);
        assert_eq!(found, format, "{begin:?}");
        // Quadratic time would take minutes.
        assert!(took.as_secs() < 30, "{begin:?} took {took:?}");
    }
}
