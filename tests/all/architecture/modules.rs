//! Determines which modules of a crate each of its files refers to, in `use` declarations and in paths within
//! the code.

use std::collections::{BTreeMap, HashMap};

/// A path from the root of a crate, such as `["store", "query"]`.
pub(super) type ModulePath = Vec<String>;

/// The files of a crate, by the modules they contain.
pub(super) struct Modules {
    files: BTreeMap<ModulePath, File>,
}

struct File {
    name: String,
    /// Paths in the file, each with its line and whether it is a re-export.
    paths: Vec<NamedPath>,
    /// The re-exports of the file, by name.
    exports: HashMap<String, Vec<String>>,
}

struct NamedPath {
    line: usize,
    path: Vec<String>,
    is_reexport: bool,
}

/// A reference from a file to another module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The path of the file, relative to the root of the crate.
    pub(super) from: String,
    pub(super) line: usize,
    /// The file that defines the item referred to.
    pub(super) to: String,
}

impl Modules {
    /// Parses files, given by their paths relative to the root of the crate and their contents.
    pub(super) fn read(files: &[(String, String)]) -> Self {
        let paths: Vec<ModulePath> = files.iter().map(|(name, _)| module_path(name)).collect();
        let files = files.iter().zip(&paths).map(|((name, text), path)| {
            let children = paths.iter().filter(|other| other.split_last().is_some_and(|(_, up)| up == path));
            let children: Vec<&str> = children.filter_map(|child| child.last().map(String::as_str)).collect();
            (path.clone(), File::read(name, text, &children))
        });
        Self { files: files.collect() }
    }

    /// Returns all references between files. A re-exported name refers to the file that defines it.
    pub(super) fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for (module, file) in &self.files {
            for NamedPath { line, path, is_reexport } in &file.paths {
                let target = self.resolve(module, path, 0).filter(|target| *target != file.name);
                if let (Some(to), false) = (target, *is_reexport) {
                    found.push(Reference { from: file.name.clone(), line: *line, to: to.to_owned() });
                }
            }
        }
        found
    }

    /// Returns the file that holds the item, or is the module, at a path in a module; `None` if it lies outside the
    /// crate.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<&str> {
        if depth > 8 {
            return None;
        }
        let (mut here, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (module.to_vec(), &path[1..]),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                (module[..module.len().checked_sub(ups)?].to_vec(), &path[ups..])
            }
            child => {
                let below: ModulePath = module.iter().cloned().chain([child.to_owned()]).collect();
                self.files.get(&below)?;
                (module.to_vec(), path)
            }
        };
        while let Some((next, after)) = rest.split_first() {
            let below: ModulePath = here.iter().cloned().chain([next.clone()]).collect();
            if !self.files.contains_key(&below) {
                break;
            }
            (here, rest) = (below, after);
        }
        let file = self.files.get(&here)?;
        let export = rest.first().and_then(|name| file.exports.get(name));
        let exported = export.and_then(|path| self.resolve(&here, path, depth + 1));
        Some(exported.unwrap_or(&file.name))
    }
}

impl File {
    fn read(name: &str, text: &str, children: &[&str]) -> Self {
        let tokens = tokens(&code(text));
        let (mut paths, mut exports) = (Vec::new(), HashMap::new());
        let mut at = 0;
        while let Some((token, line)) = tokens.get(at) {
            let before =
                at.checked_sub(1).and_then(|before| tokens.get(before)).map(|(token, _)| token.as_str());
            if token == "use" {
                let is_reexport = matches!(before, Some("pub" | ")"));
                let end = at + tokens[at..].iter().position(|(token, _)| token == ";").unwrap_or(0);
                for (path, name) in use_tree(&tokens[at + 1..end.max(at + 1)]) {
                    if is_reexport {
                        exports.insert(name, path.clone());
                    }
                    paths.push(NamedPath { line: *line, path, is_reexport });
                }
                at = end.max(at + 1);
                continue;
            }
            let next = tokens.get(at + 1).map(|(token, _)| token.as_str());
            let is_root =
                matches!(token.as_str(), "crate" | "self" | "super") || children.contains(&token.as_str());
            if is_root && next == Some("::") && !matches!(before, Some("::" | "in")) {
                let mut path = vec![token.clone()];
                while tokens.get(at + 1).is_some_and(|(token, _)| token == "::")
                    && tokens.get(at + 2).is_some_and(|(token, _)| is_name(token))
                {
                    path.push(tokens[at + 2].0.clone());
                    at += 2;
                }
                paths.push(NamedPath { line: *line, path, is_reexport: false });
            }
            at += 1;
        }
        Self { name: name.to_owned(), paths, exports }
    }
}

