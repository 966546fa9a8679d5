//! Aggregates of the rows of a storage: conditions on results, their order, and buckets without rows.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};

use super::Rows;
use crate::{
    clock::{Timestamp, Zone},
    error::Result,
    record::Fields,
    route::holds,
    schema::{Definition, InForce},
    store::{
        AggregatedGroup, AggregatedGroups, Bucket, Function, GroupBy, GroupKey,
        aggregate::{compare_all, compare_json, refused},
        query::{
            Direction, MAX_GROUPS,
            aggregate::bounds,
            parse::{self, AggregateRequest, Fill},
        },
    },
};

/// The results of a query for aggregates.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregates {
    /// An object for each group, with its values and the results of the functions.
    pub results: Vec<Json>,
    /// True if there are more groups.
    pub truncated: bool,
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
        let (in_force, (request, found)) = self
            .query(|in_force: Arc<InForce>| {
                let parsed = parse(&in_force.definition);
                async move {
                    let request = parsed?;
                    let found = self.context.store.aggregate(&in_force, &request.query).await?;
                    Ok((request, found))
                }
            })
            .await?;
        results(&in_force.definition, &request, found)
    }
}

fn results(
    definition: &Definition,
    request: &AggregateRequest,
    found: AggregatedGroups,
) -> Result<Aggregates> {
    let AggregatedGroups { mut groups, more } = found;
    if request.fill != Fill::None {
        groups = filled(request, groups)?;
    }
    let mut rows: Vec<Vec<Json>> = groups.into_iter().map(|group| row(definition, request, group)).collect();
    if let Some(having) = &request.having {
        rows.retain(|row| holds(having, &named(request, row)));
    }
    if !request.ordering.is_empty() {
        rows.sort_by(|one, other| compare(&request.ordering, one, other));
    }
    let truncated = more || rows.len() > request.limit;
    rows.truncate(request.limit);
    let names = request.group_names.iter().chain(&request.function_names);
    let object = |row: Vec<Json>| Json::Object(names.clone().cloned().zip(row).collect::<Map<_, _>>());
    Ok(Aggregates { results: rows.into_iter().map(object).collect(), truncated })
}

/// Returns the values of a result.
fn row(definition: &Definition, request: &AggregateRequest, group: AggregatedGroup) -> Vec<Json> {
    let key = |(by, key): (&GroupBy, GroupKey)| key_json(definition, &request.query.zone, by, key);
    request.query.groups.iter().zip(group.keys).map(key).chain(group.values).collect()
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

fn compare(ordering: &[(usize, Direction)], one: &[Json], other: &[Json]) -> Ordering {
    let by = |(place, direction): &(usize, Direction)| {
        let (one, other) = (one.get(*place), other.get(*place));
        let order = compare_json(one.unwrap_or(&Json::Null), other.unwrap_or(&Json::Null));
        match direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    };
    ordering.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Adds the buckets without rows, for each combination of the other values: between the bounds of the filter, or
/// between the first and the last bucket if it has none.
fn filled(request: &AggregateRequest, groups: Vec<AggregatedGroup>) -> Result<Vec<AggregatedGroup>> {
    let query = &request.query;
    let found = query.groups.iter().enumerate().find_map(|(place, group)| match group {
        GroupBy::Bucket(column, bucket) => Some((place, *column, *bucket)),
        _ => None,
    });
    let Some((place, column, bucket)) = found else { return Ok(groups) };
    let start = |group: &AggregatedGroup| match group.keys.get(place) {
        Some(GroupKey::Start(start)) => *start,
        _ => None,
    };
    let (from, to) = bounds(query.filter.as_ref(), column);
    let at = |moment: Timestamp| bucket.start(moment, &query.zone);
    let (first, last) = (groups.iter().filter_map(start).min(), groups.iter().filter_map(start).max());
    let Some((first, last)) = from.map(at).or(first).zip(to.map(at).or(last)) else { return Ok(groups) };
    let starts = starts(bucket, first, last, request)?;
    // Groups by their other values, in the order of their first appearance.
    let mut order: Vec<Vec<GroupKey>> = Vec::new();
    let mut by_others: HashMap<String, (usize, HashMap<i64, AggregatedGroup>)> = HashMap::new();
    let mut all = Vec::new();
    for group in groups {
        let Some(start) = start(&group) else {
            // Rows without a time.
            all.push(group);
            continue;
        };
        let mut others = group.keys.clone();
        if let Some(key) = others.get_mut(place) {
            *key = GroupKey::Start(None);
        }
        let (_, buckets) = by_others.entry(format!("{others:?}")).or_insert_with(|| {
            order.push(others);
            (order.len() - 1, HashMap::new())
        });
        buckets.insert(start, group);
    }
    let needed = starts.len().saturating_mul(order.len().max(1));
    if needed as u64 > MAX_GROUPS {
        let detail =
            format!("with all buckets there are {needed} groups, more than {MAX_GROUPS}: narrow the filter");
        return Err(refused("fill", "too-many-groups", detail));
    }
    if order.is_empty() && query.groups.len() == 1 {
        order.push(vec![GroupKey::Start(None)]);
    }
    for others in order {
        let mut buckets =
            by_others.remove(&format!("{others:?}")).map(|(_, buckets)| buckets).unwrap_or_default();
        let mut previous: Option<Vec<Json>> = None;
        for start in &starts {
            let group = buckets.remove(start).unwrap_or_else(|| {
                let mut keys = others.clone();
                if let Some(key) = keys.get_mut(place) {
                    *key = GroupKey::Start(Some(*start));
                }
                AggregatedGroup { keys, values: empty(request, previous.as_ref()) }
            });
            previous = Some(group.values.clone());
            all.push(group);
        }
        // Buckets that are beyond the bounds, which should not be.
        all.extend(buckets.into_values());
    }
    all.sort_by(|one, other| compare_all(&one.keys, &other.keys));
    Ok(all)
}

fn starts(bucket: Bucket, first: i64, last: i64, request: &AggregateRequest) -> Result<Vec<i64>> {
    let (mut starts, mut start) = (Vec::new(), first);
    while start <= last {
        starts.push(start);
        if starts.len() as u64 > MAX_GROUPS {
            let detail =
                format!("there are more than {MAX_GROUPS} buckets: narrow the filter or use longer ones");
            return Err(refused("fill", "too-many-groups", detail));
        }
        start = bucket.next(start, &request.query.zone);
    }
    Ok(starts)
}

/// Returns the results for a bucket without rows.
fn empty(request: &AggregateRequest, previous: Option<&Vec<Json>>) -> Vec<Json> {
    let functions = request.query.functions.iter().enumerate();
    let value = |(place, aggregate): (usize, &crate::store::Aggregate)| {
        let is_count = matches!(aggregate.function, Function::Count | Function::CountDistinct);
        match request.fill {
            Fill::Previous => previous.and_then(|values| values.get(place)).cloned().unwrap_or_default(),
            Fill::Zero => 0.into(),
            Fill::None | Fill::Null if is_count => 0.into(),
            Fill::None | Fill::Null => Json::Null,
        }
    };
    functions.map(value).collect()
}
