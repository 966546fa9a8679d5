//! Record → storage: which records of a source go where, and what of them.

mod condition;

use serde_json::{Map, Value as Json};

use crate::{
    error::{Error, Fault, Place, Result},
    record::{Fields, Record},
    schema::{Kind, StorageName, Value, parse},
    source::{self, Settings, Unrouted},
};
pub use condition::Condition;

/// The most routes a source may have.
const MAX_ROUTES: usize = 100;

/// The most fields one route may name.
const MAX_FIELDS: usize = 1_000;

/// Where the records of a source go.
#[derive(Debug, Clone)]
pub struct Routes {
    routes: Vec<Route>,
    unrouted: Unrouted,
    home: StorageName,
}

#[derive(Debug, Clone)]
struct Route {
    storage: StorageName,
    when: Option<Condition>,
    /// Paths to keep, each with the name it gets; all fields when there are none.
    keep: Vec<(Vec<String>, String)>,
    /// New names, where all fields are kept.
    rename: Vec<(Vec<String>, String)>,
    cast: Vec<(String, Kind)>,
}

/// A record on its way to a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    /// The storage.
    pub storage: StorageName,
    /// What of the record goes there, or what cannot be made of it.
    pub record: Result<Record, Unfit>,
}

/// A record that a route could not make what it should of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfit {
    /// The record as it came.
    pub record: Record,
    /// What is wrong.
    pub fault: Fault,
}

