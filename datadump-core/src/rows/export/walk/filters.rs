//! The conditions of an export by what finds their rows.

use crate::{
    schema::Definition,
    store::{Column, Filter, Test, query::parse::ExportQuery},
};

/// The conditions of a filter, all of which must be met.
#[derive(Debug, Default)]
pub(super) struct Filters {
    /// Ranges of keys.
    pub(super) of_key: Vec<Filter>,
    /// Ranges of the column of the ordering.
    pub(super) of_column: Vec<Filter>,
    /// A field with an index has this value. In the order of the keys, the index finds these rows.
    pub(super) equality: Option<Filter>,
    /// The other conditions.
    pub(super) others: Vec<Filter>,
    /// True if only rows without a value in the column of the ordering pass.
    pub(super) is_null: bool,
}

impl Filters {
    pub(super) fn of(definition: &Definition, query: &ExportQuery) -> Self {
        let (mut filters, column) = (Self::default(), query.order.0);
        let all = match &query.filter {
            None => &[][..],
            Some(Filter::All(all)) => all,
            Some(one) => std::slice::from_ref(one),
        };
        for filter in all {
            let is_equality =
                |of: Column, test: &Test| matches!(test, Test::Eq(_)) && of.is_indexed(definition);
            match filter {
                Filter::Column(Column::Key, test) if is_range(test) => filters.of_key.push(filter.clone()),
                Filter::Column(of, test) if *of == column && is_range(test) => {
                    filters.of_column.push(filter.clone());
                }
                Filter::Column(of, test)
                    if column == Column::Key && filters.equality.is_none() && is_equality(*of, test) =>
                {
                    filters.equality = Some(filter.clone());
                }
                _ => {
                    filters.is_null |= *filter == Filter::Column(column, Test::IsNull);
                    filters.others.push(filter.clone());
                }
            }
        }
        filters
    }

    /// Returns the conditions that are not ranges of keys, for rows that are read by key.
    pub(super) fn beside_key(&self) -> impl Iterator<Item = Filter> {
        self.equality.iter().cloned().chain(self.others.iter().cloned().map(without_index))
    }
}

/// Returns whether the values that pass are in known ranges of an index.
fn is_range(test: &Test) -> bool {
    match test {
        Test::Eq(_)
        | Test::Lt(_)
        | Test::Lte(_)
        | Test::Gt(_)
        | Test::Gte(_)
        | Test::In(_)
        | Test::Between(..) => true,
        Test::Contains(_) | Test::IContains(_) | Test::StartsWith(_) | Test::EndsWith(_) | Test::IsNull => {
            false
        }
    }
}

/// Returns a filter that the same rows pass, as an alternative of which SQLite looks up neither half in an index. It has no
/// statistics, and would prefer an equality to the range of a window, however many rows have the value.
pub(super) fn without_index(filter: Filter) -> Filter {
    let none = Filter::Any(Vec::new());
    Filter::Any(vec![filter, none])
}
