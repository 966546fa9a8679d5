//! Points of series: collected by group, and laid out with their gaps.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::{Overview, Series, reading::Reading};
use crate::{
    clock::{Timestamp, Zone},
    schema::Definition,
    store::{Bucket, query::parse::SeriesRequest},
};

/// A distance between points is a gap if it is more than this many usual distances.
const GAP: i64 = 3;

/// A point of a series.
pub(super) struct Point {
    pub(super) time: Timestamp,
    pub(super) values: Vec<Json>,
}

/// Points by the position of their field and by their group: those of numbers, and those of values as they are.
#[derive(Default)]
pub(super) struct Points(HashMap<(usize, String), [Vec<Point>; 2]>);

impl Points {
    pub(super) fn add(&mut self, field: usize, is_plain: bool, group: &Map<String, Json>, point: Point) {
        let [numbers, plain] = self.0.entry((field, identity(group))).or_default();
        if is_plain { plain.push(point) } else { numbers.push(point) }
    }

    /// Returns the points of a series, numbers if it has any, and whether they are values as they are.
    fn take(&mut self, field: usize, group: &Map<String, Json>) -> (Vec<Point>, bool) {
        let [numbers, plain] = self.0.remove(&(field, identity(group))).unwrap_or_default();
        if numbers.is_empty() && !plain.is_empty() { (plain, true) } else { (numbers, false) }
    }
}

fn identity(group: &Map<String, Json>) -> String {
    // JSON of scalars has no error.
    serde_json::to_string(group).unwrap_or_default()
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
            let (points, is_plain) = points.take(place, &group.names);
            let readings: Vec<Reading> = Reading::of(definition, operand).collect();
            let reading = readings.iter().find(|reading| reading.is_plain == is_plain).or(readings.first());
            let columns = match bucket {
                None => vec!["value"],
                Some(_) => reading.map(Reading::columns).unwrap_or_default(),
            };
            let points = with_gaps(points, bucket, &request.zone);
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
    // Rows of one transaction have the same time.
    let mut distances: Vec<i64> = points.windows(2).map(distance).filter(|distance| *distance > 0).collect();
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
            (vec![0, 0, 0, 1, 1, 1, 2, 2, 2, 6], vec![0, 0, 0, 1, 1, 1, 2, 2, 2, -3, 6]),
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
