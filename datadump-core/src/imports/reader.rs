//! Reads a file chunk by chunk: detects its format, decodes its records, and numbers them and their lines.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem;

use super::{
    format::{Format, LineCounter, Prepared, units},
    read_error::{FORMATS, ReadError, unknown_format, unreadable},
};

use crate::{
    error::{Error, Fault, Place, Result},
    ingest::{
        Ingest,
        chunks::{ChunkError, Chunks, renumber, sample, whole_rows},
        decode::DecodedThrow,
        imported::{Cells, column_name},
    },
    memory::MemoryShare,
    process::{self, EmptyTexts, FileEncoding, Malformed, Output, Splitter, TableHeader, Units},
    receipt::Remark,
    record::Rejection,
    schema::StorageName,
    throw::Throw,
};

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
    /// The encoding that was declared, or that of the first text that is not ASCII.
    encoding: Option<FileEncoding>,
    /// Number of records and lines that were read.
    pub(super) records: usize,
    pub(super) lines: usize,
    is_start: bool,
    rest: Rest,
    /// The error after the last chunk.
    malformed: Option<Malformed>,
    /// The names of all columns, in order, if they are wanted.
    pub(super) columns: Option<Vec<String>>,
}

/// The bytes that follow those that have been added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Bytes that are yet to arrive.
    Coming,
    /// Bytes of a later part, in another body.
    SentLater,
    /// There are none.
    None,
}

/// A chunk of a file.
#[derive(Debug)]
pub(super) struct ReadChunk {
    /// Its bytes in the file.
    pub(super) bytes: Bytes,
    /// True if the file ends with it.
    pub(super) is_last: bool,
    pub(super) throw: Arc<Throw>,
    pub(super) decoded: DecodedThrow,
    /// A warning if the encoding of the file was guessed from this chunk.
    pub(super) guess: Option<Remark>,
    /// The memory of its bytes and of the copy that the processor was given.
    pub(super) memory: MemoryShare,
}

impl Reader {
    /// Creates the reader of a file.
    pub(super) fn new(ingest: Ingest, storage: StorageName, throw: Throw, is_raw: bool) -> Self {
        Self {
            chunks: Chunks::new(ingest.memory().share(0)),
            encoding: FileEncoding::declared(throw.content_type.as_deref()),
            ingest,
            storage,
            throw,
            is_raw,
            format: None,
            records: 0,
            lines: 0,
            is_start: true,
            rest: Rest::Coming,
            malformed: None,
            columns: None,
        }
    }

    /// Continues after a part that has been read before.
    pub(super) fn resume(
        &mut self,
        name: String,
        header: Option<TableHeader>,
        encoding: Option<FileEncoding>,
        (records, lines): (usize, usize),
    ) {
        let units = units(&name, header.as_ref());
        let (because, splitter) = ("it was at the beginning", Splitter::new(units, false));
        self.format = Some(Format { name, header, because, units, splitter });
        (self.records, self.lines, self.is_start) = (records, lines, false);
        self.encoding = encoding.or(self.encoding);
    }

