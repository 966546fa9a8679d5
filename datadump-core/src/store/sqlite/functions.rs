//! SQL functions that SQLite lacks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rusqlite::{
    Connection, Error, Result,
    functions::{Aggregate, Context, FunctionFlags},
    types::{FromSqlError, Value, ValueRef},
};

use super::order_functions;
use crate::{
    clock::{Timestamp, Zone},
    store::{
        query::{aggregate::read_number, bucket, filter::fold_text},
        sql,
    },
};

/// Maximum number of values of which percentiles are being computed, by all queries together.
const MAX_VALUES: usize = 8 << 20;

/// Number of values that are counted at once.
const UNIT: usize = 1 << 10;

static VALUES: AtomicUsize = AtomicUsize::new(0);

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(sql::FOLD, 1, flags, |context| {
        // A path into JSON may lead to any type; only strings have case.
        Ok(context.get_raw(0).as_str().ok().map(fold_text))
    })?;
    connection.create_scalar_function(sql::NUMBER, 1, flags, |context| {
        Ok(context.get_raw(0).as_str().ok().and_then(read_number))
    })?;
    connection.create_scalar_function(sql::MONTHS, 1, flags, |context| {
        Ok(context.get_raw(0).as_i64().ok().map(bucket::months_at))
    })?;
    connection.create_scalar_function(sql::OFFSET, 2, flags, |context| {
        let offsets = context.get_or_create_aux(0, |name| {
            let zone = Zone::named(name.as_str()?).unwrap_or_default();
            Ok::<_, FromSqlError>(ZoneOffsets::new(zone))
        })?;
        let moment = context.get_raw(1).as_i64().ok().and_then(Timestamp::from_micros);
        Ok(moment.map(|moment| offsets.at(moment)))
    })?;
    connection.create_aggregate_function(sql::SUM, 1, flags, Sum)?;
    connection.create_aggregate_function(sql::FIRST, 3, flags, End { is_first: true })?;
    connection.create_aggregate_function(sql::LAST, 3, flags, End { is_first: false })?;
    connection.create_aggregate_function(sql::STDDEV, 1, flags, Stddev)?;
    connection.create_aggregate_function(sql::PERCENTILE, 2, flags, Percentile::default())?;
    order_functions::add(connection)
}

/// The offsets of a zone, quick to look up in the centuries around now.
struct ZoneOffsets {
    zone: Zone,
    /// Offsets, each with the moment from which on it is in force.
    table: Vec<(Timestamp, i64)>,
    end: Timestamp,
}

impl ZoneOffsets {
    fn new(zone: Zone) -> Self {
        const CENTURY: i64 = 36_525 * 86_400_000_000;
        let at = |micros| Timestamp::from_micros(micros).unwrap_or(Timestamp::MIN);
        let (from, end) = (at(-CENTURY), at(2 * CENTURY));
        Self { table: zone.offsets(from, end), zone, end }
    }

    fn at(&self, moment: Timestamp) -> i64 {
        let later = self.table.partition_point(|(from, _)| *from <= moment);
        match later.checked_sub(1).and_then(|place| self.table.get(place)) {
            Some((_, offset)) if moment <= self.end => *offset,
            _ => self.zone.offset_at(moment),
        }
    }
}

/// The sum of whole numbers, as text, because it may exceed 64 bits.
struct Sum;

