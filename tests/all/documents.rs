//! The examples in README.md and docs/ work as shown.
//!
//! Each document is run from top to bottom against a new server, on an empty database and in an empty folder. Fenced
//! blocks mean:
//!
//! * ```` ```sh ```` is run by `bash -eu`, with the server's address in place of `127.0.0.1:6050` and
//!   `localhost:6050`. A failing command fails the test. `curl -f` fails on an error response; without `-f` the
//!   response can be shown.
//! * ```` ```json ```` after it is its output: members that are shown must be there, lists must be as long as shown,
//!   and `"…"` matches anything.
//! * ```` ```text ```` after it is its output, line by line; `…` in a line matches anything.
//! * ```` ```rust FILE ```` is an excerpt of that file.
//! * ```` ```sh no-run ```` (starting a server, building) and all other blocks are not run.
//!
//! "After it" means before the next ```` ```sh ````, with or without prose in between. An example that may find a
//! storage not ready yet (503) uses `curl --retry 5`.

use std::{collections::BTreeSet, path::Path, process::Output, sync::Mutex, thread};

use datadump_tests::{Database, Server, on_both, workspace};
use serde_json::Value as Json;
use tokio::{process::Command, runtime::Builder};

on_both![
    the_readme_works_as_shown,
    the_guide_works_as_shown,
    the_capture_page_works_as_shown,
    the_processors_page_works_as_shown,
    the_live_page_works_as_shown,
    the_change_feed_page_works_as_shown,
    the_hub_page_works_as_shown,
    the_query_page_works_as_shown,
    the_export_page_works_as_shown,
    every_built_in_format_has_a_page,
];

async fn the_readme_works_as_shown(server: Server) {
    run("README.md", &server).await;
}

async fn the_guide_works_as_shown(server: Server) {
    run("docs/guide.md", &server).await;
}

async fn the_capture_page_works_as_shown(server: Server) {
    run("docs/capture.md", &server).await;
}

async fn the_processors_page_works_as_shown(server: Server) {
    run("docs/processors.md", &server).await;
}

async fn the_live_page_works_as_shown(server: Server) {
    run("docs/live.md", &server).await;
}

async fn the_change_feed_page_works_as_shown(server: Server) {
    run("docs/changes.md", &server).await;
}

async fn the_hub_page_works_as_shown(server: Server) {
    run("docs/hub.md", &server).await;
}

async fn the_query_page_works_as_shown(server: Server) {
    run("docs/query.md", &server).await;
}

async fn the_export_page_works_as_shown(server: Server) {
    run("docs/export.md", &server).await;
}

#[test]
fn format_pages_work_as_shown_on_sqlite() {
    run_pages(async |page| run(&page, &Server::start(Database::sqlite()).await).await);
}

#[test]
fn format_pages_work_as_shown_on_postgres() {
    run_pages(async |page| run(&page, &Server::start(Database::postgres().await).await).await);
}

/// Runs the pages concurrently, each on a thread with its own runtime, because dropping a PostgreSQL database blocks
/// the thread.
fn run_pages(run: impl AsyncFn(String) + Sync) {
    let pages = Mutex::new(format_pages().into_iter());
    let next = || pages.lock().unwrap().next();
    let work = || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        while let Some(page) = next() {
            runtime.block_on(run(page));
        }
    };
    thread::scope(|scope| (0..CONCURRENT_PAGES).for_each(|_| drop(scope.spawn(work))));
}

/// Every built-in format has a page, and every page is about a format.
async fn every_built_in_format_has_a_page(server: Server) {
    let processors = server.get("/api/v1/processor/?limit=1000").await.is(200).json();
    let results = processors["results"].as_array().unwrap().iter();
    let built_in = results.filter(|processor| processor["kind"] == "built-in");
    let formats: BTreeSet<String> =
        built_in.map(|processor| format!("{FORMATS}/{}.md", processor["name"].as_str().unwrap())).collect();
    let mut pages = format_pages();
    assert!(pages.remove(&format!("{FORMATS}/README.md")), "the overview page is missing");
    assert_eq!(pages, formats);
    let index = workspace::read(&format!("{FORMATS}/README.md"));
    for page in &pages {
        let name = Path::new(page).file_name().unwrap().to_str().unwrap();
        assert!(index.contains(&format!("]({name})")), "the overview page does not link to {name}");
    }
}

#[test]
fn links_between_documents_resolve() {
    let mut documents: BTreeSet<String> = format_pages();
    documents.extend(pages_in("docs"));
    documents.extend(["README.md", "CHANGELOG.md"].map(str::to_owned));
    for document in &documents {
        let text = workspace::read(document);
        let prose = without_blocks(&text);
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = workspace::root().join(document);
            let file = if path.is_empty() { folder } else { folder.parent().unwrap().join(path) };
            assert!(file.exists(), "{document} links to {link}, which is not there");
            if !anchor.is_empty() {
                let actual = std::fs::read_to_string(&file).unwrap();
                let is_there =
                    without_blocks(&actual).lines().any(|line| anchor_of(line).as_deref() == Some(anchor));
                assert!(is_there, "{document} links to {link}, and there is no such heading");
            }
        }
    }
}

