//! Writes `datadump-client/src/generated.rs` from `docs/openapi.json`. `tests/run generated` does it
//! after writing the document, and fails when either was not what is committed.

use std::{
    error::Error,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use datadump_tests::workspace;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};

const HEAD: &str =
    "//! Generated from `docs/openapi.json` by `tests/run generated`. Changes belong there.\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    let document = serde_json::from_str(&workspace::read("docs/openapi.json"))?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let code = Generator::new(&settings).generate_tokens(&document)?.to_string();
    // Its examples are sketches, not tests that are left out.
    let code = code.replace("```ignore", "```text");
    let target = workspace::root().join("datadump-client/src/generated.rs");
    fs::write(target, formatted(&format!("{HEAD}{code}"))?)?;
    Ok(())
}

/// By the formatter that the gate checks it with.
fn formatted(code: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = rustfmt.stdin.take().ok_or("rustfmt takes no input")?;
    input.write_all(code.as_bytes())?;
    drop(input);
    let output = rustfmt.wait_with_output()?;
    if output.status.success() { Ok(output.stdout) } else { Err("rustfmt failed".into()) }
}
