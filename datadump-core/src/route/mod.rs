//! Routes records of a source to storages and selects, renames and casts their fields.

mod evaluate;

use serde_json::{Map, Value as Json};

pub(crate) use self::evaluate::holds;
use self::evaluate::holds_with;
use crate::{
    clock::Zone,
    condition::Condition,
    error::{Error, Fault, Place, Result},
    record::{Fields, Record},
    schema::{Kind, StorageName, Value, parse},
    source::{self, Settings, Unrouted},
    throw::RequestHead,
};

/// Maximum number of routes per source.
const MAX_ROUTES: usize = 100;

/// Maximum number of fields that one route may name.
const MAX_FIELDS: usize = 1_000;

/// The routes of a source.
#[derive(Debug, Clone)]
pub struct Routes {
    routes: Vec<Route>,
    unrouted: Unrouted,
    /// The zone of local times.
    zone: Zone,
    /// The storage named after the source.
    default_storage: StorageName,
}

#[derive(Debug, Clone)]
struct Route {
    storage: StorageName,
    when: Option<Condition>,
    /// Paths to keep, each with its new name. Empty: keep all fields.
    keep: Vec<(FieldPath, String)>,
    /// New names, if all fields are kept.
    rename: Vec<(FieldPath, String)>,
    cast: Vec<(String, Kind)>,
}

/// A path to a field, such as `address.city`.
#[derive(Debug, Clone, PartialEq)]
struct FieldPath {
    name: String,
    steps: Vec<String>,
}

/// A record and the storage it is routed to.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutedRecord {
    /// The storage.
    pub storage: StorageName,
    /// The record as transformed by the route, or why the transformation failed.
    pub record: Result<Record, CastFailure>,
}

/// A record with a field that cannot be cast.
#[derive(Debug, Clone, PartialEq)]
pub struct CastFailure {
    /// The original record.
    pub record: Record,
    /// Why the cast fails.
    pub fault: Fault,
}

