//! The way through the rows of an export: which rows come next, as queries that an index serves.
//!
//! In the order of the keys, a page is the rows after the last key. With a filter, it ends at a key that is a fixed
//! number of rows ahead (the window), so that it is read in a short time even if no row passes.
//!
//! In the order of another column, rows with the same value are ordered by key. An index on the column alone would
//! sort them again for each page, so they are read by key, and then the rows with greater values:
//!
//! ```text
//! Nulls ─► Values (the rows after a value) ─► Ties (the other rows with the last value) ─► Values ─► …
//! ```

use crate::{
    schema::{Definition, StoredRow, Value},
    store::{
        Column, Filter, Order, Test,
        query::{Direction, parse::ExportQuery},
    },
};

/// A position among the rows of an export.
#[derive(Debug)]
pub(super) struct Walk {
    filter: Option<Filter>,
    column: Column,
    direction: Direction,
    /// The parts of the filter that concern only the key.
    key_filters: Vec<Filter>,
    /// True if a page with the filter has to go through rows that do not pass.
    scans: bool,
    /// The last key and the last value that the export includes: rows that are inserted meanwhile could come after
    /// them forever.
    last_key: Option<Value>,
    last_value: Option<Value>,
    part: Part,
}

/// The part of the rows that is being read.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// All rows by key, after this key, up to the end of the window.
    Keys { after: Option<Value>, window: Window },
    /// The rows without a value, after this key.
    Nulls { after: Option<Value> },
    /// The rows with a value after this one.
    Values { after: Option<Value> },
    /// The rows with this value after this key.
    Ties { value: Value, after: Value },
    /// There are no more rows.
    Done,
}

/// The last key that a page by key may reach.
#[derive(Debug, Clone, PartialEq)]
enum Window {
    /// It has to be looked up.
    Unknown,
    /// Up to this key.
    Until(Value),
    /// To the last row.
    Open,
}

/// The next query.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) filter: Option<Filter>,
    pub(super) order: Vec<Order>,
    /// The key after which rows are read.
    pub(super) from: Option<Value>,
}

impl Walk {
    /// Creates the position before the first row. Without a last key, there are no rows.
    pub(super) fn new(
        definition: &Definition,
        query: &ExportQuery,
        last_key: Option<Value>,
        last_value: Option<Value>,
    ) -> Self {
        let (column, direction) = query.order;
        let part = match (column, direction) {
            _ if last_key.is_none() => Part::Done,
            (Column::Key, _) => Part::Keys { after: None, window: Window::Unknown },
            (Column::Field(_), Direction::Ascending) => Part::Nulls { after: None },
            _ => Part::Values { after: None },
        };
        let (filter, key_filters, scans) = (None, Vec::new(), false);
        let mut walk = Self { filter, column, direction, key_filters, scans, last_key, last_value, part };
        walk.set_query(definition, query);
        if let Part::Keys { window, .. } = &mut walk.part
            && !walk.scans
        {
            *window = Window::Open;
        }
        walk
    }

    /// Continues with the same query for another version of the storage.
    pub(super) fn set_query(&mut self, definition: &Definition, query: &ExportQuery) {
        self.filter.clone_from(&query.filter);
        self.column = query.order.0;
        let all = match &query.filter {
            None => &[][..],
            Some(Filter::All(all)) => all,
            Some(one) => std::slice::from_ref(one),
        };
        let is_of_key = |filter: &&Filter| matches!(filter, Filter::Column(Column::Key, _));
        self.key_filters = all.iter().filter(is_of_key).cloned().collect();
        // An index on the field finds the rows with the value, in the order of their keys.
        let finds =
            |filter: &Filter| matches!(filter, Filter::Column(of, Test::Eq(_)) if of.is_indexed(definition));
        self.scans = all.len() > self.key_filters.len() && !all.iter().any(finds);
    }

    pub(super) fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// Returns the filter for the rows of the next window, if its end has to be looked up.
    pub(super) fn window_filter(&self) -> Option<Option<Filter>> {
        let Part::Keys { after, window: Window::Unknown } = &self.part else { return None };
        let after = after.clone().map(|key| Filter::Column(Column::Key, self.beyond(key)));
        Some(all(self.key_filters.iter().cloned().chain(after).chain(self.until_last_key())))
    }

    /// Sets the end of the window; `None` if there are fewer rows.
    pub(super) fn set_window(&mut self, end: Option<Value>) {
        if let Part::Keys { window, .. } = &mut self.part {
            *window = end.map_or(Window::Open, Window::Until);
        }
    }