/// Returns the module that a file contains: `store` for `store/mod.rs` and for `store.rs`.
fn module_path(name: &str) -> ModulePath {
    let mut path: ModulePath = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

/// Returns the paths of a use tree, each with the name it binds: `a::{b, c::d as e}` has `a::b` as `b` and
/// `a::c::d` as `e`.
fn use_tree(tokens: &[(String, usize)]) -> Vec<(Vec<String>, String)> {
    let (mut found, mut prefix, mut stack) = (Vec::new(), Vec::new(), Vec::new());
    let (mut is_alias, mut alias) = (false, None);
    for (token, _) in tokens {
        match token.as_str() {
            "::" => {}
            "{" => stack.push(prefix.clone()),
            "," | "}" => {
                let start = stack.last().cloned().unwrap_or_default();
                if prefix.len() > start.len() {
                    found.push((std::mem::replace(&mut prefix, start), alias.take()));
                } else {
                    prefix = start;
                }
                is_alias = false;
                if token == "}" {
                    stack.pop();
                    // The path before the braces is used up.
                    prefix = stack.last().cloned().unwrap_or_default();
                }
            }
            "as" => is_alias = true,
            name if is_alias => alias = Some(name.to_owned()),
            name => prefix.push(name.to_owned()),
        }
    }
    if stack.is_empty() && !prefix.is_empty() {
        found.push((prefix, alias));
    }
    let named = |(path, alias): (Vec<String>, Option<String>)| {
        let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
        (path, name)
    };
    found.into_iter().map(named).collect()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Splits code into names and punctuation, each with its line.
fn tokens(code: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            found.push((rest[..length].to_owned(), number + 1));
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// Returns the code of a file without its tests, with comments and string literals blanked out.
pub(super) fn code(text: &str) -> String {
    let text = &text[..text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())];
    let bytes: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| bytes.get(at + i) == Some(&c));
    while at < bytes.len() {
        if starts(at, "//") {
            while at < bytes.len() && bytes[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "r\"")
            || starts(at, "r#") && bytes[at + 1..].iter().find(|c| **c != '#') == Some(&'"')
        {
            let hashes = bytes[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += 2 + hashes;
            while at < bytes.len() && !starts(at, &end) {
                if bytes[at] == '\n' {
                    out.push('\n');
                }
                at += 1;
            }
            at += 1 + hashes;
        } else if bytes[at] == '"' {
            at += 1;
            while at < bytes.len() && bytes[at] != '"' {
                if bytes[at] == '\n' {
                    out.push('\n');
                }
                at += if bytes[at] == '\\' && bytes.get(at + 1) != Some(&'\n') { 2 } else { 1 };
            }
            at += 1;
        } else if starts(at, "'\"'") {
            at += 3;
        } else if starts(at, "'\\") {
            at += 3 + bytes[at + 3..].iter().position(|c| *c == '\'').unwrap_or(0) + 1;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_declarations_and_in_code() {
        let files = [
            ("lib.rs", "mod store; mod dump; pub use store::Store;"),
            ("store/mod.rs", "mod sql; pub use self::sql::Select as Query; pub struct Store;"),
            ("store/sql.rs", "use super::Store; pub(in crate::dump) struct Select;"),
            (
                "dump.rs",
                "// use crate::nothing::X;\nuse crate::{\n    store::{self, Query, Store},\n};\nfn f() { let text = \"crate::store::Store\"; crate::store::sql::run() }\n#[cfg(test)]\nmod tests { use crate::store::Store; }",
            ),
        ];
        let files: Vec<_> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let found: Vec<_> = Modules::read(&files).references();
        let found: Vec<_> = found.iter().map(|r| format!("{}:{} {}", r.from, r.line, r.to)).collect();
        assert_eq!(
            found,
            [
                "dump.rs:2 store/mod.rs",
                "dump.rs:2 store/sql.rs",
                "dump.rs:2 store/mod.rs",
                "dump.rs:5 store/sql.rs",
                "store/sql.rs:1 store/mod.rs",
            ]
        );
    }

    #[test]
    fn use_trees_are_taken_apart() {
        let tree = |text: &str| -> Vec<String> {
            use_tree(&tokens(text)).iter().map(|(path, name)| format!("{} {name}", path.join("::"))).collect()
        };
        assert_eq!(tree("a::b"), ["a::b b"]);
        assert_eq!(tree("a::{b, c::d as e, f::{g, h}}"), ["a::b b", "a::c::d e", "a::f::g g", "a::f::h h"]);
    }
}
