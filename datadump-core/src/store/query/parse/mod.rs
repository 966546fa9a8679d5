//! Parses a query from URL parameters.

mod aggregate;
mod body;
mod budget;
mod export;
mod expression;
mod lists;
mod refusal;
mod selection;
mod sent;
mod series;
mod test;
mod tree;

use sha2::{Digest, Sha256};

use super::{
    Column, Count, DEFAULT_LIMIT, Direction, Filter, GroupQuery, MAX_LIMIT, Order, Paging, Query, Towards,
    cursor,
};
use crate::{
    error::{Error, Fault, Place, Result},
    json,
    schema::{Definition, Kind},
};
pub(crate) use aggregate::{AggregateRequest, Fill, aggregate, aggregate_body};
pub(crate) use body::{export_parameters_of, in_body, parameters_of};
use budget::{Budget, Evaluator};
pub(crate) use export::{ExportQuery, export};
use refusal::{check_indexed, unknown_field};
pub(crate) use selection::{Selection, selection};
pub(crate) use series::{SeriesRequest, series, series_body};

/// Parameters that are not filters. A field with such a name is filtered as `name__eq`.
pub(super) const CONTROLS: [&str; 8] =
    ["limit", "offset", "cursor", "count", "ordering", "fields", "where", "search"];

/// Maximum number of columns in an ordering.
const MAX_ORDERING_COLUMNS: usize = 8;

/// Parses a query for a storage with this definition. The guide describes the parameters.
pub fn parameters(definition: &Definition, pairs: &[(String, String)]) -> Result<Query> {
    let mut parser = Parser { definition, pairs, evaluator: Evaluator::Database, faults: Vec::new() };
    let query = parser.read();
    match query {
        Some(query) if parser.faults.is_empty() => Ok(query),
        _ => Err(Error::Query(parser.faults)),
    }
}

/// Parses only filters, for rows that are filtered in memory: these may be on any field, with or without an
/// index.
pub fn filters(definition: &Definition, pairs: &[(String, String)]) -> Result<Option<Filter>> {
    let mut parser = Parser { definition, pairs, evaluator: Evaluator::Memory, faults: Vec::new() };
    let filter = parser.filter();
    if parser.faults.is_empty() { Ok(filter) } else { Err(Error::Query(parser.faults)) }
}

/// Parses a query for the number of rows with each combination of values of these columns: filters, and
/// `limit`.
pub fn groups(
    definition: &Definition,
    pairs: &[(String, String)],
    columns: Vec<Column>,
) -> Result<GroupQuery> {
    let mut parser = Parser { definition, pairs, evaluator: Evaluator::Database, faults: Vec::new() };
    for (name, _) in pairs {
        if CONTROLS.contains(&name.as_str()) && !["limit", "where"].contains(&name.as_str()) {
            let detail = format!("`{name}` applies to lists: only filters and `limit` apply here");
            parser.fault(name, "not-applicable", detail);
        }
    }
    let filter = parser.filter();
    let limit = parser.number("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let query = GroupQuery { columns, filter, limit };
    if parser.faults.is_empty() { Ok(query) } else { Err(Error::Query(parser.faults)) }
}

/// Parses a query for the number of rows with each value of a field: `field`, filters, and `limit`.
pub fn values(definition: &Definition, pairs: &[(String, String)]) -> Result<(Column, GroupQuery)> {
    let (mut named, others): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| name == "field");
    let refused =
        |code, detail: String| Error::Query(vec![Fault::new(Place::Parameter("field".into()), code, detail)]);
    let field = match (named.pop(), named.is_empty()) {
        (Some((_, field)), true) => field,
        (Some(_), false) => return Err(refused("duplicate", "`field` is given twice".into())),
        (None, _) => {
            return Err(refused("missing", "`field` names the field whose values are counted".into()));
        }
    };
    let column = Column::named(definition, &field)
        .ok_or_else(|| refused("unknown-field", unknown_field(definition, &field)))?;
    if matches!(column.kind(definition), Kind::Json | Kind::Binary { .. }) {
        return Err(refused("not-applicable", format!("the values of `{field}` cannot be compared")));
    }
    Ok((column, groups(definition, &others, vec![column])?))
}

/// Parses the filters of a request for something else than a list.
fn filter_of(
    definition: &Definition,
    pairs: &[(String, String)],
    request: &str,
    faults: &mut Vec<Fault>,
) -> Option<Filter> {
    let mut parser = Parser { definition, pairs, evaluator: Evaluator::Database, faults: Vec::new() };
    for (name, _) in pairs {
        if CONTROLS.contains(&name.as_str()) && name != "where" {
            let detail = format!(
                "`{name}` applies to lists, not to {request}; a field of that name is filtered as {name}__eq"
            );
            parser.fault(name, "not-applicable", detail);
        }
    }
    let filter = parser.filter();
    faults.append(&mut parser.faults);
    filter
}

struct Parser<'a> {
    definition: &'a Definition,
    pairs: &'a [(String, String)],
    evaluator: Evaluator,
    faults: Vec<Fault>,
}

impl<'a> Parser<'a> {
    fn read(&mut self) -> Option<Query> {
        let filter = self.filter();
        let order = self.ordering();
        let count = self.count();
        let fields = self.fields();
        if self.control("search").is_some() {
            self.fault("search", "not-available", "full text search is not available yet");
        }
        let identity = self.identity();
        let paging = self.paging(&order, &identity)?;
        let count = match (&paging, count) {
            (Paging::Keyset { .. }, None) => Count::None,
            (_, count) => count.unwrap_or(Count::Bounded),
        };
        Some(Query { filter, order, paging, count, fields, identity })
    }

