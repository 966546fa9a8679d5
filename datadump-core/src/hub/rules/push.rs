//! Reads the readings in a push. A record has one of these forms; a push is one record or an array of them:
//!
//! ```json
//! {"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}, "timestamp": "2026-01-02T03:04:05Z"}
//! {"device_id": "pico_w", "sensor_type": "temperature", "value": 21.5}
//! {"device_id": "pico_w", "temperature": 21.5, "moisture": 30}
//! ```

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::name::{self, malformed};
use crate::{
    clock::{Timestamp, UTC},
    record::{Failure, Fields, Names},
    schema::infer::{is_exact, moment, plain_decimal},
};

/// Maximum number of sensors in one record.
const MAX_SENSORS: usize = 1_000;

const DEVICE: [&str; 2] = ["device_id", "device"];
const SENSOR: [&str; 2] = ["sensor_type", "sensor"];
const TIME: [&str; 3] = ["timestamp", "ts", "time"];
const VALUE: &str = "value";
const SENSORS: &str = "sensors";

/// A reading as it was pushed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PushedReading {
    pub(crate) device: String,
    pub(crate) sensor: String,
    /// The value, if it is a number.
    pub(crate) value: Option<f64>,
    /// The value as text, if it is not a number or a float cannot represent it exactly.
    pub(crate) text: Option<String>,
    /// The time according to the device's clock.
    pub(crate) at: Option<Timestamp>,
}

/// A part of a push that is not a reading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MalformedReading {
    /// The part, in a form that can be pushed again.
    pub(crate) original: Json,
    pub(crate) failure: Failure,
    pub(crate) field: Option<String>,
}

impl PushedReading {
    /// Returns the reading as a record of its own.
    pub(crate) fn to_json(&self) -> Json {
        let value = match (&self.text, self.value) {
            (Some(text), _) => Json::from(text.as_str()),
            (None, value) => value.map_or(Json::Null, Json::from),
        };
        let at = self.at.map(|at| at.to_string());
        json!({"device_id": self.device, "sensor_type": self.sensor, "value": value, "timestamp": at})
    }
}

/// Reads the records of a push.
#[derive(Debug, Default)]
pub(crate) struct PushReader {
    /// Member names of the previous record and their places, because most records have the same names.
    last: Option<(Arc<Names>, Places)>,
}

/// The places of the members that are not sensors.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    device: [Option<usize>; DEVICE.len()],
    sensor: [Option<usize>; SENSOR.len()],
    time: [Option<usize>; TIME.len()],
    value: Option<usize>,
    sensors: Option<usize>,
}

impl Places {
    fn of(names: &Names) -> Self {
        let place = |name| names.place(name);
        Self {
            device: DEVICE.map(place),
            sensor: SENSOR.map(place),
            time: TIME.map(place),
            value: place(VALUE),
            sensors: place(SENSORS),
        }
    }

    /// Returns whether the member at this place has a meaning of its own and is not a sensor.
    fn is_head(&self, place: usize, is_nested: bool) -> bool {
        let mut heads = self.device.iter().chain(&self.time);
        heads.any(|head| *head == Some(place)) || (is_nested && self.sensors == Some(place))
    }
}

impl PushReader {
    fn places(&mut self, record: &Fields) -> Places {
        let Some(names) = record.names() else { return Places::default() };
        match &self.last {
            Some((last, places)) if Arc::ptr_eq(last, names) => *places,
            _ => {
                let places = Places::of(names);
                self.last = Some((names.clone(), places));
                places
            }
        }
    }

    /// Calls `say` with each reading in a record.
    pub(crate) fn read(
        &mut self,
        record: Fields,
        mut say: impl FnMut(Result<PushedReading, Box<MalformedReading>>),
    ) {
        let places = self.places(&record);
        let values = record.values();
        let head = match head(values, &places) {
            Ok(head) => head,
            Err((field, failure)) => return say(Err(whole(record, field, failure))),
        };
        if let Some((field, sensor, json)) = first(values, &places.sensor, &SENSOR)
            && let Some(value) = places.value
        {
            if let Err(failure) = name::check(json, "a sensor") {
                return say(Err(whole(record, field, failure)));
            }
            // Values are moved out of the record, not copied.
            let (_, mut values) = record.into_parts();
            let mut taken = |place| values.get_mut(place).map(Json::take).unwrap_or_default();
            let (device, sensor, value) = (taken(head.device), taken(sensor), taken(value));
            return say(reading(name::of(device), name::of(sensor), &value, head.at));
        }
        let device = name::of(values.get(head.device).cloned().unwrap_or_default());
        let sensors = places.sensors.and_then(|place| values.get(place)?.as_object());
        let is_head = |place| places.is_head(place, sensors.is_some());
        let others = || record.iter().enumerate().filter(|(place, _)| !is_head(*place));
        let count = sensors.map_or(0, Map::len) + others().count();
        if count == 0 || count > MAX_SENSORS {
            let detail = match count {
                0 => "a push must have at least one sensor in `sensors`, or `sensor_type` and `value`"
                    .to_owned(),
                many => format!("a push can have at most {MAX_SENSORS} sensors, not {many}"),
            };
            return say(Err(whole(record, SENSORS, malformed(detail))));
        }
        for (sensor, value) in sensors.into_iter().flatten().chain(others().map(|(_, other)| other)) {
            say(match name::checked(sensor, "a sensor") {
                Ok(sensor) => reading(device.clone(), sensor, value, head.at),
                Err(failure) => Err(unread(&device, sensor, value, head.at, failure)),
            });
        }
    }
}

