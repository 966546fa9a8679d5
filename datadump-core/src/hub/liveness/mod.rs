//! When devices and sensors were last seen. A push updates this in memory; twice a second, changes are
//! flushed and overdue devices are marked late or offline. Every node flushes what it has seen itself. A
//! state is stored only if the row still has the version that this node knows, so it does not matter which
//! node is the first to notice that a device is late.

mod flush;
mod timeouts;
pub(super) mod tracker;

use std::time::Duration;

use self::tracker::Tracker;
use super::Hub;
use crate::error::Error;

/// Pause between two flushes.
const FLUSH_INTERVAL: Duration = Duration::from_millis(500);

impl Hub {
    /// Flushes and checks timeouts until the database is closed.
    pub(super) fn flush_in_background(&self) {
        let hub = self.clone();
        self.context.background.every(FLUSH_INTERVAL, "flush liveness", move || {
            let (background, hub) = (hub.context.background.clone(), hub.clone());
            async move {
                // A flush that has begun is completed before the last one, on closing, begins.
                let flush = background.spawn_to_end(async move {
                    let (flushed, checked) = (hub.flush_liveness(false).await, hub.check_timeouts().await);
                    flushed.and(checked).and(hub.flush_liveness(false).await)
                });
                flush.await.map_err(Error::internal)?
            }
        });
    }

    /// Returns the period that was set for a tracker, and the names of its device and sensor; no names if it
    /// has been removed.
    fn tracked(&self, tracker: &Tracker) -> Option<(Option<f64>, String, Option<String>)> {
        let device = self.state.cache.by_id(tracker.device)?;
        let (name, period) = (device.row.device.clone(), device.row.period_s);
        let Some(sensor) = tracker.sensor else { return Some((period, name, None)) };
        let (_, sensor) = self.state.cache.sensor_by_id(sensor)?;
        Some((sensor.row.period_s.or(period), name, Some(sensor.row.sensor_type.clone())))
    }
}
