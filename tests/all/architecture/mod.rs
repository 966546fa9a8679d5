//! The rules of the architecture: which crates, layers and services may depend on which, and how files may
//! depend on each other. A new crate, stage or service is a line in one of these lists.

mod modules;

use std::collections::{BTreeMap, BTreeSet};

use datadump_tests::workspace;

use self::modules::{Modules, Reference};

/// A crate, the packages it must not depend on (`x-` for all with that prefix), and words its code must not
/// contain.
const CRATES: &[(&str, &[&str], &[&str])] = &[
    // The core does not know HTTP.
    (
        "datadump-core",
        &["datadump-", "poem", "hyper", "http", "axum", "actix", "warp", "tower", "reqwest", "tungstenite"],
        &["poem", "hyper", "axum", "reqwest", "StatusCode", "HeaderMap", "HTTP"],
    ),
    // The server does not know SQL.
    (
        "datadump-server",
        &[
            "datadump-client",
            "rusqlite",
            "libsqlite3",
            "sqlx",
            "sea-",
            "tokio-postgres",
            "postgres",
            "diesel",
        ],
        &[
            "rusqlite",
            "sqlx",
            "sea_query",
            "sea_orm",
            "SELECT ",
            "INSERT INTO",
            "UPDATE ",
            "DELETE FROM",
            "CREATE TABLE",
        ],
    ),
    // The client depends on neither of them.
    (
        "datadump-client",
        &["datadump-", "rusqlite", "sqlx", "sea-", "poem", "hyper", "axum"],
        &["datadump_core", "datadump_server", "rusqlite", "sqlx", "sea_query", "SELECT ", "INSERT INTO"],
    ),
];

/// The vocabulary of the core, which depends on no stage and no service.
const VOCABULARY: &[&str] = &[
    "error",
    "id",
    "clock",
    "json",
    "csv_cell",
    "memory",
    "notices",
    "condition",
    "throw",
    "record",
    "receipt",
    "source",
    "request",
    "schema",
    "write_result",
];

/// The stages of the core, and what each may import besides the vocabulary.
const STAGES: &[(&str, &[&str])] = &[
    ("process", &[]),
    ("route", &[]),
    ("validate", &[]),
    // Rows are validated again when a new definition has come into force.
    ("store", &["validate"]),
];

/// Modules that all services share.
const FOUNDATION: &[&str] = &["background", "context", "system_rows"];

/// The services of the core, from bottom to top; each may import those before it.
const SERVICES: &[&str] = &[
    "idempotency",
    "rows",
    "batch",
    "definitions",
    "quarantine",
    "retention",
    "ingest",
    "imports",
    "live",
    "hub",
    "replay",
];

/// Folders of services that are pure and import only the vocabulary.
const PURE: &[&str] = &["hub/rules/"];

/// Maximum length of a dependency cycle between files.
const MAX_CIRCLE: usize = 3;

