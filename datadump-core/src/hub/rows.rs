//! Rows of the hub's system storages.

use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use super::rules::{LivenessState, Status};
use crate::{
    clock::Timestamp,
    context::Context,
    error::{Error, Result},
    schema::{InForce, StoredRow, Value},
    store::{Column, Filter, Query, Test, query::Direction},
    system_rows,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DeviceRow {
    /// Its id; `None` before it is stored.
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

/// Admission of a device: its readings are stored, or they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeviceState {
    Known,
    /// They wait in quarantine until the device is adopted.
    Waiting,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SensorRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<i64>,
    pub(super) device_id: i64,
    pub(super) device: String,
    pub(super) sensor_type: String,
    pub(super) period_s: Option<f64>,
}

/// When a device or a sensor was last seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LivenessRow {
    pub(super) id: String,
    pub(super) device_id: i64,
    pub(super) sensor_id: Option<i64>,
    #[serde(flatten)]
    pub(super) state: LivenessState,
    pub(super) last: Option<LastValue>,
    pub(super) clock_off_s: Option<f64>,
    pub(super) due: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LastValue {
    pub(super) value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    pub(super) timestamp: Timestamp,
}

/// A change of the status of a device or sensor.
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

pub(super) fn read<T: DeserializeOwned>(in_force: &InForce, row: &StoredRow) -> Result<T> {
    system_rows::decode(&in_force.definition, row)
}

/// Returns the rows of a system storage that are due, the longest overdue first.
pub(super) async fn due(
    context: &Context,
    in_force: &Arc<InForce>,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<StoredRow>> {
    let due = Column::named(&in_force.definition, "due")
        .ok_or_else(|| Error::internal(format!("`{}` has no due time", in_force.definition.name)))?;
    let query = Query::first(
        Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
        &[(due, Direction::Ascending), (Column::Key, Direction::Ascending)],
        limit,
    );
    Ok(context.store.page(in_force, &query).await?.rows)
}
