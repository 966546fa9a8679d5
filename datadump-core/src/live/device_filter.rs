//! The device and sensor that a subscription is limited to.

use crate::schema::{InForce, StoredRow, Value};

/// Matches all devices and sensors by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeviceFilter {
    pub(crate) device: Option<DeviceRef>,
    pub(crate) sensor: Option<DeviceRef>,
}

/// Refers to a device or sensor by its id, or by its name while it is not registered.
#[derive(Debug, Clone)]
pub(crate) enum DeviceRef {
    Id(i64),
    Name(String),
}

impl DeviceFilter {
    /// Returns whether a row of the hub matches.
    pub(super) fn matches(&self, in_force: &InForce, row: &StoredRow) -> bool {
        let matches = |named: &Option<DeviceRef>, number: &str, name: &str| {
            named.as_ref().is_none_or(|named| named.matches(in_force, row, number, name))
        };
        matches(&self.device, "device_id", "device") && matches(&self.sensor, "sensor_id", "sensor_type")
    }

    /// Returns the same filter for a list of readings.
    pub(super) fn filters(&self) -> Vec<(String, String)> {
        let filter = |named: &Option<DeviceRef>, number: &str, name: &str| {
            named.as_ref().map(|named| match named {
                DeviceRef::Id(id) => (format!("{number}__eq"), id.to_string()),
                DeviceRef::Name(text) => (format!("{name}__eq"), text.clone()),
            })
        };
        let device = filter(&self.device, "device_id", "device");
        device.into_iter().chain(filter(&self.sensor, "sensor_id", "sensor_type")).collect()
    }
}

impl DeviceRef {
    fn matches(&self, in_force: &InForce, row: &StoredRow, number: &str, name: &str) -> bool {
        let value =
            |field: &str| in_force.definition.field(field).and_then(|(place, _)| row.values.get(place));
        match self {
            // The id of a device or sensor is its key.
            Self::Id(id) => value(number).unwrap_or(&row.key) == &Value::Integer(*id),
            Self::Name(text) => value(name).is_some_and(|value| *value == Value::Text(text.clone())),
        }
    }
}
