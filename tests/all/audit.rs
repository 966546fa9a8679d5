//! Checks licences, bans and sources of all dependencies against `deny.toml`, as `cargo deny check licenses bans
//! sources` would. Installing cargo-deny takes longer than building the workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use datadump_tests::workspace;
use serde_json::Value as Json;

#[test]
fn licences_are_allowed() {
    let rules = rules();
    let allowed: Vec<&str> = strings(&rules["licenses"]["allow"]);
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        assert!(satisfied(licence, &allowed), "{name} is under {licence}, which deny.toml does not allow");
    }
}

#[test]
fn dependencies_come_from_allowed_registries() {
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
fn banned_crates_and_wildcard_versions_are_absent() {
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

/// Two versions of these crates in one binary would conflict.
#[test]
fn some_crates_have_only_one_version() {
    let packages = built();
    for name in ["libsqlite3-sys", "rusqlite", "sqlx-core", "tokio", "hyper", "http", "serde", "poem"] {
        let versions: Vec<_> = packages.iter().filter(|package| package["name"] == name).collect();
        assert_eq!(versions.len(), 1, "{name}");
    }
}

#[test]
fn banned_features_are_disabled() {
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
        assert!(seen, "{name} is not a dependency: remove the rule");
    }
}

/// poem-openapi depends on a version of quick-xml with known vulnerabilities, and cannot do without it. The server
/// must not contain any of its code, whose panics name their source files.
#[test]
fn the_vulnerable_xml_parser_is_not_linked() {
    let rules = rules();
    let ignored = rules["advisories"]["ignore"].as_array().unwrap().iter();
    let ignored: Vec<&str> = ignored.map(|advisory| advisory["id"].as_str().unwrap()).collect();
    assert_eq!(ignored, ["RUSTSEC-2026-0194", "RUSTSEC-2026-0195"], "this test covers no others");
    let server = std::fs::read(workspace::program("datadump-server")).unwrap();
    let mut linked = BTreeSet::new();
    for package in packages().iter().filter(|package| package["name"] == "quick-xml") {
        let version = package["version"].as_str().unwrap();
        let path = format!("quick-xml-{version}/");
        if server.windows(path.len()).any(|bytes| bytes == path.as_bytes()) {
            linked.insert(version.to_owned());
        }
    }
    let minors = linked.iter().map(|version| version.split('.').nth(1).unwrap().parse::<u32>().unwrap());
    let minors: Vec<u32> = minors.collect();
    assert!(!minors.is_empty(), "the format `xml` uses one");
    assert!(minors.iter().all(|minor| *minor >= 41), "{linked:?}");
}

/// An unused entry would silently allow a licence that a later dependency brings.
#[test]
fn every_allowed_licence_is_used() {
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

/// Returns whether the allowed licences satisfy an SPDX expression. `AND` binds tighter than `OR`, and the deprecated
/// slash means `OR`.
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((before, group, after)) = innermost(&expression) {
        // Replaces each parenthesized group by its result.
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
fn licence_expressions_are_evaluated() {
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

/// Returns the packages that are built. The lock file also contains those of disabled features.
fn built() -> Vec<Json> {
    let tree =
        cargo(&["tree", "--workspace", "--prefix", "none", "--format", "{p}", "--edges", "normal,build,dev"]);
    // A line is `name v1.2.3`, with a path for local packages.
    let parts = tree.lines().filter_map(|line| line.split_once(" v"));
    let built: BTreeSet<(&str, &str)> =
        parts.map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest))).collect();
    let is_built = |package: &Json| {
        built.contains(&(package["name"].as_str().unwrap(), package["version"].as_str().unwrap()))
    };
    let found: Vec<Json> = packages().into_iter().filter(is_built).collect();
    assert!(found.len() > 100, "packages are missing: {built:?}");
    found
}

/// Returns `cargo metadata` for Linux.
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
