//! Names of devices, sensors and commands: 1 to 255 characters of any kind.

use serde_json::Value as Json;

use crate::record::Failure;

/// Maximum length of a name in characters.
pub(crate) const MAX_LENGTH: usize = 255;

/// Checks a name given in JSON, as a string or a number.
pub(super) fn check(json: &Json, whose: &str) -> Result<(), Failure> {
    match json {
        Json::String(text) => check_text(text, whose),
        Json::Number(_) => Ok(()),
        other => Err(malformed(format!("the name of {whose} must be a string, not {other}"))),
    }
}

/// Returns a name given in JSON, which must have been checked.
pub(super) fn of(json: Json) -> String {
    match json {
        Json::String(text) => stored(text),
        other => other.to_string(),
    }
}

/// Checks a name and returns it as it is stored.
pub(crate) fn checked(text: &str, whose: &str) -> Result<String, Failure> {
    check_text(text, whose).map(|()| stored(text.to_owned()))
}

fn check_text(text: &str, whose: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(malformed(format!("the name of {whose} is empty")));
    }
    // A string has at most as many characters as bytes.
    let length = if text.len() > MAX_LENGTH { text.chars().count() } else { text.len() };
    if length > MAX_LENGTH {
        let detail = format!("the name of {whose} can have at most {MAX_LENGTH} characters, not {length}");
        return Err(malformed(detail));
    }
    Ok(())
}

fn stored(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Returns the failure for a malformed part of a push.
pub(super) fn malformed(detail: impl Into<String>) -> Failure {
    Failure::new("malformed-reading", detail)
}
