//! Parses the query of an export: filters, `fields`, `limit`, and an ordering that an index gives.

use super::{CONTROLS, Parser, budget::Evaluator};
use crate::{
    error::{Error, Result},
    schema::Definition,
    store::query::{Column, Direction, Filter},
};

/// The parameters of a list that do not apply to an export.
const INAPPLICABLE: [&str; 3] = ["offset", "cursor", "count"];

/// A query for an export.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExportQuery {
    /// The filter; `None` for all rows.
    pub(crate) filter: Option<Filter>,
    /// The columns; `None` for all.
    pub(crate) fields: Option<Vec<Column>>,
    /// The column that the rows are ordered by, and then by key in the same direction.
    pub(crate) order: (Column, Direction),
    /// Maximum number of rows.
    pub(crate) limit: Option<u64>,
}

/// Parses the query of an export.
pub(crate) fn export(definition: &Definition, pairs: &[(String, String)]) -> Result<ExportQuery> {
    let mut parser = Parser { definition, pairs, evaluator: Evaluator::Database, faults: Vec::new() };
    let query = parser.export();
    if parser.faults.is_empty() { Ok(query) } else { Err(Error::Query(parser.faults)) }
}

impl Parser<'_> {
    fn export(&mut self) -> ExportQuery {
        for name in CONTROLS.into_iter().filter(|name| INAPPLICABLE.contains(name)) {
            if self.control(name).is_some() {
                let detail = format!("`{name}` applies to lists; an export has no pages");
                self.fault(name, "not-applicable", detail);
            }
        }
        if self.control("search").is_some() {
            self.fault("search", "not-available", "full text search is not available yet");
        }
        let (filter, fields) = (self.filter(), self.fields());
        let limit = self.number("limit", 1, u64::MAX);
        ExportQuery { filter, fields, order: self.export_order(), limit }
    }

    /// Returns the column of the ordering, and its direction. An export reads page after page, and without an index
    /// each of them would sort all rows.
    fn export_order(&mut self) -> (Column, Direction) {
        let by_key = (Column::Key, Direction::Ascending);
        if self.control("ordering").is_none() {
            return by_key;
        }
        let before = self.faults.len();
        let order = self.ordering();
        let (Some(first), true) = (order.first(), self.faults.len() == before) else { return by_key };
        let service = self.definition.service();
        let key = self.definition.key.name.as_str();
        if order.len() > 2 || order.iter().any(|order| order.direction != first.direction) {
            let detail = format!(
                "an export is ordered by one field: by `{key}`, by `{}` or by a field with an index",
                service.updated_at
            );
            self.fault("ordering", "not-exportable", detail);
        } else if first.column != Column::UpdatedAt && !first.column.is_indexed(self.definition) {
            let name = first.column.name(self.definition);
            let detail = format!(
                "an export cannot be ordered by `{name}`, which has no index: leave `ordering` out to export by `{key}`"
            );
            self.fault("ordering", "not-exportable", detail);
        }
        (first.column, first.direction)
    }
}
