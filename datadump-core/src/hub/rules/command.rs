//! A command to a device and its state machine.
//!
//! ```text
//! queued ─► leased ─► acked ─► done | failed
//!   ▲          │
//!   └──────────┘ not acknowledged in time, with retries left
//! queued, leased, acked ─► expired | cancelled; queued, leased ─► superseded
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::clock::Timestamp;

/// Time for which a command is kept after it has ended, in microseconds: 30 days.
const RETENTION: i64 = 30 * 86_400 * 1_000_000;

/// Maximum number of steps that are recorded per command.
const MAX_STEPS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Waiting for its device.
    Queued,
    /// Given to its device, which has to acknowledge it in time.
    Leased,
    /// Acknowledged by its device.
    Acked,
    Done,
    /// Failed on the device, or never acknowledged.
    Failed,
    /// Not carried out in time.
    Expired,
    Cancelled,
    /// Replaced by a newer command in the same slot.
    Superseded,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Command {
    pub(crate) id: Uuid,
    pub(crate) device_id: i64,
    /// The name of its device when it was sent.
    pub(crate) device: String,
    pub(crate) method: String,
    pub(crate) params: Json,
    pub(crate) state: State,
    pub(crate) attempt: i32,
    /// Maximum number of times it is leased again if it is not acknowledged.
    pub(crate) retries: i32,
    /// Seconds the device has to acknowledge it.
    pub(crate) lease_s: f64,
    /// The sender's idempotency key.
    #[serde(rename = "idempotency_key")]
    pub(crate) key: Option<String>,
    /// The slot in which a newer command replaces it.
    pub(crate) slot: Option<String>,
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    /// When its state changes by itself: when the lease ends, the command expires, or it is removed.
    pub(crate) due: Option<Timestamp>,
    /// The result from the device: `{"ok", "data"}`.
    pub(crate) answer: Option<Json>,
    /// All states it has been in.
    pub(crate) steps: Vec<CommandStep>,
}

/// A state that a command has been in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommandStep {
    pub(crate) state: State,
    pub(crate) at: Timestamp,
    pub(crate) attempt: i32,
    /// The reason, if it is not obvious.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Something that happens to a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CommandEvent {
    Lease,
    /// Its device acknowledges it, optionally naming the attempt.
    Ack(Option<i32>),
    /// Its device sends the result.
    Answer {
        attempt: Option<i32>,
        ok: bool,
        data: Json,
    },
    Cancel,
    /// A newer command takes its slot.
    Supersede,
    /// Its due time has passed.
    Timeout,
}

/// The effect of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NextState {
    /// The command after the event.
    Changed(Box<Command>),
    Unchanged,
    /// The event is not allowed in its state.
    Refused,
    Removed,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
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

    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Leased | Self::Acked)
    }
}

