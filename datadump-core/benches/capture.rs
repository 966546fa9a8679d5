//! Benchmarks detecting and decoding throws, and routing large events. Each measurement is interleaved with
//! its baseline in the same run; the results are medians.
//!
//! `cargo bench -p datadump-core --bench capture`, or `tests/run bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "it prints figures, and fails by panicking"
)]

use std::{hint::black_box, time::Instant};

use bytes::Bytes;
use datadump_core::{
    Dump, Incoming, SourceName, SystemClock,
    process::{Input, Registry, detect, run},
};
use serde_json::{Map, Value as Json, json};

const ROUNDS: usize = 15;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    json_of_200_bytes();
    ndjson();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(animals());
}

/// Runs several pieces of work in turns and returns the median duration of each in seconds.
fn medians<const N: usize>(mut work: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        for (work, times) in work.iter_mut().zip(&mut times) {
            let began = Instant::now();
            work();
            // The first round warms up.
            if round > 0 {
                times.push(began.elapsed().as_secs_f64());
            }
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

fn decode(registry: &Registry, body: &Bytes, content_type: Option<&str>) -> usize {
    let detected = detect(body, content_type, false);
    let clock = datadump_core::Timestamp::MIN;
    let input = Input { body: &detected.body, content_type, arguments: &[], received_at: clock };
    run(registry.get(detected.format).unwrap().as_ref(), &input).unwrap().records.len()
}

fn json_of_200_bytes() {
    let body = json!({
        "device": "greenhouse-7", "temperature": 21.5, "humidity": 61, "moisture": [30, 31, 29], "ok": true,
        "position": {"lat": 52.520_008, "lon": 13.404_954}, "at": "2026-01-31T12:00:00Z", "note": "north window",
    });
    let body = Bytes::from(body.to_string());
    let registry = Registry::built_in();
    const TIMES: u32 = 20_000;
    let [ours, sniffed, bare] = medians([
        &mut || {
            for _ in 0..TIMES {
                assert_eq!(decode(&registry, black_box(&body), Some("application/json")), 1);
            }
        },
        &mut || {
            for _ in 0..TIMES {
                assert_eq!(decode(&registry, black_box(&body), None), 1);
            }
        },
        &mut || {
            for _ in 0..TIMES {
                black_box(serde_json::from_slice::<Map<String, Json>>(black_box(&body)).unwrap());
            }
        },
    ]);
    let each = |seconds: f64| seconds / f64::from(TIMES) * 1e9;
    println!("JSON object of {} bytes, detection and decoding:", body.len());
    println!(
        "  by content type {:6.0} ns   sniffed {:6.0} ns   bare serde_json {:6.0} ns",
        each(ours),
        each(sniffed),
        each(bare)
    );
}

fn ndjson() {
    let line = |n: u32| {
        json!({"id": n, "name": format!("row {n}"), "a": f64::from(n) * 0.5, "b": n % 7, "c": n.is_multiple_of(2), "d": "some text",
               "e": null, "f": -f64::from(n), "g": "2026-01-31T12:00:00Z", "h": n * 3})
        .to_string()
    };
    let body = Bytes::from((0..20_000).map(line).collect::<Vec<_>>().join("\n"));
    let registry = Registry::built_in();
    let [ours, bare] = medians([
        &mut || assert_eq!(decode(&registry, black_box(&body), Some("application/x-ndjson")), 20_000),
        &mut || {
            let lines = body.split(|byte| *byte == b'\n');
            let records: Vec<Map<String, Json>> =
                lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
            assert_eq!(black_box(records).len(), 20_000);
        },
    ]);
    let speed = |seconds: f64| body.len() as f64 / seconds / 1e6;
    println!("NDJSON, 20,000 lines of 10 fields, {} MB:", body.len() / 1_000_000);
    println!(
        "  {:.0} MB/s   bare serde_json, line by line {:.0} MB/s   ratio {:.2}",
        speed(ours),
        speed(bare),
        bare / ours
    );
}

/// Creates an event with `fields` fields in 8 nesting levels.
fn event(fields: usize, kind: &str, number: usize) -> Json {
    let per_level = fields / 8;
    let mut inner = json!({"size": number % 50});
    for level in (0..8).rev() {
        let mut members = Map::new();
        for n in 0..per_level {
            members.insert(format!("field_{level}_{n}"), json!(n));
        }
        members.insert("inner".into(), inner);
        inner = members.into();
    }
    json!({"kind": kind, "chip_id": format!("{kind}{number}"), "look": {"color": "black"}, "event": inner})
}

async fn animals() {
    let times: usize =
        std::env::var("DATADUMP_BENCH_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("animals.db");
    let dump = Dump::builder()
        .database(format!("sqlite:{}", file.display()))
        .clock(SystemClock)
        .open()
        .await
        .unwrap();
    for storage in ["dog", "cat"] {
        let definition = json!({"name": storage, "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [{"name": "color", "type": "string", "max_length": 32}, {"name": "size", "type": "integer"}]});
        dump.declare(&definition, datadump_core::Consent::default()).await.unwrap();
        dump.definitions().settled(storage).await.unwrap();
    }
    let deep = "event.inner.inner.inner.inner.inner.inner.inner.inner.size";
    let route = |kind: &str| json!({"storage": kind, "when": {"kind": kind}, "keep": ["chip_id", "look.color", deep]});
    let source = SourceName::parse("animals").unwrap();
    let settings = json!({"unrouted": "drop", "routes": [route("dog"), route("cat")]});
    dump.sources().set(&source, &settings, None).await.unwrap();
    let kinds = ["dog", "cat", "fish"];
    let bodies: Vec<Bytes> = (0..300).map(|n| event(5_000, kinds[n % 3], n).to_string().into()).collect();
    let began = Instant::now();
    let clients = 16;
    let tasks = (0..clients).map(|client| {
        let (dump, bodies, source) = (dump.clone(), bodies.clone(), source.clone());
        tokio::spawn(async move {
            let (mut accepted, mut dropped) = (0, 0);
            for n in (client..times).step_by(clients) {
                let incoming = Incoming { body: bodies[n % bodies.len()].clone(), ..Incoming::default() };
                let receipt = dump.throw(&source, incoming).await.unwrap();
                (accepted, dropped) =
                    (accepted + receipt.accepted + receipt.duplicates, dropped + receipt.dropped);
            }
            (accepted, dropped)
        })
    });
    let (mut accepted, mut dropped) = (0, 0);
    for task in tasks.collect::<Vec<_>>() {
        let counts = task.await.unwrap();
        (accepted, dropped) = (accepted + counts.0, dropped + counts.1);
    }
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(accepted + dropped, times as u64);
    let bytes = bodies.iter().map(Bytes::len).sum::<usize>() / bodies.len();
    println!(
        "Events of 5,000 fields in 8 levels ({} KB), {times} through the animals' routes, {clients} at once, SQLite, synchronous=FULL:",
        bytes / 1000
    );
    println!(
        "  {:.0} events/s, {:.0} MB/s; {accepted} to dog and cat, {dropped} dropped",
        times as f64 / seconds,
        (times * bytes) as f64 / seconds / 1e6
    );
    dump.close().await;
}
