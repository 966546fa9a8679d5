//! Aggregates of the rows of a storage: conditions on results, and buckets without rows.

mod fill;

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::Rows;
use crate::{
    clock::Zone,
    error::Result,
    record::Fields,
    route::holds,
    schema::{Definition, InForce},
    store::{
        AggregatedGroup, AggregatedGroups, GroupBy, GroupKey, ReadLease,
        aggregate::refused,
        query::{
            MAX_GROUPS,
            parse::{self, AggregateRequest, Fill},
        },
    },
};

/// The results of a query for aggregates.
#[derive(Debug)]
pub struct Aggregates {
    /// An object for each group, with its values and the results of the functions.
    pub results: Vec<Json>,
    /// True if there are more groups.
    pub truncated: bool,
    /// The memory of the results.
    pub memory: ReadLease,
}

impl Rows {
    /// Computes functions of groups of rows. The parameters are `agg`, `group_by`, `tz`, `having`, `ordering`, `limit`,
    /// `fill`, `time`, and filters.
    pub async fn aggregate(&self, parameters: &[(String, String)]) -> Result<Aggregates> {
        self.aggregate_with(|definition| parse::aggregate(definition, parameters)).await
    }

    /// Does the same with the parameters as JSON, and the filter as `where`.
    pub async fn find_aggregates(&self, request: &Json) -> Result<Aggregates> {
        self.aggregate_with(|definition| parse::aggregate_body(definition, request))
            .await
            .map_err(parse::in_body)
    }

    async fn aggregate_with(
        &self,
        parse: impl Fn(&Definition) -> Result<AggregateRequest> + Sync,
    ) -> Result<Aggregates> {
        let memory = &self.context.read_memory;
        let (in_force, (request, mut found)) = self
            .query(|in_force: Arc<InForce>| {
                let parsed = parse(&in_force.definition);
                async move {
                    let request = parsed?;
                    let found = self.context.store.aggregate(&in_force, &request.query, memory).await?;
                    Ok((request, found))
                }
            })
            .await?;
        if request.needs_all_groups() && found.more {
            return Err(too_many_groups());
        }
        if request.fill != Fill::None {
            let bytes = fill::fill(&request, &mut found.groups)?;
            found.memory.merge(memory.reserve(bytes).await?);
        }
        Ok(results(&in_force.definition, &request, found))
    }
}

/// Returns the error of a query that needs all groups, which are too many.
pub(super) fn too_many_groups() -> crate::error::Error {
    let detail = format!("there are more than {MAX_GROUPS} groups: narrow the filter or group by less");
    refused("group_by", "too-many-groups", detail)
}

fn results(definition: &Definition, request: &AggregateRequest, found: AggregatedGroups) -> Aggregates {
    let AggregatedGroups { mut groups, more, memory } = found;
    // Otherwise the database has ordered them.
    if request.needs_all_groups() && !request.ordering.is_empty() {
        groups.sort_by(|one, other| one.compare(other, &request.ordering));
    }
    let mut rows: Vec<Vec<Json>> = groups.into_iter().map(|group| row(definition, request, group)).collect();
    if let Some(having) = &request.having {
        rows.retain(|row| holds(having, &named(request, row)));
    }
    let truncated = more || rows.len() > request.limit;
    rows.truncate(request.limit);
    let names = request.group_names.iter().chain(&request.function_names);
    let object = |row: Vec<Json>| Json::Object(names.clone().cloned().zip(row).collect::<Map<_, _>>());
    Aggregates { results: rows.into_iter().map(object).collect(), truncated, memory }
}

/// Returns the values of a result.
fn row(definition: &Definition, request: &AggregateRequest, group: AggregatedGroup) -> Vec<Json> {
    let query = &request.query;
    let keys = query.groups.iter().zip(group.keys);
    let keys = keys.map(|(by, key)| key_json(definition, &query.zone, by, key));
    let values = query.functions.iter().zip(&group.values);
    keys.chain(values.map(|(aggregate, value)| value.to_json(definition, aggregate))).collect()
}

/// Returns a value of a group as JSON.
pub(super) fn key_json(definition: &Definition, zone: &Zone, by: &GroupBy, key: GroupKey) -> Json {
    match (by, key) {
        (GroupBy::Bucket(_, bucket), GroupKey::Start(Some(start))) => {
            zone.format(bucket.moment(start, zone)).into()
        }
        (by, GroupKey::Value(value)) => value.to_json(&by.column().kind(definition)),
        (_, GroupKey::Json(json)) => json,
        (_, GroupKey::Start(_)) => Json::Null,
    }
}

/// Returns a result as fields, for a condition.
fn named(request: &AggregateRequest, row: &[Json]) -> Fields {
    let names = request.group_names.iter().chain(&request.function_names);
    names.cloned().zip(row.iter().cloned()).collect()
}
