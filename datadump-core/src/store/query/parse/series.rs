//! Parses a request for series, from URL parameters or a body.

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    body::Names,
    expression::{self, split},
    filter_of,
    refusal::{Refusal, check_indexed},
};
use crate::{
    clock::{Timestamp, Zone, relative},
    error::{Error, Fault, Place, Result},
    request,
    schema::{Definition, Kind, Value},
    store::query::{Column, Filter, Form, GroupBy, Operand, Test},
};

/// Default and maximum number of points of a series.
const DEFAULT_POINTS: u64 = 500;
const MAX_POINTS: u64 = 10_000;

/// Maximum number of fields, and of fields that they are grouped by.
const MAX_FIELDS: usize = 16;
const MAX_GROUP_FIELDS: usize = 4;

/// A request for series: the values of some fields over time, one series for each field and group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeriesRequest {
    /// The rows, within the bounds.
    pub(crate) filter: Filter,
    pub(crate) time: Column,
    /// Bounds of the time, both included.
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// The fields, with their names.
    pub(crate) fields: Vec<(String, Operand)>,
    /// What the rows are grouped by, with its names.
    pub(crate) groups: Vec<(String, GroupBy)>,
    pub(crate) zone: Zone,
    /// Number of points that a series should not exceed.
    pub(crate) points: u64,
}

/// The request as it was sent.
#[derive(Debug, Default)]
struct Sent {
    fields: Vec<String>,
    groups: Vec<String>,
    time: Option<String>,
    from: Option<String>,
    to: Option<String>,
    points: Option<String>,
    zone: Option<String>,
    /// Filters.
    others: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    field: Option<Names>,
    group_by: Option<Names>,
    time: Option<String>,
    from: Option<String>,
    to: Option<String>,
    points: Option<u64>,
    tz: Option<String>,
    #[serde(rename = "where")]
    filter: Option<Json>,
}

/// Parses a request from URL parameters.
pub(crate) fn series(
    definition: &Definition,
    pairs: &[(String, String)],
    now: Timestamp,
) -> Result<SeriesRequest> {
    let mut sent = Sent::default();
    let mut faults = Vec::new();
    for (name, value) in pairs {
        let single = match name.as_str() {
            "field" => {
                sent.fields.extend(split(value));
                continue;
            }
            "group_by" => {
                sent.groups.extend(split(value));
                continue;
            }
            "time" => &mut sent.time,
            "from" => &mut sent.from,
            "to" => &mut sent.to,
            "points" => &mut sent.points,
            "tz" => &mut sent.zone,
            _ => {
                sent.others.push((name.clone(), value.clone()));
                continue;
            }
        };
        if single.replace(value.clone()).is_some() {
            let detail = format!("`{name}` is given twice");
            faults.push(Fault::new(Place::Parameter(name.clone()), "duplicate", detail));
        }
    }
    read(definition, sent, now, faults)
}

/// Parses a request from a body with the same members, where the filter is `where`.
pub(crate) fn series_body(definition: &Definition, body: &Json, now: Timestamp) -> Result<SeriesRequest> {
    let body: Body = request::read(body)?;
    let list = |names: Option<Names>| match names {
        None => Vec::new(),
        Some(Names::Text(text)) => split(&text).collect(),
        Some(Names::List(names)) => names,
    };
    let sent = Sent {
        fields: list(body.field),
        groups: list(body.group_by),
        time: body.time,
        from: body.from,
        to: body.to,
        points: body.points.map(|points| points.to_string()),
        zone: body.tz,
        others: body.filter.map(|filter| ("where".to_owned(), filter.to_string())).into_iter().collect(),
    };
    read(definition, sent, now, Vec::new()).map_err(super::in_body)
}

