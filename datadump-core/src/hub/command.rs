//! A command to a device, and which step it may take next.
//!
//! ```text
//! queued ─► leased ─► acked ─► done | failed
//!   ▲          │
//!   └──────────┘ not acknowledged in time: another attempt, while there are some left
//! queued, leased, acked ─► expired | cancelled; queued, leased ─► superseded
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Timestamp;

/// How long a command that has ended is kept, in microseconds: 30 days.
const KEPT: i64 = 30 * 86_400 * 1_000_000;

/// The most steps that are recorded of one command.
const MOST_STEPS: usize = 100;

/// Where a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for its device.
    Queued,
    /// Its device has been given it, and has some time to acknowledge it.
    Leased,
    /// Its device is at it.
    Acked,
    /// Its device has done it.
    Done,
    /// Its device could not do it, or never acknowledged it.
    Failed,
    /// Nothing came of it in time.
    Expired,
    /// Somebody took it back.
    Cancelled,
    /// A newer one took its place.
    Superseded,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Its id.
    pub id: Uuid,
    /// The number of its device.
    pub device_id: i64,
    /// The name its device had.
    pub device: String,
    /// What is to be done.
    pub method: String,
    /// With what.
    pub params: Json,
    /// Where it is.
    pub state: State,
    /// How often it has been given to its device.
    pub attempt: i32,
    /// How often it may be given again when it is not acknowledged.
    pub retries: i32,
    /// How many seconds its device has to acknowledge it.
    pub lease_s: f64,
    /// What its sender calls it, so that it is queued once.
    #[serde(rename = "idempotency_key")]
    pub key: Option<String>,
    /// Of the commands in one slot only the newest counts.
    pub slot: Option<String>,
    /// Until when it may be acknowledged.
    pub lease_until: Option<Timestamp>,
    /// When it is too late for it.
    pub expires_at: Timestamp,
    /// When something becomes of it by itself.
    pub due: Option<Timestamp>,
    /// What its device answered: `{"ok", "data"}`.
    pub answer: Option<Json>,
    /// Every step it took.
    pub steps: Vec<Taken>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// Where it was then.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// In which attempt.
    pub attempt: i32,
    /// Why, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A step to be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Its device is given it.
    Lease,
    /// Its device says that it has it; of this attempt, if it says which.
    Ack(Option<i32>),
    /// Its device says what came of it.
    Answer {
        /// In which attempt, if it says which.
        attempt: Option<i32>,
        /// Whether it is done.
        ok: bool,
        /// What else it says.
        data: Json,
    },
    /// Somebody takes it back.
    Cancel,
    /// A newer one takes its place.
    Supersede,
    /// Time has passed.
    Time,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The command is this now.
    Command(Box<Command>),
    /// It is as it was.
    Same,
    /// It cannot take that step.
    Refused,
    /// It is to be forgotten.
    Forgotten,
}

impl State {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Acked => "acked",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }

    /// Whether nothing more becomes of it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Leased | Self::Acked)
    }
}

impl Command {
    /// What it is after a step.
    pub fn step(&self, step: &Step, now: Timestamp) -> Next {
        if self.state.is_final() {
            let is_old = self.due.is_some_and(|due| due <= now);
            return match step {
                Step::Time if is_old => Next::Forgotten,
                Step::Time => Next::Same,
                // The answer that it has already had, because the device did not hear that it was taken.
                Step::Answer { ok, data, .. } if self.is_answer(*ok, data) => Next::Same,
                _ => Next::Refused,
            };
        }
        if now >= self.expires_at {
            return match step {
                Step::Time => self.to(State::Expired, now, None),
                _ => Next::Refused,
            };
        }
        let is_mine = |attempt: &Option<i32>| attempt.is_none_or(|attempt| attempt == self.attempt);
        let is_over = self.lease_until.is_some_and(|until| until <= now);
        match (self.state, step) {
            (State::Queued, Step::Lease) => {
                let mut next = self.clone();
                next.attempt += 1;
                #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
                let micros = now.micros().saturating_add((self.lease_s * 1e6) as i64);
                next.lease_until = Some(Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX));
                next.to(State::Leased, now, None)
            }
            (State::Leased, Step::Ack(attempt)) if is_mine(attempt) && !is_over => {
                self.to(State::Acked, now, None)
            }
            (State::Acked, Step::Ack(attempt)) if is_mine(attempt) => Next::Same,
            (State::Leased, Step::Answer { attempt, .. }) if !is_mine(attempt) || is_over => Next::Refused,
            (State::Leased | State::Acked, Step::Answer { attempt, ok, data }) if is_mine(attempt) => {
                let mut next = self.clone();
                next.answer = Some(answer(*ok, data));
                next.to(if *ok { State::Done } else { State::Failed }, now, None)
            }
            (State::Leased, Step::Time) if is_over && self.attempt > self.retries => {
                self.to(State::Failed, now, Some("it was not acknowledged"))
            }
            (State::Leased, Step::Time) if is_over => {
                self.to(State::Queued, now, Some("it was not acknowledged"))
            }
            (_, Step::Time) => Next::Same,
            (_, Step::Cancel) => self.to(State::Cancelled, now, None),
            (State::Queued | State::Leased, Step::Supersede) => self.to(State::Superseded, now, None),
            (State::Acked, Step::Supersede) => Next::Same,
            _ => Next::Refused,
        }
    }

    fn is_answer(&self, ok: bool, data: &Json) -> bool {
        self.answer.as_ref() == Some(&answer(ok, data))
    }

    fn to(&self, state: State, now: Timestamp, reason: Option<&str>) -> Next {
        let mut next = self.clone();
        next.state = state;
        if state != State::Leased {
            next.lease_until = None;
        }
        next.due = Some(if state.is_final() {
            Timestamp::from_micros(now.micros().saturating_add(KEPT)).unwrap_or(Timestamp::MAX)
        } else {
            next.lease_until.unwrap_or(next.expires_at).min(next.expires_at)
        });
        if next.steps.len() == MOST_STEPS {
            next.steps.remove(1);
        }
        let reason = reason.map(str::to_owned);
        next.steps.push(Taken { state, at: now, attempt: next.attempt, reason });
        Next::Command(Box::new(next))
    }
}

