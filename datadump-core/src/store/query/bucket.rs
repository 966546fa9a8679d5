//! Buckets of time: intervals of equal length, or calendar intervals in a time zone.
//!
//! The bucket of a moment is found by the database with [`Bucket::start`] as SQL. A start is a number whose meaning
//! depends on the bucket: see [`Bucket::moment`].

use crate::clock::{Timestamp, Zone};

const MILLISECOND: i64 = 1_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// The epoch is a Thursday, and weeks begin on Monday.
const MONDAY: i64 = 3 * DAY;

/// Lengths of the buckets of charts, each with its shortest duration in microseconds.
const CHART_LENGTHS: [(&str, i64); 42] = [
    ("1ms", MILLISECOND),
    ("2ms", 2 * MILLISECOND),
    ("5ms", 5 * MILLISECOND),
    ("10ms", 10 * MILLISECOND),
    ("20ms", 20 * MILLISECOND),
    ("50ms", 50 * MILLISECOND),
    ("100ms", 100 * MILLISECOND),
    ("200ms", 200 * MILLISECOND),
    ("500ms", 500 * MILLISECOND),
    ("1s", SECOND),
    ("2s", 2 * SECOND),
    ("5s", 5 * SECOND),
    ("10s", 10 * SECOND),
    ("15s", 15 * SECOND),
    ("30s", 30 * SECOND),
    ("1m", 60 * SECOND),
    ("2m", 120 * SECOND),
    ("5m", 300 * SECOND),
    ("10m", 600 * SECOND),
    ("15m", 900 * SECOND),
    ("30m", 1_800 * SECOND),
    ("1h", HOUR),
    ("2h", 2 * HOUR),
    ("3h", 3 * HOUR),
    ("6h", 6 * HOUR),
    ("12h", 12 * HOUR),
    ("1d", DAY),
    ("2d", 2 * DAY),
    ("1w", 7 * DAY),
    ("2w", 14 * DAY),
    ("1mo", 28 * DAY),
    ("2mo", 59 * DAY),
    ("1q", 90 * DAY),
    ("6mo", 181 * DAY),
    ("1y", 365 * DAY),
    ("2y", 730 * DAY),
    ("5y", 1_826 * DAY),
    ("10y", 3_652 * DAY),
    ("20y", 7_304 * DAY),
    ("50y", 18_262 * DAY),
    ("100y", 36_524 * DAY),
    ("1000y", 365_242 * DAY),
];

/// Days from 0000-03-01, where leap days come last in a year, to the epoch.
pub(in crate::store) const EPOCH_DAYS: i64 = 719_468;

/// Longest bucket, in years.
const MAX_YEARS: i64 = 1_000;

/// An interval into which time is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// At most an hour, in microseconds. When clocks are set back, the hour that comes twice has two buckets.
    Instant(i64),
    /// Hours, days or weeks by local clocks, in microseconds, counted from this local time.
    Local {
        /// Length.
        width: i64,
        /// Local time at which one of them begins.
        origin: i64,
    },
    /// Months of the local calendar.
    Months(i64),
}