impl Routes {
    /// Reads the routes of a source of this name.
    pub fn read(name: &StorageName, settings: &Settings) -> Result<Self> {
        let at = Place::field("routes");
        if settings.routes.len() > MAX_ROUTES {
            let detail = format!("{} routes are more than {MAX_ROUTES}", settings.routes.len());
            return Err(Error::Settings(vec![Fault::new(at, "too-many", detail)]));
        }
        let (mut routes, mut faults) = (Vec::new(), Vec::new());
        for (place, route) in settings.routes.iter().enumerate() {
            match read(route, &at.index(place)) {
                Ok(route) => routes.push(route),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(Error::Settings(faults));
        }
        Ok(Self { routes, unrouted: settings.unrouted, home: name.clone() })
    }

    /// Whether a record may not arrive as it left.
    pub fn transforms(&self) -> bool {
        !self.routes.is_empty()
    }

    /// Where every record goes whose processor did not choose: there are no routes.
    pub fn only_home(&self) -> Option<&StorageName> {
        self.routes.is_empty().then_some(&self.home)
    }

    /// All storages that records go to whose processor did not choose one.
    pub fn storages(&self) -> Vec<&StorageName> {
        let routed = self.routes.iter().map(|route| &route.storage);
        let home = Some(&self.home).filter(|_| self.routes.is_empty() || self.unrouted == Unrouted::Keep);
        routed.chain(home).collect()
    }

    /// Where a record goes: nowhere, to one storage or to several. One whose processor chose a
    /// storage goes there.
    pub fn of(&self, record: Record) -> Vec<Routed> {
        if let Some(storage) = record.storage.clone() {
            return vec![Routed { storage, record: Ok(record) }];
        }
        let mut routed: Vec<Routed> = self
            .routes
            .iter()
            .filter(|route| route.takes(&record))
            .map(|route| route.apply(&record))
            .collect();
        if routed.is_empty() && (self.routes.is_empty() || self.unrouted == Unrouted::Keep) {
            routed.push(Routed { storage: self.home.clone(), record: Ok(record) });
        }
        routed
    }
}

fn read(route: &source::Route, at: &Place) -> Result<Route, Fault> {
    let storage = StorageName::parse(&route.storage)
        .map_err(|reason| Fault::new(at.name("storage"), "name", reason))?;
    let when = match &route.when {
        None => None,
        Some(json) => {
            Some(Condition::read(json).map_err(|detail| Fault::new(at.name("when"), "condition", detail))?)
        }
    };
    if route.keep.len() + route.rename.len() + route.cast.len() > MAX_FIELDS {
        return Err(Fault::new(at.clone(), "too-many", format!("a route names at most {MAX_FIELDS} fields")));
    }
    let mut renamed = Vec::new();
    for (from, to) in &route.rename {
        let Some(to) = to.as_str().filter(|to| !to.is_empty()) else {
            return Err(Fault::new(at.name("rename").name(from), "mistyped", format!("{to} is not a name")));
        };
        renamed.push((from.clone(), to.to_owned()));
    }
    let mut keep: Vec<(Vec<String>, String)> = Vec::new();
    for (place, from) in route.keep.iter().enumerate() {
        let path = steps(from);
        let last = path.last().cloned().unwrap_or_default();
        let name = renamed.iter().find(|(old, _)| old == from).map_or(last, |(_, new)| new.clone());
        if keep.iter().any(|(_, other)| *other == name) {
            let detail = format!("two kept fields would be called `{name}`: rename one");
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
    let rename = rename.into_iter().map(|(from, to)| (steps(&from), to)).collect();
    let cast =
        route.cast.iter().map(|(name, kind)| Ok((name.clone(), kind_of(kind, &at.name("cast").name(name))?)));
    Ok(Route { storage, when, keep, rename, cast: cast.collect::<Result<_, Fault>>()? })
}

/// A kind, as a definition writes it: its name, or an object with its limits too.
fn kind_of(json: &Json, at: &Place) -> Result<Kind, Fault> {
    let mut field = match json {
        Json::String(name) => Map::from_iter([("type".to_owned(), Json::from(name.as_str()))]),
        Json::Object(members) => members.clone(),
        _ => return Err(Fault::new(at.clone(), "mistyped", format!("{json} is not a type"))),
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
    kind.ok_or_else(|| Fault::new(at.clone(), "unknown-type", "this is not a type"))
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

impl Route {
    fn takes(&self, record: &Record) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(&record.fields))
    }

    fn apply(&self, record: &Record) -> Routed {
        let mut fields = Fields::default();
        if self.keep.is_empty() {
            fields = record.fields.clone();
            for (path, name) in &self.rename {
                if let Some(value) = take(&mut fields, path) {
                    fields.insert(name.clone(), value);
                }
            }
        } else {
            for (path, name) in &self.keep {
                if let Some(value) = find(&record.fields, path) {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
        let non_finite = if self.keep.is_empty() {
            record.non_finite.clone()
        } else {
            kept_non_finite(record, &self.keep)
        };
        let storage = self.storage.clone();
        for (name, kind) in &self.cast {
            let Some(value) = fields.get_mut(name).filter(|value| !value.is_null()) else { continue };
            match cast(value, kind) {
                Some(cast) => *value = cast,
                None => {
                    let detail = format!("{value} cannot be turned into {}", kind.name());
                    let fault = Fault::new(Place::field(name), "cast", detail);
                    return Routed { storage, record: Err(Unfit { record: record.clone(), fault }) };
                }
            }
        }
        let record = Record {
            fields,
            non_finite,
            untyped: record.untyped,
            storage: None,
            origin: record.origin.clone(),
        };
        Routed { storage, record: Ok(record) }
    }
}

fn kept_non_finite(record: &Record, keep: &[(Vec<String>, String)]) -> Fields {
    let kept = keep.iter().filter_map(|(path, name)| match path.as_slice() {
        [only] => record.non_finite.get(only).map(|value| (name.clone(), value.clone())),
        _ => None,
    });
    kept.collect()
}

/// A value in the form of another kind.
fn cast(value: &Json, kind: &Kind) -> Option<Json> {
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
        Kind::Timestamp => kind.read(value).ok().or_else(|| {
            let number = serde_json::from_str(text().trim()).ok().filter(Json::is_number);
            crate::schema::infer::moment(&number?).map(Value::Timestamp)
        }),
        _ => kind.read(value).ok().or_else(|| kind.read_text(text().trim()).ok()),
    };
    read.map(|value| value.to_json(kind))
}

/// The value at a path; a name with dots in it is found first.
fn find<'a>(fields: &'a Fields, path: &[String]) -> Option<&'a Json> {
    if path.len() > 1
        && let Some(found) = fields.get(&path.join("."))
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

/// Takes the value at a path out.
fn take(fields: &mut Fields, path: &[String]) -> Option<Json> {
    if let Some(found) = fields.remove(&path.join(".")) {
        return Some(found);
    }
    let (first, rest) = path.split_first()?;
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
            .of(record)
            .into_iter()
            .map(|routed| match routed.record {
                Ok(record) => (routed.storage.to_string(), Json::from(record.fields)),
                Err(unfit) => (routed.storage.to_string(), unfit.fault.detail.into()),
            })
            .collect();
        let expected: Vec<(String, Json)> =
            expected.iter().map(|(name, json)| ((*name).to_owned(), json.clone())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn records_go_where_their_routes_say() {
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
        check(json!({"routes": [wrong]}), &event, &[("dog", "\"dog\" cannot be turned into integer".into())]);
    }

    #[test]
    fn wrong_routes_are_named() {
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