impl Command {
    /// Returns the command after an event.
    pub(crate) fn apply(&self, event: &CommandEvent, now: Timestamp) -> NextState {
        if self.state.is_final() {
            let is_old = self.due.is_some_and(|due| due <= now);
            return match event {
                CommandEvent::Timeout if is_old => NextState::Removed,
                CommandEvent::Timeout => NextState::Unchanged,
                // A repeated result: the device did not receive the response.
                CommandEvent::Answer { ok, data, .. } if self.answer == Some(answer(*ok, data)) => {
                    NextState::Unchanged
                }
                _ => NextState::Refused,
            };
        }
        if now >= self.expires_at {
            return match event {
                CommandEvent::Timeout => self.to(State::Expired, now, None),
                _ => NextState::Refused,
            };
        }
        let is_mine = |attempt: &Option<i32>| attempt.is_none_or(|attempt| attempt == self.attempt);
        let is_over = self.lease_until.is_some_and(|until| until <= now);
        match (self.state, event) {
            (State::Queued, CommandEvent::Lease) => {
                let mut next = self.clone();
                next.attempt += 1;
                #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
                let micros = now.micros().saturating_add((self.lease_s * 1e6) as i64);
                next.lease_until = Some(Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX));
                next.to(State::Leased, now, None)
            }
            (State::Leased, CommandEvent::Ack(attempt)) if is_mine(attempt) && !is_over => {
                self.to(State::Acked, now, None)
            }
            (State::Acked, CommandEvent::Ack(attempt)) if is_mine(attempt) => NextState::Unchanged,
            (State::Leased, CommandEvent::Answer { attempt, .. }) if !is_mine(attempt) || is_over => {
                NextState::Refused
            }
            (State::Leased | State::Acked, CommandEvent::Answer { attempt, ok, data })
                if is_mine(attempt) =>
            {
                let mut next = self.clone();
                next.answer = Some(answer(*ok, data));
                next.to(if *ok { State::Done } else { State::Failed }, now, None)
            }
            (State::Leased, CommandEvent::Timeout) if is_over && self.attempt > self.retries => {
                self.to(State::Failed, now, Some("it was not acknowledged"))
            }
            (State::Leased, CommandEvent::Timeout) if is_over => {
                self.to(State::Queued, now, Some("it was not acknowledged"))
            }
            (_, CommandEvent::Timeout) => NextState::Unchanged,
            (_, CommandEvent::Cancel) => self.to(State::Cancelled, now, None),
            (State::Queued | State::Leased, CommandEvent::Supersede) => self.to(State::Superseded, now, None),
            (State::Acked, CommandEvent::Supersede) => NextState::Unchanged,
            _ => NextState::Refused,
        }
    }

    fn to(&self, state: State, now: Timestamp, reason: Option<&str>) -> NextState {
        let mut next = self.clone();
        next.state = state;
        if state != State::Leased {
            next.lease_until = None;
        }
        next.due = Some(if state.is_final() {
            Timestamp::from_micros(now.micros().saturating_add(RETENTION)).unwrap_or(Timestamp::MAX)
        } else {
            next.lease_until.unwrap_or(next.expires_at).min(next.expires_at)
        });
        if next.steps.len() == MAX_STEPS {
            next.steps.remove(1);
        }
        let reason = reason.map(str::to_owned);
        next.steps.push(CommandStep { state, at: now, attempt: next.attempt, reason });
        NextState::Changed(Box::new(next))
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
            steps: vec![CommandStep { state: State::Queued, at: at(0), attempt: 0, reason: None }],
        }
    }

    fn done(attempt: Option<i32>) -> CommandEvent {
        CommandEvent::Answer { attempt, ok: true, data: json!(1) }
    }

    /// Applies these events at these times; returns the state after each, `-` for one that is refused, `=`
    /// for one that changes nothing, `x` if the command is removed.
    fn walk(steps: &[(i64, CommandEvent)]) -> (Vec<&'static str>, Command) {
        let mut command = queued();
        let states = steps.iter().map(|(time, step)| match command.apply(step, at(*time)) {
            NextState::Changed(next) => {
                command = *next;
                command.state.name()
            }
            NextState::Unchanged => "=",
            NextState::Refused => "-",
            NextState::Removed => "x",
        });
        let states = states.collect();
        (states, command)
    }

    #[test]
    fn a_command_is_leased_acknowledged_and_answered() {
        let (states, command) = walk(&[
            (5, CommandEvent::Lease),
            (6, CommandEvent::Ack(Some(1))),
            (7, CommandEvent::Ack(None)),
            (500, CommandEvent::Timeout),
            (501, done(Some(1))),
            (502, done(None)),
            (503, CommandEvent::Cancel),
            (504, CommandEvent::Timeout),
            (501 + 30 * 86_400, CommandEvent::Timeout),
        ]);
        assert_eq!(states, ["leased", "acked", "=", "=", "done", "=", "-", "=", "x"]);
        assert_eq!(command.answer, Some(json!({"ok": true, "data": 1})));
        let steps: Vec<_> = command.steps.iter().map(|step| step.state.name()).collect();
        assert_eq!(steps, ["queued", "leased", "acked", "done"]);
    }

    #[test]
    fn an_unacknowledged_command_is_leased_again_and_fails_in_the_end() {
        let (states, command) = walk(&[
            (0, CommandEvent::Lease),
            (29, CommandEvent::Timeout),
            // Too late, even before the timeout was applied.
            (30, CommandEvent::Ack(Some(1))),
            (30, done(Some(1))),
            (31, CommandEvent::Timeout),
            (32, CommandEvent::Ack(Some(1))),
            (33, CommandEvent::Lease),
            (34, CommandEvent::Ack(Some(1))),
            (34, done(Some(1))),
            (63, CommandEvent::Timeout),
            (64, CommandEvent::Lease),
        ]);
        assert_eq!(states, ["leased", "=", "-", "-", "queued", "-", "leased", "-", "-", "failed", "-"]);
        assert_eq!(command.attempt, 2);
        assert_eq!(command.steps.last().unwrap().reason.as_deref(), Some("it was not acknowledged"));
    }

    #[test]
    fn a_command_expires_and_can_be_cancelled_or_superseded() {
        let check = |steps: &[(i64, CommandEvent)], expected: &[&str]| assert_eq!(walk(steps).0, expected);
        check(&[(1_000, CommandEvent::Lease), (1_000, CommandEvent::Timeout)], &["-", "expired"]);
        check(
            &[
                (0, CommandEvent::Lease),
                (1, CommandEvent::Ack(None)),
                (1_000, done(None)),
                (1_001, CommandEvent::Timeout),
            ],
            &["leased", "acked", "-", "expired"],
        );
        check(
            &[(1, CommandEvent::Cancel), (2, CommandEvent::Lease), (3, CommandEvent::Cancel)],
            &["cancelled", "-", "-"],
        );
        check(
            &[(0, CommandEvent::Lease), (1, CommandEvent::Supersede), (2, CommandEvent::Ack(None))],
            &["leased", "superseded", "-"],
        );
        check(
            &[(0, CommandEvent::Lease), (1, CommandEvent::Ack(None)), (2, CommandEvent::Supersede)],
            &["leased", "acked", "="],
        );
        check(&[(1, CommandEvent::Ack(None)), (1, done(None))], &["-", "-"]);
    }
}