impl Bucket {
    /// Parses a length, such as `15m`, `1h`, `1d`, `1w`, `1mo`, `1q` or `1y`. The error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let invalid = || format!("{text:?} is not a length of time, such as 15m, 1h, 1d, 1w, 1mo, 1q or 1y");
        let count: i64 = digits.parse().ok().filter(|count| *count > 0).ok_or_else(invalid)?;
        let too_long = || format!("{text} is too long: the longest bucket is {MAX_YEARS}y");
        let (micros, months) = match unit {
            "ms" => (MILLISECOND, 0),
            "s" => (SECOND, 0),
            "m" => (60 * SECOND, 0),
            "h" => (HOUR, 0),
            "d" => (DAY, 0),
            "w" => (7 * DAY, 0),
            "mo" => (0, 1),
            "q" => (0, 3),
            "y" => (0, 12),
            _ => return Err(invalid()),
        };
        if months > 0 {
            let months = count.checked_mul(months).filter(|months| *months <= 12 * MAX_YEARS);
            return months.map(Self::Months).ok_or_else(too_long);
        }
        let width = count.checked_mul(micros).filter(|width| *width <= 366 * MAX_YEARS * DAY);
        let width = width.ok_or_else(too_long)?;
        if width <= HOUR {
            return Ok(Self::Instant(width));
        }
        Ok(Self::Local { width, origin: if unit == "w" { -MONDAY } else { 0 } })
    }

    /// Returns the shortest of the usual lengths with which a range of time has at most this many whole buckets, with
    /// its bucket.
    pub(crate) fn for_chart(from: Timestamp, to: Timestamp, points: u64) -> (&'static str, Self) {
        let range = to.micros() - from.micros();
        let needed = range / i64::try_from(points).unwrap_or(i64::MAX).max(1);
        let (_, longest) =
            CHART_LENGTHS.split_at(CHART_LENGTHS.partition_point(|(_, micros)| *micros < needed));
        let length = longest.first().or(CHART_LENGTHS.last()).map_or("1000y", |(length, _)| length);
        (length, Self::parse(length).unwrap_or(Self::Months(12 * MAX_YEARS)))
    }

    /// Returns the start of the bucket that a moment is in.
    pub fn start(self, moment: Timestamp, zone: &Zone) -> i64 {
        let offset = zone.offset_at(moment);
        let local = moment.micros() + offset;
        match self {
            Self::Instant(width) => local.div_euclid(width) * width - offset,
            Self::Local { width, origin } => (local - origin).div_euclid(width) * width + origin,
            Self::Months(count) => months_at(local).div_euclid(count) * count,
        }
    }

    /// Returns the moment at which the bucket with this start begins.
    pub fn moment(self, start: i64, zone: &Zone) -> Timestamp {
        match self {
            Self::Instant(_) => Timestamp::from_micros(start).unwrap_or(if start < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            }),
            Self::Local { .. } => zone.moment_of(start),
            Self::Months(_) => zone.moment_of(first_of_month(start)),
        }
    }

    /// Returns the start of the next bucket.
    pub fn next(self, start: i64, zone: &Zone) -> i64 {
        let mut next = self.following(start, zone);
        if matches!(self, Self::Instant(_)) {
            return next;
        }
        // Without those that clocks skip as a whole.
        let mut begin = self.moment(next, zone);
        while begin < Timestamp::MAX {
            let following = self.following(next, zone);
            let end = self.moment(following, zone);
            if end > begin {
                break;
            }
            (next, begin) = (following, end);
        }
        next
    }

    /// Returns the start after this one, at which no bucket may begin.
    fn following(self, start: i64, zone: &Zone) -> i64 {
        match self {
            // After the clocks were set back, it begins earlier than its length after this one.
            Self::Instant(width) => Timestamp::from_micros(start + width)
                .map(|moment| self.start(moment, zone))
                .filter(|next| *next > start)
                .unwrap_or(start + width),
            Self::Local { width, .. } => start + width,
            Self::Months(count) => start + count,
        }
    }
}

/// Returns the number of months from 0000-01 to a local time.
pub(in crate::store) fn months_at(local: i64) -> i64 {
    let days = local.div_euclid(DAY) + EPOCH_DAYS;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // Years begin in March.
    (era * 400 + year) * 12 + (5 * day_of_year + 2) / 153 + 2
}

