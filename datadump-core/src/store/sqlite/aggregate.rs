//! Runs queries for aggregates.

use rusqlite::{Connection, types::ValueRef};
use sea_query::{SelectStatement, SqliteQueryBuilder};

use super::{
    columns::{self, DIALECT},
    error::map,
    functions::TOO_MANY_VALUES,
    read,
    system::cell,
};
use crate::{
    error::Result,
    schema::InForce,
    store::{
        AggregateQuery, AggregatedGroups,
        aggregate::{self, Cell},
        sql::{self, Offset, Output},
    },
};

/// Returns the groups of a query.
pub(super) fn aggregate(
    connection: &mut Connection,
    in_force: &InForce,
    query: &AggregateQuery,
) -> Result<AggregatedGroups> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let asked = aggregate::for_database(definition, query);
    let offset = match query.zone.fixed_offset() {
        Some(offset) => Offset::Fixed(offset),
        None => Offset::Function(query.zone.clone()),
    };
    let offsets = vec![offset; query.groups.len()];
    let select = sql::aggregate(DIALECT, definition, &asked, &offsets);
    let outputs = sql::outputs(definition, query);
    let rows = each(&transaction, &select, |row| {
        outputs.iter().enumerate().map(|(place, output)| read_cell(output, row, place)).collect()
    })?;
    aggregate::groups(definition, query, &asked, rows)
}

fn read_cell(output: &Output, row: &rusqlite::Row<'_>, place: usize) -> rusqlite::Result<Cell> {
    if let Some(kind) = aggregate::value_kind(output) {
        return columns::read(kind, row, place).map(Cell::Value);
    }
    Ok(match row.get_ref(place)? {
        ValueRef::Integer(number) if *output == Output::Float =>
        {
            #[expect(clippy::cast_precision_loss, reason = "the result is a float")]
            Cell::Float(number as f64)
        }
        ValueRef::Integer(number) => Cell::Whole(number),
        ValueRef::Real(number) => Cell::Float(number),
        ValueRef::Text(_) => Cell::Text(row.get(place)?),
        ValueRef::Null | ValueRef::Blob(_) => Cell::Null,
    })
}

fn each<T>(
    connection: &Connection,
    select: &SelectStatement,
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    // Few queries are repeated with the same text.
    let mut statement = connection.prepare(&text).map_err(map)?;
    let rows = statement.query_map(rusqlite::params_from_iter(cells), read).map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(|error| match error {
        error if error.to_string().contains(TOO_MANY_VALUES) => {
            aggregate::refused("agg", "too-many-values", TOO_MANY_VALUES)
        }
        error => map(error),
    })
}