fn read(definition: &Definition, sent: Sent, now: Timestamp, faults: Vec<Fault>) -> Result<SeriesRequest> {
    let mut reader = Reader { definition, faults };
    let zone = reader.check("tz", sent.zone.as_deref().map(expression::zone)).unwrap_or_default();
    let time = sent.time.as_deref().map(|name| expression::time_column(definition, name));
    let time = reader.check("time", time).unwrap_or(Column::CreatedAt);
    let (from, to) = reader.bounds(&sent, time, now);
    let groups = reader.all("group_by", &sent.groups, MAX_GROUP_FIELDS, group);
    let fields = reader.all("field", &sent.fields, MAX_FIELDS, field);
    if sent.fields.is_empty() {
        reader.fault("field", "missing", "`field` names the field whose values make the series");
    }
    let points = match sent.points.as_deref().map(str::parse::<u64>) {
        None => DEFAULT_POINTS,
        Some(Ok(points)) if (1..=MAX_POINTS).contains(&points) => points,
        Some(_) => {
            let text = sent.points.unwrap_or_default();
            let detail = format!("{text:?} is not a number from 1 to {MAX_POINTS}");
            reader.fault("points", "out-of-range", detail);
            DEFAULT_POINTS
        }
    };
    let filter = filter_of(definition, &sent.others, "series", &mut reader.faults);
    // Rows without a time are no points.
    let range = match (from.map(Value::Timestamp), to.map(Value::Timestamp)) {
        (Some(from), Some(to)) => Filter::Column(time, Test::Between(from, to)),
        (Some(from), None) => Filter::Column(time, Test::Gte(from)),
        (None, Some(to)) => Filter::Column(time, Test::Lte(to)),
        (None, None) => Filter::Not(Box::new(Filter::Column(time, Test::IsNull))),
    };
    let filter = Filter::All(filter.into_iter().chain([range]).collect());
    match reader.faults.is_empty() {
        true => Ok(SeriesRequest { filter, time, from, to, fields, groups, zone, points }),
        false => Err(Error::Query(reader.faults)),
    }
}

struct Reader<'a> {
    definition: &'a Definition,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, parameter: &str, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(Place::Parameter(parameter.to_owned()), code, detail));
    }

    fn check<T>(&mut self, parameter: &str, read: Option<Result<T, Refusal>>) -> Option<T> {
        match read? {
            Ok(value) => Some(value),
            Err((code, detail)) => {
                self.fault(parameter, code, detail);
                None
            }
        }
    }

    fn all<T>(
        &mut self,
        parameter: &str,
        sent: &[String],
        max: usize,
        read: impl Fn(&Definition, &str) -> Result<T, Refusal>,
    ) -> Vec<(String, T)> {
        if sent.len() > max {
            self.fault(parameter, "too-many", format!("`{parameter}` can have at most {max} parts"));
            return Vec::new();
        }
        let mut all: Vec<(String, T)> = Vec::with_capacity(sent.len());
        for name in sent {
            if all.iter().any(|(known, _)| known == name) {
                self.fault(parameter, "duplicate", format!("`{name}` is given twice"));
            } else if let Some(value) = self.check(parameter, Some(read(self.definition, name))) {
                all.push((name.clone(), value));
            }
        }
        all
    }

    fn bounds(
        &mut self,
        sent: &Sent,
        time: Column,
        now: Timestamp,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let moment = |text: &str| {
            relative::moment(text, now).ok_or_else(|| {
                let detail = format!("{text:?} is not a time, such as 2026-11-29T21:03:29Z, now or now-1h");
                ("mistyped", detail)
            })
        };
        let from = self.check("from", sent.from.as_deref().map(moment));
        let to = self.check("to", sent.to.as_deref().map(moment));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            self.fault("from", "out-of-range", "`from` is later than `to`");
        }
        if from.is_some() || to.is_some() {
            self.check("time", Some(check_indexed(self.definition, time)));
        }
        (from, to)
    }
}

fn field(definition: &Definition, name: &str) -> Result<Operand, Refusal> {
    let operand = expression::operand(definition, name)?;
    let kind = operand.column().kind(definition);
    if operand.form(definition) != Form::Json && matches!(kind, Kind::Json | Kind::Binary { .. }) {
        return Err(("not-applicable", format!("`{name}` is of type {kind}: its values make no series")));
    }
    Ok(operand)
}

fn group(definition: &Definition, name: &str) -> Result<GroupBy, Refusal> {
    match expression::group(definition, name)? {
        GroupBy::Bucket(..) => {
            Err(("not-applicable", "the buckets of series are chosen by `points`".to_owned()))
        }
        group => Ok(group),
    }
}
