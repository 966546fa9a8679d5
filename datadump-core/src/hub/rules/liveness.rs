//! Whether a device is still heard, by what is usual for it. Only the times at which the server received
//! something count: a device's own clock may say anything.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// How many of the last intervals are remembered.
const REMEMBERED: usize = 15;

/// How many have to be known before the usual one is.
const ENOUGH: usize = 3;

/// The usual interval of one that is not known yet, in microseconds.
const UNKNOWN: i64 = 60_000_000;

/// The least usual interval that is learned: so nothing is offline that was silent for less than a minute.
const LEAST: i64 = 6_000_000;

/// After how many of its usual intervals something is late, and offline.
const LATE: i64 = 3;
const OFFLINE: i64 = 10;

/// Whether something is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was heard as usual.
    Online,
    /// It was not, for some time.
    Late,
    /// It was not, for long.
    Offline,
}

/// What is known of when something was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pulse {
    /// Whether it is heard.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// When it was heard last.
    pub seen: Timestamp,
    /// The last intervals between, in microseconds, the oldest first.
    pub intervals: Vec<i64>,
}

impl Status {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Late => "late",
            Self::Offline => "offline",
        }
    }
}

impl Pulse {
    /// Of something that is heard for the first time.
    pub fn first(now: Timestamp) -> Self {
        Self { status: Status::Online, since: now, seen: now, intervals: Vec::new() }
    }

    /// It is heard. How it was before, when that is another status.
    pub fn beat(&mut self, now: Timestamp) -> Option<Status> {
        let interval = now.micros() - self.seen.micros();
        // One that was away says nothing about its usual interval.
        if interval > 0 && self.status != Status::Offline {
            if self.intervals.len() < REMEMBERED {
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

    /// What is usual: the period that was set, or the median of the last intervals.
    pub fn period(&self, set: Option<f64>) -> i64 {
        if let Some(seconds) = set {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            return (seconds * 1e6) as i64;
        }
        if self.intervals.len() < ENOUGH {
            return UNKNOWN;
        }
        let mut sorted = self.intervals.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(UNKNOWN).max(LEAST)
    }

    /// What it is now: silent since it was heard, but not for as long as nobody listened.
    pub fn judge(&self, set: Option<f64>, listening: Timestamp, now: Timestamp) -> Status {
        let silent = now.micros() - self.seen.max(listening).micros();
        let period = self.period(set);
        let found = if silent >= period.saturating_mul(OFFLINE) {
            Status::Offline
        } else if silent >= period.saturating_mul(LATE) {
            Status::Late
        } else {
            Status::Online
        };
        // Only being heard brings it back.
        match (self.status, found) {
            (Status::Offline, _) => Status::Offline,
            (Status::Late, Status::Online) => Status::Late,
            _ => found,
        }
    }

    /// When it has to be judged again, if it is not heard before; never for one that is offline.
    pub fn due(&self, set: Option<f64>, listening: Timestamp) -> Option<Timestamp> {
        let periods = match self.status {
            Status::Online => LATE,
            Status::Late => OFFLINE,
            Status::Offline => return None,
        };
        let after = self.period(set).saturating_mul(periods);
        let micros = self.seen.max(listening).micros().saturating_add(after);
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

    fn heard(times: &[f64]) -> Pulse {
        let mut pulse = Pulse::first(at(times[0]));
        for time in &times[1..] {
            pulse.beat(at(*time));
        }
        pulse
    }

    #[test]
    fn it_is_late_after_three_usual_intervals_and_offline_after_ten() {
        let every_ten = heard(&[0.0, 10.0, 20.0, 29.0, 60.0, 70.0]);
        let always = at(0.0);
        for (now, expected) in [
            (70.0, Status::Online),
            (99.9, Status::Online),
            (100.0, Status::Late),
            (169.9, Status::Late),
            (170.0, Status::Offline),
        ] {
            assert_eq!(every_ten.judge(None, always, at(now)), expected, "at {now}");
        }
        assert_eq!(every_ten.due(None, always), Some(at(100.0)));
        // A period that was set is exact, and may be short.
        assert_eq!(every_ten.judge(Some(0.1), always, at(70.3)), Status::Late);
        assert_eq!(every_ten.judge(Some(0.1), always, at(71.0)), Status::Offline);
    }

    #[test]
    fn nothing_is_offline_before_a_minute_unless_it_was_said_so() {
        let fast = heard(&[0.0, 0.1, 0.2, 0.3, 0.4]);
        assert_eq!(fast.judge(None, at(0.0), at(60.3)), Status::Late);
        assert_eq!(fast.judge(None, at(0.0), at(60.4)), Status::Offline);
        let unknown = heard(&[0.0]);
        assert_eq!(unknown.judge(None, at(0.0), at(179.0)), Status::Online);
    }

    #[test]
    fn while_nobody_listened_nobody_was_silent() {
        let every_ten = heard(&[0.0, 10.0, 20.0, 30.0]);
        let restarted = at(10_000.0);
        assert_eq!(every_ten.judge(None, restarted, at(10_029.0)), Status::Online);
        assert_eq!(every_ten.judge(None, restarted, at(10_030.0)), Status::Late);
        assert_eq!(every_ten.due(None, restarted), Some(at(10_030.0)));
    }

    #[test]
    fn only_being_heard_brings_it_back() {
        let mut gone = heard(&[0.0, 10.0, 20.0, 30.0]);
        (gone.status, gone.since) = (Status::Offline, at(130.0));
        assert_eq!(gone.judge(None, at(5_000.0), at(5_001.0)), Status::Offline);
        assert_eq!(gone.due(None, at(0.0)), None);
        assert_eq!(gone.beat(at(9_000.0)), Some(Status::Offline));
        assert_eq!((gone.status, gone.since), (Status::Online, at(9_000.0)));
        assert_eq!(gone.period(None), 10_000_000, "the time it was away is no interval");
        assert_eq!(gone.beat(at(9_010.0)), None);
    }
}