    /// Returns what is read next.
    pub(super) fn step(&self) -> Step {
        let of = |test| Filter::Column(self.column, test);
        let order = |column| Order { column, direction: self.direction };
        let (mut filters, mut from) = (Vec::new(), None);
        let mut order_by = vec![order(Column::Key)];
        match &self.part {
            Part::Keys { after, window } => {
                from.clone_from(after);
                match window {
                    Window::Until(end) => filters.push(Filter::Column(Column::Key, self.up_to(end.clone()))),
                    Window::Unknown | Window::Open => filters.extend(self.until_last_key()),
                }
            }
            Part::Nulls { after } => {
                from.clone_from(after);
                filters.push(of(Test::IsNull));
                filters.extend(self.until_last_key());
            }
            Part::Values { after } => {
                order_by.insert(0, order(self.column));
                match after {
                    Some(value) => filters.push(of(self.beyond(value.clone()))),
                    None if matches!(self.column, Column::Field(_)) => {
                        filters.push(Filter::Not(Box::new(of(Test::IsNull))));
                    }
                    None => {}
                }
                filters.extend(self.last_value.iter().map(|value| of(self.up_to(value.clone()))));
            }
            Part::Ties { value, after } => {
                from = Some(after.clone());
                filters.push(of(Test::Eq(value.clone())));
                filters.extend(self.until_last_key());
            }
            Part::Done => {}
        }
        Step { filter: all(self.filter.iter().cloned().chain(filters)), order: order_by, from }
    }

    /// Moves on after the rows of a page.
    pub(super) fn advance(&mut self, rows: &[StoredRow], more: bool) {
        let last = rows.last().filter(|_| more);
        let key = last.map(|row| row.key.clone());
        let value = last.map(|row| self.column.value(row));
        let part = std::mem::replace(&mut self.part, Part::Done);
        self.part = match (part, key) {
            (Part::Keys { window, .. }, Some(key)) => Part::Keys { after: Some(key), window },
            (Part::Keys { window: Window::Until(end), .. }, None) => {
                Part::Keys { after: Some(end), window: Window::Unknown }
            }
            (Part::Nulls { .. }, Some(key)) => Part::Nulls { after: Some(key) },
            (Part::Nulls { .. }, None) if self.direction == Direction::Ascending => {
                Part::Values { after: None }
            }
            (Part::Values { .. }, Some(after)) => Part::Ties { value: value.unwrap_or(Value::Null), after },
            (Part::Values { .. }, None) => self.after_values(),
            (Part::Ties { value, .. }, Some(after)) => Part::Ties { value, after },
            (Part::Ties { value, .. }, None) => Part::Values { after: Some(value) },
            (Part::Keys { .. } | Part::Nulls { .. } | Part::Done, None) | (Part::Done, Some(_)) => Part::Done,
        };
    }

    fn after_values(&self) -> Part {
        match (self.column, self.direction) {
            (Column::Field(_), Direction::Descending) => Part::Nulls { after: None },
            _ => Part::Done,
        }
    }

    fn until_last_key(&self) -> Option<Filter> {
        Some(Filter::Column(Column::Key, self.up_to(self.last_key.clone()?)))
    }

    fn beyond(&self, value: Value) -> Test {
        match self.direction {
            Direction::Ascending => Test::Gt(value),
            Direction::Descending => Test::Lt(value),
        }
    }

    fn up_to(&self, value: Value) -> Test {
        match self.direction {
            Direction::Ascending => Test::Lte(value),
            Direction::Descending => Test::Gte(value),
        }
    }
}

