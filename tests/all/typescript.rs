//! The API document is good for stock clients in TypeScript: types are generated from it with openapi-typescript, a
//! program that uses them with openapi-fetch is checked by the compiler, and run.

use std::{os::unix::fs::symlink, path::Path};

use datadump_tests::{Database, Server, workspace};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// The folder in which `tests/run` installs the packages.
const PACKAGES: &str = "tools/typescript/node_modules";

/// The options of the compiler.
pub(crate) const COMPILER_OPTIONS: &[&str] =
    &["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck"];

/// Runs a script with Node, and returns its output.
pub(crate) async fn node(folder: &Path, arguments: &[&str]) -> String {
    output_of(Command::new("node").args(arguments).current_dir(folder)).await
}

/// Runs a program, which must succeed, and returns its output.
pub(crate) async fn output_of(command: &mut Command) -> String {
    let run = command.kill_on_drop(true).output().await;
    let run = run.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

/// Returns a folder in which the packages are installed.
pub(crate) fn folder() -> TempDir {
    let packages = workspace::target().join(PACKAGES);
    assert!(packages.is_dir(), "{} is missing: tests/run black-box installs it", packages.display());
    let folder = tempfile::tempdir().unwrap();
    symlink(&packages, folder.path().join("node_modules")).unwrap();
    let settings = workspace::read("tests/typescript/package.json");
    std::fs::write(folder.path().join("package.json"), settings).unwrap();
    folder
}

#[tokio::test]
async fn a_typed_client_throws_what_it_was_given() {
    let folder = folder();
    for (file, text) in [
        ("throw.ts", workspace::read("tests/typescript/throw.ts")),
        ("openapi.json", workspace::read("docs/openapi.json")),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let generate = ["node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts"];
    node(folder.path(), &generate).await;
    node(folder.path(), &[&["node_modules/typescript/bin/tsc", "throw.ts"], COMPILER_OPTIONS].concat()).await;

    let server = Server::start(Database::sqlite()).await;
    let accepted = node(folder.path(), &["throw.js", server.base()]).await;
    assert_eq!(accepted.trim(), "[1,1,2,1]");
    for (storage, speeds) in [("inbox", json!([1.75])), ("typed", json!([1.75, 2.0, 3.0]))] {
        let path = format!("/api/v1/storage/{storage}/?ordering=speed");
        let rows = server.get(&path).await.is(200).json()["results"].clone();
        let stored: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["speed"].clone()).collect();
        assert_eq!(json!(stored), speeds, "{rows}");
        assert!(rows[0].get("value").is_none(), "{rows}");
    }
    let readings = server.get("/api/fetch/device?lamp").await.is(200).json();
    assert_eq!(readings[0]["value"], 40.0, "{readings}");
}
