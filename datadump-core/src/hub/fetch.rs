//! Readings, newest first, in the plain form of the hub: wherever they are kept.

use serde_json::{Value as Json, json};

use super::{known::Device, readings::storage_of};
use crate::{
    clock::Timestamp,
    dump::{Dump, Listing},
    error::{Error, Fault, Place, Result},
    schema::{InForce, StoredRow, Value},
    store::{
        Column, Filter, Paging, Query, Test,
        query::{DEFAULT_LIMIT, Direction, MAX_LIMIT},
    },
};

/// The most readings that can be skipped; and when they are of several tables.
const MOST_SKIPPED: u64 = 1_000_000;
const MOST_SORTED: u64 = 10_000;

/// The most tables that readings are looked for in.
const TABLES: usize = 100;

/// How many devices' readings are looked for by their devices.
const FEW: usize = 50;

/// The most sensors of one name that are asked at once.
const SENSORS: usize = 1_000;

/// In which order readings are asked for, newest first.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// As they were measured.
    Measured,
    /// As they were received.
    Received,
}

/// Which part of the readings.
#[derive(Debug, Clone, Copy)]
struct Part {
    limit: u64,
    offset: u64,
}

/// A reading in the plain form: `{"device_id", "device", "sensor_id", "sensor_type", "value", "timestamp"}`.
/// The value is the number, or the text of what is no number. None for a row that is no reading.
pub(in crate::dump) fn plain(in_force: &InForce, row: &StoredRow) -> Option<Json> {
    let field = |name: &str| {
        let (place, field) = in_force.definition.field(name)?;
        Some(row.values.get(place)?.to_json(&field.kind))
    };
    let value = field("value").filter(|value| !value.is_null()).or_else(|| field("text"))?;
    Some(json!({
        "read_id": row.key.to_json(&in_force.definition.key.kind),
        "device_id": field("device_id")?, "device": field("device")?,
        "sensor_id": field("sensor_id")?, "sensor_type": field("sensor_type")?,
        "value": value, "timestamp": field("timestamp")?, "received_at": field("received_at")?,
    }))
}

impl Dump {
    /// The readings of a device, newest first. `wanted` is its name or its number.
    pub async fn fetch_device(&self, wanted: &str, parameters: &[(String, String)]) -> Result<Vec<Json>> {
        let device = self.known_device(wanted).await?;
        let part = Part::read(parameters)?;
        let asked = of_device(&device, None).map(|(table, tests)| (table, tests, Order::Measured));
        self.fetch(asked, part).await
    }

    /// The readings of all sensors of a name, or of the one of a number, newest first.
    pub async fn fetch_sensor(&self, wanted: &str, parameters: &[(String, String)]) -> Result<Vec<Json>> {
        let found = self.hub().await?.known.sensors(wanted);
        if found.is_empty() {
            return Err(Error::UnknownSensor { device: String::new(), sensor: wanted.to_owned() });
        }
        let part = Part::read(parameters)?;
        if found.len() <= FEW {
            let of_each = found.iter().flat_map(|(device, sensor)| of_device(device, Some(sensor.id)));
            return self.fetch(of_each.map(|(table, tests)| (table, tests, Order::Measured)), part).await;
        }
        // Those of many are everywhere: the last ones that came are looked through.
        let sensors = found.iter().take(SENSORS).map(|(_, sensor)| Value::Integer(sensor.id)).collect();
        let test = ("sensor_id", Test::In(sensors));
        let own = found.iter().filter(|(device, _)| device.row.own_table).take(TABLES);
        let own = own.map(|(device, _)| storage_of(device.id, true));
        let asked = std::iter::once(storage_of(0, false)).chain(own);
        self.fetch(asked.map(|table| (table, vec![test.clone()], Order::Received)), part).await
    }

