//! Reads a tree of tests: `{"or": [{"age": {"lt": 18}}, {"not": {"color": {"in": ["red"]}}}]}`.

use serde_json::Value as Json;

use super::{Refusal, test::Subject};
use crate::{schema::Definition, store::query::Filter};

/// How deep a tree may nest.
const MAX_DEPTH: usize = 16;

/// The most tests a tree may have.
const MAX_TESTS: usize = 256;

/// Reads a tree.
pub(super) fn filter(definition: &Definition, json: &Json) -> Result<Filter, Refusal> {
    let mut tests = 0;
    node(definition, json, 0, &mut tests)
}

fn node(definition: &Definition, json: &Json, depth: usize, tests: &mut usize) -> Result<Filter, Refusal> {
    if depth > MAX_DEPTH {
        return Err(("too-deep", format!("the tree nests deeper than {MAX_DEPTH} levels")));
    }
    let Some(members) = json.as_object() else {
        return Err(("mistyped", format!("{json} is not an object of tests")));
    };
    let mut all = Vec::new();
    for (name, json) in members {
        match (name.as_str(), json) {
            ("and", Json::Array(items)) => all.push(Filter::All(nodes(definition, items, depth, tests)?)),
            ("or", Json::Array(items)) => all.push(Filter::Any(nodes(definition, items, depth, tests)?)),
            // A field may be called `not`; its test is then an object of operators.
            ("not", Json::Object(_)) if definition.field("not").is_none() => {
                all.push(Filter::Not(Box::new(node(definition, json, depth + 1, tests)?)));
            }
            (name, json) => tests_of(&Subject::named(definition, name)?, json, &mut all, tests)?,
        }
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => Filter::All(all),
    })
}

fn nodes(
    definition: &Definition,
    items: &[Json],
    depth: usize,
    tests: &mut usize,
) -> Result<Vec<Filter>, Refusal> {
    items.iter().map(|item| node(definition, item, depth + 1, tests)).collect()
}

fn tests_of(subject: &Subject, json: &Json, all: &mut Vec<Filter>, tests: &mut usize) -> Result<(), Refusal> {
    match json.as_object() {
        Some(operators) => {
            for (operator, value) in operators {
                *tests += 1;
                all.push(subject.tree_test(operator, value)?);
            }
        }
        None => {
            *tests += 1;
            all.push(subject.tree_test("eq", json)?);
        }
    }
    if *tests > MAX_TESTS {
        return Err(("too-many", format!("a tree has at most {MAX_TESTS} tests")));
    }
    Ok(())
}
