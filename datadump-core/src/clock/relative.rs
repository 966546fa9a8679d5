//! Times relative to now, such as `now-1h`.

use chrono::Months;

use super::Timestamp;

/// Parses RFC 3339, `now`, or `now-` and a length of time: `now-90s`, `now-15m`, `now-1h`, `now-7d`, `now-2w`, `now-1mo`,
/// `now-1q` or `now-1y`.
pub(crate) fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let Some(rest) = text.strip_prefix("now") else { return Timestamp::parse(text) };
    if rest.is_empty() {
        return Some(now);
    }
    let length = rest.strip_prefix('-')?;
    let split = length.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = length.split_at(split);
    let count: i64 = digits.parse().ok()?;
    let (seconds, months) = match unit {
        "s" => (1, 0),
        "m" => (60, 0),
        "h" => (3_600, 0),
        "d" => (86_400, 0),
        "w" => (7 * 86_400, 0),
        "mo" => (0, 1),
        "q" => (0, 3),
        "y" => (0, 12),
        _ => return None,
    };
    if months > 0 {
        let months = u32::try_from(count.checked_mul(months)?).ok()?;
        let earlier = now.to_chrono().checked_sub_months(Months::new(months))?;
        return Timestamp::from_micros(earlier.timestamp_micros());
    }
    let micros = count.checked_mul(seconds)?.checked_mul(1_000_000)?;
    Timestamp::from_micros(now.micros().checked_sub(micros)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_to_now() {
        let now = Timestamp::parse("2026-03-31T12:00:00Z").unwrap();
        for (text, expected) in [
            ("now", Some("2026-03-31T12:00:00Z")),
            ("now-90s", Some("2026-03-31T11:58:30Z")),
            ("now-1h", Some("2026-03-31T11:00:00Z")),
            ("now-1w", Some("2026-03-24T12:00:00Z")),
            ("now-1mo", Some("2026-02-28T12:00:00Z")),
            ("now-1y", Some("2025-03-31T12:00:00Z")),
            ("2026-01-01T00:00:00+01:00", Some("2025-12-31T23:00:00Z")),
            ("now-", None),
            ("now-1", None),
            ("now-h", None),
            ("now+1h", None),
            ("now-1x", None),
            ("now-9999y", None),
            ("now-99999999999999999999s", None),
            ("now-9223372036854775807w", None),
            ("yesterday", None),
        ] {
            assert_eq!(moment(text, now), expected.and_then(Timestamp::parse), "{text}");
        }
    }
}
