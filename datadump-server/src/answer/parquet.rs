//! Rows as a Parquet file. A row group is complete before it is sent, so its size is limited.

use std::{mem, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{
    Error as CoreError, Export, Result as CoreResult, RowPage,
    schema::{Kind, Value},
    store::ReadLease,
};
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::{ParquetError, Result as ParquetResult},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{Type, TypePtr},
};
use tokio::{sync::Semaphore, task::JoinHandle, time::Instant};

use super::{
    ExportAnswer, RowFormat,
    export::{ExportSlot, FilePieces},
};

/// Size of the rows in memory from which they are a row group.
const ROW_GROUP_BYTES: usize = 8 << 20;

/// Time after which a row group ends if its rows are few, so that other files have their turn.
const ROW_GROUP_TIME: Duration = Duration::from_secs(2);

/// Size of the pieces in which a row group is sent.
const PIECE_BYTES: usize = 64 << 10;

/// Maximum size of the dictionary of a column.
const MAX_DICTIONARY_BYTES: usize = 256 << 10;

/// Reads and encodes row groups, one at a time. Files that each held a part of their row group would wait for each other's
/// memory; and while a group is encoded, it takes several times the memory of its rows.
#[derive(Debug, Clone)]
pub(crate) struct ParquetEncoder(Arc<Semaphore>);

/// A file that is being written.
struct File {
    encoder: ParquetEncoder,
    /// Rest of the export after the encoded bytes; `None` if these are the last.
    rest: Option<Rest>,
    /// Encoded bytes that are not sent yet, and their memory.
    encoded: Bytes,
    memory: ReadLease,
}

/// The rows that are not encoded yet.
struct Rest {
    export: Export,
    writer: Writer,
}

/// Aborts a task when it is dropped.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Default for ParquetEncoder {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl ParquetEncoder {
    /// Creates a Parquet file, once its first row group is encoded. It is named after the storage.
    pub(crate) async fn answer(
        &self,
        export: Export,
        storage: &str,
        slot: ExportSlot,
    ) -> CoreResult<ExportAnswer> {
        let writer = Writer::new(export.columns()).map_err(CoreError::internal)?;
        let rest = Some(Rest { export, writer });
        let mut file =
            File { encoder: self.clone(), rest, encoded: Bytes::new(), memory: ReadLease::default() };
        file.encode_group().await?;
        Ok(ExportAnswer::new(storage, RowFormat::Parquet, file, slot))
    }
}

impl FilePieces for File {
    async fn next(&mut self) -> CoreResult<Option<Vec<u8>>> {
        while self.encoded.is_empty() {
            self.memory = ReadLease::default();
            if self.rest.is_none() {
                return Ok(None);
            }
            self.encode_group().await?;
        }
        Ok(Some(self.encoded.split_to(PIECE_BYTES.min(self.encoded.len())).to_vec()))
    }
}

impl File {
    /// Encodes the next row group, or the end of the file. A client that stops reading meanwhile does not delay it.
    async fn encode_group(&mut self) -> CoreResult<()> {
        let Some(rest) = self.rest.take() else { return Ok(()) };
        let mut task = Task(tokio::spawn(encode_group(self.encoder.clone(), rest)));
        (self.encoded, self.memory, self.rest) = (&mut task.0).await.map_err(CoreError::internal)??;
        Ok(())
    }
}

/// Returns the next encoded bytes, their memory, and what comes after them.
async fn encode_group(encoder: ParquetEncoder, rest: Rest) -> CoreResult<(Bytes, ReadLease, Option<Rest>)> {
    let Rest { mut export, mut writer } = rest;
    loop {
        let permit = encoder.0.clone().acquire_owned().await.map_err(CoreError::internal)?;
        let (mut group, mut size, mut is_last) = (Vec::new(), 0, false);
        let until = Instant::now() + ROW_GROUP_TIME;
        while size < ROW_GROUP_BYTES && !is_last && Instant::now() < until {
            match export.step().await? {
                Some(page) if page.is_empty() => {}
                Some(page) => {
                    size += page.size();
                    group.push(page);
                }
                None => is_last = true,
            }
        }
        if group.is_empty() && !is_last {
            continue;
        }
        let encoding = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            if !group.is_empty() {
                writer.write(&group)?;
            }
            let mut encoded = if is_last { writer.finish()? } else { writer.take()? };
            encoded.shrink_to_fit();
            let mut memory = ReadLease::default();
            group.into_iter().map(RowPage::into_memory).for_each(|lease| memory.merge(lease));
            memory.shrink_to(encoded.len());
            Ok::<_, ParquetError>((writer, encoded, memory))
        });
        let (writer, encoded, memory) =
            encoding.await.map_err(CoreError::internal)?.map_err(CoreError::internal)?;
        return Ok((encoded.into(), memory, (!is_last).then_some(Rest { export, writer })));
    }
}

