//! Runs queries for aggregates.

use std::{ops::ControlFlow, sync::Arc};

use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgRow};

use super::{
    columns,
    error::{self, code},
    page::built,
    read::{fetch_each, recover},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{InForce, Kind, Value},
    store::{
        AggregateQuery, AggregatedGroups, Column, GroupBy,
        aggregate::{self, Cell, GroupReader, Stop},
        query::aggregate::bounds,
        result_memory::{Read, ResultMemory},
        sql::{self, Dialect, Offset, Output},
    },
};

/// The bounds of the times of the rows and the groups are read in one snapshot.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Returns the groups of a query.
pub(super) async fn aggregate(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    query: &AggregateQuery,
    memory: ResultMemory,
) -> Result<Read<AggregatedGroups>> {
    let mut groups = GroupReader::new(&in_force.definition, query, memory);
    let mut connection = pool.acquire().await.map_err(error::store)?;
    for attempt in 1.. {
        groups.clear();
        match read(&mut connection, in_force, query, &mut groups).await {
            Ok(ControlFlow::Continue(())) => return Ok(Read::Done(groups.finish())),
            Ok(ControlFlow::Break(Stop::Short(shortage))) => return Read::short(&shortage, "agg"),
            Ok(ControlFlow::Break(Stop::Failed(error))) => return Err(error),
            Err(failure) if code(&failure) == Some(OUT_OF_RANGE) => return Err(aggregate::out_of_range()),
            Err(failure) => recover(pool, in_force, &mut connection, failure, attempt).await?,
        }
    }
    Err(Error::internal("a query was retried too often"))
}

/// SQLSTATE of a number that exceeds the range of its type.
const OUT_OF_RANGE: &str = "22003";

async fn read(
    connection: &mut PgConnection,
    in_force: &InForce,
    query: &AggregateQuery,
    groups: &mut GroupReader<'_>,
) -> sqlx::Result<ControlFlow<Stop>> {
    if query.groups.iter().all(|group| known_offsets(query, group).is_some()) {
        return read_groups(connection, in_force, query, groups).await;
    }
    let mut snapshot = connection.begin_with(SNAPSHOT).await?;
    let end = read_groups(&mut snapshot, in_force, query, groups).await?;
    snapshot.commit().await?;
    Ok(end)
}

async fn read_groups(
    connection: &mut PgConnection,
    in_force: &InForce,
    query: &AggregateQuery,
    groups: &mut GroupReader<'_>,
) -> sqlx::Result<ControlFlow<Stop>> {
    let definition = &in_force.definition;
    let mut offsets = Vec::with_capacity(query.groups.len());
    for group in &query.groups {
        offsets.push(match known_offsets(query, group) {
            Some(known) => known,
            None => offsets_of(connection, in_force, query, group.column()).await?,
        });
    }
    let outputs = sql::outputs(definition, query);
    let (statement, arguments) = built(&sql::aggregate(Dialect::Postgres, definition, query, &offsets));
    fetch_each(connection, in_force, &statement, arguments, |row| {
        let cells = outputs.iter().enumerate().map(|(place, output)| read_cell(output, row, place));
        let cells = cells.collect::<sqlx::Result<_>>()?;
        Ok(groups.add(cells).map_or_else(ControlFlow::Break, ControlFlow::Continue))
    })
    .await
}

/// Returns the offsets of the zone for a group, if they do not depend on the rows.
fn known_offsets(query: &AggregateQuery, group: &GroupBy) -> Option<Offset> {
    let GroupBy::Bucket(of, _) = group else { return Some(Offset::Fixed(0)) };
    if let Some(offset) = query.zone.fixed_offset() {
        return Some(Offset::Fixed(offset));
    }
    let (from, to) = bounds(query.filter.as_ref(), *of);
    from.zip(to).map(|(from, to)| Offset::Table(query.zone.offsets(from, to)))
}

/// Returns the offsets that the zone has between the earliest and the latest time of the rows.
async fn offsets_of(
    connection: &mut PgConnection,
    in_force: &InForce,
    query: &AggregateQuery,
    of: Column,
) -> sqlx::Result<Offset> {
    let select = sql::time_range(Dialect::Postgres, &in_force.definition, query, of);
    let (statement, arguments) = built(&select);
    let moment = |row: &PgRow, place| match columns::value(row, place, &Kind::Timestamp)? {
        Value::Timestamp(at) => Ok(Some(at)),
        _ => Ok::<Option<Timestamp>, sqlx::Error>(None),
    };
    let range = |row: &PgRow| Ok(ControlFlow::Break((moment(row, 0)?, moment(row, 1)?)));
    Ok(match fetch_each(connection, in_force, &statement, arguments, range).await? {
        ControlFlow::Break((Some(from), Some(to))) => Offset::Table(query.zone.offsets(from, to)),
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
