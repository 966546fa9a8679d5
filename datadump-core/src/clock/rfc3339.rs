//! RFC 3339 in UTC, which is the form of most timestamps, without the detour over a calendar library: rows have many
//! of them.

use chrono::{DateTime, Datelike as _, NaiveDate};

use super::Timestamp;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Days from 0001-01-01 to 1970-01-01, as chrono counts them.
const EPOCH_DAYS: i64 = 719_163;

/// Returns the text of a timestamp: `2026-11-29T21:03:29.500000Z`.
pub(super) fn format(moment: Timestamp) -> [u8; 27] {
    let (days, micros) = (moment.micros().div_euclid(DAY), moment.micros().rem_euclid(DAY));
    let date = i32::try_from(days + EPOCH_DAYS).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
    let date = date.unwrap_or_default();
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let mut write = |from: usize, length: usize, mut number: u32| {
        for digit in text.iter_mut().skip(from).take(length).rev() {
            *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
    };
    let part = |micros: i64| u32::try_from(micros).unwrap_or(0);
    write(0, 4, part(date.year().into()));
    write(5, 2, date.month());
    write(8, 2, date.day());
    write(11, 2, part(micros / (3_600 * SECOND)));
    write(14, 2, part(micros / (60 * SECOND) % 60));
    write(17, 2, part(micros / SECOND % 60));
    write(20, 6, part(micros % SECOND));
    text
}

/// Parses a timestamp. Digits beyond microseconds are truncated.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Some(moment) = parse_utc(text.as_bytes()) {
        return Some(moment);
    }
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    Timestamp::from_micros(parsed.timestamp_micros())
}

/// Parses `2026-11-29T21:03:29Z`, with up to six decimal places. Returns `None` for everything else.
fn parse_utc(text: &[u8]) -> Option<Timestamp> {
    let (b'Z', text) = text.split_last()? else { return None };
    let (seconds, fraction) = text.split_at_checked(19)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] = seconds
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)?;
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = match fraction.split_first() {
        None => 0,
        Some((b'.', digits)) if (1..=6).contains(&digits.len()) => {
            (digits.len()..6).fold(number(digits)?, |micros, _| micros * 10)
        }
        Some(_) => return None,
    };
    let days = i64::from(date.num_days_from_ce()) - EPOCH_DAYS;
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Timestamp::from_micros(days * DAY + seconds * SECOND + i64::from(micros))
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_agrees_with_the_calendar_library(micros in Timestamp::MIN.micros()..=Timestamp::MAX.micros()) {
            let moment = Timestamp::from_micros(micros).unwrap();
            let expected = moment.to_chrono().to_rfc3339_opts(SecondsFormat::Micros, true);
            prop_assert_eq!(moment.to_string(), expected.as_str());
            for format in [SecondsFormat::Secs, SecondsFormat::Millis, SecondsFormat::Micros, SecondsFormat::Nanos] {
                let text = moment.to_chrono().to_rfc3339_opts(format, true);
                let parsed = DateTime::parse_from_rfc3339(&text).unwrap().timestamp_micros();
                prop_assert_eq!(Timestamp::parse(&text).map(Timestamp::micros), Some(parsed), "{}", text);
            }
        }
    }

    #[test]
    fn other_text_is_left_to_the_calendar_library() {
        for text in [
            "2026-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-12-31T23:59:60Z",
            "0000-01-01T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567Z",
            "2026-01-01t00:00:00z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00+01:00",
            "2026-01-01T00:00:00",
            "2026-01-01T0a:00:00Z",
            "20260101T000000Z",
            "Z",
            "",
        ] {
            let expected = DateTime::parse_from_rfc3339(text).ok();
            let expected = expected.and_then(|moment| Timestamp::from_micros(moment.timestamp_micros()));
            assert_eq!(Timestamp::parse(text), expected, "{text}");
        }
    }
}
