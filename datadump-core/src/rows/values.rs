//! The values of a field, with the number of rows that have them.

use std::{cmp::Reverse, sync::Arc};

use serde_json::{Value as Json, json};

use super::Rows;
use crate::{
    error::Result,
    schema::{InForce, Value},
    store::{
        Column, Count, Filter, GroupQuery, Query, ReadLease, RowCount, Test,
        query::{Direction, MAX_RESULT_BYTES, parse},
        result_memory::too_large,
    },
};

/// Number of rows that are counted exactly for all values of a large storage together.
const COUNTED: u64 = 1_000_000;

/// Size in bytes from which a value is long.
const LONG: usize = 1 << 10;

/// The values of a field.
#[derive(Debug)]
pub struct ValueCounts {
    /// An object for each value: `{value, count}`.
    pub values: Vec<Json>,
    /// True if there are more values.
    pub truncated: bool,
    /// True if these are the smallest values, in ascending order, instead of the most frequent ones.
    pub is_smallest: bool,
    /// The memory of the values.
    pub memory: ReadLease,
}

struct Found {
    values: Vec<Counted>,
    more: bool,
    is_smallest: bool,
    memory: ReadLease,
}

/// A value, and how many rows have it, if that is known.
struct Counted {
    value: Value,
    count: RowCount,
}

impl Rows {
    /// Counts rows by the values of the field that the parameter `field` names, the most frequent value first. The
    /// other parameters are filters and `limit`. Returns an object per value, `{value, count}`, and whether there are
    /// more.
    ///
    /// The values of an indexed field of a large storage are read from the index: if there are more than `limit`, they
    /// are the smallest ones, in ascending order, and large counts are estimated.
    pub async fn values(&self, parameters: &[(String, String)]) -> Result<ValueCounts> {
        let (in_force, (column, found)) = self
            .query(|in_force| async move {
                let (column, query) = parse::values(&in_force.definition, parameters)?;
                let values = match self.has_quick_values(&in_force, column, &query).await? {
                    true => self.quick_values(&in_force, column, query.limit).await?,
                    false => self.counted_values(&in_force, &query).await?,
                };
                Ok((column, values))
            })
            .await?;
        let Found { values, more, is_smallest, memory } = found;
        let kind = column.kind(&in_force.definition);
        let object = |counted: &Counted| {
            let value = counted.value.to_json(&kind);
            match counted.count {
                RowCount::Exactly(count) => json!({"value": value, "count": count}),
                RowCount::About(count) => json!({"value": value, "count": count, "count_estimated": true}),
                RowCount::Unknown => json!({"value": value, "count": null}),
            }
        };
        let values = values.iter().map(object).collect();
        Ok(ValueCounts { values, truncated: more, is_smallest, memory })
    }

    async fn counted_values(&self, in_force: &Arc<InForce>, query: &GroupQuery) -> Result<Found> {
        let found = self.context.store.groups(in_force, query, &self.context.read_memory).await?;
        let counted = found.groups.into_iter().map(|group| Counted {
            value: group.values.into_iter().next().unwrap_or(Value::Null),
            count: RowCount::Exactly(group.count),
        });
        Ok(Found { values: counted.collect(), more: found.more, is_smallest: false, memory: found.memory })
    }

    /// Returns whether the values can be found without reading the whole storage, and it is so large that they should
    /// be.
    async fn has_quick_values(
        &self,
        in_force: &Arc<InForce>,
        column: Column,
        query: &GroupQuery,
    ) -> Result<bool> {
        if query.filter.is_some() || !column.is_indexed(&in_force.definition) {
            return Ok(false);
        }
        let all = Query { count: Count::Bounded, fields: Some(Vec::new()), ..first(None, Column::Key) };
        let page = self.context.store.page(in_force, &all).await?;
        Ok(matches!(page.count, RowCount::About(_)))
    }

    /// Reads the values from an index, each from the place where the previous one ends.
    async fn quick_values(&self, in_force: &Arc<InForce>, column: Column, limit: u64) -> Result<Found> {
        let (mut values, mut filter, mut counted) = (Vec::new(), None, 0);
        let (mut memory, mut bytes) = (ReadLease::default(), 0);
        let more = loop {
            let query = Query { fields: Some(vec![column]), ..first(filter.take(), column) };
            let page = self.context.store.page(in_force, &query).await?;
            let Some(row) = page.rows.first() else { break false };
            if values.len() as u64 >= limit {
                break true;
            }
            let value = column.value(row);
            bytes += value.size();
            if bytes > MAX_RESULT_BYTES {
                return Err(too_large("field"));
            }
            // Most values are short, and their memory need not be reserved one by one.
            if value.size() > LONG {
                memory.merge(self.context.read_memory.reserve(value.size()).await?);
            }
            let count = match counted < COUNTED {
                true => self.count(in_force, column, &value).await?,
                false => RowCount::Unknown,
            };
            if let RowCount::Exactly(count) | RowCount::About(count) = count {
                counted += count;
            }
            filter = Some(match &value {
                // Nulls are the smallest.
                Value::Null => Filter::Not(Box::new(Filter::Column(column, Test::IsNull))),
                value => Filter::Column(column, Test::Gt(value.clone())),
            });
            values.push(Counted { value, count });
        };
        if !more {
            values.sort_by_key(|value| match value.count {
                RowCount::Exactly(count) | RowCount::About(count) => Reverse(count),
                RowCount::Unknown => Reverse(0),
            });
        }
        Ok(Found { values, more, is_smallest: more, memory })
    }

    async fn count(&self, in_force: &Arc<InForce>, column: Column, value: &Value) -> Result<RowCount> {
        let test = if value.is_null() { Test::IsNull } else { Test::Eq(value.clone()) };
        let filter = Filter::Column(column, test);
        let query = Query { count: Count::Bounded, fields: Some(Vec::new()), ..first(Some(filter), column) };
        Ok(self.context.store.page(in_force, &query).await?.count)
    }
}

fn first(filter: Option<Filter>, column: Column) -> Query {
    Query::first(filter, &[(column, Direction::Ascending)], 1)
}
