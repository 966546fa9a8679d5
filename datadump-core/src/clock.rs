//! Time. The clock is injected; no other module reads the system time.

pub(crate) mod relative;
mod rfc3339;
mod zone;

use std::fmt::{self, Debug};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use self::zone::Zone;
pub(crate) use self::zone::{UTC, is_moment};

/// A clock. Tests use one that they set.
pub trait Clock: Send + Sync + Debug + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the system time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(Utc::now().timestamp_micros()).unwrap_or(Timestamp::MIN)
    }
}

/// A UTC timestamp in microseconds, from year 1 to year 9999.
///
/// Both databases store it exactly, and its text form always has a four-digit year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// `0001-01-01T00:00:00Z`.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// `9999-12-31T23:59:59.999999Z`.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Creates a timestamp from microseconds since 1970; returns `None` if the year is not 1 to 9999.
    ///
    /// ```
    /// use datadump_core::Timestamp;
    /// let moment = Timestamp::from_micros(1_500_000).unwrap();
    /// assert_eq!(moment.to_string(), "1970-01-01T00:00:01.500000Z");
    /// assert_eq!(Timestamp::from_micros(i64::MAX), None);
    /// ```
    pub fn from_micros(micros: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&micros).then_some(Self(micros))
    }

    /// Returns microseconds since 1970, negative before.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339. Digits beyond microseconds are truncated.
    pub fn parse(text: &str) -> Option<Self> {
        rfc3339::parse(text)
    }

    /// Returns the next representable timestamp, for timestamps that must be distinct.
    pub fn next(self) -> Self {
        Self((self.0 + 1).min(Self::MAX.0))
    }

    /// Returns its text, as [`Display`](fmt::Display) writes it.
    pub(crate) fn to_ascii(self) -> [u8; 27] {
        rfc3339::format(self)
    }

    /// Converts to the type that database drivers use.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is not an RFC 3339 timestamp")))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.to_ascii()).unwrap_or_default())
    }
}