/// Returns the error for a whole record that is not readable because of this field.
fn whole(record: Fields, field: &str, failure: Failure) -> Box<MalformedReading> {
    Box::new(MalformedReading { original: record.into(), failure, field: Some(field.to_owned()) })
}

/// The part that all readings of a record share.
struct Head {
    device: usize,
    at: Option<Timestamp>,
}

type Wrong = (&'static str, Failure);

fn head(values: &[Json], places: &Places) -> Result<Head, Wrong> {
    let Some((field, device, json)) = first(values, &places.device, &DEVICE) else {
        return Err((DEVICE[0], malformed("a push must name its device in `device_id`")));
    };
    name::check(json, "a device").map_err(|failure| (field, failure))?;
    let at = match first(values, &places.time, &TIME) {
        Some((field, _, at)) => Some(time(at).ok_or_else(|| {
            (field, malformed(format!("{at} is not a time: use RFC 3339 or seconds since 1970")))
        })?),
        None => None,
    };
    Ok(Head { device, at })
}

fn reading(
    device: String,
    sensor: String,
    value: &Json,
    at: Option<Timestamp>,
) -> Result<PushedReading, Box<MalformedReading>> {
    let (number, text) = match value {
        Json::Null => {
            let failure = Failure::new("no-value", format!("sensor `{sensor}` has no value"));
            return Err(unread(&device, &sensor, value, at, failure));
        }
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() || number.as_i64().is_some_and(is_exact) => (Some(float), None),
            _ => (None, Some(number.to_string())),
        },
        Json::String(text) => match plain_number(text.trim()) {
            Some(float) => (Some(float), None),
            None => (None, Some(text.replace('\0', "\u{fffd}"))),
        },
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
            (None, Some(value.to_string().replace("\\u0000", "\u{fffd}")))
        }
    };
    Ok(PushedReading { device, sensor, value: number, text, at })
}

fn unread(
    device: &str,
    sensor: &str,
    value: &Json,
    at: Option<Timestamp>,
    failure: Failure,
) -> Box<MalformedReading> {
    let at = at.map(|at| at.to_string());
    let original = json!({"device_id": device, "sensor_type": sensor, "value": value, "timestamp": at});
    Box::new(MalformedReading { original, failure, field: Some(sensor.to_owned()) })
}

/// Parses text that is a number rather than an id: no leading zeros, and no more digits than a float
/// preserves.
fn plain_number(text: &str) -> Option<f64> {
    let whole = text.parse::<i64>().ok().filter(|whole| is_exact(*whole) && whole.to_string() == text);
    #[expect(clippy::cast_precision_loss, reason = "it is exact")]
    whole.map(|whole| whole as f64).or_else(|| plain_decimal(text))
}

/// Returns the first of these members that is present and not null, with its name and place.
fn first<'r>(
    values: &'r [Json],
    places: &[Option<usize>],
    names: &[&'static str],
) -> Option<(&'static str, usize, &'r Json)> {
    places.iter().zip(names).find_map(|(place, name)| {
        let place = (*place)?;
        let value = values.get(place).filter(|value| !value.is_null())?;
        Some((*name, place, value))
    })
}