impl Aggregate<Option<i128>, Option<String>> for Sum {
    fn init(&self, _context: &mut Context<'_>) -> Result<Option<i128>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Option<i128>) -> Result<()> {
        if let ValueRef::Integer(number) = context.get_raw(0) {
            *sum = Some(sum.unwrap_or(0) + i128::from(number));
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, sum: Option<Option<i128>>) -> Result<Option<String>> {
        Ok(sum.flatten().map(|sum| sum.to_string()))
    }
}

/// The value with the earliest or the latest time, and among those with the same time that of the smallest or the
/// largest key.
struct End {
    is_first: bool,
}

/// A value with its time and the key of its row.
struct Found {
    time: i64,
    key: Value,
    value: Value,
}

impl Aggregate<Option<Found>, Value> for End {
    fn init(&self, _context: &mut Context<'_>) -> Result<Option<Found>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, found: &mut Option<Found>) -> Result<()> {
        let (value, time, key) = (context.get_raw(0), context.get_raw(1), context.get_raw(2));
        let (ValueRef::Integer(time), false) = (time, value == ValueRef::Null) else { return Ok(()) };
        let is_better = found.as_ref().is_none_or(|found| {
            let order = time.cmp(&found.time).then_with(|| compare(key, ValueRef::from(&found.key)));
            if self.is_first { order.is_lt() } else { order.is_gt() }
        });
        if is_better {
            *found = Some(Found { time, key: key.try_into()?, value: value.try_into()? });
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, found: Option<Option<Found>>) -> Result<Value> {
        Ok(found.flatten().map_or(Value::Null, |found| found.value))
    }
}

/// Compares keys like SQLite.
fn compare(one: ValueRef<'_>, other: ValueRef<'_>) -> std::cmp::Ordering {
    let class = |value: ValueRef<'_>| match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    };
    match (one, other) {
        (ValueRef::Integer(one), ValueRef::Integer(other)) => one.cmp(&other),
        (ValueRef::Text(one), ValueRef::Text(other)) | (ValueRef::Blob(one), ValueRef::Blob(other)) => {
            one.cmp(other)
        }
        _ => class(one).cmp(&class(other)),
    }
}

/// The standard deviation of a sample, in one pass (Welford).
struct Stddev;

#[derive(Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate<Spread, Option<f64>> for Stddev {
    fn init(&self, _context: &mut Context<'_>) -> Result<Spread> {
        Ok(Spread::default())
    }

