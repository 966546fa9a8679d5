//! Reads a file chunk by chunk: detects its format, decodes its records, and numbers them and their lines.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem;

use super::format::{Format, LineCounter, Prepared, units};

use crate::{
    error::{Error, Fault, Place, Result},
    ingest::{
        Ingest,
        chunks::{ChunkError, Chunks, renumber, sample},
        decode::DecodedThrow,
        imported::{Cells, column_name},
    },
    memory::MemoryShare,
    process::{self, EmptyTexts, Malformed, Output, Splitter, TableHeader, Units},
    record::Rejection,
    schema::StorageName,
    throw::Throw,
};

/// Formats of imports.
pub(super) const FORMATS: [&str; 4] = ["csv", "tsv", "ndjson", "json"];

/// Maximum length of the header of a table. It is recorded with every chunk.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Reads a file.
#[derive(Debug)]
pub(super) struct Reader {
    ingest: Ingest,
    storage: StorageName,
    /// The import as a throw, without a body.
    throw: Throw,
    /// True if apostrophes before formulas belong to the text.
    is_raw: bool,
    chunks: Chunks,
    format: Option<Format>,
    /// Number of records and lines that were read.
    pub(super) records: usize,
    pub(super) lines: usize,
    is_start: bool,
    has_ended: bool,
    /// The error after the last chunk.
    malformed: Option<Malformed>,
    /// The names of all columns, in order, if they are wanted.
    pub(super) columns: Option<Vec<String>>,
}

/// A chunk of a file.
#[derive(Debug)]
pub(super) struct ReadChunk {
    /// Its bytes in the file.
    pub(super) bytes: Bytes,
    pub(super) throw: Arc<Throw>,
    pub(super) decoded: DecodedThrow,
    /// The memory of its bytes and of the copy that the processor was given.
    pub(super) memory: MemoryShare,
}

