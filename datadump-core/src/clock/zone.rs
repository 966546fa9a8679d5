//! Time zones, for local times without an offset.

use std::sync::LazyLock;

use jiff::{
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};

use super::Timestamp;

/// The zones built into the program: the same on every machine, whatever is installed there.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone, UTC by default.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

/// UTC.
pub(crate) static UTC: Zone = Zone(TimeZone::UTC);

impl Default for Zone {
    fn default() -> Self {
        UTC.clone()
    }
}

impl Zone {
    /// Returns the zone with a name of the IANA database, such as `Europe/Berlin`.
    ///
    /// ```
    /// use datadump_core::Zone;
    /// let berlin = Zone::named("Europe/Berlin").unwrap();
    /// let local = berlin.read("2026-07-01 12:00:00").unwrap();
    /// assert_eq!(local.to_string(), "2026-07-01T10:00:00.000000Z");
    /// assert_eq!(Zone::named("Middle/Earth"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        ZONES.get(name).ok().map(Self)
    }

    /// Parses a timestamp: RFC 3339, or a local date and time in this zone, such as `2026-11-29T21:03:29.5` or
    /// `2026-11-29 21:03:29`. A local time that occurs twice, when clocks are set back, is the earlier one; one
    /// that is skipped, when they are set forward, is the later one. Digits beyond microseconds are truncated.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        let Some(local) = local(text) else { return Timestamp::parse(text) };
        let moment = self.0.to_ambiguous_timestamp(local).compatible().ok()?;
        // Not `as_microsecond`, which truncates towards 1970.
        let micros = moment.as_nanosecond().div_euclid(1_000);
        Timestamp::from_micros(i64::try_from(micros).ok()?)
    }
}

/// Returns whether text is a timestamp, in some zone if it names none.
pub(crate) fn is_moment(text: &str) -> bool {
    local(text).is_some() || Timestamp::parse(text).is_some()
}

/// Parses `YYYY-MM-DDTHH:MM:SS`, or with a space, with up to nine decimal places.
fn local(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    if !(19..=29).contains(&bytes.len()) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(*digit - b'0'))
        })
    };
    let pair = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let is = |place: usize, allowed: &[u8]| bytes.get(place).is_some_and(|byte| allowed.contains(byte));
    let has_separators = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    if !has_separators {
        return None;
    }
    let nanoseconds = match text.get(19..)? {
        "" => 0,
        fraction => {
            let digits = fraction.strip_prefix('.').filter(|digits| !digits.is_empty())?;
            let all_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
            all_digits.then(|| format!("{digits:0<9}").parse::<i32>().ok()).flatten()?
        }
    };
    DateTime::new(number(0, 4)?, pair(5)?, pair(8)?, pair(11)?, pair(14)?, pair(17)?, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_in_their_zone() {
        for (zone, text, expected) in [
            ("UTC", "2026-11-29T21:03:29.5", Some("2026-11-29T21:03:29.500000Z")),
            ("UTC", "2026-11-29 21:03:29", Some("2026-11-29T21:03:29.000000Z")),
            ("Europe/Berlin", "2026-11-29 21:03:29", Some("2026-11-29T20:03:29.000000Z")),
            ("Europe/Berlin", "2026-07-29 21:03:29", Some("2026-07-29T19:03:29.000000Z")),
            ("Asia/Kolkata", "2026-07-29 21:03:29", Some("2026-07-29T15:33:29.000000Z")),
            // An offset beats the zone.
            ("Europe/Berlin", "2026-11-29T21:03:29Z", Some("2026-11-29T21:03:29.000000Z")),
            ("Europe/Berlin", "2026-11-29 21:03:29+05:30", Some("2026-11-29T15:33:29.000000Z")),
            // Clocks are set back at 3:00 to 2:00: the earlier one of two.
            ("Europe/Berlin", "2026-10-25 02:30:00", Some("2026-10-25T00:30:00.000000Z")),
            ("America/New_York", "2026-11-01T01:30:00.25", Some("2026-11-01T05:30:00.250000Z")),
            // Clocks are set forward at 2:00 to 3:00: the later one of 1:30 and 3:30.
            ("Europe/Berlin", "2026-03-29 02:30:00", Some("2026-03-29T01:30:00.000000Z")),
            ("America/New_York", "2026-03-08 02:30:00", Some("2026-03-08T07:30:00.000000Z")),
            // A whole day is skipped.
            ("Pacific/Apia", "2011-12-30 12:00:00", Some("2011-12-30T22:00:00.000000Z")),
            ("UTC", "2026-11-29T21:03:29.123456789", Some("2026-11-29T21:03:29.123456Z")),
            ("UTC", "0001-01-01 00:00:00", Some("0001-01-01T00:00:00.000000Z")),
            ("UTC", "1969-12-31 23:59:59.9999999", Some("1969-12-31T23:59:59.999999Z")),
            ("UTC", "0000-01-01 00:00:00", None),
            ("Asia/Tokyo", "0001-01-01 00:00:00", None),
            ("UTC", "2026-02-29 00:00:00", None),
            ("UTC", "2026-11-29 24:00:00", None),
            ("UTC", "2026-11-29 21:03", None),
            ("UTC", "2026-11-29 21:03:29.", None),
            ("UTC", "2026-11-29 21:03:29,5", None),
            ("UTC", "2026-11-29 21:03:29.1234567890", None),
            ("UTC", "2026-11-29_21:03:29", None),
            ("UTC", "2026-11-2é 21:03:29", None),
        ] {
            let read = Zone::named(zone).unwrap().read(text);
            assert_eq!(read.map(|moment| moment.to_string()).as_deref(), expected, "{text} in {zone}");
        }
    }

    #[test]
    fn zones_are_those_of_the_built_in_database() {
        for name in ["UTC", "Europe/Berlin", "europe/berlin", "Etc/GMT+5", "America/Argentina/Ushuaia"] {
            assert!(Zone::named(name).is_some(), "{name}");
        }
        for name in ["", "Berlin", "+02:00", "EST5EDT4", "local", "../etc/passwd", "Europe/Berlin "] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
    }
}
