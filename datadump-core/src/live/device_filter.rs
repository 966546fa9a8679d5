//! Of which device, and which sensor, somebody wants to be told.

use crate::schema::{InForce, StoredRow, Value};

/// Of all when it says nothing.
#[derive(Debug, Clone, Default)]
pub(in crate::dump) struct Of {
    pub(in crate::dump) device: Option<Named>,
    pub(in crate::dump) sensor: Option<Named>,
}

/// By its number, which stays, or by its name while it is not known.
#[derive(Debug, Clone)]
pub(in crate::dump) enum Named {
    Number(i64),
    Name(String),
}

impl Of {
    /// Whether a row of the hub is of it.
    pub(super) fn has(&self, in_force: &InForce, row: &StoredRow) -> bool {
        let is = |named: &Option<Named>, number: &str, name: &str| match named {
            None => true,
            Some(named) => named.is(in_force, row, number, name),
        };
        is(&self.device, "device_id", "device") && is(&self.sensor, "sensor_id", "sensor_type")
    }

    /// The same as filters of a list of readings.
    pub(super) fn filters(&self) -> Vec<(String, String)> {
        let filter = |named: &Option<Named>, number: &str, name: &str| {
            named.as_ref().map(|named| match named {
                Named::Number(id) => (format!("{number}__eq"), id.to_string()),
                Named::Name(text) => (format!("{name}__eq"), text.clone()),
            })
        };
        let device = filter(&self.device, "device_id", "device");
        device.into_iter().chain(filter(&self.sensor, "sensor_id", "sensor_type")).collect()
    }
}

impl Named {
    fn is(&self, in_force: &InForce, row: &StoredRow, number: &str, name: &str) -> bool {
        let value =
            |field: &str| in_force.definition.field(field).and_then(|(place, _)| row.values.get(place));
        match self {
            // A device, and a sensor, has its number as its key.
            Self::Number(id) => value(number).unwrap_or(&row.key) == &Value::Integer(*id),
            Self::Name(text) => value(name).is_some_and(|value| *value == Value::Text(text.clone())),
        }
    }
}