    fn step(&self, context: &mut Context<'_>, spread: &mut Spread) -> Result<()> {
        if let Some(number) = number(context) {
            spread.count += 1.0;
            let distance = number - spread.mean;
            spread.mean += distance / spread.count;
            spread.squares += distance * (number - spread.mean);
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, spread: Option<Spread>) -> Result<Option<f64>> {
        let spread = spread.filter(|spread| spread.count > 1.0);
        Ok(spread.map(|spread| (spread.squares / (spread.count - 1.0)).max(0.0).sqrt()))
    }
}

/// A percentile, interpolated between the nearest values.
#[derive(Default)]
struct Percentile {
    /// Number of values of the query that this connection runs.
    of_query: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Values {
    values: Vec<f64>,
    counted: usize,
    fraction: f64,
    of_query: Arc<AtomicUsize>,
}

impl Values {
    fn push(&mut self, number: f64) -> Result<()> {
        if self.values.len() == self.counted {
            if self.of_query.load(Ordering::Relaxed) + UNIT > MAX_VALUES {
                return Err(Error::UserFunctionError(TOO_MANY_VALUES.into()));
            }
            if VALUES.fetch_add(UNIT, Ordering::Relaxed) + UNIT > MAX_VALUES {
                VALUES.fetch_sub(UNIT, Ordering::Relaxed);
                return Err(Error::UserFunctionError(MEMORY_IN_USE.into()));
            }
            self.of_query.fetch_add(UNIT, Ordering::Relaxed);
            self.counted += UNIT;
            self.values.reserve_exact(self.counted - self.values.len());
        }
        self.values.push(number);
        Ok(())
    }
}

/// The error of a percentile of too many values.
pub(super) const TOO_MANY_VALUES: &str = "percentiles can be computed of at most 8 million values at a time, counted for each percentile: narrow the filter";

/// The error of a percentile for whose values there is no memory, because other queries use it.
pub(super) const MEMORY_IN_USE: &str = "other queries use the memory for percentiles";

impl Drop for Values {
    fn drop(&mut self) {
        VALUES.fetch_sub(self.counted, Ordering::Relaxed);
        self.of_query.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

impl Aggregate<Values, Option<f64>> for Percentile {
    fn init(&self, _context: &mut Context<'_>) -> Result<Values> {
        let mut values = Values::default();
        values.of_query = self.of_query.clone();
        Ok(values)
    }

    fn step(&self, context: &mut Context<'_>, values: &mut Values) -> Result<()> {
        if let Some(number) = number(context) {
            values.fraction = context.get(1)?;
            values.push(number)?;
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, values: Option<Values>) -> Result<Option<f64>> {
        Ok(values.and_then(|mut values| percentile(&mut values.values, values.fraction)))
    }
}

/// Returns the value at a fraction of the sorted values, interpolated.
fn percentile(values: &mut [f64], fraction: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "there are at most millions of values"
    )]
    let (place, rest) = {
        let exact = fraction * last as f64;
        (exact as usize, exact - exact.floor())
    };
    let (_, low, above) = values.select_nth_unstable_by(place, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + rest * (high - low))
}

fn number(context: &Context<'_>) -> Option<f64> {
    match context.get_raw(0) {
        #[expect(clippy::cast_precision_loss, reason = "the result is a float")]
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query<T: rusqlite::types::FromSql>(sql: &str) -> T {
        let connection = Connection::open_in_memory().unwrap();
        add(&connection).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn percentiles_are_interpolated() {
        for (values, fraction, expected) in [
            (vec![], 0.5, None),
            (vec![3.0], 0.99, Some(3.0)),
            (vec![4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5)),
            (vec![5.0, 1.0, 3.0, 2.0, 4.0], 0.5, Some(3.0)),
            (vec![10.0, 20.0], 0.25, Some(12.5)),
        ] {
            assert_eq!(percentile(&mut values.clone(), fraction), expected, "{values:?}");
        }
    }

    #[test]
    fn a_query_for_too_many_values_differs_from_one_without_memory() {
        let failure = |values: &mut Values| values.push(1.0).map_err(|error| error.to_string()).err();
        let mut values = Values::default();
        values.of_query.store(MAX_VALUES, Ordering::Relaxed);
        assert_eq!(failure(&mut values).as_deref(), Some(TOO_MANY_VALUES));
        let mut values = Values::default();
        VALUES.fetch_add(MAX_VALUES, Ordering::Relaxed);
        let refused = failure(&mut values);
        VALUES.fetch_sub(MAX_VALUES, Ordering::Relaxed);
        assert_eq!(refused.as_deref(), Some(MEMORY_IN_USE));
        assert_eq!(failure(&mut values), None);
    }

    #[test]
    fn functions_are_exact() {
        let numbers = "(VALUES (9223372036854775807), (9223372036854775807), (NULL))";
        assert_eq!(
            query::<String>(&format!("SELECT datadump_sum(column1) FROM {numbers}")),
            "18446744073709551614"
        );
        assert_eq!(query::<Option<String>>("SELECT datadump_sum(column1) FROM (VALUES (NULL))"), None);
        let rows = "(VALUES ('a', 1, 5), ('b', 2, 1), ('c', 2, 3), (NULL, 9, 9), ('d', NULL, 0))";
        assert_eq!(
            query::<String>(&format!("SELECT datadump_first(column1, column2, column3) FROM {rows}")),
            "a"
        );
        assert_eq!(
            query::<String>(&format!("SELECT datadump_last(column1, column2, column3) FROM {rows}")),
            "c"
        );
        assert_eq!(
            query::<f64>("SELECT datadump_stddev(column1) FROM (VALUES (2), (4), (4), (6))").round(),
            2.0
        );
        assert_eq!(query::<Option<f64>>("SELECT datadump_stddev(column1) FROM (VALUES (2))"), None);
        assert_eq!(query::<f64>("SELECT datadump_percentile(column1, 0.5) FROM (VALUES (1), (2.5))"), 1.75);
        assert_eq!(VALUES.load(Ordering::Relaxed), 0);
    }
}
