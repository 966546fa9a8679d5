//! Parses a filter tree: `{"or": [{"age": {"lt": 18}}, {"not": {"color": {"in": ["red"]}}}]}`.

use serde_json::Value as Json;

use super::{Refusal, budget::Budget, test::Subject};
use crate::{schema::Definition, store::query::Filter};

/// Maximum nesting depth of a tree.
const MAX_DEPTH: usize = 16;

/// Parses a tree.
pub(super) fn filter(definition: &Definition, json: &Json, budget: &mut Budget) -> Result<Filter, Refusal> {
    node(definition, json, 0, budget)
}

fn node(definition: &Definition, json: &Json, depth: usize, budget: &mut Budget) -> Result<Filter, Refusal> {
    if depth > MAX_DEPTH {
        return Err(("too-deep", format!("the tree nests deeper than {MAX_DEPTH} levels")));
    }
    budget.test()?;
    let Some(members) = json.as_object() else {
        return Err(("mistyped", format!("{json} is not an object of tests")));
    };
    let mut all = Vec::new();
    for (name, json) in members {
        match (name.as_str(), json) {
            ("and", Json::Array(items)) => all.push(Filter::All(nodes(definition, items, depth, budget)?)),
            ("or", Json::Array(items)) => all.push(Filter::Any(nodes(definition, items, depth, budget)?)),
            // A field may be named `not`; its test is then an object of operators.
            ("not", Json::Object(_)) if definition.field("not").is_none() => {
                all.push(Filter::Not(Box::new(node(definition, json, depth + 1, budget)?)));
            }
            (name, json) => {
                let subject = Subject::named(definition, name, budget)?;
                let tested = tests_of(&subject, json, &mut all, budget);
                tested.map_err(|(code, detail)| (code, format!("{name}: {detail}")))?;
            }
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
    budget: &mut Budget,
) -> Result<Vec<Filter>, Refusal> {
    items.iter().map(|item| node(definition, item, depth + 1, budget)).collect()
}

fn tests_of(
    subject: &Subject,
    json: &Json,
    all: &mut Vec<Filter>,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    match json.as_object() {
        Some(operators) => {
            for (operator, value) in operators {
                all.push(subject.tree_test(operator, value, budget)?);
            }
        }
        None => {
            all.push(subject.tree_test("eq", json, budget)?);
        }
    }
    Ok(())
}
