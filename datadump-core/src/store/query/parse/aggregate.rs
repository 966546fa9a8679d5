//! Parses a request for aggregates, from URL parameters or a body.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    body::Names,
    expression::{self, alias, default_name, split},
    refusal::{Refusal, from_condition},
};
use crate::{
    clock::Zone,
    condition::Condition,
    error::{Error, Fault, Place, Result},
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

/// The request as it was sent.
#[derive(Debug, Default)]
struct Sent {
    functions: Vec<String>,
    groups: Vec<String>,
    zone: Option<String>,
    having: Option<Json>,
    ordering: Vec<String>,
    limit: Option<String>,
    fill: Option<String>,
    time: Option<String>,
    /// Filters.
    others: Vec<(String, String)>,
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
    let fault = |name: &str, code, detail: String| {
        Error::Query(vec![Fault::new(Place::Parameter(name.to_owned()), code, detail)])
    };
    let mut sent = Sent::default();
    for (name, value) in pairs {
        let single = match name.as_str() {
            "agg" => {
                sent.functions.extend(split(value));
                continue;
            }
            "group_by" => {
                sent.groups.extend(split(value));
                continue;
            }
            "ordering" => {
                sent.ordering.extend(split(value));
                continue;
            }
            "having" => {
                let parsed = json::parse(value.as_bytes())
                    .map_err(|error| fault(name, "not-json", error.to_string()))?;
                if sent.having.replace(parsed).is_some() {
                    return Err(fault(name, "duplicate", "`having` is given twice".into()));
                }
                continue;
            }
            "tz" => &mut sent.zone,
            "limit" => &mut sent.limit,
            "fill" => &mut sent.fill,
            "time" => &mut sent.time,
            _ => {
                sent.others.push((name.clone(), value.clone()));
                continue;
            }
        };
        if single.replace(value.clone()).is_some() {
            return Err(fault(name, "duplicate", format!("`{name}` is given twice")));
        }
    }
    read(definition, sent)
}

/// Parses a request from a body with the same members, where the filter is `where`.
pub(crate) fn aggregate_body(definition: &Definition, body: &Json) -> Result<AggregateRequest> {
    let body: Body = request::read(body)?;
    let list = |names: Option<Names>| match names {
        None => Vec::new(),
        Some(Names::Text(text)) => split(&text).collect(),
        Some(Names::List(names)) => names,
    };
    let sent = Sent {
        functions: list(body.agg),
        groups: list(body.group_by),
        zone: body.tz,
        having: body.having,
        ordering: list(body.ordering),
        limit: body.limit.map(|limit| limit.to_string()),
        fill: body.fill,
        time: body.time,
        others: body.filter.map(|filter| ("where".to_owned(), filter.to_string())).into_iter().collect(),
    };
    read(definition, sent).map_err(super::in_body)
}

fn read(definition: &Definition, sent: Sent) -> Result<AggregateRequest> {
    let mut reader = Reader { definition, faults: Vec::new() };
    let request = reader.read(sent);
    match request {
        Some(request) if reader.faults.is_empty() => Ok(request),
        _ => Err(Error::Query(reader.faults)),
    }
}

struct Reader<'a> {
    definition: &'a Definition,
    faults: Vec<Fault>,
}

/// A parsed expression with the name of its result.
struct Named<T> {
    name: String,
    value: T,
}