    async fn fetch(
        &self,
        asked: impl Iterator<Item = (String, Vec<(&'static str, Test)>, Order)>,
        part: Part,
    ) -> Result<Vec<Json>> {
        let asked = asked.filter_map(|(table, tests, order)| {
            Some((self.store.catalogue().folded(&table)?.in_force.clone()?, tests, order))
        });
        let asked: Vec<_> = asked.collect();
        // Of several tables the readings have to be sorted here.
        let (each, part) = match asked.as_slice() {
            [_] => (part, Part { offset: 0, ..part }),
            _ if part.offset > MOST_SORTED => return Err(beyond("offset", 0, MOST_SORTED, part.offset)),
            _ => (Part { limit: part.limit + part.offset, offset: 0 }, part),
        };
        let mut found: Vec<(Timestamp, Value, Json)> = Vec::new();
        for (in_force, tests, order) in &asked {
            let Some(query) = newest(in_force, tests, *order, each) else { continue };
            for row in self.store.page(in_force, &query).await?.rows {
                let at = Column::named(&in_force.definition, "timestamp").map(|column| column.value(&row));
                if let (Some(Value::Timestamp(at)), Some(plain)) = (at, plain(in_force, &row)) {
                    found.push((at, row.key, plain));
                }
            }
            found.sort_by(|(at, key, _), (other, other_key, _)| {
                other.cmp(at).then_with(|| other_key.compare(key).unwrap_or(std::cmp::Ordering::Equal))
            });
            // No more is held than is asked for.
            found.truncate(usize::try_from(each.limit).unwrap_or(usize::MAX));
        }
        let skip = usize::try_from(part.offset).unwrap_or(usize::MAX);
        let take = usize::try_from(part.limit).unwrap_or(usize::MAX);
        Ok(found.into_iter().skip(skip).take(take).map(|(_, _, plain)| plain).collect())
    }

    /// The readings of a device where those of now are kept, as rows are listed.
    pub async fn readings(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.known_device(device).await?;
        let storage = self.readings_storage(&device.storage()).await?;
        let rows = self.storage(storage.definition.name.as_str())?;
        super::devices::listed(&rows, &device, parameters, "-timestamp").await
    }
}

/// Where the readings of a device may be, and what they are found by: one device is what the index begins with.
fn of_device(
    device: &Device,
    sensor: Option<i64>,
) -> impl Iterator<Item = (String, Vec<(&'static str, Test)>)> + use<> {
    let sensor = sensor.map(|id| ("sensor_id", Test::Eq(Value::Integer(id))));
    let tests: Vec<_> =
        std::iter::once(("device_id", Test::Eq(Value::Integer(device.id)))).chain(sensor).collect();
    [false, true].map(|own| storage_of(device.id, own)).into_iter().map(move |table| (table, tests.clone()))
}

fn newest(in_force: &InForce, tests: &[(&str, Test)], order: Order, part: Part) -> Option<Query> {
    let tests = tests
        .iter()
        .map(|(name, test)| Some(Filter::Column(Column::named(&in_force.definition, name)?, test.clone())));
    let tests: Vec<Filter> = tests.collect::<Option<_>>()?;
    let at = Column::named(&in_force.definition, "timestamp")?;
    let columns = [(at, Direction::Descending), (Column::Key, Direction::Descending)];
    let columns = match order {
        Order::Measured => &columns[..],
        Order::Received => &columns[1..],
    };
    let paging = Paging::Offset { limit: part.limit, offset: part.offset };
    Some(Query { paging, ..Query::first(Some(Filter::All(tests)), columns, part.limit) })
}

fn beyond(name: &str, least: u64, most: u64, value: impl std::fmt::Display) -> Error {
    let detail = format!("`{name}` is a number from {least} to {most} here, not {value}");
    Error::Query(vec![Fault::new(Place::Parameter(name.to_owned()), "out-of-range", detail)])
}

impl Part {
    fn read(parameters: &[(String, String)]) -> Result<Self> {
        let mut part = Self { limit: DEFAULT_LIMIT, offset: 0 };
        for (name, value) in parameters {
            let (least, most) = if name == "limit" { (1, MAX_LIMIT) } else { (0, MOST_SKIPPED) };
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            let number = number.ok_or_else(|| beyond(name, least, most, value))?;
            match name.as_str() {
                "limit" => part.limit = number,
                _ => part.offset = number,
            }
        }
        Ok(part)
    }
}
