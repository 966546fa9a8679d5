//! Messages of a client over a WebSocket with several subscriptions: `{"add": {"id": …, …}}`, which takes the
//! parameters of a stream as members, and `{"remove": …}`.

use std::time::Duration;

use datadump_core::{
    NoticeKind, json,
    live::{Coalescing, HubEventKind, SubscriptionRequest},
};
use poem::http::StatusCode;
use serde_json::{Map, Value as Json};

use super::query::RowStreamQuery;
use crate::{
    extract::{Pairs, QueryParameters as _},
    problem::{FaultAnswer, Problem},
};

/// Maximum length of a subscription's id in bytes.
const MAX_ID: usize = 128;

/// Maximum number of fields that tell series apart.
const MAX_SERIES_FIELDS: usize = 8;

/// The allowed numbers of deliveries per second.
const RATES: std::ops::RangeInclusive<f64> = 0.1..=60.0;

/// Names of the events of the whole server.
const EVENTS: [&str; 6] = ["throw", "quarantine", "storage", "replay", "device", "command"];

/// A message of a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    Add(String, Wanted),
    Remove(String),
}

/// Subject of a subscription.
#[derive(Debug)]
pub(super) enum Wanted {
    Changes(Box<SubscriptionRequest>, Option<Coalescing>),
    Events(Vec<NoticeKind>, Vec<HubEventKind>),
}

/// A message that cannot be followed.
#[derive(Debug)]
pub(super) struct Refused {
    /// The subscription it is about, if that is known.
    pub(super) id: Option<String>,
    pub(super) problem: Problem,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { id: None, problem }
    }
}

impl ClientMessage {
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let message = json::parse(text.as_bytes()).map_err(Problem::from)?;
        let detail = r#"a message is either {"add": {"id": …, …}} or {"remove": …}"#;
        let Json::Object(members) = message else { return Err(invalid("", detail).into()) };
        let mut members = members.into_iter();
        match (members.next(), members.next()) {
            (Some((name, Json::Object(add))), None) if name == "add" => Self::add(add),
            (Some((name, id)), None) if name == "remove" => Ok(Self::Remove(self::id("/remove", &id)?)),
            (Some((name, _)), None) if name == "add" => {
                Err(invalid("/add", "`add` is an object with the `id` of a subscription").into())
            }
            _ => Err(invalid("", detail).into()),
        }
    }

    fn add(mut add: Map<String, Json>) -> Result<Self, Refused> {
        let Some(id) = add.remove("id") else {
            return Err(invalid("/add/id", "a subscription needs an `id`").into());
        };
        let id = self::id("/add/id", &id)?;
        match wanted(add) {
            Ok(wanted) => Ok(Self::Add(id, wanted)),
            Err(problem) => Err(Refused { id: Some(id), problem }),
        }
    }
}

fn id(pointer: &str, id: &Json) -> Result<String, Problem> {
    let id = id.as_str().filter(|id| (1..=MAX_ID).contains(&id.len()));
    let detail = || invalid(pointer, &format!("the id of a subscription is text of 1 to {MAX_ID} bytes"));
    id.map(str::to_owned).ok_or_else(detail)
}

fn wanted(mut add: Map<String, Json>) -> Result<Wanted, Problem> {
    if let Some(events) = add.remove("events") {
        if let Some((name, _)) = add.iter().next() {
            return Err(invalid(&pointer(name), &format!("`{name}` cannot be combined with `events`")));
        }
        return self::events(&events);
    }
    let (hz, by) = (add.remove("hz"), add.remove("by"));
    let coalescing = match (hz, by) {
        (None, None) => None,
        (None, Some(_)) => return Err(invalid("/add/by", "`by` needs `hz`")),
        (Some(hz), by) => Some(Coalescing { interval: interval(&hz)?, by: series_fields(by)? }),
    };
    let mut parameters = Pairs::new();
    for (name, value) in add {
        let text = text(&name, value)?;
        parameters.push((name, text));
    }
    Ok(Wanted::Changes(Box::new(RowStreamQuery::of_pairs(&parameters)?), coalescing))
}

fn events(events: &Json) -> Result<Wanted, Problem> {
    let detail = format!("`events` is a list of some of {}", EVENTS.join(", "));
    let names = events.as_array().filter(|names| !names.is_empty());
    let (mut notices, mut hub) = (Vec::new(), Vec::new());
    for name in names.ok_or_else(|| invalid("/add/events", &detail))? {
        match name.as_str() {
            Some("device") => hub.push(HubEventKind::Device),
            Some("command") => hub.push(HubEventKind::Command),
            name => match NoticeKind::ALL.into_iter().find(|kind| name == Some(kind.name())) {
                Some(kind) => notices.push(kind),
                None => return Err(invalid("/add/events", &detail)),
            },
        }
    }
    Ok(Wanted::Events(notices, hub))
}

fn interval(hz: &Json) -> Result<Duration, Problem> {
    let hz = hz.as_f64().filter(|hz| RATES.contains(hz));
    let detail = || {
        let (least, most) = (RATES.start(), RATES.end());
        invalid("/add/hz", &format!("`hz` is a number of deliveries per second, from {least} to {most}"))
    };
    Ok(Duration::from_secs_f64(1.0 / hz.ok_or_else(detail)?))
}

