//! Renders devices and sensors as JSON.

use serde_json::{Value as Json, json};

use crate::{
    hub::{
        cache::{Device, Sensor},
        liveness::tracker::TrackerSnapshot,
    },
    store::Stored,
};

impl Device {
    pub(super) fn to_json(&self, stored: Option<&Stored>) -> Json {
        let TrackerSnapshot { liveness, clock_off, .. } = self.tracker.snapshot();
        let sensors: Vec<Json> =
            self.sensors().iter().map(|sensor| sensor.to_json(self.row.period_s)).collect();
        let created_at = stored.map(|stored| stored.row.created_at.to_string());
        let updated_at = stored.map(|stored| stored.row.updated_at.to_string());
        json!({
            "id": self.id,
            "device": self.row.device,
            "state": self.row.state,
            "status": liveness.as_ref().map_or("never", |liveness| liveness.status.name()),
            "since": liveness.as_ref().map(|liveness| liveness.since),
            "last_seen": liveness.as_ref().map(|liveness| liveness.seen),
            "period_s": self.row.period_s,
            "usual_s": liveness.as_ref().map(|liveness| seconds(liveness.period(self.row.period_s))),
            "clock_off_s": clock_off,
            "labels": self.row.labels,
            "own_table": self.row.own_table,
            "storage": self.storage(),
            "moving": self.row.moving,
            "has_token": self.row.token.is_some(),
            "sensors": sensors,
            "version": self.version,
            "created_at": created_at,
            "updated_at": updated_at,
        })
    }
}

impl Sensor {
    pub(super) fn to_json(&self, period: Option<f64>) -> Json {
        let TrackerSnapshot { liveness, last, .. } = self.tracker.snapshot();
        let period = self.row.period_s.or(period);
        json!({
            "id": self.id,
            "sensor_type": self.row.sensor_type,
            "status": liveness.as_ref().map_or("never", |liveness| liveness.status.name()),
            "since": liveness.as_ref().map(|liveness| liveness.since),
            "last_seen": liveness.as_ref().map(|liveness| liveness.seen),
            "period_s": self.row.period_s,
            "usual_s": liveness.as_ref().map(|liveness| seconds(liveness.period(period))),
            "value": last.as_ref().map(|last| match (&last.text, last.value) {
                (Some(text), _) => Json::from(text.as_str()),
                (None, value) => value.map_or(Json::Null, Json::from),
            }),
            "timestamp": last.as_ref().map(|last| last.timestamp),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "an interval in microseconds is far below 2^53")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
