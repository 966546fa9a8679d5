//! Whether a device is online, late or offline, judged by its usual interval. Only the server's receive times
//! count, because a device's own clock may be wrong.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Number of intervals that are remembered.
const MAX_INTERVALS: usize = 15;

/// Number of intervals needed to know the usual one.
const MIN_INTERVALS: usize = 3;

/// The assumed interval of a new device, in microseconds.
const DEFAULT_INTERVAL: i64 = 60_000_000;

/// The shortest interval that is learned, so that nothing is offline before a minute of silence.
const MIN_INTERVAL: i64 = 6_000_000;

/// Number of usual intervals of silence after which a device is late, and after which it is offline.
const LATE_INTERVALS: i64 = 3;
const OFFLINE_INTERVALS: i64 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It was seen within its usual interval.
    Online,
    /// It has been silent for 3 intervals.
    Late,
    /// It has been silent for 10 intervals.
    Offline,
}

/// When a device or sensor was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LivenessState {
    pub(crate) status: Status,
    /// Since when it has had this status.
    pub(crate) since: Timestamp,
    pub(crate) seen: Timestamp,
    /// The last intervals in microseconds, oldest first.
    pub(crate) intervals: Vec<i64>,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Late => "late",
            Self::Offline => "offline",
        }
    }
}

impl LivenessState {
    /// Returns the state of a device that is seen for the first time.
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { status: Status::Online, since: now, seen: now, intervals: Vec::new() }
    }

    /// Marks it as seen; returns the previous status if it was not online.
    pub(crate) fn mark_seen(&mut self, now: Timestamp) -> Option<Status> {
        let interval = now.micros() - self.seen.micros();
        // The time it was offline says nothing about its usual interval.
        if interval > 0 && self.status != Status::Offline {
            if self.intervals.len() < MAX_INTERVALS {
                self.intervals.push(interval);
            } else {
                self.intervals.rotate_left(1);
                if let Some(last) = self.intervals.last_mut() {
                    *last = interval;
                }
            }
        }
        self.seen = self.seen.max(now);
        let before = self.status;
        if before == Status::Online {
            return None;
        }
        (self.status, self.since) = (Status::Online, now);
        Some(before)
    }

    /// Returns the usual interval in microseconds: the period that was set, or the median of the last
    /// intervals.
    pub(crate) fn period(&self, set: Option<f64>) -> i64 {
        if let Some(seconds) = set {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            return (seconds * 1e6) as i64;
        }
        if self.intervals.len() < MIN_INTERVALS {
            return DEFAULT_INTERVAL;
        }
        let mut sorted = self.intervals.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(DEFAULT_INTERVAL).max(MIN_INTERVAL)
    }

    /// Returns the status at a time. Silence before the server began to listen does not count.
    pub(crate) fn status_at(&self, set: Option<f64>, listening_since: Timestamp, now: Timestamp) -> Status {
        let silent = now.micros() - self.seen.max(listening_since).micros();
        let period = self.period(set);
        let found = if silent >= period.saturating_mul(OFFLINE_INTERVALS) {
            Status::Offline
        } else if silent >= period.saturating_mul(LATE_INTERVALS) {
            Status::Late
        } else {
            Status::Online
        };
        // Only being seen puts it online again.
        match (self.status, found) {
            (Status::Offline, _) => Status::Offline,
            (Status::Late, Status::Online) => Status::Late,
            _ => found,
        }
    }

    /// Returns when the status changes next, unless it is seen before then; `None` if it is offline.
    pub(crate) fn due(&self, set: Option<f64>, listening_since: Timestamp) -> Option<Timestamp> {
        let periods = match self.status {
            Status::Online => LATE_INTERVALS,
            Status::Late => OFFLINE_INTERVALS,
            Status::Offline => return None,
        };
        let after = self.period(set).saturating_mul(periods);
        let micros = self.seen.max(listening_since).micros().saturating_add(after);
        Some(Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "it is in bounds")]
        Timestamp::from_micros((seconds * 1e6) as i64).unwrap()
    }

    fn seen(times: &[f64]) -> LivenessState {
        let mut pulse = LivenessState::first(at(times[0]));
        for time in &times[1..] {
            pulse.mark_seen(at(*time));
        }
        pulse
    }

    #[test]
    fn it_is_late_after_three_usual_intervals_and_offline_after_ten() {
        let every_ten = seen(&[0.0, 10.0, 20.0, 29.0, 60.0, 70.0]);
        let always = at(0.0);
        for (now, expected) in [
            (70.0, Status::Online),
            (99.9, Status::Online),
            (100.0, Status::Late),
            (169.9, Status::Late),
            (170.0, Status::Offline),
        ] {
            assert_eq!(every_ten.status_at(None, always, at(now)), expected, "at {now}");
        }
        assert_eq!(every_ten.due(None, always), Some(at(100.0)));
        // A period that was set is exact, and may be short.
        assert_eq!(every_ten.status_at(Some(0.1), always, at(70.3)), Status::Late);
        assert_eq!(every_ten.status_at(Some(0.1), always, at(71.0)), Status::Offline);
    }

    #[test]
    fn nothing_is_offline_before_a_minute_unless_a_period_is_set() {
        let fast = seen(&[0.0, 0.1, 0.2, 0.3, 0.4]);
        assert_eq!(fast.status_at(None, at(0.0), at(60.3)), Status::Late);
        assert_eq!(fast.status_at(None, at(0.0), at(60.4)), Status::Offline);
        let unknown = seen(&[0.0]);
        assert_eq!(unknown.status_at(None, at(0.0), at(179.0)), Status::Online);
    }

    #[test]
    fn silence_before_the_server_listened_does_not_count() {
        let every_ten = seen(&[0.0, 10.0, 20.0, 30.0]);
        let restarted = at(10_000.0);
        assert_eq!(every_ten.status_at(None, restarted, at(10_029.0)), Status::Online);
        assert_eq!(every_ten.status_at(None, restarted, at(10_030.0)), Status::Late);
        assert_eq!(every_ten.due(None, restarted), Some(at(10_030.0)));
    }

    #[test]
    fn an_offline_device_is_online_again_only_when_it_is_seen() {
        let mut gone = seen(&[0.0, 10.0, 20.0, 30.0]);
        (gone.status, gone.since) = (Status::Offline, at(130.0));
        assert_eq!(gone.status_at(None, at(5_000.0), at(5_001.0)), Status::Offline);
        assert_eq!(gone.due(None, at(0.0)), None);
        assert_eq!(gone.mark_seen(at(9_000.0)), Some(Status::Offline));
        assert_eq!((gone.status, gone.since), (Status::Online, at(9_000.0)));
        assert_eq!(gone.period(None), 10_000_000, "the time it was away does not count as an interval");
        assert_eq!(gone.mark_seen(at(9_010.0)), None);
    }
}
