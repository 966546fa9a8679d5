//! The part of aggregates that both backends share: the results, from what the databases return.

use serde_json::Value as Json;

use super::{
    ReadLease,
    query::{
        Aggregate, AggregateQuery, AggregatedGroup, AggregatedGroups, Computed, Form, Function, GroupBy,
        GroupKey, float, mean, scalar_number,
    },
    result_memory::{ResultMemory, Shortage},
    sql::{self, Output},
};
use crate::{
    error::{Error, Fault, Place, Result},
    schema::{Definition, Kind, Value},
};

/// A value of a result column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Whole(i64),
    Float(f64),
    Text(String),
    Value(Value),
}

/// Collects the groups of a query while they are read.
pub(super) struct GroupReader<'a> {
    definition: &'a Definition,
    query: &'a AggregateQuery,
    memory: ResultMemory,
    groups: Vec<AggregatedGroup>,
}

/// Reason for which reading groups has ended early.
#[derive(Debug)]
pub(super) enum Stop {
    Short(Shortage),
    Failed(Error),
}

impl<'a> GroupReader<'a> {
    pub(super) fn new(definition: &'a Definition, query: &'a AggregateQuery, memory: ResultMemory) -> Self {
        Self { definition, query, memory, groups: Vec::new() }
    }

    /// Adds a row of the result.
    pub(super) fn add(&mut self, row: Vec<Cell>) -> Result<(), Stop> {
        let mut cells = row.into_iter();
        let groups = self.query.groups.iter();
        let keys = groups.map(|group| key(group, cells.next().unwrap_or(Cell::Null))).collect();
        let functions = self.query.functions.iter();
        let values = functions.map(|aggregate| computed(self.definition, aggregate, &mut cells));
        let group = AggregatedGroup { keys, values: values.collect::<Result<_>>().map_err(Stop::Failed)? };
        self.memory.add(group.size()).map_err(Stop::Short)?;
        self.groups.push(group);
        Ok(())
    }

    /// Begins again.
    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.memory.clear();
    }

    pub(super) fn finish(self) -> AggregatedGroups {
        let Self { query, memory, mut groups, .. } = self;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = groups.len() > limit;
        groups.truncate(limit);
        let memory: ReadLease = memory.finish();
        AggregatedGroups { groups, more, memory }
    }
}

/// Returns the error of a query that cannot be answered.
pub(crate) fn refused(parameter: &str, code: &'static str, detail: impl Into<String>) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter(parameter.to_owned()), code, detail.into())])
}

/// Returns the error of a sum beyond the range of floats.
pub(super) fn out_of_range() -> Error {
    refused("agg", "out-of-range", "a sum or an average exceeds the range of floats")
}

fn key(group: &GroupBy, cell: Cell) -> GroupKey {
    match (group, cell) {
        (GroupBy::Bucket(..), Cell::Whole(start)) => GroupKey::Start(Some(start)),
        (GroupBy::Bucket(..), _) => GroupKey::Start(None),
        (GroupBy::Path(..), cell) => GroupKey::Json(inside_json(cell)),
        (GroupBy::Column(_), Cell::Value(value)) => GroupKey::Value(value),
        (GroupBy::Column(_), _) => GroupKey::Value(Value::Null),
    }
}

/// Returns the result of a function from its columns.
fn computed(
    definition: &Definition,
    aggregate: &Aggregate,
    cells: &mut impl Iterator<Item = Cell>,
) -> Result<Computed> {
    let outputs = sql::of_function(definition, aggregate).len();
    let mut cells: Vec<Cell> = cells.take(outputs).collect();
    let form = aggregate.operand.as_ref().map(|operand| operand.form(definition));
    let scale = match form {
        Some(Form::Decimal(scale)) => scale,
        _ => 0,
    };
    let whole = |digits: &str| digits.parse::<i128>().map_err(Error::internal);
    match (aggregate.function, cells.as_slice()) {
        (Function::Avg, [Cell::Text(sum), Cell::Whole(count)]) if *count > 0 => {
            return Ok(Computed::Json(float(mean(whole(sum)?, *count, scale))));
        }
        (Function::Avg, [_, _]) => return Ok(Computed::NULL),
        _ => {}
    }
    let last = cells.pop();
    let cell = match (cells.pop(), last) {
        // The largest number, or else the largest text.
        (Some(Cell::Null) | None, Some(cell)) => cell,
        (Some(number), _) => number,
        (None, None) => Cell::Null,
    };
    let is_json =
        matches!(form, Some(Form::Json)) && matches!(aggregate.function, Function::First | Function::Last);
    Ok(match cell {
        cell if is_json => Computed::Json(inside_json(cell)),
        Cell::Null => Computed::NULL,
        Cell::Whole(number) => Computed::Whole(number.into()),
        Cell::Float(number) if !number.is_finite() => return Err(out_of_range()),
        Cell::Float(number) => Computed::Json(float(number)),
        Cell::Text(digits) if form == Some(Form::Whole) => Computed::Whole(whole(&digits)?),
        Cell::Text(digits) => Computed::Decimal(whole(&digits)?, scale),
        Cell::Value(value) => Computed::Value(value),
    })
}

/// Returns a scalar inside JSON.
fn inside_json(cell: Cell) -> Json {
    match cell {
        Cell::Float(number) => scalar_number(number),
        Cell::Text(text) => match serde_json::from_str::<Json>(&text) {
            Ok(Json::Number(number)) => number.as_f64().map_or(Json::Null, scalar_number),
            Ok(json) => json,
            Err(_) => Json::Null,
        },
        _ => Json::Null,
    }
}

/// Returns the kind by which a result column is read as a value.
pub(super) fn value_kind(output: &Output) -> Option<&Kind> {
    match output {
        Output::Value(kind) => Some(kind),
        _ => None,
    }
}