    /// Returns the value of a control parameter; giving one twice is a fault.
    fn control(&mut self, name: &str) -> Option<&'a str> {
        let mut found = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() {
            self.fault(name, "duplicate", format!("`{name}` is given twice"));
        }
        first
    }

    fn fault(&mut self, parameter: &str, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(Place::Parameter(parameter.to_owned()), code, detail));
    }

    fn number(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let text = self.control(name)?;
        let number = text.parse().ok().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.fault(name, "out-of-range", format!("{text:?} is not a number from {min} to {max}"));
        }
        number
    }

    fn paging(&mut self, order: &[Order], identity: &str) -> Option<Paging> {
        let limit = self.number("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
        let offset = self.number("offset", 0, i64::MAX as u64);
        let Some(text) = self.control("cursor") else {
            return Some(Paging::Offset { limit, offset: offset.unwrap_or(0) });
        };
        if offset.is_some() {
            self.fault("offset", "not-applicable", "`cursor` and `offset` cannot be combined");
        }
        if text.is_empty() {
            return Some(Paging::Keyset { limit, from: None, towards: Towards::Next });
        }
        match cursor::read(self.definition, order, identity, text) {
            Ok((from, towards)) => Some(Paging::Keyset { limit, from: Some(from), towards }),
            Err(reason) => {
                self.fault("cursor", "cursor", reason);
                None
            }
        }
    }

    fn count(&mut self) -> Option<Count> {
        match self.control("count")? {
            "exact" => Some(Count::Exact),
            "estimated" => Some(Count::Estimated),
            "none" => Some(Count::None),
            other => {
                let detail = format!("{other:?} is not exact, estimated or none");
                self.fault("count", "mistyped", detail);
                None
            }
        }
    }

    fn fields(&mut self) -> Option<Vec<Column>> {
        let text = self.control("fields")?;
        let mut columns = Vec::new();
        for name in text.split(',').map(str::trim) {
            match Column::named(self.definition, name) {
                Some(column) => columns.push(column),
                None => self.fault("fields", "unknown-field", unknown_field(self.definition, name)),
            }
        }
        Some(columns)
    }

    /// Parses the ordering and makes it total by adding the key.
    fn ordering(&mut self) -> Vec<Order> {
        let mut order: Vec<Order> = Vec::new();
        let newest = format!("-{}", self.definition.service().updated_at);
        let text = self.control("ordering").unwrap_or(&newest);
        for part in text.split(',').map(str::trim) {
            let (name, direction) = match part.strip_prefix('-') {
                Some(name) => (name, Direction::Descending),
                None => (part, Direction::Ascending),
            };
            match self.orderable(name) {
                Ok(column) if order.iter().any(|order| order.column == column) => {
                    self.fault("ordering", "duplicate", format!("`{name}` is given twice"));
                }
                Ok(column) => order.push(Order { column, direction }),
                Err((code, detail)) => self.fault("ordering", code, detail),
            }
        }
        if order.len() > MAX_ORDERING_COLUMNS {
            self.fault(
                "ordering",
                "too-many",
                format!("an ordering can have at most {MAX_ORDERING_COLUMNS} fields"),
            );
        }
        // Columns after the key make no difference.
        if let Some(place) = order.iter().position(|order| order.column == Column::Key) {
            order.truncate(place + 1);
        } else {
            // The key has the direction of the last column, so that one index scan gives the whole ordering.
            let direction = order.last().map_or(Direction::Ascending, |order| order.direction);
            order.push(Order { column: Column::Key, direction });
        }
        order
    }

    fn orderable(&self, name: &str) -> Result<Column, (&'static str, String)> {
        let column = Column::named(self.definition, name)
            .ok_or_else(|| ("unknown-field", unknown_field(self.definition, name)))?;
        if matches!(column.kind(self.definition), Kind::Json | Kind::Binary { .. }) {
            return Err(("not-applicable", format!("rows cannot be ordered by `{name}`")));
        }
        check_indexed(self.definition, column)?;
        Ok(column)
    }

    fn filter(&mut self) -> Option<Filter> {
        let (mut filters, mut budget) = (Vec::new(), Budget::of(self.evaluator));
        for (name, value) in lists::joined(self.definition, self.pairs) {
            if CONTROLS.contains(&name) {
                continue;
            }
            match test::parameter(self.definition, name, &value, &mut budget) {
                Ok(filter) => filters.push(filter),
                Err((code, detail)) => self.fault(name, code, detail),
            }
        }
        if let Some(text) = self.control("where") {
            let parsed = json::parse(text.as_bytes()).map_err(|error| ("not-json", error.to_string()));
            match parsed.and_then(|json| tree::filter(self.definition, &json, &mut budget)) {
                Ok(filter) => filters.push(filter),
                Err((code, detail)) => self.fault("where", code, detail),
            }
        }
        match filters.len() {
            0 => None,
            1 => filters.pop(),
            _ => Some(Filter::All(filters)),
        }
    }

    /// Returns a digest of the parameters that determine which rows come in which order.
    fn identity(&self) -> String {
        let mut deciding: Vec<&(String, String)> = self
            .pairs
            .iter()
            .filter(|(name, _)| !["limit", "offset", "cursor", "count", "fields"].contains(&name.as_str()))
            .collect();
        deciding.sort();
        let text = format!("{}{deciding:?}", self.definition.name);
        Sha256::digest(text.as_bytes()).iter().take(9).map(|byte| format!("{byte:02x}")).collect()
    }
}
