//! Fetches readings in the hub's simple form, newest first, from all storages that hold any.

use std::{cmp::Ordering, sync::Arc, vec};

use serde_json::{Value as Json, json};

use super::{Hub, cache::Device, readings::storage_of};
use crate::{
    clock::Timestamp,
    error::{Error, Fault, Place, Result},
    rows::{Listing, RowPage, Rows},
    schema::{InForce, StoredRow, Value},
    store::{
        Column, Filter, Paging, Query, ReadLease, Test,
        query::{DEFAULT_LIMIT, Direction, MAX_PAGE_BYTES},
    },
};

/// Maximum number of readings that are returned at once.
const MAX_READINGS: u64 = 10_000;

/// Maximum offset in one storage, and in several, whose readings are sorted in memory.
const MAX_OFFSET: u64 = 1_000_000;
const MAX_SORTED_OFFSET: u64 = 10_000;

/// Maximum number of storages that are searched.
const MAX_STORAGES: usize = 100;

/// Maximum number of sensors with one name that are looked up device by device.
const MAX_BY_DEVICE: usize = 50;

/// Maximum number of sensors in one query.
const MAX_SENSORS: usize = 1_000;

/// A storage of readings, and the tests that select some of them.
type Table = (Arc<InForce>, Vec<(&'static str, Test)>);

/// The time by which readings are ordered, newest first.
#[derive(Debug, Clone, Copy)]
enum Order {
    Measured,
    Received,
}

#[derive(Debug, Clone, Copy)]
struct Page {
    limit: u64,
    offset: u64,
}

/// The parameters of a fetch.
#[derive(Debug)]
struct FetchParameters<'p> {
    page: Page,
    /// Narrows a device's readings to a sensor, and a sensor's to a device.
    other: Option<&'p str>,
}

/// Readings, newest first. They hold the memory reserved for them.
#[derive(Debug, Default)]
pub struct Readings {
    readings: Vec<Found>,
    memory: ReadLease,
}

/// The readings in their simple form as JSON, one by one, with commas between them.
#[derive(Debug)]
pub struct ReadingChunks {
    readings: vec::IntoIter<Found>,
    is_first: bool,
    _memory: ReadLease,
}

#[derive(Debug)]
struct Found {
    at: Timestamp,
    row: StoredRow,
    in_force: Arc<InForce>,
}

fn time_column(in_force: &InForce) -> Option<Column> {
    Column::named(&in_force.definition, "timestamp")
}

fn time_of(in_force: &InForce, row: &StoredRow) -> Option<Timestamp> {
    match time_column(in_force)?.value(row) {
        Value::Timestamp(at) => Some(at),
        _ => None,
    }
}

impl Found {
    fn of(row: StoredRow, in_force: &Arc<InForce>) -> Option<Self> {
        Some(Self { at: time_of(in_force, &row)?, row, in_force: in_force.clone() })
    }

    /// Compares with a position in the order, newest first.
    fn compare(&self, at: Timestamp, key: &Value) -> Ordering {
        at.cmp(&self.at).then_with(|| key.compare(&self.row.key).unwrap_or(Ordering::Equal))
    }
}

impl Readings {
    /// Returns the readings as JSON objects.
    pub fn to_json(&self) -> Vec<Json> {
        self.readings.iter().filter_map(|found| plain(&found.in_force, &found.row)).collect()
    }

    /// Returns the same JSON in pieces. Each reading is freed once it is encoded.
    pub fn into_chunks(self) -> ReadingChunks {
        ReadingChunks { readings: self.readings.into_iter(), is_first: true, _memory: self.memory }
    }

    fn shrink_memory(&mut self) {
        self.memory.shrink_to(self.readings.iter().map(|found| found.row.size()).sum());
    }
}

impl Iterator for ReadingChunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let found = self.readings.next()?;
            let Some(reading) = plain(&found.in_force, &found.row) else { continue };
            let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
            return Some(format!("{comma}{reading}").into_bytes());
        }
    }
}

