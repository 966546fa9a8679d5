//! Limits for the rows that a storage keeps: `meta.retention` of its definition.

use std::time::Duration;

use serde_json::{Map, Value as Json};

/// Limits for the rows that a storage keeps. The rows that have not been written for longest go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionPolicy {
    /// Maximum time since a row was last written.
    pub age: Option<Duration>,
    /// Maximum number of rows.
    pub rows: Option<u64>,
    /// Maximum size of the rows in bytes.
    pub bytes: Option<u64>,
}

const SECOND: u64 = 1;
const DAY: u64 = 86_400;

/// Units of time in seconds, the longest first.
const TIMES: [(&str, u64); 5] = [("w", 7 * DAY), ("d", DAY), ("h", 3_600), ("m", 60), ("s", SECOND)];

/// Units of size in bytes, the largest first.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// Longest age: a thousand years.
const MAX_AGE: u64 = 365_250 * DAY;

impl RetentionPolicy {
    /// Parses an age such as `30d`.
    pub(crate) fn parse_age(text: &str) -> Option<Duration> {
        let seconds = with_unit(text, &TIMES)?;
        (1..=MAX_AGE).contains(&seconds).then(|| Duration::from_secs(seconds))
    }

    /// Parses a size such as `10GB`.
    pub(crate) fn parse_size(text: &str) -> Option<u64> {
        with_unit(text, &SIZES).filter(|bytes| *bytes > 0)
    }

    /// Returns the policy as in a definition.
    pub fn to_json(&self) -> Json {
        let age = self.age.map(|age| Json::from(in_largest_unit(age.as_secs(), &TIMES[1..])));
        let bytes = self.bytes.map(|bytes| Json::from(in_largest_unit(bytes, &SIZES)));
        let members = [("age", age), ("rows", self.rows.map(Json::from)), ("bytes", bytes)];
        let members = members.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), limit?)));
        Json::Object(members.collect::<Map<_, _>>())
    }

    /// Returns whether this policy removes a row that another one keeps; `None` keeps all rows.
    pub(crate) fn is_stricter_than(&self, other: Option<&Self>) -> bool {
        fn is_lower<T: Ord>(limit: Option<T>, other: Option<T>) -> bool {
            limit.is_some_and(|limit| other.is_none_or(|other| limit < other))
        }
        let other = other.copied().unwrap_or_default();
        is_lower(self.age, other.age) || is_lower(self.rows, other.rows) || is_lower(self.bytes, other.bytes)
    }
}

/// Parses a whole number with one of these units.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim_end(), *factor)))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(factor)
}

/// Returns a number in the largest unit in which it is a whole number. The last unit is 1.
fn in_largest_unit(number: u64, units: &[(&str, u64)]) -> String {
    let unit = units.iter().find(|(_, factor)| number.is_multiple_of(*factor));
    unit.map_or_else(|| number.to_string(), |(unit, factor)| format!("{}{unit}", number / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_parsed_and_formatted() {
        for (text, seconds, shown) in [
            ("30d", 30 * DAY, "30d"),
            ("2w", 14 * DAY, "14d"),
            ("24h", DAY, "1d"),
            ("90 m", 5_400, "90m"),
            ("61s", 61, "61s"),
        ] {
            let age = RetentionPolicy::parse_age(text);
            assert_eq!(age, Some(Duration::from_secs(seconds)), "{text}");
            assert_eq!(
                RetentionPolicy { age, ..Default::default() }.to_json(),
                serde_json::json!({"age": shown})
            );
        }
        for (text, bytes, shown) in [
            ("10GB", 10_000_000_000, "10GB"),
            ("1024MiB", 1 << 30, "1GiB"),
            ("1500B", 1_500, "1500B"),
            ("5 TB", 5_000_000_000_000, "5TB"),
        ] {
            let size = RetentionPolicy::parse_size(text);
            assert_eq!(size, Some(bytes), "{text}");
            let policy = RetentionPolicy { bytes: size, ..Default::default() };
            assert_eq!(policy.to_json(), serde_json::json!({"bytes": shown}));
        }
        for text in
            ["", "d", "0d", "-1d", "+1d", "1", "1y", "1.5d", "99999999999999999999s", "400000d", "1 d d"]
        {
            assert_eq!(RetentionPolicy::parse_age(text), None, "{text:?}");
        }
        for text in ["", "GB", "0B", "1", "1gb", "-1B", "99999999999TB"] {
            assert_eq!(RetentionPolicy::parse_size(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_policy_is_stricter_if_it_removes_more() {
        let policy = |rows, bytes| RetentionPolicy { age: None, rows, bytes };
        for (new, old, expected) in [
            (policy(Some(5), None), None, true),
            (policy(Some(5), None), Some(policy(Some(5), None)), false),
            (policy(Some(4), None), Some(policy(Some(5), None)), true),
            (policy(Some(6), None), Some(policy(Some(5), Some(1))), false),
            (policy(Some(6), Some(1)), Some(policy(Some(5), None)), true),
        ] {
            assert_eq!(new.is_stricter_than(old.as_ref()), expected, "{new:?} after {old:?}");
        }
    }
}