impl Routes {
    /// Parses the routes in the settings of a source.
    pub fn read(name: &StorageName, settings: &Settings) -> Result<Self> {
        let at = Place::field("routes");
        if settings.routes.len() > MAX_ROUTES {
            let detail =
                format!("a source can have at most {MAX_ROUTES} routes, not {}", settings.routes.len());
            return Err(Error::Settings(vec![Fault::new(at, "too-many", detail)]));
        }
        let (mut routes, mut faults) = (Vec::new(), Vec::new());
        for (place, route) in settings.routes.iter().enumerate() {
            match parse_route(route, &at.index(place)) {
                Ok(route) => routes.push(route),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(Error::Settings(faults));
        }
        Ok(Self { routes, unrouted: settings.unrouted, zone: settings.zone(), default_storage: name.clone() })
    }

    /// Returns whether there are routes, which may transform records.
    pub fn has_routes(&self) -> bool {
        !self.routes.is_empty()
    }

    /// Returns the storage of all records if there are no routes. Records for which a processor chose a
    /// storage are not affected.
    pub fn sole_storage(&self) -> Option<&StorageName> {
        self.routes.is_empty().then_some(&self.default_storage)
    }

    /// Returns all storages that records may be routed to, unless a processor chooses a different one.
    pub fn storages(&self) -> Vec<&StorageName> {
        let routed = self.routes.iter().map(|route| &route.storage);
        let default =
            Some(&self.default_storage).filter(|_| self.routes.is_empty() || self.unrouted == Unrouted::Keep);
        routed.chain(default).collect()
    }

    /// Routes a record to any number of storages. If its processor chose a storage, that storage takes
    /// precedence over the routes. Conditions may also test the request of the throw.
    pub fn route(&self, record: Record, head: Option<&RequestHead>) -> Vec<RoutedRecord> {
        if let Some(storage) = record.storage.clone() {
            return vec![RoutedRecord { storage, record: Ok(record) }];
        }
        let mut routed: Vec<RoutedRecord> = self
            .routes
            .iter()
            .filter(|route| route.matches(&record, head))
            .map(|route| route.apply(&record, &self.zone))
            .collect();
        if routed.is_empty() && (self.routes.is_empty() || self.unrouted == Unrouted::Keep) {
            routed.push(RoutedRecord { storage: self.default_storage.clone(), record: Ok(record) });
        }
        routed
    }
}

fn parse_route(route: &source::Route, at: &Place) -> Result<Route, Fault> {
    let storage = StorageName::parse(&route.storage)
        .map_err(|reason| Fault::new(at.name("storage"), "name", reason))?;
    let when = match &route.when {
        None => None,
        Some(json) => {
            Some(condition(json).map_err(|detail| Fault::new(at.name("when"), "condition", detail))?)
        }
    };
    if route.keep.len() + route.rename.len() + route.cast.len() > MAX_FIELDS {
        return Err(Fault::new(
            at.clone(),
            "too-many",
            format!("a route can name at most {MAX_FIELDS} fields"),
        ));
    }
    let mut renamed = Vec::new();
    for (from, to) in &route.rename {
        let Some(to) = to.as_str().filter(|to| !to.is_empty()) else {
            return Err(Fault::new(
                at.name("rename").name(from),
                "mistyped",
                format!("{to} is not a field name"),
            ));
        };
        renamed.push((from.clone(), to.to_owned()));
    }
    let mut keep: Vec<(FieldPath, String)> = Vec::new();
    for (place, from) in route.keep.iter().enumerate() {
        let path = FieldPath::new(from);
        let last = path.steps.last().cloned().unwrap_or_default();
        let name = renamed.iter().find(|(old, _)| old == from).map_or(last, |(_, new)| new.clone());
        if keep.iter().any(|(_, other)| *other == name) {
            let detail = format!("two kept fields are named `{name}`: rename one of them");
            return Err(Fault::new(at.name("keep").index(place), "duplicate", detail));
        }
        keep.push((path, name));
    }
    if let Some((from, _)) =
        renamed.iter().find(|(from, _)| !route.keep.is_empty() && !route.keep.contains(from))
    {
        let detail = format!("`{from}` is renamed but not kept");
        return Err(Fault::new(at.name("rename").name(from), "not-kept", detail));
    }
    let rename = if route.keep.is_empty() { renamed } else { Vec::new() };
    let rename = rename.into_iter().map(|(from, to)| (FieldPath::new(&from), to)).collect();
    let cast =
        route.cast.iter().map(|(name, kind)| Ok((name.clone(), kind_of(kind, &at.name("cast").name(name))?)));
    Ok(Route { storage, when, keep, rename, cast: cast.collect::<Result<_, Fault>>()? })
}

/// Parses a field type as in a definition: its name, or an object with limits.
fn kind_of(json: &Json, at: &Place) -> Result<Kind, Fault> {
    let mut field = match json {
        Json::String(name) => Map::from_iter([("type".to_owned(), Json::from(name.as_str()))]),
        Json::Object(members) => members.clone(),
        _ => return Err(Fault::new(at.clone(), "mistyped", format!("{json} is not a field type"))),
    };
    field.insert("name".into(), "x".into());
    let definition = serde_json::json!({
        "name": "x", "key": {"name": "_id", "type": "id"}, "fields": [field],
    });
    let definition = parse::definition(&definition).map_err(|error| {
        let detail = error.faults().iter().map(|fault| fault.detail.clone()).collect::<Vec<_>>().join("; ");
        Fault::new(at.clone(), "unknown-type", detail)
    })?;
    let kind = definition.own_fields().next().map(|field| field.kind.clone());
    kind.ok_or_else(|| Fault::new(at.clone(), "unknown-type", "not a field type"))
}

fn condition(json: &Json) -> Result<Condition, String> {
    let parsed = Condition::parse(json, |_| false);
    let checked = parsed.and_then(|condition| condition.check_operands().map(|()| condition));
    checked.map_err(|error| error.detail)
}

impl FieldPath {
    fn new(path: &str) -> Self {
        Self { name: path.to_owned(), steps: path.split('.').map(str::to_owned).collect() }
    }
}

impl Route {
    fn matches(&self, record: &Record, head: Option<&RequestHead>) -> bool {
        self.when.as_ref().is_none_or(|when| holds_with(when, &record.fields, head))
    }

    fn apply(&self, record: &Record, zone: &Zone) -> RoutedRecord {
        let (mut fields, mut non_finite) = (Fields::default(), Fields::default());
        if self.keep.is_empty() {
            (fields, non_finite) = (record.fields.clone(), record.non_finite.clone());
            for (path, name) in &self.rename {
                for values in [&mut fields, &mut non_finite] {
                    if let Some(value) = take(values, path) {
                        values.insert(name.clone(), value);
                    }
                }
            }
        } else {
            for (path, name) in &self.keep {
                if let Some(value) = find(&record.fields, &path.name, &path.steps) {
                    fields.insert(name.clone(), value.clone());
                }
                if let [only] = path.steps.as_slice()
                    && let Some(value) = record.non_finite.get(only)
                {
                    non_finite.insert(name.clone(), value.clone());
                }
            }
        }
        let storage = self.storage.clone();
        for (name, kind) in &self.cast {
            let Some(value) = fields.get_mut(name).filter(|value| !value.is_null()) else { continue };
            match cast(value, kind, zone) {
                Some(cast) => *value = cast,
                None => {
                    let detail = format!("{value} cannot be cast to {}", kind.name());
                    let fault = Fault::new(Place::field(name), "cast", detail);
                    let failure = CastFailure { record: record.clone(), fault };
                    return RoutedRecord { storage, record: Err(failure) };
                }
            }
        }
        let record = Record {
            fields,
            non_finite,
            untyped: record.untyped,
            changes: Vec::new(),
            storage: None,
            origin: record.origin.clone(),
        };
        RoutedRecord { storage, record: Ok(record) }
    }
}

/// Converts a value to another field type. Local times are those of `zone`.
fn cast(value: &Json, kind: &Kind, zone: &Zone) -> Option<Json> {
    let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let read: Option<Value> = match kind {
        Kind::Json => return Some(value.clone()),
        Kind::Text { .. } | Kind::String { .. } | Kind::Enum { .. } => kind.read(&text().into()).ok(),
        Kind::Long | Kind::Integer => kind.read(value).ok().or_else(|| {
            let number = value.as_f64().or_else(|| text().trim().parse().ok())?;
            (number.fract() == 0.0).then(|| kind.read_text(&format!("{number:.0}")).ok()).flatten()
        }),
        Kind::Boolean => kind.read(value).ok().or_else(|| match text().to_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
            _ => None,
        }),
        Kind::Timestamp => {
            value.as_str().and_then(|text| zone.read(text)).map(Value::Timestamp).or_else(|| {
                let number = serde_json::from_str(text().trim()).ok().filter(Json::is_number);
                crate::schema::infer::moment(&number?).map(Value::Timestamp)
            })
        }
        _ => kind.read(value).ok().or_else(|| kind.read_text(text().trim()).ok()),
    };
    read.map(|value| value.to_json(kind))
}

