//! Runs queries for aggregates.

use rusqlite::{Connection, types::ValueRef};
use sea_query::SqliteQueryBuilder;

use super::{
    columns::{self, DIALECT},
    error::map,
    functions::{MEMORY_IN_USE, TOO_MANY_VALUES},
    read,
    system::cell,
};
use crate::{
    error::{Error, Result},
    schema::InForce,
    store::{
        AggregateQuery, AggregatedGroups,
        aggregate::{self, Cell, GroupReader, Stop},
        result_memory::{Read, ResultMemory},
        sql::{self, Offset, Output},
    },
};

/// Returns the groups of a query.
pub(super) fn aggregate(
    connection: &mut Connection,
    in_force: &InForce,
    query: &AggregateQuery,
    memory: ResultMemory,
) -> Result<Read<AggregatedGroups>> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let offset = match query.zone.fixed_offset() {
        Some(offset) => Offset::Fixed(offset),
        None => Offset::Function(query.zone.clone()),
    };
    let offsets = vec![offset; query.groups.len()];
    let select = sql::aggregate(DIALECT, definition, query, &offsets);
    let outputs = sql::outputs(definition, query);
    let (text, values) = select.build(SqliteQueryBuilder);
    let bound = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    // Few queries are repeated with the same text.
    let mut statement = transaction.prepare(&text).map_err(map)?;
    let mut rows = statement.query(rusqlite::params_from_iter(bound)).map_err(map)?;
    let mut groups = GroupReader::new(definition, query, memory);
    while let Some(row) = rows.next().map_err(failed)? {
        let cells = outputs.iter().enumerate().map(|(place, output)| read_cell(output, row, place));
        match groups.add(cells.collect::<rusqlite::Result<_>>().map_err(map)?) {
            Ok(()) => {}
            Err(Stop::Short(shortage)) => return Read::short(&shortage, "agg"),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    Ok(Read::Done(groups.finish()))
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

/// Maps an error of this service's own functions.
fn failed(error: rusqlite::Error) -> Error {
    let message = error.to_string();
    if message.contains(TOO_MANY_VALUES) {
        return aggregate::refused("agg", "too-many-values", TOO_MANY_VALUES);
    }
    if message.contains(MEMORY_IN_USE) { Error::Overloaded } else { map(error) }
}
