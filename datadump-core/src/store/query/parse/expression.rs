//! Parses the expressions of requests for aggregates and series: `avg(size)`, `bucket(created_at,1h)`, `data.kind`.

use super::{
    refusal::{Refusal, unknown_field},
    test::Subject,
};
use crate::{
    clock::Zone,
    schema::{Definition, Kind},
    store::query::{Aggregate, Bucket, Column, Form, Function, GroupBy, Operand},
};

/// Parses `color`, `data.kind` or `bucket(created_at, 1h)`.
pub(super) fn group(definition: &Definition, text: &str) -> Result<GroupBy, Refusal> {
    if let Some(("bucket", arguments)) = call(text) {
        let (field, length) = arguments.rsplit_once(',').ok_or_else(|| {
            ("bucket", "`bucket` takes a field and a length: bucket(created_at,1h)".to_owned())
        })?;
        let column = time_column(definition, field.trim())?;
        let bucket = Bucket::parse(length.trim()).map_err(|detail| ("bucket", detail))?;
        return Ok(GroupBy::Bucket(column, bucket));
    }
    let (column, path) = Subject::unfiltered(definition, text)?.into_parts();
    let kind = column.kind(definition);
    if !path.is_empty() {
        return Ok(GroupBy::Path(column, path));
    }
    if matches!(kind, Kind::Json | Kind::Binary { .. }) {
        return Err((
            "not-applicable",
            format!("rows cannot be grouped by `{text}`, which is of type {kind}"),
        ));
    }
    Ok(GroupBy::Column(column))
}

/// Parses `count`, `avg(size)` and the like.
pub(super) fn function(definition: &Definition, text: &str, time: Column) -> Result<Aggregate, Refusal> {
    if text == "count" {
        return Ok(Aggregate { function: Function::Count, operand: None, time });
    }
    let unknown = || {
        let known = "count, count_distinct, sum, avg, min, max, first, last, stddev and p1 to p99";
        ("unknown-function", format!("`{text}` is not a function of a field: there are {known}"))
    };
    let (name, argument) = call(text).ok_or_else(unknown)?;
    let function = Function::named(name).ok_or_else(unknown)?;
    let operand = operand(definition, argument)?;
    let kind = operand.column().kind(definition);
    let form = operand.form(definition);
    let fits = match function {
        Function::Count | Function::First | Function::Last => true,
        _ if function.is_numeric() => form != Form::Other,
        Function::CountDistinct => form == Form::Json || !matches!(kind, Kind::Json | Kind::Binary { .. }),
        _ => {
            form == Form::Json || !matches!(kind, Kind::Json | Kind::Binary { .. } | Kind::Boolean | Kind::Id)
        }
    };
    if !fits {
        return Err((
            "not-applicable",
            format!("`{name}` cannot be applied to `{argument}`, which is of type {kind}"),
        ));
    }
    Ok(Aggregate { function, operand: Some(operand), time })
}

/// Parses the name of a field, or a path into JSON.
pub(super) fn operand(definition: &Definition, text: &str) -> Result<Operand, Refusal> {
    let subject = Subject::unfiltered(definition, text)?;
    Ok(match subject.into_parts() {
        (column, path) if path.is_empty() => Operand::Column(column),
        (column, path) => Operand::Path(column, path),
    })
}

/// Parses the name of a field that is a time.
pub(super) fn time_column(definition: &Definition, name: &str) -> Result<Column, Refusal> {
    let column =
        Column::named(definition, name).ok_or_else(|| ("unknown-field", unknown_field(definition, name)))?;
    match column.kind(definition) {
        Kind::Timestamp => Ok(column),
        kind => Err(("not-applicable", format!("`{name}` is of type {kind}, not a timestamp"))),
    }
}

/// Parses the name of a time zone.
pub(super) fn zone(name: &str) -> Result<Zone, Refusal> {
    Zone::named(name)
        .ok_or_else(|| ("zone", format!("{name:?} is not the name of a time zone, such as Europe/Berlin")))
}

/// Splits a list at commas outside of parentheses.
pub(super) fn split(text: &str) -> impl Iterator<Item = String> {
    let (mut parts, mut depth) = (vec![String::new()], 0_usize);
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned())
}

/// Splits `expression:name`.
pub(super) fn alias(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((expression, name)) if !name.is_empty() && !name.contains(')') => {
            (expression.trim(), Some(name.trim()))
        }
        _ => (text, None),
    }
}

/// Splits `function(argument)`.
pub(super) fn call(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('(')?;
    Some((name.trim(), rest.strip_suffix(')')?.trim()))
}

pub(super) fn default_name(expression: &str) -> String {
    match call(expression) {
        Some(("bucket", _)) => "bucket".to_owned(),
        _ => expression.to_owned(),
    }
}
