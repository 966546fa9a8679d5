//! Files and programs of the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns the root folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the workspace")
}

/// Reads a text file of the workspace.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the folder of build output.
pub fn target() -> PathBuf {
    let this = std::env::current_exe().expect("the running program has a path");
    // It is `target/debug/deps/all-…`.
    this.ancestors().nth(3).expect("the program is in the folder of build output").to_owned()
}

/// Returns the path of a program of the same build as the running one.
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("the running program has a path");
    let path = this.ancestors().skip(1).map(|folder| folder.join(name)).find(|program| program.is_file());
    path.unwrap_or_else(|| {
        panic!("`{name}` is not built: run tests/run, or `cargo build --workspace --all-targets` first")
    })
}

/// Returns the names and contents of all Rust files below a folder of the workspace.
pub fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name =
                    path.strip_prefix(root()).expect("the file is below the root").display().to_string();
                found.push((name.clone(), read(&name)));
            }
        }
    }
    found.sort();
    found
}