/// Returns the value at a path. A field whose name contains the dots takes precedence.
fn find<'a>(fields: &'a Fields, name: &str, path: &[String]) -> Option<&'a Json> {
    if path.len() > 1
        && let Some(found) = fields.get(name)
    {
        return Some(found);
    }
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(fields.get(first)?, |value, step| match value {
        Json::Object(members) => members.get(step),
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Removes and returns the value at a path.
fn take(fields: &mut Fields, path: &FieldPath) -> Option<Json> {
    if let Some(found) = fields.remove(&path.name) {
        return Some(found);
    }
    let (first, rest) = path.steps.split_first()?;
    let Some((last, parents)) = rest.split_last() else { return fields.remove(first) };
    let mut members = fields.get_mut(first)?.as_object_mut()?;
    for step in parents {
        members = members.get_mut(step)?.as_object_mut()?;
    }
    members.shift_remove(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(settings: Json, record: &Json, expected: &[(&str, Json)]) {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let routes = Routes::read(&StorageName::parse("animals").unwrap(), &settings).unwrap();
        let record = Record::new(record.as_object().unwrap().clone());
        let found: Vec<(String, Json)> = routes
            .route(record, None)
            .into_iter()
            .map(|routed| match routed.record {
                Ok(record) => (routed.storage.to_string(), Json::from(record.fields)),
                Err(failure) => (routed.storage.to_string(), failure.fault.detail.into()),
            })
            .collect();
        let expected: Vec<(String, Json)> =
            expected.iter().map(|(name, json)| ((*name).to_owned(), json.clone())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn records_are_routed_and_transformed() {
        let event = json!({"kind": "dog", "look": {"color": "black"}, "size": "40", "noise": [1]});
        check(json!({}), &event, &[("animals", event.clone())]);
        let dogs = json!({"storage": "dog", "when": {"kind": "dog"}, "keep": ["look.color", "size"],
                          "rename": {"size": "collar_size"}, "cast": {"collar_size": "integer"}});
        let cats = json!({"storage": "cat", "when": {"kind": "cat"}});
        check(
            json!({"routes": [dogs, cats]}),
            &event,
            &[("dog", json!({"color": "black", "collar_size": 40}))],
        );
        let fish = json!({"kind": "fish"});
        check(json!({"routes": [dogs]}), &fish, &[("animals", fish.clone())]);
        check(json!({"routes": [dogs], "unrouted": "drop"}), &fish, &[]);
        let all = json!({"storage": "all", "rename": {"look.color": "color"}});
        let renamed = json!({"kind": "dog", "look": {}, "size": "40", "noise": [1], "color": "black"});
        check(json!({"routes": [all]}), &event, &[("all", renamed)]);
        let wrong = json!({"storage": "dog", "keep": ["kind"], "cast": {"kind": "integer"}});
        check(json!({"routes": [wrong]}), &event, &[("dog", "\"dog\" cannot be cast to integer".into())]);
    }

    #[test]
    fn invalid_routes_are_reported_with_their_place() {
        for (route, at) in [
            (json!({"storage": "a b"}), "routes[0].storage"),
            (json!({"storage": "a", "when": 1}), "routes[0].when"),
            (json!({"storage": "a", "keep": ["x.a", "y.a"]}), "routes[0].keep[1]"),
            (json!({"storage": "a", "keep": ["x"], "rename": {"y": "z"}}), "routes[0].rename.y"),
            (json!({"storage": "a", "cast": {"x": "number"}}), "routes[0].cast.x"),
        ] {
            let settings: Settings = serde_json::from_value(json!({"routes": [route]})).unwrap();
            let error = Routes::read(&StorageName::parse("a").unwrap(), &settings).unwrap_err();
            assert!(error.to_string().starts_with(at), "{error}");
        }
    }
}