/// Returns the local time at which a month begins, given the number of months from 0000-01.
fn first_of_month(months: i64) -> i64 {
    let from_march = months - 2;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5;
    (era * 146_097 + day - EPOCH_DAYS) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn lengths_are_parsed() {
        for (text, expected) in [
            ("1s", Some(Bucket::Instant(SECOND))),
            ("60m", Some(Bucket::Instant(HOUR))),
            ("61m", Some(Bucket::Local { width: 61 * 60 * SECOND, origin: 0 })),
            ("1d", Some(Bucket::Local { width: DAY, origin: 0 })),
            ("2w", Some(Bucket::Local { width: 14 * DAY, origin: -MONDAY })),
            ("1q", Some(Bucket::Months(3))),
            ("1000y", Some(Bucket::Months(12_000))),
            ("1001y", None),
            ("99999999999999999999s", None),
            ("9999999999999d", None),
            ("0d", None),
            ("-1d", None),
            ("d", None),
            ("1", None),
            ("1M", None),
            ("", None),
        ] {
            assert_eq!(Bucket::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn charts_have_buckets_of_usual_lengths() {
        for (to, points, expected) in [
            ("2026-01-01T00:00:00Z", 500, "1ms"),
            ("2026-01-01T00:00:01Z", 100, "10ms"),
            ("2026-01-01T01:00:00Z", 60, "1m"),
            ("2026-01-01T01:00:00Z", 500, "10s"),
            ("2026-02-01T00:00:00Z", 500, "2h"),
            ("2026-12-31T00:00:00Z", 12, "2mo"),
            ("2026-12-31T00:00:00Z", 13, "1mo"),
            ("9999-12-31T00:00:00Z", 1, "1000y"),
        ] {
            let (length, bucket) = Bucket::for_chart(at("2026-01-01T00:00:00Z"), at(to), points);
            assert_eq!((length, Bucket::parse(length)), (expected, Ok(bucket)), "{to} {points}");
        }
        for (length, _) in CHART_LENGTHS {
            assert!(Bucket::parse(length).is_ok(), "{length}");
        }
    }

    #[test]
    fn moments_are_in_buckets_of_their_zone() {
        for (zone, bucket, moment, start, next) in [
            ("UTC", "1h", "2026-11-29T21:03:29Z", "2026-11-29T21:00:00Z", "2026-11-29T22:00:00Z"),
            ("UTC", "15m", "1969-12-31T23:59:59Z", "1969-12-31T23:45:00Z", "1970-01-01T00:00:00Z"),
            ("Asia/Kathmandu", "1h", "2026-11-29T00:00:00Z", "2026-11-28T23:15:00Z", "2026-11-29T00:15:00Z"),
            // The hour from 2 to 3 comes twice.
            ("Europe/Berlin", "1h", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
            ("Europe/Berlin", "1h", "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
            // A day of 25 hours, and one of 23.
            ("Europe/Berlin", "1d", "2026-10-25T22:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("Europe/Berlin", "1d", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            // A day that begins at 1:00.
            (
                "America/Asuncion",
                "1d",
                "2023-10-01T12:00:00Z",
                "2023-10-01T04:00:00Z",
                "2023-10-02T03:00:00Z",
            ),
            ("UTC", "1w", "2026-11-29T21:03:29Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
            ("UTC", "1w", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"),
            ("Europe/Berlin", "1mo", "2026-06-30T22:00:00Z", "2026-06-30T22:00:00Z", "2026-07-31T22:00:00Z"),
            ("UTC", "1mo", "2024-02-29T23:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("UTC", "1q", "2026-11-29T00:00:00Z", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (
                "America/New_York",
                "1y",
                "2026-01-01T04:59:59Z",
                "2025-01-01T05:00:00Z",
                "2026-01-01T05:00:00Z",
            ),
            ("UTC", "1y", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"),
            ("UTC", "1mo", "9999-12-31T23:59:59Z", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let (zone, bucket) = (Zone::named(zone).unwrap(), Bucket::parse(bucket).unwrap());
            let found = bucket.start(at(moment), &zone);
            assert_eq!(bucket.moment(found, &zone), at(start), "{moment}");
            assert_eq!(bucket.moment(bucket.next(found, &zone), &zone), at(next), "{moment}");
        }
    }

    #[test]
    fn every_bucket_contains_the_moment_at_which_it_begins() {
        for (zone, from) in [
            ("Pacific/Apia", "2011-12-25T00:00:00Z"),
            ("Pacific/Kwajalein", "1993-08-15T00:00:00Z"),
            ("Europe/Berlin", "2026-03-27T00:00:00Z"),
            ("Europe/Berlin", "2026-10-23T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T00:00:00Z"),
            ("America/Asuncion", "2023-09-29T00:00:00Z"),
            ("UTC", "9999-12-28T00:00:00Z"),
        ] {
            let zone = Zone::named(zone).unwrap();
            for length in ["15m", "1h", "61m", "2h", "5h", "1d", "2d", "1w", "1mo", "1q", "1y"] {
                let bucket = Bucket::parse(length).unwrap();
                let mut start = bucket.start(at(from), &zone);
                for _ in 0..200 {
                    let next = bucket.next(start, &zone);
                    let (begin, end) = (bucket.moment(start, &zone), bucket.moment(next, &zone));
                    if end == Timestamp::MAX {
                        break;
                    }
                    assert!(begin < end, "{length} {begin}");
                    // One of an hour may seem to begin before clocks are set back by less.
                    if !matches!(bucket, Bucket::Instant(_)) {
                        assert_eq!(bucket.start(end, &zone), next, "{length} {end}");
                    }
                    start = next;
                }
            }
        }
        let apia = Zone::named("Pacific/Apia").unwrap();
        let day = Bucket::parse("1d").unwrap();
        let moments = std::iter::successors(Some(day.start(at("2011-12-29T12:00:00Z"), &apia)), |start| {
            Some(day.next(*start, &apia))
        });
        let days: Vec<String> = moments.take(3).map(|start| apia.format(day.moment(start, &apia))).collect();
        let expected =
            ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"];
        assert_eq!(days, expected);
    }

    #[test]
    fn months_agree_with_the_calendar() {
        use chrono::{DateTime, Datelike as _};
        for days in (-719_162..2_932_896).step_by(13) {
            let date = DateTime::from_timestamp_micros(days * DAY).unwrap();
            let months = months_at(days * DAY);
            assert_eq!(months, i64::from(date.year()) * 12 + i64::from(date.month0()), "{date}");
            let first = DateTime::from_timestamp_micros(first_of_month(months)).unwrap();
            assert_eq!((first.year(), first.month(), first.day()), (date.year(), date.month(), 1));
        }
    }
}
