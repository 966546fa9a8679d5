//! Parses a request for aggregates, from URL parameters or a body.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    body::Names,
    expression::{self, alias, default_name},
    refusal::{Refusal, from_condition},
    sent::{Reader, Sent},
};
use crate::{
    condition::Condition,
    error::Result,
    json, request,
    schema::Definition,
    store::query::{AggregateQuery, Column, Direction, GroupBy, MAX_GROUPS},
};

/// Default maximum number of groups that are returned.
const DEFAULT_GROUPS: u64 = 1_000;

/// Maximum number of functions, and of group expressions.
const MAX_FUNCTIONS: usize = 32;
const MAX_GROUP_EXPRESSIONS: usize = 8;

/// A request for aggregates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AggregateRequest {
    pub(crate) query: AggregateQuery,
    /// The names of the groups' values and of the functions' results.
    pub(crate) group_names: Vec<String>,
    pub(crate) function_names: Vec<String>,
    /// A condition on the result, by these names.
    pub(crate) having: Option<Condition>,
    /// Positions of results by which they are ordered: those of the groups, then those of the functions.
    pub(crate) ordering: Vec<(usize, Direction)>,
    /// Maximum number of results.
    pub(crate) limit: usize,
    pub(crate) fill: Fill,
}

/// Results for buckets without rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fill {
    /// They are left out.
    #[default]
    None,
    /// Null.
    Null,
    /// Zero.
    Zero,
    /// The results of the previous bucket of the same group.
    Previous,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    agg: Option<Names>,
    group_by: Option<Names>,
    tz: Option<String>,
    #[serde(rename = "where")]
    filter: Option<Json>,
    having: Option<Json>,
    ordering: Option<Names>,
    limit: Option<u64>,
    fill: Option<String>,
    time: Option<String>,
}

/// Parses a request from URL parameters.
pub(crate) fn aggregate(definition: &Definition, pairs: &[(String, String)]) -> Result<AggregateRequest> {
    let lists = ["agg", "group_by", "ordering"];
    let singles = ["tz", "having", "limit", "fill", "time"];
    read(Reader::new(definition, Sent::from_pairs(pairs, &lists, &singles)))
}

/// Parses a request from a body with the same members, where the filter is `where`.
pub(crate) fn aggregate_body(definition: &Definition, body: &Json) -> Result<AggregateRequest> {
    let Body { agg, group_by, tz, filter, having, ordering, limit, fill, time } = request::read(body)?;
    let mut sent = Sent::default();
    for (name, list) in [("agg", agg), ("group_by", group_by), ("ordering", ordering)] {
        sent.list(name, list);
    }
    for (name, text) in [("tz", tz), ("fill", fill), ("time", time)] {
        sent.single(name, text);
    }
    sent.single("having", having);
    sent.single("limit", limit);
    sent.filter(filter);
    read(Reader::new(definition, sent))
}

/// A parsed expression with the name of its result.
struct Named<T> {
    name: String,
    value: T,
}

fn read(mut reader: Reader<'_>) -> Result<AggregateRequest> {
    let zone = reader.zone();
    let sent = reader.list("group_by");
    let groups = reader.parts("group_by", &sent, MAX_GROUP_EXPRESSIONS, named(expression::group));
    let bucket = groups.iter().find_map(|group| match group.value {
        GroupBy::Bucket(column, _) => Some(column),
        _ => None,
    });
    let time = reader.time().or(bucket).unwrap_or(Column::CreatedAt);
    let mut sent = reader.list("agg");
    if sent.is_empty() {
        sent.push("count".to_owned());
    }
    let function = |definition: &Definition, text: &str| expression::function(definition, text, time);
    let functions = reader.parts("agg", &sent, MAX_FUNCTIONS, named(function));
    let filter = reader.filter("aggregates");
    let (group_names, groups) = unzip(groups);
    let (function_names, functions) = unzip(functions);
    let names: Vec<&String> = group_names.iter().chain(&function_names).collect();
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        let detail = format!("two results are called `{twice}`: name one of them, such as `{twice}:other`");
        reader.fault("agg", "duplicate", detail);
    }
    let sent = reader.list("ordering");
    let ordering = ordering(&mut reader, &sent, &names);
    let having = having(&mut reader, &names);
    let limit = reader.number("limit", MAX_GROUPS, DEFAULT_GROUPS);
    let fill = fill(&mut reader, &groups);
    let needs_all = needs_all_groups(having.as_ref(), fill);
    let (order, most) = if needs_all { (Vec::new(), MAX_GROUPS) } else { (ordering.clone(), limit) };
    let query = AggregateQuery { filter, groups, zone, functions, order, limit: most };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    reader.finish(AggregateRequest { query, group_names, function_names, having, ordering, limit, fill })
}

