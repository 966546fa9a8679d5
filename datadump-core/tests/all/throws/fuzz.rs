//! Fuzzes format detection and every processor with random bytes and mutated samples, each for
//! `DATADUMP_TEST_FUZZ_SECONDS` seconds (default: half a second).

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use bytes::Bytes;
use datadump_core::{
    Timestamp,
    process::{Input, Output, Processor, Registry, detect, run},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::corpus::{Sample, samples};

/// Maximum size of samples that are given to processors of other formats.
const MAX_FOREIGN_BYTES: usize = 64 << 10;

/// Maximum number of records per throw whose byte ranges are processed again.
const MAX_REPROCESSED: usize = 1_000;

/// A body and its content type.
type Thrown = (Vec<u8>, Option<String>);

#[test]
fn detection_takes_any_bytes() {
    let registry = Registry::built_in();
    for_some_time(&thrown(samples()), |(body, content_type)| {
        let body = Bytes::from(body);
        let detected = detect(&body, content_type.as_deref(), false);
        prop_assert!(registry.get(detected.format).is_some(), "{} is not a format", detected.format);
        let is_binary = ["binary", "msgpack", "cbor", "multipart"].contains(&detected.format);
        prop_assert!(is_binary || std::str::from_utf8(&detected.body).is_ok(), "{}", detected.format);
        // The detected processor either succeeds or reports a failure.
        let processor = registry.get(detected.format).unwrap();
        survives(processor.as_ref(), &detected.body, content_type.as_deref())?;
        Ok(())
    });
}

/// Defines one test per processor, so that they run in parallel.
macro_rules! processors {
    ($($test:ident: $name:literal,)+) => {
        $(#[test]
        fn $test() {
            takes_any_bytes($name);
        })+

        #[test]
        fn every_processor_is_here() {
            let here = std::collections::BTreeSet::from([$($name),+]);
            assert_eq!(here, Registry::built_in().names().collect());
        }
    };
}

processors! {
    access_log: "access-log",
    args: "args",
    binary: "binary",
    cbor: "cbor",
    cef: "cef",
    concatenated_json: "concatenated-json",
    csv: "csv",
    form: "form",
    influx: "influx",
    json: "json",
    logfmt: "logfmt",
    msgpack: "msgpack",
    multipart: "multipart",
    ndjson: "ndjson",
    prometheus: "prometheus",
    syslog: "syslog",
    text: "text",
    toml: "toml",
    tsv: "tsv",
    xml: "xml",
    yaml: "yaml",
}

fn takes_any_bytes(name: &str) {
    let registry = Registry::built_in();
    let processor = registry.get(name).unwrap().as_ref();
    let (mut own, others): (Vec<_>, Vec<_>) = samples().into_iter().partition(|sample| sample.format == name);
    // In formats where one byte can be a record, a long line becomes millions of records.
    own.extend(others.into_iter().step_by(20).filter(|sample| sample.body.len() <= MAX_FOREIGN_BYTES));
    let started = Instant::now();
    let cases = for_some_time(&thrown(own), |(body, content_type)| {
        survives(processor, &Bytes::from(body), content_type.as_deref())
    });
    println!("{name}: {cases} cases in {:.1} s", started.elapsed().as_secs_f64());
}

/// Runs a processor and checks that records are in order, that their byte ranges lie in the body, and that
/// processing a byte range again gives the same record.
fn survives(
    processor: &dyn Processor,
    body: &Bytes,
    content_type: Option<&str>,
) -> Result<(), TestCaseError> {
    let read = |body: &Bytes| {
        let input = Input { body, content_type, arguments: &[], received_at: Timestamp::MIN };
        run(processor, &input)
    };
    let output = match read(body) {
        Ok(output) => output,
        Err(failure) => {
            prop_assert_ne!(failure.code, "panicked", "{}: {}", processor.name(), failure);
            return Ok(());
        }
    };
    in_order(&output)?;
    let byte_ranges =
        output.records.iter().filter_map(|record| Some((record.clone(), record.origin.byte_range.clone()?)));
    for (record, byte_range) in byte_ranges.step_by(output.records.len().div_ceil(MAX_REPROCESSED).max(1)) {
        prop_assert!(
            byte_range.start <= byte_range.end && byte_range.end <= body.len(),
            "{byte_range:?} of {}",
            body.len()
        );
        let again = read(&body.slice(byte_range));
        let again = again.map_err(|failure| TestCaseError::fail(format!("{record:?}: {failure}")))?;
        prop_assert_eq!(again.records.len(), 1, "{}: {:?}", processor.name(), record);
        let again = again.records.first().unwrap();
        prop_assert_eq!(&again.fields, &record.fields, "{}", processor.name());
        prop_assert_eq!(&again.non_finite, &record.non_finite, "{}", processor.name());
    }
    Ok(())
}

fn in_order(output: &Output) -> Result<(), TestCaseError> {
    let places = output.records.iter().map(|record| record.origin.index);
    let mut places: Vec<_> =
        places.chain(output.rejected.iter().map(|rejected| rejected.origin.index)).collect();
    places.sort_unstable();
    prop_assert!(places.iter().copied().eq(0..places.len()), "{places:?}");
    Ok(())
}

/// Runs cases until the time is up and returns their number.
fn for_some_time(
    strategy: &impl Strategy<Value = Thrown>,
    test: impl Fn(Thrown) -> Result<(), TestCaseError>,
) -> u32 {
    let seconds = std::env::var("DATADUMP_TEST_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = Instant::now() + Duration::from_secs_f64(seconds.unwrap_or(0.5));
    // Limits the time for shrinking a failing case.
    let config =
        Config { cases: 64, failure_persistence: None, max_shrink_time: 20_000, ..Config::default() };
    let tried = Cell::new(0);
    while tried.get() == 0 || Instant::now() < end {
        let mut runner = TestRunner::new(config.clone());
        let run = runner.run(strategy, |thrown| {
            // At least one case runs, even if it is slow.
            if tried.get() > 0 && Instant::now() >= end {
                return Ok(());
            }
            tried.set(tried.get() + 1);
            test(thrown)
        });
        if let Err(error) = run {
            panic!("{error}");
        }
    }
    tried.get()
}

/// Generates mutated samples and, less often, random bytes.
fn thrown(samples: Vec<Sample>) -> impl Strategy<Value = Thrown> {
    let types: Vec<_> = samples.iter().map(|sample| sample.content_type.clone()).collect();
    let bodies: Vec<_> = samples.into_iter().map(|sample| sample.body.to_vec()).collect();
    let changed = (select(bodies.clone()), vec(change(bodies), 0..6))
        .prop_map(|(body, changes)| changes.into_iter().fold(body, |body, change| change.made(body)));
    let made_up = prop_oneof![vec(any::<u8>(), 0..200), ".{0,100}".prop_map(String::into_bytes)];
    (prop_oneof![6 => changed, 1 => made_up], select(types))
}

/// A mutation of a body.
#[derive(Debug, Clone)]
enum Change {
    Put(Index, Vec<u8>),
    Replace(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    CutOff(Index),
    /// The start of one body and the end of another.
    Splice(Index, Vec<u8>, Index),
}

fn change(bodies: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let telling: Vec<Vec<u8>> = [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "=",
        "\n",
        "\r\n",
        "\t",
        " ",
        "<",
        ">",
        "&",
        ";",
        "%",
        "|",
        "'",
        "#",
        "-",
        "---\n",
        "NaN",
        "-Infinity",
        "1e999",
        "99999999999999999999",
        "\u{1E}",
        "\0",
        "\u{FEFF}",
        "ü",
        "\\ud83d",
        "<!--",
        "]]>",
        "&#0;",
        "*a",
        "&a ",
        "# TYPE ",
        "<34>",
        "CEF:0|",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    let put = prop_oneof![select(telling), vec(any::<u8>(), 1..4)];
    prop_oneof![
        (any::<Index>(), put).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), 1..20_usize, 1..100_usize)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        any::<Index>().prop_map(Change::CutOff),
        (any::<Index>(), select(bodies), any::<Index>())
            .prop_map(|(at, other, from)| Change::Splice(at, other, from)),
    ]
}

impl Change {
    fn made(self, mut body: Vec<u8>) -> Vec<u8> {
        let at = |index: &Index, body: &[u8]| index.index(body.len() + 1);
        match self {
            Self::Put(index, bytes) => {
                let place = at(&index, &body);
                body.splice(place..place, bytes);
            }
            Self::Replace(index, byte) => {
                let place = at(&index, &body);
                if let Some(old) = body.get_mut(place) {
                    *old = byte;
                }
            }
            Self::Remove(index, length) => {
                let place = at(&index, &body);
                body.drain(place..body.len().min(place + length));
            }
            Self::Repeat(index, length, times) => {
                let place = at(&index, &body);
                let piece = body[place..body.len().min(place + length)].repeat(times);
                body.splice(place..place, piece);
            }
            Self::CutOff(index) => body.truncate(at(&index, &body)),
            Self::Splice(index, other, from) => {
                body.truncate(at(&index, &body));
                body.extend_from_slice(&other[at(&from, &other)..]);
            }
        }
        body
    }
}