#[test]
fn crates_depend_on_what_they_may_know() {
    for (name, forbidden, _) in CRATES {
        let manifest: toml::Table = workspace::read(&format!("{name}/Cargo.toml")).parse().unwrap();
        let sections = ["dependencies", "build-dependencies"];
        let dependencies: Vec<String> = sections
            .iter()
            .filter_map(|section| manifest.get(*section)?.as_table())
            .flat_map(|section| section.keys().cloned())
            .collect();
        assert!(!dependencies.is_empty(), "{name} has no dependencies?");
        assert_eq!(forbidden_dependencies(&dependencies, forbidden), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn crates_do_not_mention_what_they_may_not_know() {
    for (name, _, forbidden) in CRATES {
        let files = files(&format!("{name}/src"));
        assert_eq!(forbidden_words(&files, forbidden), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn layers_and_services_know_only_what_is_below_them() {
    let files = files("datadump-core/src");
    for part in parts() {
        let exists = files.iter().any(|(name, _)| top(name) == part);
        assert!(exists, "{part} does not exist: remove it from this list");
    }
    for (name, _) in &files {
        let part = top(name);
        let is_known = part == "lib" || part == "dump" || parts().contains(&part);
        assert!(is_known, "{name} belongs to no layer: add {part} to a list");
    }
    assert_eq!(upward(&Modules::read(&files).references()), Vec::<String>::new());
}

#[test]
fn circles_of_files_are_short() {
    for folder in ["datadump-core/src", "datadump-server/src"] {
        let references = Modules::read(&files(folder)).references();
        let long: Vec<_> =
            circles(&references).into_iter().filter(|circle| circle.len() > MAX_CIRCLE).collect();
        assert!(long.is_empty(), "{folder}: these files depend on each other in a circle: {long:#?}");
    }
}

#[test]
fn files_stay_short_enough_to_be_about_one_thing() {
    for folder in ["datadump-core/src", "datadump-server/src", "tests/src", "tests/all", "bench/src"] {
        for (file, text) in workspace::rust_files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{file} has {lines} lines: split it");
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    let folders = [
        "datadump-core",
        "datadump-server/src",
        "datadump-client/src",
        "tests/src",
        "tests/all",
        "bench/src",
    ];
    for folder in folders {
        for (file, text) in workspace::rust_files(folder) {
            assert!(text.starts_with("//! "), "{file} does not begin with a sentence about itself");
        }
    }
}

/// Returns the Rust files below a folder, with paths relative to it.
fn files(folder: &str) -> Vec<(String, String)> {
    let files = workspace::rust_files(folder).into_iter();
    files.map(|(name, text)| (name.strip_prefix(&format!("{folder}/")).unwrap().to_owned(), text)).collect()
}

fn parts() -> Vec<&'static str> {
    let stages = STAGES.iter().map(|(stage, _)| *stage);
    VOCABULARY.iter().chain(FOUNDATION).chain(SERVICES).copied().chain(stages).collect()
}

/// Returns the top-level module of a file: `store` for `store/sql/mod.rs` and for `store.rs`.
fn top(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn forbidden_dependencies(dependencies: &[String], forbidden: &[&str]) -> Vec<String> {
    let is_forbidden = |name: &String| {
        forbidden
            .iter()
            .any(|wrong| if wrong.ends_with('-') { name.starts_with(wrong) } else { name == wrong })
    };
    dependencies.iter().filter(|name| is_forbidden(name)).cloned().collect()
}

fn forbidden_words(files: &[(String, String)], forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in files {
        let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
        let lines = text[..end].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in lines {
            let words = forbidden.iter().filter(|word| line.contains(*word));
            found.extend(words.map(|word| format!("{file}:{} mentions {word:?}", number + 1)));
        }
    }
    found
}

/// Returns the references from a lower part of the core to a higher one.
fn upward(references: &[Reference]) -> Vec<String> {
    let wrong = references.iter().filter(|reference| !may_know(&reference.from, &reference.to));
    wrong.map(|Reference { from, line, to }| format!("{from}:{line} names {to}")).collect()
}

fn may_know(from: &str, to: &str) -> bool {
    let (here, there) = (top(from), top(to));
    let service = |name: &str| SERVICES.iter().position(|service| *service == name);
    if here == there && !PURE.iter().any(|pure| from.starts_with(pure) && !to.starts_with(pure)) {
        return true;
    }
    if here == "dump" || here == "lib" {
        return true;
    }
    if VOCABULARY.contains(&there) {
        return true;
    }
    if PURE.iter().any(|pure| from.starts_with(pure)) || VOCABULARY.contains(&here) {
        return false;
    }
    if let Some((_, allowed)) = STAGES.iter().find(|(stage, _)| *stage == here) {
        return allowed.contains(&there);
    }
    let is_stage = STAGES.iter().any(|(stage, _)| *stage == there);
    if is_stage || FOUNDATION.contains(&there) {
        return true;
    }
    match (service(here), service(there)) {
        (Some(here), Some(there)) => there < here,
        _ => false,
    }
}

/// Returns the dependency cycles between files, longest first.
fn circles(references: &[Reference]) -> Vec<BTreeSet<&str>> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Reference { from, to, .. } in references {
        edges.entry(from).or_default().insert(to);
    }
    let reachable = |start: &'_ str| -> BTreeSet<&str> {
        let (mut found, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(file) = open.pop() {
            for next in edges.get(file).into_iter().flatten() {
                if found.insert(*next) {
                    open.push(next);
                }
            }
        }
        found
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reachable(file))).collect();
    let mut circles: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for (file, others) in &reached {
        let circle: BTreeSet<&str> = others
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|r| r.contains(file)))
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

/// Each rule can fail: a tree that breaks it is detected.
mod rules_can_fail {
    use super::*;

    fn references(files: &[(&str, &str)]) -> Vec<Reference> {
        let files: Vec<_> =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Modules::read(&files).references()
    }

    #[test]
    fn a_forbidden_dependency_is_found() {
        let dependencies = ["serde".to_owned(), "sea-orm".to_owned(), "poem".to_owned()];
        assert_eq!(forbidden_dependencies(&dependencies, &["sea-", "poem"]), ["sea-orm", "poem"]);
    }

    #[test]
    fn a_forbidden_word_is_found_in_code_and_not_in_comments() {
        let files = [("a.rs".to_owned(), "// SELECT 1\nlet sql = \"SELECT 1\";\n".to_owned())];
        assert_eq!(forbidden_words(&files, &["SELECT "]), ["a.rs:2 mentions \"SELECT \""]);
    }

    #[test]
    fn a_reference_upward_is_found() {
        let tree = [
            ("schema/mod.rs", "use crate::store::Store;"),
            ("route/mod.rs", "use crate::process::Output;"),
            ("process/mod.rs", "pub struct Output;"),
            ("store/mod.rs", "use crate::{ingest::Ingest, validate::row};\npub struct Store;"),
            ("validate/mod.rs", "pub fn row() {}"),
            ("context.rs", "use crate::store::Store;\npub struct Context;"),
            ("ingest/mod.rs", "use crate::{context::Context, hub::Hub};\npub struct Ingest;"),
            ("hub/mod.rs", "use crate::{dump::Dump, ingest::Ingest};\npub struct Hub;"),
            ("hub/rules/mod.rs", "use crate::context::Context;\nuse super::Hub;"),
            ("dump/mod.rs", "use crate::hub::Hub;\npub struct Dump;"),
        ];
        assert_eq!(
            upward(&references(&tree)),
            [
                "hub/mod.rs:1 names dump/mod.rs",
                "hub/rules/mod.rs:1 names context.rs",
                "hub/rules/mod.rs:2 names hub/mod.rs",
                "ingest/mod.rs:1 names hub/mod.rs",
                "route/mod.rs:1 names process/mod.rs",
                "schema/mod.rs:1 names store/mod.rs",
                "store/mod.rs:1 names ingest/mod.rs",
            ]
        );
    }

    #[test]
    fn a_circle_is_found_and_re_exports_make_none() {
        let tree = [
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B;"),
            ("c.rs", "fn f() { crate::d::D }"),
            ("d.rs", "use crate::a::A; pub struct D;"),
            ("e/mod.rs", "mod f; pub use self::f::F; pub struct E;"),
            ("e/f.rs", "use super::E; pub struct F;"),
        ];
        let references = references(&tree);
        assert_eq!(circles(&references), [BTreeSet::from(["a.rs", "b.rs", "c.rs", "d.rs"])]);
    }
}
