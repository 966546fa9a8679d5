//! Time zones, for local times without an offset.

use std::sync::LazyLock;

use jiff::{
    SignedDuration,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase},
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

    /// Returns the name in the IANA database.
    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Returns the offset from UTC, in microseconds, if it is always the same.
    pub(crate) fn fixed_offset(&self) -> Option<i64> {
        self.0.to_fixed_offset().ok().map(micros)
    }

    /// Returns the offset from UTC at this moment, in microseconds.
    pub(crate) fn offset_at(&self, moment: Timestamp) -> i64 {
        micros(self.0.to_offset(instant(moment.micros())))
    }

    /// Returns the offsets from UTC that are in force between two moments, in microseconds, each with the moment from
    /// which on it is in force. The first one is in force at `from`.
    pub(crate) fn offsets(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, i64)> {
        let mut offsets = vec![(from, self.offset_at(from))];
        for transition in self.0.following(instant(from.micros())) {
            let at = Timestamp::from_micros(transition.timestamp().as_microsecond());
            let Some(at) = at.filter(|at| *at <= to) else { break };
            let offset = micros(transition.offset());
            // Some transitions change only the name of the zone.
            if offsets.last().is_some_and(|(_, last)| *last != offset) {
                offsets.push((at, offset));
            }
        }
        offsets
    }

    /// Returns the moment at which clocks show a local time, given in microseconds since 1970 by these clocks. The
    /// earlier one if it occurs twice, and the moment after the gap if it is skipped.
    pub(crate) fn moment_of(&self, local: i64) -> Timestamp {
        let bounded = |micros: i64| {
            Timestamp::from_micros(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
        };
        let ambiguous = self.0.to_ambiguous_timestamp(civil(local));
        if let AmbiguousOffset::Gap { before, after } = ambiguous.offset() {
            // The first moment after the gap, whatever the local time says.
            let begin = instant(local.saturating_sub(micros(before).max(micros(after))));
            let end =
                self.0.following(begin).next().map(|transition| transition.timestamp().as_microsecond());
            if let Some(end) = end {
                return bounded(end);
            }
        }
        let moment = ambiguous.earlier().map(jiff::Timestamp::as_microsecond);
        bounded(moment.unwrap_or(local))
    }

    /// Formats a moment in RFC 3339 with the zone's offset, and without fractions of zero. In UTC if the offset has
    /// seconds, which RFC 3339 does not allow.
    pub(crate) fn format(&self, moment: Timestamp) -> String {
        let offset = self.0.to_offset(instant(moment.micros()));
        let is_utc = self.0 == TimeZone::UTC || offset.seconds() % 60 != 0;
        let local = if is_utc { moment.micros() } else { moment.micros() + micros(offset) };
        let text = civil(local).to_string();
        match is_utc {
            true => format!("{text}Z"),
            false => {
                let minutes = offset.seconds() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("{text}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// Returns an instant of the time library, at the end of its range if it is beyond.
fn instant(micros: i64) -> jiff::Timestamp {
    let end = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(micros).unwrap_or(end)
}

/// Returns a local time, given in microseconds since 1970.
fn civil(local: i64) -> DateTime {
    let end = if local < 0 { DateTime::MIN } else { DateTime::MAX };
    jiff::civil::date(1970, 1, 1)
        .to_datetime(jiff::civil::Time::midnight())
        .checked_add(SignedDuration::from_micros(local))
        .unwrap_or(end)
}

fn micros(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * 1_000_000
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

    #[test]
    fn moments_are_formatted_with_the_offset_of_their_zone() {
        for (zone, moment, expected) in [
            ("UTC", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("Europe/Berlin", "2026-11-28T23:00:00Z", "2026-11-29T00:00:00+01:00"),
            ("America/St_Johns", "2026-11-29T03:30:00.5Z", "2026-11-29T00:00:00.5-03:30"),
            ("Africa/Monrovia", "1960-01-01T00:00:00Z", "1960-01-01T00:00:00Z"),
        ] {
            let zone = Zone::named(zone).unwrap();
            assert_eq!(zone.format(Timestamp::parse(moment).unwrap()), expected);
        }
    }

    #[test]
    fn local_times_are_moments() {
        let apia = Zone::named("Pacific/Apia").unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for (zone, local, expected) in [
            (&berlin, "2026-07-01T00:00:00Z", "2026-06-30T22:00:00.000000Z"),
            (&berlin, "2026-10-25T02:30:00Z", "2026-10-25T00:30:00.000000Z"),
            (&berlin, "2026-03-29T02:30:00Z", "2026-03-29T01:00:00.000000Z"),
            (&apia, "2011-12-30T00:00:00Z", "2011-12-30T10:00:00.000000Z"),
            (&apia, "2011-12-30T23:00:00Z", "2011-12-30T10:00:00.000000Z"),
        ] {
            let local = Timestamp::parse(local).unwrap().micros();
            assert_eq!(zone.moment_of(local).to_string(), expected);
        }
    }

    #[test]
    fn offsets_change_at_transitions() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        let hour = 3_600_000_000;
        let (from, to) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
        let expected =
            [(from, hour), (at("2026-03-29T01:00:00Z"), 2 * hour), (at("2026-10-25T01:00:00Z"), hour)];
        assert_eq!(berlin.offsets(from, to), expected);
        assert_eq!(UTC.offsets(from, to), [(from, 0)]);
    }
}
