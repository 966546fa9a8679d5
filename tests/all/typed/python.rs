//! Runs the Python programs of tests.

use std::path::{Path, PathBuf};

use datadump_tests::workspace;
use tokio::process::Command;

use crate::typescript::output_of;

/// Returns the folder of the programs of the virtual environment that `tests/run` makes.
pub(super) fn programs() -> PathBuf {
    let programs = workspace::target().join("tools/python/bin");
    assert!(programs.is_dir(), "{} is missing: tests/run black-box installs it", programs.display());
    programs
}

/// Runs a program of `tests/python` in a folder, and returns its output.
pub(super) async fn python(folder: &Path, program: &str, arguments: &[&str]) -> String {
    std::fs::write(folder.join(program), workspace::read(&format!("tests/python/{program}"))).unwrap();
    output_of(Command::new(programs().join("python")).arg(program).args(arguments).current_dir(folder)).await
}
