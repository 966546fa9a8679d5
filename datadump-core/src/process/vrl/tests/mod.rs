//! Tests of programs and of the line formats.

mod formats;
mod programs;

use super::ProgramContext;
use crate::{Headers, Timestamp};

fn context() -> ProgramContext {
    ProgramContext {
        source: "animals".into(),
        received_at: Timestamp::parse("2026-01-02T03:04:05.678901Z").unwrap(),
        format: Some("json".into()),
        arguments: [("unit", "°C"), ("tag", "a"), ("tag", "b")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        method: Some("POST".into()),
        path: Some("/throw/animals".into()),
        headers: Headers::new([("X-Event", "birth"), ("Accept", "a"), ("accept", "b"), ("Cookie", "canary")]),
    }
}