fn series_fields(by: Option<Json>) -> Result<Vec<String>, Problem> {
    let fields: Option<Vec<String>> = match by {
        None => return Ok(Vec::new()),
        Some(Json::Array(by)) => by.iter().map(|field| field.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    let fields = fields.filter(|fields| (1..=MAX_SERIES_FIELDS).contains(&fields.len()));
    let detail =
        || invalid("/add/by", &format!("`by` is a list of 1 to {MAX_SERIES_FIELDS} names of fields"));
    fields.ok_or_else(detail)
}

/// Returns the value of a parameter as it is written in a query.
fn text(name: &str, value: Json) -> Result<String, Problem> {
    match value {
        Json::String(text) => Ok(text),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
        Json::Object(_) if name == "where" => Ok(value.to_string()),
        Json::Array(values) if matches!(name, "storage" | "source") => {
            let names: Option<Vec<&str>> = values.iter().map(Json::as_str).collect();
            let detail = || invalid(&pointer(name), &format!("`{name}` is a name or a list of names"));
            Ok(names.ok_or_else(detail)?.join(","))
        }
        _ => Err(invalid(&pointer(name), &format!("`{name}` is text, a number, true or false"))),
    }
}

/// Returns the JSON pointer to a parameter of a subscription.
fn pointer(name: &str) -> String {
    format!("/add/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Returns the problem of a message with an error at this place.
pub(super) fn invalid(pointer: &str, detail: &str) -> Problem {
    let fault =
        FaultAnswer { pointer: Some(pointer.to_owned()), ..FaultAnswer::new("invalid-message", detail) };
    let title = "The message is not valid";
    Problem::new(StatusCode::BAD_REQUEST, "invalid-message", title, detail).with_faults(vec![fault])
}

#[cfg(test)]
mod tests {
    use datadump_core::live::{Backfill, Cursor};
    use serde_json::json;

    use super::*;

    fn add(mut add: Json) -> Result<Wanted, Refused> {
        add["id"] = "p1".into();
        match ClientMessage::parse(&json!({"add": add}).to_string())? {
            ClientMessage::Add(id, wanted) if id == "p1" => Ok(wanted),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn subscriptions_take_the_parameters_of_streams() {
        let added =
            add(json!({"storage": ["porch", "attic"], "source": "yard", "backfill": 20, "age__gte": 3,
                               "where": {"color": "red"}, "since": "a-7", "hz": 0.5, "by": ["color"]}));
        let Wanted::Changes(request, coalescing) = added.unwrap() else { panic!("no changes") };
        assert_eq!(
            (&*request.storages, &*request.sources),
            (&["porch", "attic"].map(String::from)[..], &["yard".to_owned()][..])
        );
        assert_eq!(request.backfill, Some(Backfill::Rows(20)));
        assert_eq!(request.from, Cursor::parse("a-7"));
        let filters = [("age__gte", "3"), ("where", r#"{"color":"red"}"#)];
        assert_eq!(request.filters, filters.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let expected = Coalescing { interval: Duration::from_secs(2), by: vec!["color".into()] };
        assert_eq!(coalescing, Some(expected));
        let added = add(json!({"device": 7, "sensor": "temperature"})).unwrap();
        let Wanted::Changes(request, None) = added else { panic!("{added:?}") };
        assert_eq!((request.device.as_deref(), request.sensor.as_deref()), (Some("7"), Some("temperature")));
        let added = add(json!({"events": EVENTS})).unwrap();
        let Wanted::Events(notices, hub) = added else { panic!("{added:?}") };
        assert_eq!((&*notices, hub.len()), (&NoticeKind::ALL[..], 2));
    }

    #[test]
    fn malformed_messages_are_refused_where_they_are_wrong() {
        for (message, id, pointer) in [
            (r#"{"#, None, ""),
            (r#""add""#, None, ""),
            (r#"{}"#, None, ""),
            (r#"{"add": {"id": "a"}, "remove": "a"}"#, None, ""),
            (r#"{"remove": 7}"#, None, "/remove"),
            (r#"{"add": "porch"}"#, None, "/add"),
            (r#"{"add": {"storage": "porch"}}"#, None, "/add/id"),
            (r#"{"add": {"id": ""}}"#, None, "/add/id"),
            (r#"{"add": {"id": "a", "hz": 0}}"#, Some("a"), "/add/hz"),
            (r#"{"add": {"id": "a", "hz": "10"}}"#, Some("a"), "/add/hz"),
            (r#"{"add": {"id": "a", "by": ["x"]}}"#, Some("a"), "/add/by"),
            (r#"{"add": {"id": "a", "hz": 1, "by": []}}"#, Some("a"), "/add/by"),
            (r#"{"add": {"id": "a", "events": []}}"#, Some("a"), "/add/events"),
            (r#"{"add": {"id": "a", "events": ["flood"]}}"#, Some("a"), "/add/events"),
            (r#"{"add": {"id": "a", "events": ["throw"], "hz": 1}}"#, Some("a"), "/add/hz"),
            (r#"{"add": {"id": "a", "storage": [7]}}"#, Some("a"), "/add/storage"),
            (r#"{"add": {"id": "a", "a/b": null}}"#, Some("a"), "/add/a~1b"),
        ] {
            let refused = ClientMessage::parse(message).unwrap_err();
            assert_eq!(refused.id.as_deref(), id, "{message}");
            assert_eq!(refused.problem.errors[0].pointer.as_deref(), Some(pointer), "{message}");
        }
        for (member, code) in
            [("limit", "unknown-parameter"), ("multi", "not-applicable"), ("backfill", "not-a-backfill")]
        {
            let refused = add(json!({(member): "x"})).unwrap_err();
            assert_eq!((&*refused.problem.code, refused.id.as_deref()), (code, Some("p1")));
        }
    }
}
