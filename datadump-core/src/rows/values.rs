//! The values of a field, with the number of rows that have them.

use std::{cmp::Reverse, sync::Arc};

use serde_json::{Value as Json, json};

use super::Rows;
use crate::{
    error::Result,
    schema::{InForce, Value},
    store::{
        Column, Count, Filter, GroupQuery, Query, RowCount, Test,
        query::{Direction, parse},
    },
};

/// Number of rows that are counted exactly for all values of a large storage together.
const COUNTED: u64 = 1_000_000;

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
    /// are the smallest ones, and large counts are estimated.
    pub async fn values(&self, parameters: &[(String, String)]) -> Result<(Vec<Json>, bool)> {
        let (in_force, (column, (values, more))) = self
            .query(|in_force| async move {
                let (column, query) = parse::values(&in_force.definition, parameters)?;
                let values = match self.has_quick_values(&in_force, column, &query).await? {
                    true => self.quick_values(&in_force, column, query.limit).await?,
                    false => self.counted_values(&in_force, &query).await?,
                };
                Ok((column, values))
            })
            .await?;
        let kind = column.kind(&in_force.definition);
        let object = |counted: &Counted| {
            let value = counted.value.to_json(&kind);
            match counted.count {
                RowCount::Exactly(count) => json!({"value": value, "count": count}),
                RowCount::About(count) => json!({"value": value, "count": count, "count_estimated": true}),
                RowCount::Unknown => json!({"value": value, "count": null}),
            }
        };
        Ok((values.iter().map(object).collect(), more))
    }

    async fn counted_values(
        &self,
        in_force: &Arc<InForce>,
        query: &GroupQuery,
    ) -> Result<(Vec<Counted>, bool)> {
        let found = self.context.store.groups(in_force, query).await?;
        let counted = found.groups.into_iter().map(|group| Counted {
            value: group.values.into_iter().next().unwrap_or(Value::Null),
            count: RowCount::Exactly(group.count),
        });
        Ok((counted.collect(), found.more))
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
    async fn quick_values(
        &self,
        in_force: &Arc<InForce>,
        column: Column,
        limit: u64,
    ) -> Result<(Vec<Counted>, bool)> {
        let (mut values, mut filter, mut counted) = (Vec::new(), None, 0);
        let more = loop {
            let query = Query { fields: Some(vec![column]), ..first(filter.take(), column) };
            let page = self.context.store.page(in_force, &query).await?;
            let Some(row) = page.rows.first() else { break false };
            if values.len() as u64 >= limit {
                break true;
            }
            let value = column.value(row);
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
        Ok((values, more))
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