impl AggregateRequest {
    /// Returns whether the query returns all groups, which are ordered and cut off afterwards.
    pub(crate) fn needs_all_groups(&self) -> bool {
        needs_all_groups(self.having.as_ref(), self.fill)
    }
}

fn needs_all_groups(having: Option<&Condition>, fill: Fill) -> bool {
    having.is_some() || fill != Fill::None
}

/// Parses an expression and the name of its result.
fn named<T>(
    read: impl Fn(&Definition, &str) -> Result<T, Refusal>,
) -> impl Fn(&Definition, &str) -> Result<Named<T>, Refusal> {
    move |definition, text| {
        let (expression, alias) = alias(text);
        let value = read(definition, expression)?;
        let name = alias.map_or_else(|| default_name(expression), str::to_owned);
        Ok(Named { name, value })
    }
}

fn ordering(reader: &mut Reader<'_>, sent: &[String], names: &[&String]) -> Vec<(usize, Direction)> {
    let mut ordering = Vec::new();
    for part in sent {
        // A result may itself have a name that begins with a minus.
        let found = |name: &str| names.iter().position(|known| known.as_str() == name);
        let (place, direction) = match (found(part), part.strip_prefix('-').and_then(found)) {
            (Some(place), _) => (place, Direction::Ascending),
            (None, Some(place)) => (place, Direction::Descending),
            (None, None) => {
                let detail = format!("there is no result `{}`", part.strip_prefix('-').unwrap_or(part));
                reader.fault("ordering", "unknown-result", detail);
                continue;
            }
        };
        // Only the first time makes a difference.
        if ordering.iter().all(|(known, _)| *known != place) {
            ordering.push((place, direction));
        }
    }
    ordering
}

fn having(reader: &mut Reader<'_>, names: &[&String]) -> Option<Condition> {
    let text = reader.text("having")?;
    reader.accept("having", condition(&text, &|name| names.iter().any(|known| known.as_str() == name)))
}

/// Parses a condition on results, which have these names.
fn condition(text: &str, is_result: &dyn Fn(&str) -> bool) -> Result<Condition, Refusal> {
    let sent = json::parse(text.as_bytes()).map_err(|error| ("not-json", error.to_string()))?;
    let condition = Condition::parse(&sent, is_result).map_err(from_condition)?;
    condition.check_operands().map_err(from_condition)?;
    match condition.unknown_field(&is_result) {
        None => Ok(condition),
        Some(name) => Err(("unknown-result", format!("there is no result `{name}`"))),
    }
}

fn fill(reader: &mut Reader<'_>, groups: &[GroupBy]) -> Fill {
    let fill = match reader.text("fill").as_deref() {
        None | Some("none") => return Fill::None,
        Some("null") => Fill::Null,
        Some("zero") => Fill::Zero,
        Some("previous") => Fill::Previous,
        Some(other) => {
            reader.fault("fill", "mistyped", format!("{other:?} is not none, null, zero or previous"));
            return Fill::None;
        }
    };
    let buckets = groups.iter().filter(|group| matches!(group, GroupBy::Bucket(..))).count();
    if buckets != 1 {
        reader.fault("fill", "not-applicable", "`fill` needs exactly one bucket in `group_by`");
    }
    fill
}

fn unzip<T>(named: Vec<Named<T>>) -> (Vec<String>, Vec<T>) {
    named.into_iter().map(|Named { name, value }| (name, value)).unzip()
}