/// Writes row groups.
struct Writer {
    file: SerializedFileWriter<Vec<u8>>,
}

impl Writer {
    fn new(columns: &[(String, Kind)]) -> ParquetResult<Self> {
        let fields: ParquetResult<Vec<TypePtr>> =
            columns.iter().map(|(name, kind)| column_type(name, kind).map(Arc::new)).collect();
        let schema = Type::group_type_builder("rows").with_fields(fields?).build()?;
        let properties = WriterProperties::builder()
            .set_created_by(concat!("datadump ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_page_size_limit(MAX_DICTIONARY_BYTES)
            // The index of pages would be kept until the end of the file.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true);
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()))?;
        Ok(Self { file })
    }

    /// Writes the rows of these pages as a row group.
    fn write(&mut self, pages: &[RowPage]) -> ParquetResult<()> {
        let mut group = self.file.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            for page in pages {
                write_column(column.untyped(), page, place)?;
            }
            column.close()?;
            place += 1;
        }
        group.close().map(drop)
    }

    /// Takes what was written.
    fn take(&mut self) -> ParquetResult<Vec<u8>> {
        self.file.flush()?;
        Ok(mem::take(self.file.inner_mut()))
    }

    /// Takes what was written, and the end of the file.
    fn finish(&mut self) -> ParquetResult<Vec<u8>> {
        self.file.finish()?;
        self.take()
    }
}

/// Returns the type of a column. Fields may be null, whatever their definition: rows may be older than it.
fn column_type(name: &str, kind: &Kind) -> ParquetResult<Type> {
    let micros = TimeUnit::MICROS;
    let (physical, logical) = match kind {
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Integer => (Physical::INT32, Some(LogicalType::integer(32, true))),
        Kind::Long => (Physical::INT64, Some(LogicalType::integer(64, true))),
        Kind::Float => (Physical::DOUBLE, None),
        Kind::Decimal { precision, scale } => {
            let (scale, precision) = (signed(*scale), signed(*precision));
            let decimal = Some(LogicalType::decimal(scale, precision));
            return Type::primitive_type_builder(name, Physical::INT64)
                .with_repetition(Repetition::OPTIONAL)
                .with_precision(precision)
                .with_scale(scale)
                .with_logical_type(decimal)
                .build();
        }
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Time => (Physical::INT64, Some(LogicalType::time(false, micros))),
        Kind::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(true, micros))),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Binary { .. } => (Physical::BYTE_ARRAY, None),
        Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } | Kind::Uuid | Kind::Id => {
            (Physical::BYTE_ARRAY, Some(LogicalType::String))
        }
    };
    let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    column.with_logical_type(logical).build()
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Writes a column of a page.
fn write_column(column: &mut ColumnWriter<'_>, page: &RowPage, place: usize) -> ParquetResult<()> {
    let levels: Vec<i16> = page.values(place).map(|value| i16::from(!value.is_null())).collect();
    let levels = Some(levels.as_slice());
    match column {
        ColumnWriter::BoolColumnWriter(column) => {
            let values = collect(page, place, |value| match value {
                Value::Boolean(value) => Some(*value),
                _ => None,
            });
            column.write_batch(&values, levels, None)
        }
        ColumnWriter::Int32ColumnWriter(column) => {
            let values = collect(page, place, |value| match value {
                Value::Integer(number) => i32::try_from(*number).ok(),
                Value::Date(days) => Some(*days),
                _ => None,
            });
            column.write_batch(&values, levels, None)
        }
        ColumnWriter::Int64ColumnWriter(column) => {
            let values = collect(page, place, |value| match value {
                Value::Integer(number) | Value::Decimal(number) | Value::Time(number) => Some(*number),
                Value::Timestamp(moment) => Some(moment.micros()),
                _ => None,
            });
            column.write_batch(&values, levels, None)
        }
        ColumnWriter::DoubleColumnWriter(column) => {
            let values = collect(page, place, |value| match value {
                Value::Float(number) => Some(*number),
                _ => None,
            });
            column.write_batch(&values, levels, None)
        }
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let values = collect(page, place, |value| match value {
                Value::Text(text) | Value::Json(text) => Some(ByteArray::from(text.as_str())),
                Value::Binary(bytes) => Some(ByteArray::from(bytes.clone())),
                Value::Uuid(uuid) => Some(ByteArray::from(uuid.to_string().into_bytes())),
                _ => None,
            });
            column.write_batch(&values, levels, None)
        }
        _ => return Err(ParquetError::General("a column without a type".into())),
    }?;
    Ok(())
}

/// Returns the values that are not null. A value of another type than its column would be missing, which
/// `write_batch` reports.
fn collect<T>(page: &RowPage, place: usize, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    page.values(place).filter_map(|value| of(&value)).collect()
}
