//! Selections of rows to change or delete: filters, and how many rows they may match.

use super::{CONTROLS, Evaluator, Parser};
use crate::{
    error::{Error, Result},
    request::parse_flag,
    schema::Definition,
    store::query::Filter,
};

/// Maximum number of rows that one request may change or delete.
pub(crate) const MAX_AFFECTED: u64 = 100_000;

/// Parameters that are not filters, besides those of lists.
const MAXIMUM: &str = "max_affected";
const ALL: &str = "all";
const DRY_RUN: &str = "dry_run";

/// The rows that are to be changed or deleted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selection {
    /// The filter; all rows if it has no conditions.
    pub(crate) filter: Filter,
    /// Maximum number of rows.
    pub(crate) max_affected: u64,
    /// True if nothing is stored.
    pub(crate) is_dry_run: bool,
}

/// Parses a selection: filters, `max_affected`, `dry_run`, and `all=1` instead of filters.
pub(crate) fn selection(definition: &Definition, pairs: &[(String, String)]) -> Result<Selection> {
    let is_own = |name: &str| [MAXIMUM, ALL, DRY_RUN].contains(&name);
    let (own, filters): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| is_own(name));
    let mut parser = Parser { definition, pairs: &own, evaluator: Evaluator::Database, faults: Vec::new() };
    let max_affected = parser.number(MAXIMUM, 1, MAX_AFFECTED);
    if parser.control(MAXIMUM).is_none() && parser.faults.is_empty() {
        let detail =
            format!("`{MAXIMUM}` is missing: the number of rows that may be affected, 1 to {MAX_AFFECTED}");
        parser.fault(MAXIMUM, "missing", detail);
    }
    let (all, is_dry_run) = (parser.flag(ALL), parser.flag(DRY_RUN));
    let mut faults = parser.faults;
    let mut parser =
        Parser { definition, pairs: &filters, evaluator: Evaluator::Database, faults: Vec::new() };
    for (name, _) in &filters {
        if CONTROLS.contains(&name.as_str()) && name != "where" {
            let detail =
                format!("`{name}` applies to lists; a change of many rows accepts filters and `where`");
            parser.fault(name, "not-applicable", detail);
        }
    }
    let filter = parser.filter().unwrap_or_else(|| Filter::All(Vec::new()));
    if parser.faults.is_empty() && faults.is_empty() {
        match (filter == Filter::All(Vec::new()), all) {
            (true, false) => {
                let detail = "there is no filter: name the rows, or send `all=1` for all rows of the storage";
                parser.fault(ALL, "no-filter", detail);
            }
            (false, true) => {
                parser.fault(ALL, "not-applicable", "`all` and filters cannot be combined");
            }
            _ => {}
        }
    }
    faults.append(&mut parser.faults);
    match max_affected {
        Some(max_affected) if faults.is_empty() => Ok(Selection { filter, max_affected, is_dry_run }),
        _ => Err(Error::Query(faults)),
    }
}

impl Parser<'_> {
    /// Returns whether a parameter is on.
    fn flag(&mut self, name: &str) -> bool {
        let Some(text) = self.control(name) else { return false };
        parse_flag(text).unwrap_or_else(|| {
            self.fault(name, "invalid-parameter", format!("{text:?} is not 1 or 0"));
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::parse;

    #[test]
    fn rows_are_selected_by_filters_or_all_of_them() {
        let definition = parse::definition(&serde_json::json!({
            "name": "dog", "key": {"name": "id", "type": "integer"},
            "fields": [{"name": "size", "type": "integer"}, {"name": "color", "type": "text"},
                       {"name": "all", "type": "integer"}],
            "meta": {"indexes": [{"fields": ["size"]}, {"fields": ["all"]}]},
        }))
        .unwrap();
        for (query, expected) in [
            ("size=1&max_affected=5", Ok((5, false))),
            ("size=1&max_affected=100000&dry_run=1", Ok((100_000, true))),
            ("where={\"size\":1}&max_affected=1&dry_run=0", Ok((1, false))),
            ("all=1&max_affected=1", Ok((1, false))),
            ("all=true&max_affected=1", Ok((1, false))),
            ("all__eq=1&max_affected=1", Ok((1, false))),
            ("size=1", Err("missing")),
            ("size=1&max_affected=", Err("out-of-range")),
            ("size=1&max_affected=0", Err("out-of-range")),
            ("size=1&max_affected=-1", Err("out-of-range")),
            ("size=1&max_affected=100001", Err("out-of-range")),
            ("size=1&max_affected=1&max_affected=2", Err("duplicate")),
            ("max_affected=5", Err("no-filter")),
            ("max_affected=5&all=0", Err("no-filter")),
            ("max_affected=5&where={}", Err("no-filter")),
            ("max_affected=5&where={\"and\":[]}", Err("no-filter")),
            ("max_affected=5&all=1&size=1", Err("not-applicable")),
            ("max_affected=5&all=yes", Err("invalid-parameter")),
            ("max_affected=5&size=1&dry_run=x", Err("invalid-parameter")),
            ("max_affected=5&size=1&limit=1", Err("not-applicable")),
            ("max_affected=5&size=1&ordering=size", Err("not-applicable")),
            ("max_affected=5&color=1", Err("filter-not-indexed")),
            ("max_affected=5&shape=1", Err("unknown-field")),
        ] {
            let pairs: Vec<(String, String)> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let found = selection(&definition, &pairs);
            let found = found.map(|selection| (selection.max_affected, selection.is_dry_run));
            let found = found.map_err(|error| error.faults().first().map_or("", |fault| fault.code));
            assert_eq!(found, expected, "{query}");
        }
    }
}