    /// Adds decompressed bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.chunks.extend(bytes);
    }

    /// Marks the end of the file.
    pub(super) fn finish(&mut self) {
        self.rest = Rest::None;
    }

    /// Marks the end of the body, after which the file goes on. The units that are complete can be read.
    pub(super) fn pause(&mut self) {
        self.rest = Rest::SentLater;
    }

    fn has_ended(&self) -> bool {
        self.rest == Rest::None
    }

    /// Returns the encoding, once it is known.
    pub(super) fn encoding(&self) -> Option<FileEncoding> {
        self.encoding
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
        if self.rest == Rest::Coming && !self.chunks.is_full() {
            return Ok(None);
        }
        if self.format.is_none() {
            self.format = self.detect()?;
        }
        let Some(format) = &mut self.format else {
            return if self.rest == Rest::Coming { self.wait() } else { Ok(None) };
        };
        let has_ended = self.rest == Rest::None;
        let waiting = self.chunks.waiting();
        let scanned = match (format.splitter.scan(waiting), has_ended) {
            (Ok(_), true) => format.splitter.check_end(waiting).map(|()| waiting.len()),
            (scanned, _) => scanned,
        };
        let end = match scanned {
            Ok(0) if self.rest != Rest::Coming => return Ok(None),
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
        let is_last = has_ended && self.malformed.is_none() && end == self.chunks.waiting().len();
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
        let guess = self.learn_encoding(&chunk);
        let Some(format) = &self.format else {
            return Err(Error::internal("a chunk without a format").into());
        };
        let mut memory = self.ingest.memory().share(0);
        let copies = if self.is_converted() { 5 } else { 2 };
        memory.grow(copies * chunk.len()).map_err(|_| Error::Overloaded)?;
        let (bytes, chunk) = (chunk.clone(), self.to_utf8(&chunk)?);
        let Prepared { body, start, added } = format.body(&chunk, self.is_start, is_last);
        // A line that the processor was not given comes before those of the body.
        let skipped = memchr::memchr_iter(b'\n', chunk.get(..start).unwrap_or_default()).count();
        let lines = self.lines;
        let content_type = self.throw.content_type.as_deref().map(process::as_utf8);
        let format_name = Some(format.name.clone());
        let throw = Arc::new(Throw { body, format: format_name, content_type, ..self.throw.clone() });
        let mut decoded = self.ingest.decoder.decode_part(&throw).await?;
        let output = match &mut decoded.output {
            Ok(output) => output,
            Err(failure) => return Err(unreadable(failure, lines + 1)),
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
        Ok(ReadChunk { bytes, is_last, throw, decoded, guess, memory })
    }

    /// Detects the format, once there is enough of the file.
    fn detect(&self) -> Result<Option<Format>> {
        let waiting = self.chunks.waiting();
        let waiting = match self.rest {
            // A part of a row may look like another format.
            Rest::SentLater => whole_rows(waiting),
            Rest::Coming | Rest::None => waiting,
        };
        let text = waiting.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(waiting);
        let Some(first) = text.iter().find(|byte| !byte.is_ascii_whitespace()) else { return Ok(None) };
        let encoding = self.encoding.or_else(|| FileEncoding::detect(waiting));
        if encoding.is_some_and(FileEncoding::is_utf16) {
            let detail = "the file is in UTF-16, which cannot be imported: convert it to UTF-8";
            return Err(Error::Settings(vec![Fault::new(Place::body(), "encoding", detail)]));
        }
        let content_type = self.throw.content_type.as_deref();
        let detected = |content_type| match process::detect(&sample(waiting), content_type, false).format {
            // A single line of NDJSON is JSON as well.
            "json" if *first != b'[' && !self.has_ended() => "ndjson".to_owned(),
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
                    None if self.has_ended() => {
                        TableHeader::read(&name, &[waiting, b"\n"].concat(), content_type)
                    }
                    header => header,
                };
                if header.as_ref().map_or(waiting.len(), |header| header.bytes.len()) > MAX_HEADER_BYTES {
                    let detail = format!("line 1: the header row is longer than {MAX_HEADER_BYTES} bytes");
                    return Err(Error::Settings(vec![Fault::new(Place::body(), "malformed", detail)]));
                }
                let Some(mut header) = header else { return Ok(None) };
                if let Some(encoding) = encoding {
                    // A header that cannot be converted is reported with its chunk.
                    header.bytes = encoding.decode(&header.bytes).unwrap_or(header.bytes);
                }
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

    /// Determines the encoding from the first text that is not ASCII. Returns a warning if that is a guess.
    fn learn_encoding(&mut self, bytes: &[u8]) -> Option<Remark> {
        if self.encoding.is_some() {
            return None;
        }
        self.encoding = FileEncoding::detect(bytes);
        let encoding = self.encoding.filter(|encoding| !encoding.is_utf8())?;
        let detail = format!(
            "the file is not in UTF-8 and was read as {}; if that is wrong, begin a new import with the charset in \
             the content type",
            encoding.name()
        );
        let line = Some(self.lines + 1);
        Some(Remark { line, code: "guessed_encoding".into(), detail, ..Remark::default() })
    }

    fn is_converted(&self) -> bool {
        self.encoding.is_some_and(|encoding| !encoding.is_utf8())
    }

    /// Converts bytes to UTF-8.
    fn to_utf8(&self, bytes: &Bytes) -> Result<Bytes, ReadError> {
        let Some(encoding) = self.encoding else { return Ok(bytes.clone()) };
        encoding.decode(bytes).map_err(|place| {
            let before = bytes.get(..place).unwrap_or_default();
            let line = self.lines + memchr::memchr_iter(b'\n', before).count() + 1;
            let detail = format!(
                "the bytes {:02X?} are not valid in {}: correct the file, or begin a new import with its charset in \
                 the content type",
                bytes.get(place..).unwrap_or_default().iter().take(4).collect::<Vec<_>>(),
                encoding.name()
            );
            ReadError::Malformed { line, code: "encoding", detail }
        })
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
