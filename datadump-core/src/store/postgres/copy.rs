//! Bulk inserts with `COPY` in its binary format, which costs the database about half as much per row as an
//! insert from arrays.

use sqlx::{
    Encode, Postgres, Type,
    encode::IsNull,
    postgres::{PgArgumentBuffer, PgHasArrayType},
};

use super::{
    columns::{self, TypedOperation},
    rows::WrittenRow,
    session::Session,
};
use crate::schema::{Definition, FieldSet, Kind, Value};

/// Minimum number of rows for which the extra round trip pays off.
pub(super) const MIN_COPY_ROWS: usize = 256;

/// Size of the chunks that are sent.
const COPY_CHUNK_BYTES: usize = 256 << 10;

/// Header and trailer of the format (<https://www.postgresql.org/docs/current/sql-copy.html>).
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// Inserts these fields of rows, none of which may exist; returns the number of rows.
pub(super) async fn insert(
    session: &mut Session,
    statement: &str,
    definition: &Definition,
    fields: &FieldSet,
    rows: &[&WrittenRow<'_>],
) -> sqlx::Result<u64> {
    let mut copy = session.connection.copy_in_raw(statement).await?;
    let mut sent = Ok(());
    let mut buffer = PgArgumentBuffer::default();
    buffer.extend_from_slice(HEADER);
    for row in rows {
        sent = put(&mut buffer, definition, fields, row);
        if sent.is_ok() && buffer.len() >= COPY_CHUNK_BYTES {
            sent = copy.send(buffer.as_slice()).await.map(|_| ());
            buffer.clear();
        }
        if sent.is_err() {
            break;
        }
    }
    if let Err(error) = sent {
        // Aborting always returns an error; the first one is more useful.
        let _ = copy.abort("a row could not be sent").await;
        return Err(error);
    }
    buffer.extend_from_slice(TRAILER);
    copy.send(buffer.as_slice()).await?;
    copy.finish().await
}

/// Encodes one row: the number of columns, then each column.
fn put(
    buffer: &mut PgArgumentBuffer,
    definition: &Definition,
    fields: &FieldSet,
    row: &WrittenRow<'_>,
) -> sqlx::Result<()> {
    // The key, the version and two times, in addition to the fields.
    let columns = i16::try_from(fields.len() + 4).map_err(|error| sqlx::Error::Encode(error.into()))?;
    buffer.extend_from_slice(&columns.to_be_bytes());
    let mut cell = |kind: &Kind, value: &Value| columns::with_type(kind, Cell { buffer, value });
    cell(&definition.key.kind, row.key)?;
    for (position, place) in fields.iter().enumerate() {
        if let Some(field) = definition.fields.get(place) {
            cell(&field.kind, row.value_near(place, position))?;
        }
    }
    cell(&Kind::Integer, &Value::Integer(row.version.into()))?;
    cell(&Kind::Timestamp, &Value::Timestamp(row.created_at))?;
    cell(&Kind::Timestamp, &Value::Timestamp(row.updated_at))
}

/// A column's value: its length in bytes (-1 for null), then the bytes.
struct Cell<'b, 'v> {
    buffer: &'b mut PgArgumentBuffer,
    value: &'v Value,
}

impl<'v> TypedOperation<'v> for Cell<'_, 'v> {
    type Output = sqlx::Result<()>;

    fn with<T>(self, take: impl Fn(&'v Value) -> Option<T>) -> Self::Output
    where
        T: PgHasArrayType + Type<Postgres> + for<'q> Encode<'q, Postgres>,
    {
        let Self { buffer, value } = self;
        let begin = buffer.len();
        buffer.extend_from_slice(&(-1_i32).to_be_bytes());
        if value.is_null() {
            return Ok(());
        }
        let value = take(value).ok_or_else(columns::not_of_its_kind)?;
        if let IsNull::No = value.encode(buffer).map_err(sqlx::Error::Encode)? {
            let length =
                i32::try_from(buffer.len() - begin - 4).map_err(|error| sqlx::Error::Encode(error.into()))?;
            if let Some(place) = buffer.get_mut(begin..begin + 4) {
                place.copy_from_slice(&length.to_be_bytes());
            }
        }
        Ok(())
    }
}
