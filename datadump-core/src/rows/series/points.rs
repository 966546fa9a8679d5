//! Points of series: collected by group, and laid out with their gaps.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::{Overview, Series};
use crate::{
    clock::{Timestamp, Zone},
    schema::{Definition, Kind},
    store::{
        Bucket, Function, Operand,
        query::{Form, parse::SeriesRequest},
    },
};

/// A distance between points is a gap if it is more than this many usual distances.
const GAP: i64 = 3;

/// A point of a series.
pub(super) struct Point {
    pub(super) time: Timestamp,
    pub(super) values: Vec<Json>,
}

/// Points by the position of their field and by their group.
#[derive(Default)]
pub(super) struct Points(HashMap<(usize, String), Vec<Point>>);

impl Points {
    pub(super) fn add(&mut self, field: usize, group: &Map<String, Json>, point: Point) {
        self.0.entry((field, identity(group))).or_default().push(point);
    }

    fn take(&mut self, field: usize, group: &Map<String, Json>) -> Vec<Point> {
        self.0.remove(&(field, identity(group))).unwrap_or_default()
    }
}

fn identity(group: &Map<String, Json>) -> String {
    // JSON of scalars has no error.
    serde_json::to_string(group).unwrap_or_default()
}

/// The functions of a bucket, by the names of their results.
const OF_NUMBERS: &[(&str, Function)] = &[
    ("min", Function::Min),
    ("max", Function::Max),
    ("avg", Function::Avg),
    ("last", Function::Last),
    ("count", Function::Count),
];
const OF_ORDERED: &[(&str, Function)] =
    &[("min", Function::Min), ("max", Function::Max), ("last", Function::Last), ("count", Function::Count)];
const OF_OTHERS: &[(&str, Function)] = &[("last", Function::Last), ("count", Function::Count)];

/// Returns the functions of the buckets of a field.
pub(super) fn functions(definition: &Definition, operand: &Operand) -> &'static [(&'static str, Function)] {
    match operand.form(definition) {
        Form::Other if matches!(operand.column().kind(definition), Kind::Boolean | Kind::Id) => OF_OTHERS,
        Form::Other => OF_ORDERED,
        _ => OF_NUMBERS,
    }
}

/// Lays out the points of each group and field.
pub(super) fn assemble(
    definition: &Definition,
    request: &SeriesRequest,
    overview: Overview,
    mut points: Points,
    bucket: Option<Bucket>,
) -> Vec<Series> {
    let mut all = Vec::with_capacity(overview.groups.len() * request.fields.len());
    for group in overview.groups {
        for (place, (field, operand)) in request.fields.iter().enumerate() {
            let points = with_gaps(points.take(place, &group.names), bucket, &request.zone);
            let columns: Vec<&str> = match bucket {
                None => vec!["value"],
                Some(_) => functions(definition, operand).iter().map(|(name, _)| *name).collect(),
            };
            let mut series = Series {
                field: field.clone(),
                group: group.names.clone(),
                time: Vec::with_capacity(points.len()),
                columns: Map::new(),
            };
            let mut lists: Vec<Vec<Json>> =
                columns.iter().map(|_| Vec::with_capacity(points.len())).collect();
            for point in points {
                series.time.push(request.zone.format(point.time));
                let mut values = point.values.into_iter();
                for list in &mut lists {
                    list.push(values.next().unwrap_or_default());
                }
            }
            let named = columns.into_iter().zip(lists);
            series.columns = named.map(|(name, list)| (name.to_owned(), Json::Array(list))).collect();
            all.push(series);
        }
    }
    all
}

/// Adds a point without values where a gap begins.
fn with_gaps(points: Vec<Point>, bucket: Option<Bucket>, zone: &Zone) -> Vec<Point> {
    let distance = |pair: &[Point]| match pair {
        [one, other] => other.time.micros() - one.time.micros(),
        _ => 0,
    };
    let mut distances: Vec<i64> = points.windows(2).map(distance).collect();
    let middle = distances.len() / 2;
    if distances.len() < 2 {
        return points;
    }
    let (_, usual, _) = distances.select_nth_unstable(middle);
    let usual = *usual;
    let mut all: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        if let Some(previous) = all.last().map(|previous| previous.time)
            && point.time.micros() - previous.micros() > GAP * usual
        {
            let begin = match bucket {
                Some(bucket) => bucket.moment(bucket.next(bucket.start(previous, zone), zone), zone),
                None => Timestamp::from_micros(previous.micros() + usual).unwrap_or(previous),
            };
            all.push(Point { time: begin, values: Vec::new() });
        }
        all.push(point);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_begin_with_a_point_without_values() {
        let second = 1_000_000;
        for (times, expected) in [
            (vec![0, 1, 2, 3], vec![0, 1, 2, 3]),
            (vec![0, 1, 2, 5, 6], vec![0, 1, 2, 5, 6]),
            (vec![0, 1, 2, 6, 7], vec![0, 1, 2, -3, 6, 7]),
            (vec![0, 100], vec![0, 100]),
            (vec![], vec![]),
        ] {
            let point = |time: &i64| Point {
                time: Timestamp::from_micros(time * second).unwrap(),
                values: vec![Json::from(*time)],
            };
            let points = with_gaps(times.iter().map(point).collect(), None, &Zone::default());
            let shown = |point: &Point| {
                let time = point.time.micros() / second;
                if point.values.is_empty() { -time } else { time }
            };
            assert_eq!(points.iter().map(shown).collect::<Vec<_>>(), expected, "{times:?}");
        }
    }
}
