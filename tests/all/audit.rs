//! What the dependencies are: their licences, where they come from, and which there must not be,
//! by `deny.toml`. In-house, because cargo-deny takes longer to build than everything it is to check;
//! what it would say of licences, bans and sources is said here.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use datadump_tests::workspace;
use serde_json::Value as Json;

#[test]
fn licences_are_allowed_ones() {
    let rules = rules();
    let allowed: Vec<&str> = strings(&rules["licenses"]["allow"]);
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        assert!(satisfied(licence, &allowed), "{name} is under {licence}, which deny.toml does not allow");
    }
}

#[test]
fn everything_comes_from_where_it_may() {
    let rules = rules();
    let allowed = strings(&rules["sources"]["allow-registry"]);
    for package in packages() {
        let Some(source) = package["source"].as_str() else { continue };
        let registry =
            source.strip_prefix("registry+").unwrap_or_else(|| panic!("{package:.200} is from {source}"));
        assert!(allowed.contains(&registry), "{} is from {source}", package["name"]);
    }
}

#[test]
fn nothing_is_there_that_must_not_be() {
    let rules = rules();
    let packages = built();
    for rule in rules["bans"]["deny"].as_array().unwrap() {
        let banned = rule["crate"].as_str().unwrap();
        let why = rule["reason"].as_str().expect("a ban has a reason");
        for package in &packages {
            assert_ne!(package["name"], banned, "{banned} is banned: {why}");
        }
    }
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        let others = package["dependencies"].as_array().unwrap().iter().filter(|d| d["source"].is_string());
        for dependency in others {
            assert_ne!(
                dependency["req"], "*",
                "{} takes any version of {}",
                package["name"], dependency["name"]
            );
        }
    }
}

/// Two of these in one binary do harm, and do not only cost.
#[test]
fn some_are_there_once() {
    let packages = built();
    for name in ["libsqlite3-sys", "rusqlite", "sqlx-core", "tokio", "hyper", "http", "serde", "poem"] {
        let versions: Vec<_> = packages.iter().filter(|package| package["name"] == name).collect();
        assert_eq!(versions.len(), 1, "{name}");
    }
}

#[test]
fn features_that_must_not_be_on_are_off() {
    let rules = rules();
    let metadata = metadata();
    for rule in rules["bans"]["features"].as_array().unwrap() {
        let banned = strings(&rule["deny"]);
        let name = rule["crate"].as_str().unwrap();
        let mut seen = false;
        for node in metadata["resolve"]["nodes"].as_array().unwrap() {
            if !node["id"].as_str().unwrap().contains(&format!("#{name}@")) {
                continue;
            }
            seen = true;
            for feature in node["features"].as_array().unwrap() {
                assert!(!banned.contains(&feature.as_str().unwrap()), "{name} has the feature {feature}");
            }
        }
        assert!(seen, "{name} is not there: the rule is for nothing");
    }
}

/// Every entry of the list is needed: one that is not hides what comes under it later.
#[test]
fn no_licence_is_allowed_for_nothing() {
    let mut used: BTreeMap<&str, bool> = BTreeMap::new();
    let rules = rules();
    let packages = packages();
    for licence in strings(&rules["licenses"]["allow"]) {
        let named =
            packages.iter().any(|package| package["license"].as_str().unwrap_or("").contains(licence));
        used.insert(licence, named);
    }
    used.retain(|_, used| !*used);
    assert!(used.is_empty(), "no dependency is under these: {:?}", used.keys());
}

/// Whether an SPDX expression holds with these licences: `OR` binds less than `AND`, and the old
/// slash is `OR`.
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((before, group, after)) = innermost(&expression) {
        // A group becomes one word that says whether it holds.
        let word = if satisfied(group, allowed) { "YES" } else { "NO" };
        return satisfied(&format!("{before}{word}{after}"), allowed);
    }
    expression.split(" OR ").any(|either| {
        either.split(" AND ").map(str::trim).all(|licence| licence == "YES" || allowed.contains(&licence))
    })
}

fn innermost(expression: &str) -> Option<(&str, &str, &str)> {
    let end = expression.find(')')?;
    let start = expression[..end].rfind('(')?;
    Some((&expression[..start], &expression[start + 1..end], &expression[end + 1..]))
}

#[test]
fn licence_expressions_are_read_right() {
    for (expression, holds) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Apache-2.0", true),
        ("(GPL-2.0 OR GPL-3.0) AND MIT", false),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0 OR MIT AND Apache-2.0", true),
    ] {
        assert_eq!(satisfied(expression, &["MIT", "Apache-2.0"]), holds, "{expression}");
    }
}

fn rules() -> toml::Table {
    workspace::read("deny.toml").parse().unwrap()
}

fn strings(list: &toml::Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn packages() -> Vec<Json> {
    match metadata()["packages"].take() {
        Json::Array(packages) if packages.len() > 100 => packages,
        other => panic!("these are not all: {other:.200}"),
    }
}

/// Those of them that are really built: the lock file also has what an optional feature would need.
fn built() -> Vec<Json> {
    let tree =
        cargo(&["tree", "--workspace", "--prefix", "none", "--format", "{p}", "--edges", "normal,build,dev"]);
    // A line is `name v1.2.3`, and perhaps where it is.
    let parts = tree.lines().filter_map(|line| line.split_once(" v"));
    let built: BTreeSet<(&str, &str)> =
        parts.map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest))).collect();
    let is_built = |package: &Json| {
        built.contains(&(package["name"].as_str().unwrap(), package["version"].as_str().unwrap()))
    };
    let found: Vec<Json> = packages().into_iter().filter(is_built).collect();
    assert!(found.len() > 100, "these are not all: {built:?}");
    found
}

/// What is built for Linux, as the lock file has it.
fn metadata() -> Json {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let text = cargo(&["metadata", "--format-version", "1", "--filter-platform", &target]);
    serde_json::from_str(&text).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    cargo.args(arguments).args(["--locked", "--offline"]).current_dir(workspace::root());
    let output = cargo.output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
