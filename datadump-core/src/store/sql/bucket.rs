//! SQL for the start of the bucket that a time is in. It agrees with [`Bucket::start`].

use super::Dialect;
use crate::{
    clock::{Timestamp, Zone},
    store::query::Bucket,
};

/// Names of the SQL functions that SQLite is given.
pub(in crate::store) const MONTHS: &str = "datadump_months";
pub(in crate::store) const OFFSET: &str = "datadump_offset";

/// Added before divisions, so that they round down: more than the microseconds from the year 1 to 1970.
const AGES: i64 = 100_000_000_000_000_000;

/// The offset from UTC of a local time, in microseconds.
#[derive(Debug, Clone)]
pub(in crate::store) enum Offset {
    /// The same at all times.
    Fixed(i64),
    /// The offset of a zone, computed by the function [`OFFSET`].
    Function(Zone),
    /// The offsets that are in force from these moments on. The first one is also in force before.
    Table(Vec<(Timestamp, i64)>),
}

impl Offset {
    /// Returns whether local time divided by this width is UTC divided by it.
    fn is_multiple_of(&self, width: i64) -> bool {
        match self {
            Self::Fixed(offset) => offset % width == 0,
            Self::Function(_) => false,
            Self::Table(offsets) => offsets.iter().all(|(_, offset)| offset % width == 0),
        }
    }
}

/// Returns the start of the bucket of a quoted column.
pub(super) fn start(dialect: Dialect, name: &str, bucket: Bucket, offset: &Offset) -> String {
    let micros = match dialect {
        Dialect::Sqlite => name.to_owned(),
        Dialect::Postgres => format!("(extract(epoch FROM {name}) * 1000000)::bigint"),
    };
    let offset_at = match offset {
        Offset::Fixed(offset) => offset.to_string(),
        Offset::Function(zone) => format!("{OFFSET}('{}', {name})", zone.name()),
        Offset::Table(offsets) => among(name, offsets),
    };
    let local = format!("{micros} + {offset_at}");
    match bucket {
        Bucket::Instant(width) if offset.is_multiple_of(width) => floor(&micros, width, 0),
        Bucket::Instant(width) => format!("{} - {offset_at}", floor(&local, width, 0)),
        Bucket::Local { width, origin } => floor(&local, width, origin),
        Bucket::Months(count) => {
            let months = match dialect {
                Dialect::Sqlite => format!("{MONTHS}({local})"),
                Dialect::Postgres => {
                    // 400 years later, where calendars are the same and no year is before Christ.
                    let civil = format!("timestamp '2370-01-01' + ({local}) * interval '1 microsecond'");
                    format!("(extract(year FROM {civil}) * 12 + extract(month FROM {civil}) - 4801)::bigint")
                }
            };
            format!("{months} / {count} * {count}")
        }
    }
}

/// Returns the largest multiple of a width, counted from an origin, that is not above a number.
fn floor(number: &str, width: i64, origin: i64) -> String {
    let widths = (AGES / width + 1) * width;
    format!("({number} + {}) / {width} * {width} - {}", widths - origin, widths - origin)
}

/// Returns the offset that is in force at a time on PostgreSQL.
fn among(name: &str, offsets: &[(Timestamp, i64)]) -> String {
    let (first, later) = match offsets {
        [] => return "0".into(),
        [(_, offset)] => return offset.to_string(),
        [first, later @ ..] => (first, later),
    };
    let moments: Vec<String> = later.iter().map(|(at, _)| format!("\"{at}\"")).collect();
    let offsets: Vec<String> =
        std::iter::once(first).chain(later).map(|(_, offset)| offset.to_string()).collect();
    format!(
        "('{{{}}}'::bigint[])[width_bucket({name}, '{{{}}}'::timestamptz[]) + 1]",
        offsets.join(","),
        moments.join(",")
    )
}
