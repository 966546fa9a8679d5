//! Iteration order of an export: which rows come next, as queries that an index serves.
//!
//! In the order of the keys, a page is the rows after the last key. With a filter that no index serves, it ends at a key
//! that is a fixed number of rows ahead (the window), so that it is read in a short time even if no row passes.
//!
//! In the order of another column, rows with the same value are ordered by key. An index on the column alone would
//! sort them again for each page, so they are read by key, and then the rows with greater values:
//!
//! ```text
//! Nulls ─► Values (the rows after a value) ─► Ties (the other rows with the last value) ─► Values ─► …
//! ```
//!
//! A window of values ends before the value that is a fixed number of rows ahead. The rows with that value, of which there
//! may be any number, are ties.

mod filters;

use self::filters::{Filters, without_index};
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
    filters: Filters,
    column: Column,
    direction: Direction,
    /// The last key and the last value that the export includes: rows that are inserted meanwhile could come after
    /// them forever.
    last_key: Option<Value>,
    last_value: Option<Value>,
    part: Part,
}

/// The part of the rows that is being read.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// All rows by key, after this key.
    Keys { after: Option<Value>, window: Window },
    /// The rows without a value, after this key.
    Nulls { after: Option<Value>, window: Window },
    /// The rows with a value after this one and before the end of the window.
    Values { after: Option<Value>, window: Window },
    /// The rows with this value, after this key. They are in the middle of a window of values.
    Ties { value: Value, after: Option<Value>, window: Window, values: Window },
    /// There are no more rows.
    Done,
}

/// The end of the rows that a page may go through.
#[derive(Debug, Clone, PartialEq)]
enum Window {
    /// It has to be looked up.
    Unknown,
    /// Up to this key, or before this value.
    Until(Value),
    /// To the last row.
    Open,
}