/// The error that ends a file early.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is not valid in its format.
    Malformed { line: usize, code: &'static str, detail: String },
    /// Any other error.
    Other(Error),
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Reader {
    /// Creates the reader of a file.
    pub(super) fn new(ingest: Ingest, storage: StorageName, throw: Throw, is_raw: bool) -> Self {
        Self {
            chunks: Chunks::new(ingest.memory().share(0)),
            ingest,
            storage,
            throw,
            is_raw,
            format: None,
            records: 0,
            lines: 0,
            is_start: true,
            has_ended: false,
            malformed: None,
            columns: None,
        }
    }

    /// Continues after a part that has been read before.
    pub(super) fn resume(&mut self, name: String, header: Option<TableHeader>, records: usize, lines: usize) {
        let units = units(&name, header.as_ref());
        let (because, splitter) = ("it was at the beginning", Splitter::new(units, false));
        self.format = Some(Format { name, header, because, units, splitter });
        (self.records, self.lines, self.is_start) = (records, lines, false);
    }

    /// Adds decompressed bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.chunks.extend(bytes);
    }

    /// Marks the end of the file.
    pub(super) fn finish(&mut self) {
        self.has_ended = true;
    }

    /// Returns the format, once it is known.
    pub(super) fn format(&self) -> Option<&Format> {
        self.format.as_ref()
    }

    /// Reads the next chunk. Returns `None` if more bytes are needed, or at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<ReadChunk>, ReadError> {
        if let Some(malformed) = self.malformed.take() {
            return Err(self.malformed(malformed));
        }
        if !self.has_ended && !self.chunks.is_full() {
            return Ok(None);
        }
        if self.format.is_none() {
            self.format = self.detect()?;
        }
        let Some(format) = &mut self.format else {
            return if self.has_ended { Ok(None) } else { self.wait() };
        };
        let waiting = self.chunks.waiting();
        let scanned = match (format.splitter.scan(waiting), self.has_ended) {
            (Ok(_), true) => format.splitter.check_end(waiting).map(|()| waiting.len()),
            (scanned, _) => scanned,
        };
        let end = match scanned {
            Ok(0) if self.has_ended => return Ok(None),
            Ok(0) => return self.wait(),
            Ok(end) => end,
            Err(malformed) => {
                // What is complete before is stored.
                let complete = format.splitter.complete();
                let malformed = Malformed { at: malformed.at.saturating_sub(complete), ..malformed };
                if complete == 0 {
                    return Err(self.malformed(malformed));
                }
                self.malformed = Some(malformed);
                complete
            }
        };
        let is_last = self.has_ended && end == self.chunks.waiting().len();
        let chunk = self.chunks.take_front(&mut format.splitter, end);
        self.read(chunk, is_last).await.map(Some)
    }

    fn wait(&mut self) -> Result<Option<ReadChunk>, ReadError> {
        match self.chunks.wait() {
            Ok(()) => Ok(None),
            Err(ChunkError::Malformed(malformed)) => Err(self.malformed(malformed)),
            Err(error @ ChunkError::Overloaded) => Err(Error::from(error).into()),
        }
    }

    async fn read(&mut self, chunk: Bytes, is_last: bool) -> Result<ReadChunk, ReadError> {
        let Some(format) = &self.format else {
            return Err(Error::internal("a chunk without a format").into());
        };
        let mut memory = self.ingest.memory().share(0);
        memory.grow(2 * chunk.len()).map_err(|_| Error::Overloaded)?;
        let Prepared { body, start, added } = format.body(&chunk, self.is_start, is_last);
        // A line that the processor was not given comes before those of the body.
        let skipped = memchr::memchr_iter(b'\n', chunk.get(..start).unwrap_or_default()).count();
        let lines = self.lines;
        let throw = Arc::new(Throw { body, format: Some(format.name.clone()), ..self.throw.clone() });
        let mut decoded = self.ingest.decoder.decode_part(&throw).await?;
        let output = match &mut decoded.output {
            Ok(output) => output,
            Err(failure) => {
                let (code, detail) = (failure.code, failure.detail.clone());
                return Err(ReadError::Malformed { line: lines + 1, code, detail });
            }
        };
        match format.units {
            Units::Items => {
                // The first byte of the body stands for the bytes of the chunk up to `start`.
                let mut counter = LineCounter::new(&chunk, start);
                output.records.update(|record| counter.number(&mut record.origin));
                let mut counter = LineCounter::new(&chunk, start);
                output.rejected.iter_mut().for_each(|rejected| counter.number(&mut rejected.origin));
                self.records += renumber(output, self.records, |line| lines + line);
            }
            _ => {
                let line = |line: usize| (lines + skipped + line).saturating_sub(added);
                self.records += renumber(output, self.records, line);
            }
        }
        // A file that begins like this is in another format.
        if let Some(Rejection { origin, failure }) = output.rejected.first()
            && self.is_start
            && output.records.is_empty()
        {
            let (code, detail) = (failure.code, failure.detail.clone());
            return Err(ReadError::Malformed { line: origin.line.unwrap_or(1), code, detail });
        }
        let cells = match (format.header.is_some(), self.is_raw) {
            (false, _) => Cells::Typed,
            (true, true) => Cells::Raw,
            (true, false) => Cells::Escaped,
        };
        if let Some(columns) = &mut self.columns {
            note_columns(columns, output, cells);
        }
        let mut empty = Vec::new();
        if let Some(header) = &format.header
            && memmem::find(&throw.body, b"\"\"").is_some()
        {
            memory.grow(6 * throw.body.len()).map_err(|_| Error::Overloaded)?;
            let table = throw.body.get(header.declaration..).unwrap_or_default();
            let found = EmptyTexts::find(table, header.delimiter());
            let header_rows = usize::from(header.has_row());
            // Otherwise lines end in an unusual way.
            if found.rows == output.records.len() + header_rows {
                let rows = found.cells.into_iter();
                empty =
                    rows.filter_map(|(row, column)| Some((row.checked_sub(header_rows)?, column))).collect();
            }
        }
        self.ingest.prepare_imported(&self.storage, output, cells, &empty);
        self.lines += memchr::memchr_iter(b'\n', &chunk).count();
        self.is_start = false;
        Ok(ReadChunk { bytes: chunk, throw, decoded, memory })
    }

    /// Detects the format, once there is enough of the file.
    fn detect(&self) -> Result<Option<Format>> {
        let waiting = self.chunks.waiting();
        let text = waiting.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(waiting);
        let Some(first) = text.iter().find(|byte| !byte.is_ascii_whitespace()) else { return Ok(None) };
        if waiting.starts_with(b"\xFF\xFE") || waiting.starts_with(b"\xFE\xFF") {
            let detail = "the file is in UTF-16, which cannot be imported: convert it to UTF-8";
            return Err(Error::Settings(vec![Fault::new(Place::body(), "encoding", detail)]));
        }
        let content_type = self.throw.content_type.as_deref();
        let detected = |content_type| match process::detect(&sample(waiting), content_type, false).format {
            // A single line of NDJSON is JSON as well.
            "json" if *first != b'[' && !self.has_ended => "ndjson".to_owned(),
            "ndjson" if *first == b'[' => "json".to_owned(),
            found => found.to_owned(),
        };
        let (name, because) = match &self.throw.format {
            Some(name) => (name.clone(), "of the parameter `format`"),
            None => match detected(content_type) {
                name if content_type.is_none() || detected(None) == name => (name, "of the first bytes"),
                name => (name, "of the content type"),
            },
        };
        if !FORMATS.contains(&name.as_str()) {
            let detail = format!(
                "the body looks like {name}, which cannot be imported; if it is not, name its format"
            );
            return Err(unknown_format(&detail));
        }
        let header = match name.as_str() {
            "csv" | "tsv" => {
                let header = match TableHeader::read(&name, waiting, content_type) {
                    // A header without rows.
                    None if self.has_ended => {
                        TableHeader::read(&name, &[waiting, b"\n"].concat(), content_type)
                    }
                    header => header,
                };
                if header.as_ref().map_or(waiting.len(), |header| header.bytes.len()) > MAX_HEADER_BYTES {
                    let detail = format!("line 1: the header row is longer than {MAX_HEADER_BYTES} bytes");
                    return Err(Error::Settings(vec![Fault::new(Place::body(), "malformed", detail)]));
                }
                let Some(header) = header else { return Ok(None) };
                Some(header)
            }
            _ => None,
        };
        let units = match (name.as_str(), first) {
            ("json", b'[') => Units::Items,
            ("json", _) => Units::Whole,
            _ => units(&name, header.as_ref()),
        };
        Ok(Some(Format { name, header, because, units, splitter: Splitter::new(units, true) }))
    }

    fn malformed(&self, malformed: Malformed) -> ReadError {
        let before = self.chunks.waiting().get(..malformed.at).unwrap_or_default();
        let line = self.lines + memchr::memchr_iter(b'\n', before).count() + 1;
        ReadError::Malformed { line, code: "malformed", detail: malformed.detail }
    }
}

/// Adds the names of the fields of records, up to a maximum.
fn note_columns(columns: &mut Vec<String>, output: &Output, cells: Cells) {
    const MAX_COLUMNS: usize = 2000;
    let mut last = None;
    for record in output.records.iter() {
        let names = record.fields.names().cloned().unwrap_or_default();
        if last.as_ref().is_some_and(|last| Arc::ptr_eq(last, &names)) {
            continue;
        }
        for name in names.list().iter().map(|name| column_name(name, cells)) {
            if columns.len() < MAX_COLUMNS && !columns.contains(&name) {
                columns.push(name);
            }
        }
        last = Some(names);
    }
}

/// Returns the error about a format that cannot be imported.
pub(super) fn unknown_format(why: &str) -> Error {
    let detail = format!("{why}: `format` is one of {}", FORMATS.join(", "));
    Error::Settings(vec![Fault::new(Place::Parameter("format".into()), "unknown-format", detail)])
}
