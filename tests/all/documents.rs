//! The examples in README.md and docs/ do what they say.
//!
//! Each document is run from top to bottom against a server of its own, on an empty database, in an
//! empty folder. What is fenced as
//!
//! * ```` ```sh ```` is run by `bash -eu`, with the server's address in the place of
//!   `127.0.0.1:6050` and `localhost:6050`. A command that fails fails the test: `curl -f` does on a
//!   refusal; without `-f` the answer is there to be shown.
//! * ```` ```json ```` right after it is what it printed: every member that is shown is there, lists
//!   are as long as shown, and `"…"` stands for anything.
//! * ```` ```text ```` right after it is what it printed, line for line; `…` in a line stands for
//!   anything.
//! * ```` ```rust FILE ```` is a part of that file, word for word.
//! * ```` ```sh no-run ```` (starting a server, building) is not run, nor is anything else.
//!
//! "Right after" means before the next ```` ```sh ````, whatever prose is between. The sleep that a
//! reader takes is not needed: an example that meets a storage which is not ready yet (503) says
//! `curl --retry 5`.

use std::{collections::BTreeSet, path::Path, process::Output, sync::Mutex, thread};

use datadump_tests::{Database, Server, on_both, workspace};
use serde_json::Value as Json;
use tokio::{process::Command, runtime::Builder};

on_both![
    the_readme_does_what_it_says,
    the_guide_does_what_it_says,
    the_document_about_capture_does_what_it_says,
    the_document_about_processors_does_what_it_says,
    the_document_about_live_does_what_it_says,
    the_document_about_the_hub_does_what_it_says,
    every_built_in_format_has_a_page,
];

async fn the_readme_does_what_it_says(server: Server) {
    run("README.md", &server).await;
}

async fn the_guide_does_what_it_says(server: Server) {
    run("docs/guide.md", &server).await;
}

async fn the_document_about_capture_does_what_it_says(server: Server) {
    run("docs/capture.md", &server).await;
}

async fn the_document_about_processors_does_what_it_says(server: Server) {
    run("docs/processors.md", &server).await;
}

async fn the_document_about_live_does_what_it_says(server: Server) {
    run("docs/live.md", &server).await;
}

async fn the_document_about_the_hub_does_what_it_says(server: Server) {
    run("docs/hub.md", &server).await;
}

#[test]
fn the_pages_about_formats_do_what_they_say_on_sqlite() {
    run_pages(async |page| run(&page, &Server::start(Database::sqlite()).await).await);
}

#[test]
fn the_pages_about_formats_do_what_they_say_on_postgres() {
    run_pages(async |page| run(&page, &Server::start(Database::postgres().await).await).await);
}

/// Runs the pages side by side, on threads with a runtime each: a database that is dropped holds up
/// its thread, and on PostgreSQL it waits for whoever is about to connect.
fn run_pages(run: impl AsyncFn(String) + Sync) {
    let pages = Mutex::new(format_pages().into_iter());
    let next = || pages.lock().unwrap().next();
    let work = || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        while let Some(page) = next() {
            runtime.block_on(run(page));
        }
    };
    thread::scope(|scope| (0..AT_A_TIME).for_each(|_| drop(scope.spawn(work))));
}

/// A new format is not there before people can read about it; nor is a page about none.
async fn every_built_in_format_has_a_page(server: Server) {
    let processors = server.get("/api/v1/processor/?limit=1000").await.is(200).json();
    let results = processors["results"].as_array().unwrap().iter();
    let built_in = results.filter(|processor| processor["kind"] == "built-in");
    let formats: BTreeSet<String> =
        built_in.map(|processor| format!("{FORMATS}/{}.md", processor["name"].as_str().unwrap())).collect();
    let mut pages = format_pages();
    assert!(pages.remove(&format!("{FORMATS}/README.md")), "there is no page about them all");
    assert_eq!(pages, formats);
    let index = workspace::read(&format!("{FORMATS}/README.md"));
    for page in &pages {
        let name = Path::new(page).file_name().unwrap().to_str().unwrap();
        assert!(index.contains(&format!("]({name})")), "the page about them all has no link to {name}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
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
                let there = std::fs::read_to_string(&file).unwrap();
                let is_there =
                    without_blocks(&there).lines().any(|line| anchor_of(line).as_deref() == Some(anchor));
                assert!(is_there, "{document} links to {link}, and there is no such heading");
            }
        }
    }
}

/// How many pages are run at a time.
const AT_A_TIME: usize = 4;

const FORMATS: &str = "docs/formats";

fn format_pages() -> BTreeSet<String> {
    pages_in(FORMATS)
}

fn pages_in(folder: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(workspace::root().join(folder)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")).collect()
}

/// What is not fenced.
fn without_blocks(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !is_fence && !inside
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a heading is called in links.
fn anchor_of(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.to_lowercase().replace(' ', "-");
    Some(kept.chars().filter(|character| character.is_alphanumeric() || "-_".contains(*character)).collect())
}

/// A fenced block: where it is, what it is, and what is in it.
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
                let said = format!("{place}:\n{script}\n{out}\n{}", String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "{said}");
                printed = Some((out, said));
                count += 1;
            }
            ("json", Some((out, said))) => {
                let shown: Json =
                    serde_json::from_str(&block.text).unwrap_or_else(|e| panic!("{place}: {e}"));
                let values: Result<Vec<Json>, _> =
                    serde_json::Deserializer::from_str(out).into_iter().collect();
                let last = values
                    .ok()
                    .and_then(|mut values| values.pop())
                    .unwrap_or_else(|| panic!("no JSON: {said}"));
                assert!(shows(&shown, &last), "{place} shows\n{shown:#}\nbut it is\n{last:#}\n{said}");
                printed = None;
            }
            ("text", Some((out, said))) => {
                let shown: Vec<&str> = block.text.trim_end().lines().collect();
                let lines: Vec<&str> = out.trim_end().lines().collect();
                let same =
                    shown.len() == lines.len() && shown.iter().zip(&lines).all(|(s, l)| shows_text(s, l));
                assert!(same, "{place} shows\n{}\nbut it is\n{out}\n{said}", block.text);
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

/// The fenced blocks of a document, indented ones too.
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

/// Whether what is shown is part of what there is.
fn shows(shown: &Json, there: &Json) -> bool {
    match (shown, there) {
        (Json::String(text), _) if text == "…" => true,
        (Json::String(text), Json::String(there)) => shows_text(text, there),
        (Json::Object(shown), Json::Object(there)) => {
            shown.iter().all(|(name, value)| there.get(name).is_some_and(|there| shows(value, there)))
        }
        (Json::Array(shown), Json::Array(there)) => {
            shown.len() == there.len() && shown.iter().zip(there).all(|(shown, there)| shows(shown, there))
        }
        _ => shown == there,
    }
}

fn shows_text(shown: &str, there: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = there.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn blocks_and_what_they_show_are_read_right() {
    let text = "a\n```sh\ncurl x\n```\n- b\n  ```json\n  {}\n  ```\n```sh no-run\ny\n```\n";
    assert_eq!(without_blocks(text), "a\n- b");
    assert_eq!(anchor_of("## A *new* `one`, and_2").as_deref(), Some("a-new-one-and_2"));
    let kinds: Vec<_> = blocks(text).into_iter().map(|block| (block.line, block.kind)).collect();
    assert_eq!(kinds, [(2, "sh"), (6, "json"), (9, "sh no-run")]);
    for (shown, there, same) in [
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
        assert_eq!(shows(&parse(shown), &parse(there)), same, "{shown} {there}");
    }
}
