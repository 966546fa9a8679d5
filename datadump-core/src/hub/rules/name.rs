//! What devices, sensors and commands are called: any characters will do, but there are not too many, and not none.

use serde_json::Value as Json;

use crate::record::Failure;

/// The most characters of a name.
pub const LONGEST: usize = 255;

/// Whether this names something.
pub(super) fn check(json: &Json, whose: &str) -> Result<(), Failure> {
    match json {
        Json::String(text) => check_text(text, whose),
        Json::Number(_) => Ok(()),
        other => Err(malformed(format!("the name of {whose} is a text, not {other}"))),
    }
}

/// The name that it is.
pub(super) fn of(json: Json) -> String {
    match json {
        Json::String(text) => kept(text),
        other => other.to_string(),
    }
}

/// A name as it is kept.
pub fn checked(text: &str, whose: &str) -> Result<String, Failure> {
    check_text(text, whose).map(|()| kept(text.to_owned()))
}

fn check_text(text: &str, whose: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(malformed(format!("the name of {whose} is empty")));
    }
    // No text has more characters than bytes.
    if text.len() > LONGEST {
        let length = text.chars().count();
        if length > LONGEST {
            return Err(malformed(format!(
                "the name of {whose} has at most {LONGEST} characters, not {length}"
            )));
        }
    }
    Ok(())
}

fn kept(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// That a push does not say what it has to.
pub(super) fn malformed(detail: impl Into<String>) -> Failure {
    Failure::new("malformed-reading", detail)
}
