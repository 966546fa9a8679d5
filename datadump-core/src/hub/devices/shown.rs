//! Devices and sensors as they are shown.

use serde_json::{Value as Json, json};

use crate::dump::hub::{
    hearts::Shown,
    known::{Device, Sensor},
};
use crate::store::Stored;

impl Device {
    pub(super) fn shown(&self, stored: Option<&Stored>) -> Json {
        let Shown { pulse, clock_off, .. } = self.heart.shown();
        let sensors: Vec<Json> =
            self.sensors().iter().map(|sensor| sensor.shown(self.row.period_s)).collect();
        let created_at = stored.map(|stored| stored.row.created_at.to_string());
        let updated_at = stored.map(|stored| stored.row.updated_at.to_string());
        json!({
            "id": self.id,
            "device": self.row.device,
            "state": self.row.state,
            "status": pulse.as_ref().map_or("never", |pulse| pulse.status.name()),
            "since": pulse.as_ref().map(|pulse| pulse.since),
            "last_seen": pulse.as_ref().map(|pulse| pulse.seen),
            "period_s": self.row.period_s,
            "usual_s": pulse.as_ref().map(|pulse| seconds(pulse.period(self.row.period_s))),
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
    pub(super) fn shown(&self, period: Option<f64>) -> Json {
        let Shown { pulse, last, .. } = self.heart.shown();
        let period = self.row.period_s.or(period);
        json!({
            "id": self.id,
            "sensor_type": self.row.sensor_type,
            "status": pulse.as_ref().map_or("never", |pulse| pulse.status.name()),
            "since": pulse.as_ref().map(|pulse| pulse.since),
            "last_seen": pulse.as_ref().map(|pulse| pulse.seen),
            "period_s": self.row.period_s,
            "usual_s": pulse.as_ref().map(|pulse| seconds(pulse.period(period))),
            "value": last.as_ref().map(|last| match (&last.text, last.value) {
                (Some(text), _) => Json::from(text.as_str()),
                (None, value) => value.map_or(Json::Null, Json::from),
            }),
            "timestamp": last.as_ref().map(|last| last.timestamp),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is a number of microseconds")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