fn time(json: &Json) -> Option<Timestamp> {
    match json {
        Json::String(text) => UTC.read(text).or_else(|| {
            let number = text.trim().parse::<serde_json::Number>().ok()?;
            moment(&Json::Number(number))
        }),
        json => moment(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type DeviceCache = (String, String, Option<f64>, Option<String>, Option<String>);

    fn all(push: &Json) -> Vec<Result<PushedReading, Box<MalformedReading>>> {
        let mut all = Vec::new();
        PushReader::default().read(push.as_object().unwrap().clone().into(), |one| all.push(one));
        all
    }

    fn said(push: &Json) -> Vec<Result<DeviceCache, String>> {
        let said = all(push).into_iter();
        said.map(|one| match one {
            Ok(said) => {
                Ok((said.device, said.sensor, said.value, said.text, said.at.map(|at| at.to_string())))
            }
            Err(unread) => Err(unread.failure.code.to_owned()),
        })
        .collect()
    }

    #[test]
    fn every_form_is_read() {
        let one = |sensor: &str, value: Option<f64>, text: Option<&str>| {
            Ok(("pico".to_owned(), sensor.to_owned(), value, text.map(str::to_owned), None))
        };
        let check = |push: &Json, expected: Vec<_>| assert_eq!(said(push), expected, "{push}");
        check(
            &json!({"device_id": "pico", "sensors": {"t": 21.5, "m": 30}}),
            vec![one("t", Some(21.5), None), one("m", Some(30.0), None)],
        );
        check(
            &json!({"device_id": "pico", "sensor_type": "t", "value": "21.50"}),
            vec![one("t", Some(21.5), None)],
        );
        check(
            &json!({"device": "pico", "t": 1, "m": "wet"}),
            vec![one("t", Some(1.0), None), one("m", None, Some("wet"))],
        );
        check(
            &json!({"device_id": "pico", "sensors": {"温度": -1e-3}, "on": true}),
            vec![one("温度", Some(-0.001), None), one("on", None, Some("true"))],
        );
        check(
            &json!({"device_id": "pico", "n": 9_007_199_254_740_993_i64}),
            vec![one("n", None, Some("9007199254740993"))],
        );
        check(
            &json!({"device_id": "pico", "place": {"a": [1]}}),
            vec![one("place", None, Some(r#"{"a":[1]}"#))],
        );
    }

    #[test]
    fn records_with_different_members_are_read_one_after_another() {
        let shared: Fields =
            json!({"device_id": "a", "sensor_type": "t", "value": 1}).as_object().unwrap().clone().into();
        let turned: Fields =
            json!({"value": 2, "sensor": "u", "device": "b"}).as_object().unwrap().clone().into();
        let nested: Fields =
            json!({"sensors": {"v": 3}, "device_id": "c", "w": 4}).as_object().unwrap().clone().into();
        let mut more = shared.clone();
        more.insert("time", json!(1_700_000_000));
        let records =
            [shared.clone(), shared.clone(), turned.clone(), more, shared, Fields::default(), nested, turned];
        let (mut reader, mut said) = (PushReader::default(), Vec::new());
        for record in records {
            reader.read(record, |one| {
                said.push(one.map_or(String::new(), |said| {
                    let at = if said.at.is_some() { "@" } else { "" };
                    format!("{}/{}={}{at}", said.device, said.sensor, said.value.unwrap_or_default())
                }));
            });
        }
        assert_eq!(said, ["a/t=1", "a/t=1", "b/u=2", "a/t=1@", "a/t=1", "", "c/v=3", "c/w=4", "b/u=2"]);
    }

    #[test]
    fn numeric_texts_become_numbers() {
        for (text, expected) in [("22", Some(22.0)), ("022", None), ("-1", Some(-1.0)), (" 2.50 ", Some(2.5))]
        {
            let read = all(&json!({"device_id": "a", "t": text}));
            assert_eq!(read[0].as_ref().unwrap().value, expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_and_numbers_can_be_names() {
        let push = json!({"device_id": 7, "sensor_type": 3, "value": 1, "ts": 1_700_000_000});
        let expected = ("7".into(), "3".into(), Some(1.0), None, Some("2023-11-14T22:13:20.000000Z".into()));
        assert_eq!(said(&push), [Ok(expected)]);
        for at in [
            json!("2023-11-14T22:13:20Z"),
            json!("2023-11-14 22:13:20"),
            json!("1700000000"),
            json!(1_700_000_000_000_i64),
        ] {
            let read = all(&json!({"device_id": "a", "t": 1, "timestamp": at}));
            assert_eq!(read[0].as_ref().unwrap().at.unwrap().micros(), 1_700_000_000_000_000);
        }
    }

    #[test]
    fn malformed_parts_are_reported_with_their_code() {
        for (push, expected) in [
            (json!({"sensors": {"t": 1}}), vec!["malformed-reading"]),
            (json!({"device_id": "", "t": 1}), vec!["malformed-reading"]),
            (json!({"device_id": {"a": 1}, "t": 1}), vec!["malformed-reading"]),
            (json!({"device_id": "a"}), vec!["malformed-reading"]),
            (json!({"device_id": "a", "sensors": {}}), vec!["malformed-reading"]),
            (json!({"device_id": "a", "t": 1, "ts": "yesterday"}), vec!["malformed-reading"]),
            (json!({"device_id": "a", "t": null}), vec!["no-value"]),
            (json!({"device_id": "a", "": 1}), vec!["malformed-reading"]),
            (json!({"device_id": "a".repeat(256), "t": 1}), vec!["malformed-reading"]),
        ] {
            let codes: Vec<_> = said(&push).into_iter().map(Result::unwrap_err).collect();
            assert_eq!(codes, expected, "{push}");
        }
        let mixed = said(&json!({"device_id": "a", "sensors": {"t": 1, "m": null}}));
        assert!(mixed[0].is_ok() && mixed[1].is_err(), "{mixed:?}");
    }
}
