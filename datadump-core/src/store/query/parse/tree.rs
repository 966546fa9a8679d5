//! Compiles a parsed condition into a filter.

use serde_json::Value as Json;

use super::{
    budget::Budget,
    refusal::{Refusal, from_condition},
    test::Subject,
};
use crate::{
    condition::{Condition, FieldTests, Term},
    schema::Definition,
    store::query::Filter,
};

/// Parses a condition and compiles it against a definition.
pub(super) fn filter(definition: &Definition, json: &Json, budget: &mut Budget) -> Result<Filter, Refusal> {
    let condition =
        Condition::parse(json, |name| definition.field(name).is_some()).map_err(from_condition)?;
    compile(definition, &condition, budget)
}

fn compile(definition: &Definition, condition: &Condition, budget: &mut Budget) -> Result<Filter, Refusal> {
    budget.test()?;
    let mut all = Vec::with_capacity(condition.terms.len());
    for term in &condition.terms {
        match term {
            Term::All(conditions) => all.push(Filter::All(compile_all(definition, conditions, budget)?)),
            Term::Any(conditions) => all.push(Filter::Any(compile_all(definition, conditions, budget)?)),
            Term::Not(condition) => {
                all.push(Filter::Not(Box::new(compile(definition, condition, budget)?)));
            }
            Term::Field(FieldTests { field, tests, .. }) => {
                let subject = Subject::named(definition, field, budget)?;
                for test in tests {
                    let filter = subject.tree_test(test.operator, &test.operand, budget);
                    all.push(filter.map_err(|(code, detail)| (code, format!("{field}: {detail}")))?);
                }
            }
        }
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => Filter::All(all),
    })
}

fn compile_all(
    definition: &Definition,
    conditions: &[Condition],
    budget: &mut Budget,
) -> Result<Vec<Filter>, Refusal> {
    conditions.iter().map(|condition| compile(definition, condition, budget)).collect()
}
