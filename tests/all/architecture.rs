//! Who may know whom. A new rule, crate or stage is a line in one of these lists.

use datadump_tests::workspace;

/// A crate, and what neither its manifest nor its source may name.
const CRATES: &[(&str, &[&str], &[&str])] = &[
    // The core knows no HTTP.
    (
        "datadump-core",
        &["datadump-", "poem", "hyper", "http", "axum", "actix", "warp", "tower", "reqwest", "tungstenite"],
        &["poem", "hyper", "axum", "reqwest", "StatusCode", "HeaderMap", "HTTP"],
    ),
    // The server knows no SQL.
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
    // The client knows neither of them.
    (
        "datadump-client",
        &["datadump-", "rusqlite", "sqlx", "sea-", "poem", "hyper", "axum"],
        &["datadump_core", "datadump_server", "rusqlite", "sqlx", "sea_query", "SELECT ", "INSERT INTO"],
    ),
];

/// Files of the core's vocabulary, and of its stages, and what they may not import.
const MODULES: &[(&[&str], &[&str])] = &[
    (
        &["error.rs", "id.rs", "clock.rs", "json.rs", "schema/"],
        &["process", "route", "store", "validate", "dump"],
    ),
    (
        &["throw.rs", "record.rs", "receipt.rs", "source.rs"],
        &["process", "route", "store", "validate", "dump"],
    ),
    (&["process/"], &["route", "store", "validate", "dump"]),
    (&["route/"], &["process", "store", "validate", "dump"]),
    (&["hub/"], &["process", "route", "store", "validate", "dump"]),
    (&["validate/", "validate.rs"], &["process", "route", "store", "dump"]),
    (&["store/"], &["process", "route", "dump"]),
];

/// What a stage may import of another, because it is that one's public face.
const FACES: &[(&str, &str)] = &[
    // A row is proven again when the writer finds another definition in force.
    ("store/", "crate::validate"),
];

#[test]
fn crates_depend_on_what_they_may_know() {
    for (name, forbidden, _) in CRATES {
        let manifest: toml::Table = workspace::read(&format!("{name}/Cargo.toml")).parse().unwrap();
        let mut dependencies = Vec::new();
        for section in ["dependencies", "build-dependencies"] {
            dependencies
                .extend(manifest.get(section).and_then(|section| section.as_table()).into_iter().flatten());
        }
        assert!(!dependencies.is_empty(), "{name} depends on nothing?");
        for (dependency, _) in dependencies {
            for wrong in *forbidden {
                let hit =
                    if wrong.ends_with('-') { dependency.starts_with(wrong) } else { dependency == wrong };
                assert!(!hit, "{name} must not depend on {dependency}");
            }
        }
    }
}

#[test]
fn crates_do_not_speak_of_what_they_may_not_know() {
    for (name, _, forbidden) in CRATES {
        for (file, text) in workspace::rust_files(&format!("{name}/src")) {
            for (number, line) in code(&text) {
                for word in *forbidden {
                    assert!(!line.contains(word), "{file}:{number} speaks of {word:?}: {line}");
                }
            }
        }
    }
}

#[test]
fn stages_do_not_know_each_other() {
    let files = workspace::rust_files("datadump-core/src");
    for (names, forbidden) in MODULES {
        let of_stage = |file: &&(String, String)| {
            let below = file.0.strip_prefix("datadump-core/src/").unwrap();
            names.iter().any(|name| below == *name || (name.ends_with('/') && below.starts_with(name)))
        };
        let found: Vec<_> = files.iter().filter(of_stage).collect();
        assert!(!found.is_empty(), "{names:?} are gone: say in this list where they are");
        for (file, text) in found {
            for (number, module) in imports(text) {
                let is_face = FACES.iter().any(|(stage, face)| names.contains(stage) && module == *face);
                let wrong = forbidden.iter().any(|name| module == format!("crate::{name}"));
                assert!(!wrong || is_face, "{file}:{number} names {module}");
            }
        }
    }
}

#[test]
fn files_stay_short_enough_to_be_about_one_thing() {
    for folder in ["datadump-core/src", "datadump-server/src", "tests/src", "tests/all"] {
        for (file, text) in workspace::rust_files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{file} has {lines} lines: it is asking to be two files");
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    for folder in ["datadump-core", "datadump-server/src", "datadump-client/src", "tests/src", "tests/all"] {
        for (file, text) in workspace::rust_files(folder) {
            assert!(text.starts_with("//! "), "{file} does not say what it is");
        }
    }
}

/// The modules of the crate that a file names: `crate::store` for `use crate::store::Query`, and for
/// each member of `use crate::{schema, store::Query}`.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let code: String = code(text).into_iter().map(|(_, line)| line.to_owned() + "\n").collect();
    for (at, _) in code.match_indices("crate::") {
        let number = code[..at].lines().count() + 1;
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut member) = (0, String::new());
            for character in list.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push((number, first(&std::mem::take(&mut member)))),
                    other if depth == 0 => member.push(other),
                    _ => {}
                }
            }
            found.push((number, first(&member)));
        } else {
            found.push((number, first(rest)));
        }
    }
    found
}

fn first(path: &str) -> String {
    let name: String = path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    format!("crate::{name}")
}

/// The lines of a file, with their numbers, without comments and without its tests.
fn code(text: &str) -> Vec<(usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

#[test]
fn the_reader_of_imports_sees_all_of_them() {
    let text = "use crate::{\n    error::{Error, Result},\n    store::Query,\n};\nuse crate::dump::Dump;\nfn f() { crate::validate::row() }\n// crate::nothing\n";
    let names: Vec<String> = imports(text).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["crate::error", "crate::store", "crate::", "crate::dump", "crate::validate"]);
}