impl Reader<'_> {
    fn read(&mut self, sent: Sent) -> Option<AggregateRequest> {
        let zone = self.zone(sent.zone.as_deref());
        let groups = self.all("group_by", &sent.groups, MAX_GROUP_EXPRESSIONS, expression::group);
        let bucket = groups.iter().find_map(|group| match group.value {
            GroupBy::Bucket(column, _) => Some(column),
            _ => None,
        });
        let time = self.time(sent.time.as_deref()).or(bucket).unwrap_or(Column::CreatedAt);
        let sent_functions =
            if sent.functions.is_empty() { vec!["count".to_owned()] } else { sent.functions };
        let function = |definition: &Definition, text: &str| expression::function(definition, text, time);
        let functions = self.all("agg", &sent_functions, MAX_FUNCTIONS, function);
        let filter = super::filter_of(self.definition, &sent.others, "aggregates", &mut self.faults);
        let (group_names, groups) = unzip(groups);
        let (function_names, functions) = unzip(functions);
        let names: Vec<&String> = group_names.iter().chain(&function_names).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            let detail =
                format!("two results are called `{twice}`: name one of them, such as `{twice}:other`");
            self.fault("agg", "duplicate", detail);
        }
        let ordering = self.ordering(&sent.ordering, &names);
        let having = self.having(sent.having.as_ref(), &names);
        let limit = self.limit(sent.limit.as_deref());
        let fill = self.fill(sent.fill.as_deref(), &groups);
        // What the database leaves out could come first in another order.
        let is_direct = ordering.is_empty() && having.is_none() && fill == Fill::None;
        let query = AggregateQuery {
            filter,
            groups,
            zone: zone?,
            functions,
            limit: if is_direct { limit } else { MAX_GROUPS },
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Some(AggregateRequest { query, group_names, function_names, having, ordering, limit, fill })
    }

    fn fault(&mut self, parameter: &str, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(Place::Parameter(parameter.to_owned()), code, detail));
    }

    fn all<T>(
        &mut self,
        parameter: &str,
        sent: &[String],
        max: usize,
        read: impl Fn(&Definition, &str) -> Result<T, Refusal>,
    ) -> Vec<Named<T>> {
        if sent.len() > max {
            self.fault(parameter, "too-many", format!("`{parameter}` can have at most {max} parts"));
            return Vec::new();
        }
        let mut all = Vec::with_capacity(sent.len());
        for text in sent {
            let (expression, alias) = alias(text);
            match read(self.definition, expression) {
                Ok(value) => {
                    let name = alias.map_or_else(|| default_name(expression), str::to_owned);
                    all.push(Named { name, value });
                }
                Err((code, detail)) => self.fault(parameter, code, detail),
            }
        }
        all
    }

    fn time(&mut self, sent: Option<&str>) -> Option<Column> {
        match expression::time_column(self.definition, sent?) {
            Ok(column) => Some(column),
            Err((code, detail)) => {
                self.fault("time", code, detail);
                None
            }
        }
    }

    fn zone(&mut self, sent: Option<&str>) -> Option<Zone> {
        let Some(name) = sent else { return Some(Zone::default()) };
        match expression::zone(name) {
            Ok(zone) => Some(zone),
            Err((code, detail)) => {
                self.fault("tz", code, detail);
                None
            }
        }
    }

    fn ordering(&mut self, sent: &[String], names: &[&String]) -> Vec<(usize, Direction)> {
        let mut ordering = Vec::new();
        for part in sent {
            // A result may itself have a name that begins with a minus.
            let found = |name: &str| names.iter().position(|known| known.as_str() == name);
            match (found(part), part.strip_prefix('-').and_then(found)) {
                (Some(place), _) => ordering.push((place, Direction::Ascending)),
                (None, Some(place)) => ordering.push((place, Direction::Descending)),
                (None, None) => {
                    let detail = format!("there is no result `{}`", part.strip_prefix('-').unwrap_or(part));
                    self.fault("ordering", "unknown-result", detail);
                }
            }
        }
        ordering
    }

    fn having(&mut self, sent: Option<&Json>, names: &[&String]) -> Option<Condition> {
        let parsed = Condition::parse(sent?, |name| names.iter().any(|known| known.as_str() == name));
        let checked = parsed.and_then(|condition| condition.check_operands().map(|()| condition));
        match checked.map_err(from_condition) {
            Ok(condition) => {
                match condition.unknown_field(&|name| names.iter().any(|known| known.as_str() == name)) {
                    None => Some(condition),
                    Some(name) => {
                        self.fault("having", "unknown-result", format!("there is no result `{name}`"));
                        None
                    }
                }
            }
            Err((code, detail)) => {
                self.fault("having", code, detail);
                None
            }
        }
    }

    fn limit(&mut self, sent: Option<&str>) -> u64 {
        let Some(text) = sent else { return DEFAULT_GROUPS };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_GROUPS).contains(limit));
        if limit.is_none() {
            self.fault("limit", "out-of-range", format!("{text:?} is not a number from 1 to {MAX_GROUPS}"));
        }
        limit.unwrap_or(DEFAULT_GROUPS)
    }

    fn fill(&mut self, sent: Option<&str>, groups: &[GroupBy]) -> Fill {
        let fill = match sent {
            None | Some("none") => return Fill::None,
            Some("null") => Fill::Null,
            Some("zero") => Fill::Zero,
            Some("previous") => Fill::Previous,
            Some(other) => {
                self.fault("fill", "mistyped", format!("{other:?} is not none, null, zero or previous"));
                return Fill::None;
            }
        };
        let buckets = groups.iter().filter(|group| matches!(group, GroupBy::Bucket(..))).count();
        if buckets != 1 {
            self.fault("fill", "not-applicable", "`fill` needs exactly one bucket in `group_by`");
        }
        fill
    }
}

fn unzip<T>(named: Vec<Named<T>>) -> (Vec<String>, Vec<T>) {
    named.into_iter().map(|Named { name, value }| (name, value)).unzip()
}
