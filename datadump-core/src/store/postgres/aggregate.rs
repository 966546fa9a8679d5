//! Runs queries for aggregates.

use std::sync::Arc;

use sqlx::{PgPool, Row as _, postgres::PgRow};

use super::{columns, error::code, page::built, read::fetch};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{InForce, Kind, Value},
    store::{
        AggregateQuery, AggregatedGroups, Column, GroupBy,
        aggregate::{self, Cell},
        query::aggregate::bounds,
        sql::{self, Dialect, Offset, Output},
    },
};

/// Returns the groups of a query.
pub(super) async fn aggregate(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    query: &AggregateQuery,
) -> Result<AggregatedGroups> {
    let definition = &in_force.definition;
    let mut offsets = Vec::with_capacity(query.groups.len());
    for group in &query.groups {
        offsets.push(match (group, query.zone.fixed_offset()) {
            (GroupBy::Bucket(of, _), None) => offsets_of(pool, in_force, query, *of).await?,
            (_, fixed) => Offset::Fixed(fixed.unwrap_or(0)),
        });
    }
    let asked = aggregate::for_database(definition, query);
    let select = sql::aggregate(Dialect::Postgres, definition, &asked, &offsets);
    let outputs = sql::outputs(definition, query);
    let (statement, arguments) = built(&select);
    let rows = fetch(pool, in_force, &statement, &arguments, |row| {
        outputs.iter().enumerate().map(|(place, output)| read_cell(output, row, place)).collect()
    });
    let rows: Vec<Vec<Cell>> = rows.await.map_err(|error| match error {
        Error::Internal(cause) if is_out_of_range(cause.as_ref()) => aggregate::out_of_range(),
        error => error,
    })?;
    aggregate::groups(definition, query, &asked, rows)
}

/// Returns the offsets that the zone has between the earliest and the latest time of the rows.
async fn offsets_of(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    query: &AggregateQuery,
    of: Column,
) -> Result<Offset> {
    let (from, to) = bounds(query.filter.as_ref(), of);
    if let Some((from, to)) = from.zip(to) {
        return Ok(Offset::Table(query.zone.offsets(from, to)));
    }
    let select = sql::time_range(Dialect::Postgres, &in_force.definition, query, of);
    let (statement, arguments) = built(&select);
    let moment = |row: &PgRow, place| match columns::value(row, place, &Kind::Timestamp)? {
        Value::Timestamp(at) => Ok(Some(at)),
        _ => Ok::<Option<Timestamp>, sqlx::Error>(None),
    };
    let range = |row: &PgRow| Ok((moment(row, 0)?, moment(row, 1)?));
    let ranges = fetch(pool, in_force, &statement, &arguments, range).await?;
    Ok(match ranges.into_iter().next() {
        Some((Some(from), Some(to))) => Offset::Table(query.zone.offsets(from, to)),
        _ => Offset::Fixed(0),
    })
}

fn read_cell(output: &Output, row: &PgRow, place: usize) -> sqlx::Result<Cell> {
    Ok(match output {
        Output::Value(kind) => Cell::Value(columns::value(row, place, kind)?),
        Output::Whole => row.try_get::<Option<i64>, _>(place)?.map_or(Cell::Null, Cell::Whole),
        Output::Float => row.try_get::<Option<f64>, _>(place)?.map_or(Cell::Null, Cell::Float),
        Output::Digits | Output::Json => {
            row.try_get::<Option<String>, _>(place)?.map_or(Cell::Null, Cell::Text)
        }
    })
}

/// Returns whether a number exceeds the range of its type.
fn is_out_of_range(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    cause.downcast_ref::<sqlx::Error>().and_then(code) == Some("22003")
}
