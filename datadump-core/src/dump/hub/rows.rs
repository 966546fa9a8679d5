//! The hub's own storages, row by row.

use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use crate::{
    clock::Timestamp,
    dump::Dump,
    error::{Error, Result},
    hub::{Pulse, Status},
    schema::{InForce, Row, StoredRow},
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
    validate,
};

/// A device, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DeviceRow {
    /// Its number; none of one that is not stored yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<i64>,
    pub(super) device: String,
    pub(super) state: DeviceState,
    pub(super) labels: Json,
    pub(super) period_s: Option<f64>,
    pub(super) own_table: bool,
    pub(super) moving: bool,
    pub(super) token: Option<String>,
}

/// Whether what a device pushes is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeviceState {
    /// It is.
    Known,
    /// It waits in quarantine until somebody says so.
    Waiting,
}

/// A sensor, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SensorRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<i64>,
    pub(super) device_id: i64,
    pub(super) device: String,
    pub(super) sensor_type: String,
    pub(super) period_s: Option<f64>,
}

/// When a device or a sensor was heard, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PulseRow {
    pub(super) id: String,
    pub(super) device_id: i64,
    pub(super) sensor_id: Option<i64>,
    #[serde(flatten)]
    pub(super) pulse: Pulse,
    pub(super) last: Option<Last>,
    pub(super) clock_off_s: Option<f64>,
    pub(super) due: Option<Timestamp>,
}

/// The last that a sensor said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Last {
    pub(super) value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    pub(super) timestamp: Timestamp,
}

/// That something came to be heard, or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TransitionRow {
    pub(super) id: uuid::Uuid,
    pub(super) device_id: i64,
    pub(super) device: String,
    pub(super) sensor_id: Option<i64>,
    pub(super) sensor_type: Option<String>,
    pub(super) status: Status,
    pub(super) was: &'static str,
    pub(super) at: Timestamp,
    pub(super) seen: Timestamp,
}

/// Reads a row of one of the hub's storages.
pub(super) fn read<T: DeserializeOwned>(in_force: &InForce, row: &StoredRow) -> Result<T> {
    serde_json::from_value(row.to_json(&in_force.definition)).map_err(Error::internal)
}

impl Dump {
    pub(super) fn hub_storage(&self, own: SystemStorage) -> Result<Arc<InForce>> {
        self.store.catalogue().system(own)
    }

    /// A row of one of the hub's storages.
    pub(super) fn hub_row<T: Serialize>(&self, own: SystemStorage, row: &T) -> Result<Row> {
        let in_force = self.hub_storage(own)?;
        let Json::Object(record) = serde_json::to_value(row).map_err(Error::internal)? else {
            return Err(Error::internal("a row of the hub that is no object"));
        };
        validate::row(&in_force, record, &self.ids).map_err(Error::Invalid)
    }

    pub(super) fn hub_put<T: Serialize>(&self, own: SystemStorage, row: &T, expect: Expect) -> Result<Write> {
        Ok(Write::put(self.hub_row(own, row)?, expect))
    }

    /// Writes one row, and answers what became of it.
    pub(super) async fn hub_write(&self, write: Write) -> Result<Outcome> {
        let outcomes = self.store.write(WriteBatch::independent(vec![write])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("a write without an outcome"))
    }

    /// All rows that pass these filters. Only for what is few, or needed as a whole.
    pub(super) async fn hub_rows<T: DeserializeOwned>(
        &self,
        own: SystemStorage,
        filters: &[(&str, String)],
    ) -> Result<Vec<(T, i32)>> {
        let filters: Vec<_> =
            filters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let in_force = self.hub_storage(own)?;
        let rows = self.own_rows(own, &filters).await?;
        rows.iter().map(|row| Ok((read(&in_force, row)?, row.version))).collect()
    }
}
