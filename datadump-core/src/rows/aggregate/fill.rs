//! Results for buckets without rows.

use std::cmp::Ordering;

use crate::{
    clock::Timestamp,
    error::Result,
    store::{
        Aggregate, AggregatedGroup, Bucket, Computed, Function, GroupBy, GroupKey,
        aggregate::refused,
        query::{
            MAX_GROUPS, MAX_RESULT_BYTES,
            aggregate::bounds,
            compare_keys,
            parse::{AggregateRequest, Fill},
        },
        result_memory::too_large,
    },
};

/// Adds the buckets without rows, for each combination of the other values: between the bounds of the filter, or
/// between the first and the last bucket if it has none. Returns the size of what was added.
pub(super) fn fill(request: &AggregateRequest, groups: &mut Vec<AggregatedGroup>) -> Result<usize> {
    let query = &request.query;
    let found = query.groups.iter().enumerate().find_map(|(place, group)| match group {
        GroupBy::Bucket(column, bucket) => Some((place, *column, *bucket)),
        _ => None,
    });
    let Some((place, column, bucket)) = found else { return Ok(0) };
    let (from, to) = bounds(query.filter.as_ref(), column);
    let at = |moment: Timestamp| bucket.start(moment, &query.zone);
    let start = |group: &AggregatedGroup| start(group, place);
    let (first, last) = (groups.iter().filter_map(start).min(), groups.iter().filter_map(start).max());
    let Some((first, last)) = from.map(at).or(first).zip(to.map(at).or(last)) else { return Ok(0) };
    let starts = starts(bucket, first, last, request)?;
    let (timed, mut all): (Vec<_>, Vec<_>) =
        std::mem::take(groups).into_iter().partition(|group| start(group).is_some());
    let mut series = series(timed, place);
    if series.is_empty() && query.groups.len() == 1 {
        series.push(Vec::new());
    }
    let needed = starts.len().saturating_mul(series.len());
    if needed as u64 > MAX_GROUPS {
        let detail =
            format!("with all buckets there are {needed} groups, more than {MAX_GROUPS}: narrow the filter");
        return Err(refused("fill", "too-many-groups", detail));
    }
    let mut added = 0;
    for groups in series {
        let mut keys = groups.first().map_or_else(|| vec![GroupKey::Start(None)], |group| group.keys.clone());
        let (mut left, mut previous) = (groups.into_iter().peekable(), None);
        for wanted in &starts {
            // Buckets before the bounds, which should not be.
            while let Some(early) = left.next_if(|group| start(group) < Some(*wanted)) {
                all.push(early);
            }
            let group = match left.next_if(|group| start(group) == Some(*wanted)) {
                Some(group) => group,
                None => {
                    if let Some(key) = keys.get_mut(place) {
                        *key = GroupKey::Start(Some(*wanted));
                    }
                    let values = empty(request, previous.as_deref());
                    let group = AggregatedGroup { keys: keys.clone(), values };
                    added += group.size();
                    if added > MAX_RESULT_BYTES {
                        return Err(too_large("fill"));
                    }
                    group
                }
            };
            if request.fill == Fill::Previous {
                previous = Some(group.values.clone());
            }
            all.push(group);
        }
        all.extend(left);
    }
    all.sort_by(|one, other| compare_keys(&one.keys, &other.keys));
    *groups = all;
    Ok(added)
}

fn start(group: &AggregatedGroup, place: usize) -> Option<i64> {
    match group.keys.get(place) {
        Some(GroupKey::Start(start)) => *start,
        _ => None,
    }
}

/// Divides groups by their other values than the bucket; those of each part are in the order of their buckets.
fn series(mut groups: Vec<AggregatedGroup>, place: usize) -> Vec<Vec<AggregatedGroup>> {
    let by_others = |one: &AggregatedGroup, other: &AggregatedGroup| {
        let pairs = one.keys.iter().zip(&other.keys).enumerate().filter(|(at, _)| *at != place);
        let orders = pairs.map(|(_, (one, other))| one.compare(other));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    groups.sort_by(|one, other| {
        by_others(one, other).then_with(|| start(one, place).cmp(&start(other, place)))
    });
    let mut series: Vec<Vec<AggregatedGroup>> = Vec::new();
    for group in groups {
        match series.last_mut() {
            Some(part) if part.last().is_some_and(|last| by_others(last, &group).is_eq()) => part.push(group),
            _ => series.push(vec![group]),
        }
    }
    series
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
fn empty(request: &AggregateRequest, previous: Option<&[Computed]>) -> Vec<Computed> {
    let functions = request.query.functions.iter().enumerate();
    let value = |(place, aggregate): (usize, &Aggregate)| {
        let is_count = matches!(aggregate.function, Function::Count | Function::CountDistinct);
        match request.fill {
            Fill::Previous => {
                previous.and_then(|values| values.get(place)).cloned().unwrap_or(Computed::NULL)
            }
            Fill::Zero => Computed::Whole(0),
            Fill::None | Fill::Null if is_count => Computed::Whole(0),
            Fill::None | Fill::Null => Computed::NULL,
        }
    };
    functions.map(value).collect()
}
