//! Generates `datadump-client/src/generated.rs` from `docs/openapi.json`. `tests/run generated` first writes
//! that document, and fails if either file differs from the committed one.

use std::{
    error::Error,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use datadump_tests::workspace;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value as Json;

/// Media type of bodies of any kind.
const BYTES: &str = "application/octet-stream";
const JSON: &str = "application/json";

const HEADER: &str =
    "//! Generated from `docs/openapi.json` by `tests/run generated`. Changes belong there.\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mut document = serde_json::from_str(&workspace::read("docs/openapi.json"))?;
    keep_one_media_type(&mut document);
    let document = serde_json::from_value(document)?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let code = Generator::new(&settings).generate_tokens(&document)?.to_string();
    // The generator's streams yield an error forever.
    let code = code.replace("ResponseValue :: stream (", "crate :: requests :: stream (");
    // Generated examples do not compile; as text they are not counted as ignored doctests.
    let code = code.replace("```ignore", "```text");
    let target = workspace::root().join("datadump-client/src/generated.rs");
    fs::write(target, format(&format!("{HEADER}{code}"))?)?;
    Ok(())
}

/// Keeps one media type of each body, because the generator supports only one. Of a request: bytes if they are accepted,
/// else JSON. Of a response: the first, which is sent unless another is asked for.
fn keep_one_media_type(document: &mut Json) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Json::as_object_mut).flat_map(|methods| methods.values_mut()) {
        let content = operation.pointer_mut("/requestBody/content").and_then(Json::as_object_mut);
        let Some(content) = content else { continue };
        if let Some(kept) = [BYTES, JSON].into_iter().find(|kept| content.contains_key(*kept)) {
            content.retain(|kind, _| kind == kept);
        }
        let responses = operation.get_mut("responses").and_then(Json::as_object_mut).into_iter().flatten();
        for (_, response) in responses {
            let content = response.get_mut("content").and_then(Json::as_object_mut).into_iter();
            content.for_each(|content| {
                let first = content.keys().next().cloned();
                content.retain(|kind, _| Some(kind) == first.as_ref());
            });
        }
    }
}

/// Formats code with rustfmt, as the gate requires.
fn format(code: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = rustfmt.stdin.take().ok_or("rustfmt has no standard input")?;
    input.write_all(code.as_bytes())?;
    drop(input);
    let output = rustfmt.wait_with_output()?;
    if output.status.success() { Ok(output.stdout) } else { Err("rustfmt failed".into()) }
}
