//! Stock generators make clients from the documents of storages, in TypeScript and in Python. The clients filter by
//! field, and send rows back as they were read. TypeScript checks the types of fields and filters.

use std::path::Path;

use datadump_tests::{Server, on_both, workspace};
use serde_json::json;
use tokio::process::Command;

use super::python::{self, python};
use crate::typescript::{self, COMPILER_OPTIONS, node, output_of};

on_both![a_typescript_client_reads_and_writes_rows, a_python_client_reads_and_writes_rows];

/// A declared storage with every kind of field, and an inferred one.
const STORAGES: [&str; 2] = ["pet", "walks"];

/// Creates the storages, and saves their documents.
async fn prepare(server: &Server, folder: &Path) {
    let pet = json!({
        "name": "pet",
        "key": {"name": "id", "type": "string", "max_length": 20},
        "fields": [
            {"name": "good", "type": "boolean"},
            {"name": "age", "type": "integer", "min": 0, "max": 40},
            {"name": "steps", "type": "long"},
            {"name": "weight", "type": "float", "nullable": true},
            {"name": "price", "type": "decimal", "precision": 8, "scale": 2},
            {"name": "color", "type": "string", "max_length": 20, "pattern": "[a-z]+", "nullable": true},
            {"name": "story", "type": "text", "default": "none"},
            {"name": "chip", "type": "uuid"},
            {"name": "born", "type": "date"},
            {"name": "feeding", "type": "time"},
            {"name": "seen", "type": "timestamp"},
            {"name": "data", "type": "json", "nullable": true},
            {"name": "photo", "type": "binary", "max_length": 100},
            {"name": "size", "type": "enum", "values": ["small", "large"]},
        ],
        "meta": {"scans": true},
    });
    server.declare(&pet).await;
    let walks = json!([
        {"dog": "rex", "km": 1.5, "at": "2026-03-01T12:00:00Z", "limit": 3, "a b": 1},
        {"dog": "ida", "km": 2.5, "limit": 4, "a b": 1},
    ]);
    server.post("/throw/walks", &walks).await.is(200).ok();
    for storage in STORAGES {
        let document = server.get(&format!("/api/v1/storage/{storage}/openapi.json")).await.is(200).text();
        std::fs::write(folder.join(format!("{storage}.json")), document).unwrap();
    }
}

async fn a_typescript_client_reads_and_writes_rows(server: Server) {
    let folder = typescript::folder();
    let folder = folder.path();
    prepare(&server, folder).await;
    std::fs::write(folder.join("rows.ts"), workspace::read("tests/typescript/rows.ts")).unwrap();
    for storage in STORAGES {
        let (from, to) = (format!("{storage}.json"), format!("{storage}.d.ts"));
        node(folder, &["node_modules/openapi-typescript/bin/cli.js", &from, "-o", &to]).await;
    }
    node(folder, &[&["node_modules/typescript/bin/tsc", "rows.ts"], COMPILER_OPTIONS].concat()).await;
    assert_eq!(node(folder, &["rows.js", server.base()]).await.trim(), "done");
}

async fn a_python_client_reads_and_writes_rows(server: Server) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(&server, folder).await;
    for storage in STORAGES {
        let mut generate = Command::new(python::programs().join("openapi-python-client"));
        let path = format!("{storage}.json");
        generate
            .args([
                "generate",
                "--path",
                &path,
                "--meta",
                "none",
                "--output-path",
                storage,
                "--fail-on-warning",
            ])
            // It formats the client with a program of the same folder.
            .env("PATH", python::programs())
            .current_dir(folder);
        output_of(&mut generate).await;
    }
    assert_eq!(python(folder, "rows.py", &[server.base()]).await.trim(), "done");
}
