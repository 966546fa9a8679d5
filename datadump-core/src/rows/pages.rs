//! The parameters of the pages before and after a page of rows.

use crate::{
    schema::{InForce, StoredRow, Value},
    store::{
        Paging, Query,
        query::{Towards, cursor},
    },
};

type Parameters = Vec<(String, String)>;

/// Returns the parameters of the next and the previous page.
pub(super) fn links(
    in_force: &InForce,
    parameters: &[(String, String)],
    query: &Query,
    rows: &[StoredRow],
    more: bool,
) -> (Option<Parameters>, Option<Parameters>) {
    let with = |name: &str, value: String| {
        let mut changed: Parameters = parameters.iter().filter(|(n, _)| n != name).cloned().collect();
        changed.push((name.to_owned(), value));
        changed
    };
    match &query.paging {
        Paging::Offset { limit, offset } => {
            // The page may have ended before its limit.
            let next = more.then(|| with("offset", (offset + rows.len() as u64).to_string()));
            let before = offset.saturating_sub(*limit);
            let previous = (*offset > 0).then(|| with("offset", before.to_string()));
            (next, previous)
        }
        Paging::Keyset { from, towards, .. } => {
            let position = |row: &StoredRow| -> Vec<Value> {
                query.order.iter().map(|order| order.column.value(row)).collect()
            };
            let cursor = |row: Option<&StoredRow>, towards| {
                let position = position(row?);
                Some(with("cursor", cursor::write(&in_force.definition, query, &position, towards)))
            };
            let (has_next, has_previous) = match towards {
                Towards::Next => (more, from.is_some()),
                Towards::Previous => (true, more),
            };
            let next = cursor(rows.last().filter(|_| has_next), Towards::Next);
            let previous = cursor(rows.first().filter(|_| has_previous), Towards::Previous);
            (next, previous)
        }
    }
}