/// The rows of a window whose end has to be looked up.
#[derive(Debug)]
pub(super) struct WindowRows {
    pub(super) filter: Option<Filter>,
    /// The column of which the end is a value.
    pub(super) column: Column,
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
        let ((column, direction), filters) = (query.order, Filters::of(definition, query));
        let mut walk = Self { filters, column, direction, last_key, last_value, part: Part::Done };
        walk.part = match (column, direction) {
            _ if walk.last_key.is_none() => Part::Done,
            (Column::Key, _) => Part::Keys { after: None, window: walk.keys_window() },
            (Column::Field(_), Direction::Ascending) => walk.nulls(),
            (Column::Field(_), Direction::Descending) if walk.filters.is_null => walk.nulls(),
            _ => Part::Values { after: None, window: Window::Unknown },
        };
        walk
    }

    /// Continues with the same query for another version of the storage.
    pub(super) fn set_query(&mut self, definition: &Definition, query: &ExportQuery) {
        self.filters = Filters::of(definition, query);
        self.column = query.order.0;
    }

    pub(super) fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// Returns the rows of the next window, if its end has to be looked up.
    pub(super) fn window_rows(&self) -> Option<WindowRows> {
        let of = |test| Filter::Column(self.column, test);
        let beyond = |column, after: &Option<Value>| {
            after.clone().map(|after| Filter::Column(column, self.beyond(after)))
        };
        let Filters { of_key, of_column, equality, .. } = &self.filters;
        let mut filters: Vec<Filter> = Vec::new();
        let column = match &self.part {
            Part::Keys { after, window: Window::Unknown } => {
                filters.extend(equality.iter().cloned().chain(beyond(Column::Key, after)));
                Column::Key
            }
            Part::Nulls { after, window: Window::Unknown } => {
                filters.extend([of(Test::IsNull)].into_iter().chain(beyond(Column::Key, after)));
                Column::Key
            }
            Part::Ties { value, after, window: Window::Unknown, .. } => {
                filters.extend([of(Test::Eq(value.clone()))].into_iter().chain(beyond(Column::Key, after)));
                Column::Key
            }
            Part::Values { after, window: Window::Unknown } => {
                filters.extend(self.values_after(after));
                filters.extend(of_column.iter().cloned());
                return Some(WindowRows { filter: all(filters.into_iter()), column: self.column });
            }
            _ => return None,
        };
        filters.extend(of_key.iter().cloned().chain(self.until_last_key()));
        Some(WindowRows { filter: all(filters.into_iter()), column })
    }

    /// Sets the end of the window; `None` if there are fewer rows.
    pub(super) fn set_window(&mut self, end: Option<Value>) {
        match &mut self.part {
            Part::Keys { window, .. }
            | Part::Nulls { window, .. }
            | Part::Ties { window, .. }
            | Part::Values { window, .. } => *window = end.map_or(Window::Open, Window::Until),
            Part::Done => {}
        }
    }

    /// Returns the query for the next page.
    pub(super) fn step(&self) -> Step {
        let of = |test| Filter::Column(self.column, test);
        let order = |column| Order { column, direction: self.direction };
        let Filters { of_key, of_column, .. } = &self.filters;
        let mut filters: Vec<Filter> = Vec::new();
        let (mut order_by, mut from) = (vec![order(Column::Key)], None);
        match &self.part {
            Part::Keys { after, window } => {
                from.clone_from(after);
                filters.extend(self.within(window));
            }
            Part::Nulls { after, window } => {
                from.clone_from(after);
                filters.push(of(Test::IsNull));
                filters.extend(self.within(window));
            }
            Part::Ties { value, after, window, .. } => {
                from.clone_from(after);
                filters.push(of(Test::Eq(value.clone())));
                filters.extend(self.within(window));
                filters.extend(of_column.iter().cloned().map(without_index));
            }
            Part::Values { after, window } => {
                order_by.insert(0, order(self.column));
                filters.extend(self.values_after(after));
                if let Window::Until(end) = window {
                    filters.push(of(self.before(end.clone())));
                }
                filters.extend(of_column.iter().cloned());
                filters.extend(of_key.iter().cloned().map(without_index));
                filters.extend(self.filters.others.iter().cloned().map(without_index));
            }
            Part::Done => {}
        }
        if !matches!(self.part, Part::Values { .. }) {
            filters.extend(of_key.iter().cloned().chain(self.filters.beside_key()));
        }
        Step { filter: all(filters.into_iter()), order: order_by, from }
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
            (Part::Nulls { window, .. }, Some(key)) => Part::Nulls { after: Some(key), window },
            (Part::Nulls { window: Window::Until(end), .. }, None) => {
                Part::Nulls { after: Some(end), window: Window::Unknown }
            }
            (Part::Nulls { .. }, None) => self.after_nulls(),
            (Part::Values { window, .. }, Some(key)) => {
                let value = value.unwrap_or(Value::Null);
                Part::Ties { value, after: Some(key), window: self.keys_window(), values: window }
            }
            (Part::Values { window: Window::Until(end), .. }, None) => {
                Part::Ties { value: end, after: None, window: self.keys_window(), values: Window::Unknown }
            }
            (Part::Values { .. }, None) => self.after_values(),
            (Part::Ties { value, window, values, .. }, Some(key)) => {
                Part::Ties { value, after: Some(key), window, values }
            }
            (Part::Ties { value, window: Window::Until(end), values, .. }, None) => {
                Part::Ties { value, after: Some(end), window: Window::Unknown, values }
            }
            (Part::Ties { value, values, .. }, None) => Part::Values { after: Some(value), window: values },
            (Part::Keys { .. } | Part::Done, None) | (Part::Done, Some(_)) => Part::Done,
        };
    }

    /// Returns the first part of rows without a value, or what comes after it if no such row passes.
    fn nulls(&self) -> Part {
        match self.filters.of_column.is_empty() {
            true => Part::Nulls { after: None, window: self.keys_window() },
            false => self.after_nulls(),
        }
    }

    fn after_nulls(&self) -> Part {
        match self.direction {
            Direction::Ascending if !self.filters.is_null => {
                Part::Values { after: None, window: Window::Unknown }
            }
            Direction::Ascending | Direction::Descending => Part::Done,
        }
    }

    fn after_values(&self) -> Part {
        match (self.column, self.direction) {
            (Column::Field(_), Direction::Descending) => self.nulls(),
            _ => Part::Done,
        }
    }

    /// Returns the window of rows in the order of their keys, if they are not all rows that pass.
    fn keys_window(&self) -> Window {
        if self.filters.others.is_empty() { Window::Open } else { Window::Unknown }
    }

    /// Returns the conditions of rows with a value after this one.
    fn values_after(&self, after: &Option<Value>) -> impl Iterator<Item = Filter> {
        let of = |test| Filter::Column(self.column, test);
        let begin = match after {
            Some(value) => Some(of(self.beyond(value.clone()))),
            None if matches!(self.column, Column::Field(_)) => Some(Filter::Not(Box::new(of(Test::IsNull)))),
            None => None,
        };
        let end = self.last_value.clone().map(|value| of(self.up_to(value)));
        begin.into_iter().chain(end)
    }

    /// Returns the condition of keys within a window.
    fn within(&self, window: &Window) -> Option<Filter> {
        match window {
            Window::Until(end) => Some(Filter::Column(Column::Key, self.up_to(end.clone()))),
            Window::Unknown | Window::Open => self.until_last_key(),
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

    fn before(&self, value: Value) -> Test {
        match self.direction {
            Direction::Ascending => Test::Lt(value),
            Direction::Descending => Test::Gt(value),
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
mod tests;