/// Returns a reading in the simple form: `{"device_id", "device", "sensor_id", "sensor_type", "value",
/// "timestamp"}`. The value is the number, or the text of a value that is not a number. `None` if the row is
/// not a reading.
pub(super) fn plain(in_force: &InForce, row: &StoredRow) -> Option<Json> {
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

impl Hub {
    /// Returns the readings of a device, newest first. `wanted` is its id or its name; digits are an id if there
    /// is a device with it. The parameters are `sensor`, `limit` and `offset`.
    pub async fn fetch_device(&self, wanted: &str, parameters: &[(String, String)]) -> Result<Readings> {
        let FetchParameters { page, other: sensor } = FetchParameters::read(parameters, "sensor")?;
        let device = self.device_by_number_or_name(wanted).await?;
        let sensor = match sensor {
            None => None,
            Some(sensor) => {
                let by_number =
                    number(sensor).and_then(|id| device.sensors().into_iter().find(|s| s.id == id));
                Some(by_number.or_else(|| device.sensor(sensor)).ok_or_else(|| Error::UnknownSensor {
                    device: device.row.device.clone(),
                    sensor: sensor.to_owned(),
                })?)
            }
        };
        self.fetch(of_device(&device, sensor.map(|sensor| sensor.id)), Order::Measured, page).await
    }

    /// Returns the readings of the sensor with an id, or of all sensors with a name, newest first. Digits are
    /// an id if there is a sensor with it. The parameters are `device`, `limit` and `offset`.
    pub async fn fetch_sensor(&self, wanted: &str, parameters: &[(String, String)]) -> Result<Readings> {
        let FetchParameters { page, other: device } = FetchParameters::read(parameters, "device")?;
        let cache = &self.ready().await?.cache;
        let mut found = match number(wanted).and_then(|id| cache.sensor_by_id(id)) {
            Some(sensor) => vec![sensor],
            None => cache.sensors(wanted),
        };
        if let Some(device) = device {
            let device = self.device_by_number_or_name(device).await?;
            found.retain(|(of, _)| of.id == device.id);
        }
        if found.is_empty() {
            let device = device.unwrap_or_default().to_owned();
            return Err(Error::UnknownSensor { device, sensor: wanted.to_owned() });
        }
        if found.len() <= MAX_BY_DEVICE {
            let of_each = found.iter().flat_map(|(device, sensor)| of_device(device, Some(sensor.id)));
            return self.fetch(of_each, Order::Measured, page).await;
        }
        // With many sensors, matching readings are everywhere, so scan the most recently received ones.
        let sensors = found.iter().take(MAX_SENSORS).map(|(_, sensor)| Value::Integer(sensor.id)).collect();
        let test = ("sensor_id", Test::In(sensors));
        let own = found.iter().filter(|(device, _)| device.row.own_table).take(MAX_STORAGES);
        let own = own.map(|(device, _)| storage_of(device.id, true));
        let asked = std::iter::once(storage_of(0, false)).chain(own);
        self.fetch(asked.map(|table| (table, vec![test.clone()])), Order::Received, page).await
    }

    async fn device_by_number_or_name(&self, wanted: &str) -> Result<Arc<Device>> {
        let cache = &self.ready().await?.cache;
        match number(wanted).and_then(|id| cache.by_id(id)) {
            Some(device) => Ok(device),
            None => self.find(wanted).await,
        }
    }

    async fn fetch(
        &self,
        asked: impl Iterator<Item = (String, Vec<(&'static str, Test)>)>,
        order: Order,
        page: Page,
    ) -> Result<Readings> {
        let asked = asked.filter_map(|(table, tests)| {
            Some((self.context.store.catalogue().folded(&table)?.in_force.clone()?, tests))
        });
        let asked: Vec<_> = asked.collect();
        let [(in_force, tests)] = asked.as_slice() else {
            return self.fetch_sorted(&asked, order, page).await;
        };
        let mut all = Readings::default();
        if let Some(query) = newest(in_force, tests, order, page) {
            self.read(in_force, &query, &mut all).await?;
        }
        Ok(all)
    }

    /// Fetches from several tables, whose readings have to be sorted here: first by their times alone.
    async fn fetch_sorted(&self, asked: &[Table], order: Order, page: Page) -> Result<Readings> {
        if page.offset > MAX_SORTED_OFFSET {
            return Err(beyond("offset", 0, MAX_SORTED_OFFSET, page.offset));
        }
        let each = Page { limit: page.limit + page.offset, offset: 0 };
        let mut positions: Vec<(Timestamp, Value, usize)> = Vec::new();
        for (table, (in_force, tests)) in asked.iter().enumerate() {
            let Some(query) = newest(in_force, tests, order, each) else { continue };
            let times = query.order.iter().map(|order| order.column);
            let query = Query { fields: Some(times.chain(time_column(in_force)).collect()), ..query };
            let found = self.context.store.page_within(in_force, &query, &self.context.read_memory).await?;
            let position = |row: StoredRow| Some((time_of(in_force, &row)?, row.key, table));
            positions.extend(found.rows.into_iter().filter_map(position));
            positions.sort_by(|(at, key, _), (other, other_key, _)| {
                other.cmp(at).then_with(|| other_key.compare(key).unwrap_or(Ordering::Equal))
            });
            // Keep no more than was requested.
            positions.truncate(usize::try_from(each.limit).unwrap_or(usize::MAX));
        }
        let skip = usize::try_from(page.offset).unwrap_or(usize::MAX).min(positions.len());
        positions.drain(..skip);
        let mut all = Readings::default();
        for (table, (in_force, _)) in asked.iter().enumerate() {
            let keys = positions.iter().filter(|(.., of)| *of == table).map(|(_, key, _)| key.clone());
            let keys: Vec<Value> = keys.collect();
            let Some(query) = of_keys(in_force, keys) else { continue };
            // A page that ended early says nothing about readings that are older than its last one.
            if let Some((Some(at), key)) = self.read(in_force, &query, &mut all).await? {
                all.readings.retain(|found| found.compare(at, &key) != Ordering::Greater);
            }
        }
        let mut bytes = 0;
        let fit = all.readings.iter().take_while(|found| {
            bytes += found.row.size();
            bytes <= MAX_PAGE_BYTES
        });
        let length = fit.count().max(1);
        all.readings.truncate(length);
        all.shrink_memory();
        Ok(all)
    }

    /// Reads a page and adds it to the readings, newest first. Returns the position of its last one, if it
    /// ended early.
    async fn read(
        &self,
        in_force: &Arc<InForce>,
        query: &Query,
        all: &mut Readings,
    ) -> Result<Option<(Option<Timestamp>, Value)>> {
        let found = self.context.store.page_within(in_force, query, &self.context.read_memory).await?;
        let ended_at = found.rows.last().filter(|_| found.more);
        let ended_at = ended_at.map(|row| (time_of(in_force, row), row.key.clone()));
        all.memory.merge(found.memory);
        all.readings.extend(found.rows.into_iter().filter_map(|row| Found::of(row, in_force)));
        all.readings.sort_by(|found, other| found.compare(other.at, &other.row.key));
        Ok(ended_at)
    }

    /// Lists the readings of a device in the storage where new ones go.
    pub async fn readings(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing<RowPage>> {
        let device = self.find(device).await?;
        let storage = self.readings_storage(&device.storage()).await??;
        let rows = Rows::open(&self.context, storage.definition.name.as_str())?;
        super::devices::list_of_device(&rows, &device, parameters, "-timestamp").await
    }
}

/// Returns the id that digits stand for.
fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Returns the storages that may hold readings of a device, with the tests that find them. The device comes
/// first, as in the index.
fn of_device(
    device: &Device,
    sensor: Option<i64>,
) -> impl Iterator<Item = (String, Vec<(&'static str, Test)>)> + use<> {
    let sensor = sensor.map(|id| ("sensor_id", Test::Eq(Value::Integer(id))));
    let tests: Vec<_> =
        std::iter::once(("device_id", Test::Eq(Value::Integer(device.id)))).chain(sensor).collect();
    [false, true].map(|own| storage_of(device.id, own)).into_iter().map(move |table| (table, tests.clone()))
}

/// Returns the query for the readings with these keys, newest first.
fn of_keys(in_force: &InForce, keys: Vec<Value>) -> Option<Query> {
    let order = [(time_column(in_force)?, Direction::Descending), (Column::Key, Direction::Descending)];
    let limit = keys.len() as u64;
    (limit > 0).then(|| Query::first(Some(Filter::Column(Column::Key, Test::In(keys))), &order, limit))
}

fn newest(in_force: &InForce, tests: &[(&str, Test)], order: Order, page: Page) -> Option<Query> {
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
    let paging = Paging::Offset { limit: page.limit, offset: page.offset };
    Some(Query { paging, ..Query::first(Some(Filter::All(tests)), columns, page.limit) })
}

fn beyond(name: &str, least: u64, most: u64, value: impl std::fmt::Display) -> Error {
    let detail = format!("`{name}` must be a number from {least} to {most}, not {value}");
    Error::Query(vec![Fault::new(Place::Parameter(name.to_owned()), "out-of-range", detail)])
}

impl<'p> FetchParameters<'p> {
    /// Reads the parameters: a page, and `other`.
    fn read(parameters: &'p [(String, String)], other: &str) -> Result<Self> {
        let mut read = Self { page: Page { limit: DEFAULT_LIMIT, offset: 0 }, other: None };
        for (name, value) in parameters {
            let number = |least, most| {
                let number = value.parse().ok().filter(|number| (least..=most).contains(number));
                number.ok_or_else(|| beyond(name, least, most, value))
            };
            match name.as_str() {
                "limit" => read.page.limit = number(1, MAX_READINGS)?,
                "offset" => read.page.offset = number(0, MAX_OFFSET)?,
                name if name == other => read.other = Some(value),
                _ => {
                    let detail = format!("`{name}` is not a parameter: use {other}, limit or offset");
                    let at = Place::Parameter(name.clone());
                    return Err(Error::Query(vec![Fault::new(at, "unknown-parameter", detail)]));
                }
            }
        }
        Ok(read)
    }
}