fn answer(ok: bool, data: &Json) -> Json {
    serde_json::json!({"ok": ok, "data": data})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn queued() -> Command {
        Command {
            id: Uuid::nil(),
            device_id: 1,
            device: "pico".into(),
            method: "pump".into(),
            params: json!({"seconds": 3}),
            state: State::Queued,
            attempt: 0,
            retries: 1,
            lease_s: 30.0,
            key: None,
            slot: None,
            lease_until: None,
            expires_at: at(1_000),
            due: Some(at(1_000)),
            answer: None,
            steps: vec![Taken { state: State::Queued, at: at(0), attempt: 0, reason: None }],
        }
    }

    fn done(attempt: Option<i32>) -> Step {
        Step::Answer { attempt, ok: true, data: json!(1) }
    }

    /// Takes these steps at these times; the states behind them, `-` for one that is refused, `=` for one
    /// that changes nothing, `x` when it is forgotten.
    fn walk(steps: &[(i64, Step)]) -> (Vec<&'static str>, Command) {
        let mut command = queued();
        let states = steps.iter().map(|(time, step)| match command.step(step, at(*time)) {
            Next::Command(next) => {
                command = *next;
                command.state.name()
            }
            Next::Same => "=",
            Next::Refused => "-",
            Next::Forgotten => "x",
        });
        let states = states.collect();
        (states, command)
    }

    #[test]
    fn a_command_is_leased_acknowledged_and_answered() {
        let (states, command) = walk(&[
            (5, Step::Lease),
            (6, Step::Ack(Some(1))),
            (7, Step::Ack(None)),
            (500, Step::Time),
            (501, done(Some(1))),
            (502, done(None)),
            (503, Step::Cancel),
            (504, Step::Time),
            (501 + 30 * 86_400, Step::Time),
        ]);
        assert_eq!(states, ["leased", "acked", "=", "=", "done", "=", "-", "=", "x"]);
        assert_eq!(command.answer, Some(json!({"ok": true, "data": 1})));
        let steps: Vec<_> = command.steps.iter().map(|step| step.state.name()).collect();
        assert_eq!(steps, ["queued", "leased", "acked", "done"]);
    }

    #[test]
    fn what_is_not_acknowledged_is_given_again_and_fails_in_the_end() {
        let (states, command) = walk(&[
            (0, Step::Lease),
            (29, Step::Time),
            // Too late, also before anybody has seen that it is.
            (30, Step::Ack(Some(1))),
            (30, done(Some(1))),
            (31, Step::Time),
            (32, Step::Ack(Some(1))),
            (33, Step::Lease),
            (34, Step::Ack(Some(1))),
            (34, done(Some(1))),
            (63, Step::Time),
            (64, Step::Lease),
        ]);
        assert_eq!(states, ["leased", "=", "-", "-", "queued", "-", "leased", "-", "-", "failed", "-"]);
        assert_eq!(command.attempt, 2);
        assert_eq!(command.steps.last().unwrap().reason.as_deref(), Some("it was not acknowledged"));
    }

    #[test]
    fn it_expires_and_can_be_taken_back_or_superseded() {
        let check = |steps: &[(i64, Step)], expected: &[&str]| assert_eq!(walk(steps).0, expected);
        check(&[(1_000, Step::Lease), (1_000, Step::Time)], &["-", "expired"]);
        check(
            &[(0, Step::Lease), (1, Step::Ack(None)), (1_000, done(None)), (1_001, Step::Time)],
            &["leased", "acked", "-", "expired"],
        );
        check(&[(1, Step::Cancel), (2, Step::Lease), (3, Step::Cancel)], &["cancelled", "-", "-"]);
        check(
            &[(0, Step::Lease), (1, Step::Supersede), (2, Step::Ack(None))],
            &["leased", "superseded", "-"],
        );
        check(&[(0, Step::Lease), (1, Step::Ack(None)), (2, Step::Supersede)], &["leased", "acked", "="]);
        check(&[(1, Step::Ack(None)), (1, done(None))], &["-", "-"]);
    }
}