/// Number of pages that run concurrently.
const CONCURRENT_PAGES: usize = 4;

const FORMATS: &str = "docs/formats";

fn format_pages() -> BTreeSet<String> {
    pages_in(FORMATS)
}

fn pages_in(folder: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(workspace::root().join(folder)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")).collect()
}

/// Returns the text outside fenced blocks.
fn without_blocks(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !is_fence && !inside
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the anchor of a heading.
fn anchor_of(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.to_lowercase().replace(' ', "-");
    Some(kept.chars().filter(|character| character.is_alphanumeric() || "-_".contains(*character)).collect())
}

/// A fenced block.
#[derive(Debug, PartialEq)]
struct Block<'a> {
    line: usize,
    kind: &'a str,
    text: String,
}

async fn run(document: &str, server: &Server) {
    let text = workspace::read(document);
    let folder = tempfile::tempdir().unwrap();
    let mut printed: Option<(String, String)> = None;
    let mut count = 0;
    for block in blocks(&text) {
        let place = format!("{document}:{}", block.line);
        match (block.kind, &printed) {
            ("sh", _) => {
                let address = server.address();
                let script = block.text.replace("127.0.0.1:6050", address).replace("localhost:6050", address);
                let mut bash = Command::new("bash");
                let bash = bash.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path());
                let output: Output = bash.output().await.unwrap();
                let out = String::from_utf8_lossy(&output.stdout).into_owned();
                let context =
                    format!("{place}:\n{script}\n{out}\n{}", String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "{context}");
                printed = Some((out, context));
                count += 1;
            }
            ("json", Some((out, context))) => {
                let shown: Json =
                    serde_json::from_str(&block.text).unwrap_or_else(|e| panic!("{place}: {e}"));
                let values: Result<Vec<Json>, _> =
                    serde_json::Deserializer::from_str(out).into_iter().collect();
                let last = values
                    .ok()
                    .and_then(|mut values| values.pop())
                    .unwrap_or_else(|| panic!("no JSON: {context}"));
                assert!(
                    matches_json(&shown, &last),
                    "{place} shows\n{shown:#}\nbut it is\n{last:#}\n{context}"
                );
                printed = None;
            }
            ("text", Some((out, context))) => {
                let shown: Vec<&str> = block.text.trim_end().lines().collect();
                let lines: Vec<&str> = out.trim_end().lines().collect();
                let same =
                    shown.len() == lines.len() && shown.iter().zip(&lines).all(|(s, l)| matches_text(s, l));
                assert!(same, "{place} shows\n{}\nbut it is\n{out}\n{context}", block.text);
                printed = None;
            }
            (kind, _) if kind.starts_with("rust ") => {
                let file = kind.trim_start_matches("rust ");
                assert!(workspace::read(file).contains(&block.text), "{place} shows what is not in {file}");
            }
            _ => {}
        }
    }
    assert!(count > 0, "{document} has no example that is run");
}

/// Returns the fenced blocks of a document, including indented ones.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                open = Some(Block { line: number + 1, kind: kind.trim(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Returns whether the shown JSON matches the actual one.
fn matches_json(shown: &Json, actual: &Json) -> bool {
    match (shown, actual) {
        (Json::String(text), _) if text == "…" => true,
        (Json::String(text), Json::String(actual)) => matches_text(text, actual),
        (Json::Object(shown), Json::Object(actual)) => shown
            .iter()
            .all(|(name, value)| actual.get(name).is_some_and(|actual| matches_json(value, actual))),
        (Json::Array(shown), Json::Array(actual)) => {
            shown.len() == actual.len()
                && shown.iter().zip(actual).all(|(shown, actual)| matches_json(shown, actual))
        }
        _ => shown == actual,
    }
}

fn matches_text(shown: &str, actual: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = actual.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn blocks_are_parsed_and_matched() {
    let text = "a\n```sh\ncurl x\n```\n- b\n  ```json\n  {}\n  ```\n```sh no-run\ny\n```\n";
    assert_eq!(without_blocks(text), "a\n- b");
    assert_eq!(anchor_of("## A *new* `one`, and_2").as_deref(), Some("a-new-one-and_2"));
    let kinds: Vec<_> = blocks(text).into_iter().map(|block| (block.line, block.kind)).collect();
    assert_eq!(kinds, [(2, "sh"), (6, "json"), (9, "sh no-run")]);
    for (shown, actual, same) in [
        (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1}"#, r#"{"a": 2}"#, false),
        (r#"{"a": "…"}"#, r#"{"a": {"b": 2}}"#, true),
        (r#"{"a": "…"}"#, r#"{"b": 1}"#, false),
        (r#"["…", 2]"#, "[1, 2]", true),
        ("[1]", "[1, 2]", false),
        (r#""a…c""#, r#""abbc""#, true),
        (r#""a…c""#, r#""abbd""#, false),
        (r#""a""#, r#""ab""#, false),
    ] {
        let parse = |text| serde_json::from_str::<Json>(text).unwrap();
        assert_eq!(matches_json(&parse(shown), &parse(actual)), same, "{shown} {actual}");
    }
}
