//! Where things are in the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the workspace")
}

/// A file of the workspace, as text.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A program of the same build as this one.
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("this program is a file");
    let built = this.ancestors().skip(1).map(|folder| folder.join(name)).find(|program| program.is_file());
    built.unwrap_or_else(|| {
        panic!("`{name}` is not built: run tests/run, or first `cargo build --workspace --all-targets`")
    })
}

/// All Rust files below a folder of the workspace, with their text.
pub fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("it is below the root").display().to_string();
                found.push((name.clone(), read(&name)));
            }
        }
    }
    found.sort();
    found
}