fn all(filters: impl Iterator<Item = Filter>) -> Option<Filter> {
    let mut filters: Vec<Filter> = filters.collect();
    match filters.len() {
        0 => None,
        1 => filters.pop(),
        _ => Some(Filter::All(filters)),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use serde_json::json;

    use super::*;
    use crate::{
        clock::Timestamp,
        schema::parse,
        store::query::{Direction::*, parse as query},
    };

    fn definition() -> Definition {
        let definition = json!({
            "name": "item", "key": {"name": "id", "type": "long"},
            "fields": [{"name": "color", "type": "text", "nullable": true, "db_index": true},
                       {"name": "size", "type": "integer"}],
            "meta": {"scans": true},
        });
        parse::definition(&definition).unwrap()
    }

    /// Returns rows of which many have the same color, none or the same time.
    fn rows() -> Vec<StoredRow> {
        let row = |id: i64| {
            let at = Timestamp::from_micros(id * 7 % 4 * 1_000_000).unwrap();
            let color = match id * 5 % 7 {
                0 | 1 => Value::Null,
                color => Value::Text(format!("c{}", color % 3)),
            };
            let values = vec![color, Value::Integer(id % 4)];
            StoredRow { key: Value::Integer(id), values, version: 1, created_at: at, updated_at: at }
        };
        (0..40).map(row).collect()
    }

    fn compare(order: &[Order], one: &StoredRow, other: &StoredRow) -> Ordering {
        let by = |order: &Order| {
            let ordering = order.column.value(one).compare(&order.column.value(other)).unwrap();
            if order.direction == Ascending { ordering } else { ordering.reverse() }
        };
        order.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn sorted(rows: &[StoredRow], filter: Option<&Filter>, order: &[Order]) -> Vec<StoredRow> {
        let passes = |row: &&StoredRow| filter.is_none_or(|filter| filter.matches(row));
        let mut rows: Vec<StoredRow> = rows.iter().filter(passes).cloned().collect();
        rows.sort_by(|one, other| compare(order, one, other));
        rows
    }

    /// Returns the rows of all pages of this many rows. After each page, rows are added behind the last key.
    fn walked(parameters: &[(&str, &str)], page: usize, window: usize) -> Vec<StoredRow> {
        let (definition, mut rows) = (definition(), rows());
        let pairs: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let export = query::export(&definition, &pairs).unwrap();
        let (column, direction) = export.order;
        let last = |column| {
            let order = [Order { column, direction }];
            sorted(&rows, None, &order).last().map(|row| column.value(row))
        };
        let last_value = (column != Column::Key && direction == Ascending).then(|| last(column)).flatten();
        let mut walk = Walk::new(&definition, &export, last(Column::Key), last_value);
        let (mut found, mut steps) = (Vec::new(), 0);
        while !walk.is_done() {
            if let Some(filter) = walk.window_filter() {
                let by_key = [Order { column: Column::Key, direction }];
                let end = sorted(&rows, filter.as_ref(), &by_key).get(window - 1).map(|row| row.key.clone());
                walk.set_window(end);
            }
            let Step { filter, order, from } = walk.step();
            let mut page_rows = sorted(&rows, filter.as_ref(), &order);
            if let Some(from) = from {
                assert!(order.len() == 1 && order[0].column == Column::Key);
                let test = walk.beyond(from);
                page_rows.retain(|row| test.passes(&row.key));
            }
            let more = page_rows.len() > page;
            page_rows.truncate(page);
            walk.advance(&page_rows, more);
            found.extend(page_rows);
            (steps, rows) = (steps + 1, added(rows, steps, direction));
            assert!(steps < 1000, "{parameters:?} does not end");
        }
        found
    }

    /// Adds a row after the last key, with a color that occurs.
    fn added(mut rows: Vec<StoredRow>, step: i64, direction: Direction) -> Vec<StoredRow> {
        let key = Value::Integer(if direction == Ascending { 1000 + step } else { -1000 - step });
        let late = Timestamp::from_micros(9_000_000).unwrap();
        let values = vec![Value::Text("c1".into()), Value::Integer(1)];
        rows.push(StoredRow { key, values, version: 1, created_at: late, updated_at: late });
        rows
    }

    #[test]
    fn every_row_is_there_once_and_in_order() {
        for (name, column) in
            [("id", Column::Key), ("color", Column::Field(0)), ("updated_at", Column::UpdatedAt)]
        {
            for (sign, direction) in [("", Ascending), ("-", Descending)] {
                let ordering = format!("{sign}{name}");
                for filter in
                    [&[][..], &[("size", "1")], &[("id__gte", "10"), ("size__ne", "2")], &[("color", "c1")]]
                {
                    let parameters = [&[("ordering", ordering.as_str())], filter].concat();
                    let order = [Order { column, direction }, Order { column: Column::Key, direction }];
                    let pairs: Vec<_> = filter
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                        .collect();
                    let wanted = query::export(&definition(), &pairs).unwrap().filter;
                    let expected = sorted(&rows(), wanted.as_ref(), &order);
                    assert!(!expected.is_empty());
                    for (page, window) in [(1, 1), (1, 7), (2, 3), (3, 100), (7, 5), (100, 100)] {
                        let mut found = walked(&parameters, page, window);
                        // Rows with values before the last one may be added while it is read backwards.
                        found.retain(|row| matches!(row.key, Value::Integer(0..40)));
                        assert!(found == expected, "{parameters:?}, pages of {page}, windows of {window}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_filters_that_no_index_serves_need_windows() {
        for (parameters, has_window) in [
            (&[][..], false),
            (&[("id__gt", "1")], false),
            (&[("id__gt", "1"), ("size", "1")], true),
            (&[("color", "c1"), ("size", "1")], false),
            (&[("color__gt", "c1")], true),
            (&[("ordering", "color"), ("size", "1")], false),
        ] {
            let pairs: Vec<_> =
                parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let export = query::export(&definition(), &pairs).unwrap();
            let walk = Walk::new(&definition(), &export, Some(Value::Integer(9)), None);
            assert_eq!(walk.window_filter().is_some(), has_window, "{parameters:?}");
        }
        let export = query::export(&definition(), &[]).unwrap();
        assert!(Walk::new(&definition(), &export, None, None).is_done(), "without rows");
    }
}
