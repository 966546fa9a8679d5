//! Throws of any length: cut into chunks at line ends, each committed before the next is read.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::{
    Incoming, Ingest,
    commit::Committed,
    source_cache::Source,
    stream_resume::{Chunk, ResumableStream, StreamPosition},
};
use crate::{
    error::{Error, Fault, Place, Result},
    memory::MemoryShare,
    process::{
        self, Splitting,
        decompress::{Decompressor, Encoding},
    },
    receipt::Receipt,
    record::Origin,
    throw::{SourceName, Throw},
};

/// Target size of a chunk in bytes. While a chunk is processed, its records, rows and outcomes take many
/// times as much memory.
const CHUNK_BYTES: usize = 256 << 10;

/// Number of bytes used to detect the format.
const SAMPLE_BYTES: usize = 64 << 10;

/// Maximum length of a line in bytes.
const MAX_LINE_BYTES: usize = 16 << 20;

/// A throw of any length in a line-based format, committed chunk by chunk.
#[derive(Debug)]
pub struct Stream {
    ingest: Ingest,
    throw: Throw,
    format: Option<StreamFormat>,
    compressed: Compressed,
    waiting: BytesMut,
    /// The memory of the bytes that wait for the end of their line.
    memory: MemoryShare,
    receipt: Receipt,
    records: usize,
    lines: usize,
    /// Set for a stream with an idempotency key.
    resumable: Option<ResumableStream>,
}

/// Compression of a stream, which its first bytes show.
#[derive(Debug)]
enum Compressed {
    Unknown,
    No,
    /// In a mutex that is never contended, because decompressors are not `Sync`.
    Yes(Mutex<Decompressor>),
}

/// The properties that the first chunk determines.
#[derive(Debug)]
struct StreamFormat {
    source: Arc<Source>,
    name: String,
    header: Option<Bytes>,
}

impl Ingest {
    /// Begins a throw of any length, whose body is passed to [`Stream::push`].
    pub async fn throw_stream(&self, source: &SourceName, incoming: Incoming) -> Result<Stream> {
        if incoming.strict {
            let detail = "a stream is committed in chunks and cannot be all or nothing";
            let at = Place::Parameter("strict".into());
            return Err(Error::Settings(vec![Fault::new(at, "not-applicable", detail)]));
        }
        if let Some(format) =
            incoming.format.as_deref().filter(|format| self.decoder.cuts(format) == Splitting::None)
        {
            return Err(not_cut(format));
        }
        let first = incoming.body.clone();
        let mut incoming = Incoming { body: Bytes::new(), ..incoming };
        let resumable = match incoming.key.take() {
            Some(key) => Some(Box::pin(self.resume(key, source, &mut incoming)).await?),
            None => None,
        };
        let throw = self.receive(source, incoming);
        self.count_bytes(first.len());
        let receipt = Receipt::new(throw.id, throw.source.clone(), throw.format.clone().unwrap_or_default());
        let mut stream = Stream {
            ingest: self.clone(),
            throw,
            format: None,
            compressed: Compressed::Unknown,
            waiting: BytesMut::new(),
            memory: self.memory().share(0),
            receipt,
            records: 0,
            lines: 0,
            resumable,
        };
        stream.take(&first).await?;
        Ok(stream)
    }
}

impl Stream {
    /// Takes the next bytes and commits each chunk that is complete. An error ends the stream; what was
    /// committed before is in [`Stream::receipt`].
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        self.ingest.count_bytes(bytes.len());
        if matches!(self.compressed, Compressed::Unknown) && !bytes.is_empty() {
            self.compressed = match Encoding::by_magic(&bytes) {
                Some(encoding) => Compressed::Yes(Mutex::new(Decompressor::new(&[encoding], None)?)),
                None => Compressed::No,
            };
        }
        let Compressed::Yes(decompressor) = &mut self.compressed else {
            self.take(&bytes).await?;
            return self.commit_chunks().await;
        };
        decompressor.get_mut().push(bytes)?;
        self.inflate().await
    }

    /// Decompresses the bytes that have arrived.
    async fn inflate(&mut self) -> Result<()> {
        while let Compressed::Yes(decompressor) = &mut self.compressed {
            let Some(piece) = decompressor.get_mut().next_chunk()? else { return Ok(()) };
            if self.resumable.is_none() {
                self.waiting.extend_from_slice(piece);
            } else {
                let piece = Bytes::copy_from_slice(piece);
                self.take(&piece).await?;
            }
            self.commit_chunks().await?;
        }
        Ok(())
    }

    /// Takes decompressed bytes, except those that an earlier attempt has stored.
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(resumable) = &mut self.resumable else {
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        };
        let (new, resumed) = resumable.skip_stored(bytes)?;
        self.waiting.extend_from_slice(new);
        if let Some(StreamPosition { format, header, records, lines, receipt }) = resumed {
            let source = self.ingest.sources.get_or_create(&self.throw.source, &format).await?;
            self.format = Some(StreamFormat { source, name: format, header });
            (self.records, self.lines, self.receipt) = (records, lines, receipt);
        }
        Ok(())
    }

    async fn commit_chunks(&mut self) -> Result<()> {
        while self.waiting.len() >= CHUNK_BYTES {
            let Some(end) = self.end_of_lines() else {
                if self.waiting.len() > MAX_LINE_BYTES {
                    let detail = format!("a line is longer than {MAX_LINE_BYTES} bytes");
                    return Err(Error::Settings(vec![Fault::new(Place::body(), "line-too-long", detail)]));
                }
                // The buffer may be moved while it grows.
                let needed = 3 * self.waiting.capacity();
                let missing = needed.saturating_sub(self.memory.used());
                self.memory.grow(missing).map_err(|_| Error::Overloaded)?;
                return Ok(());
            };
            self.memory.shrink(usize::MAX);
            let chunk = self.waiting.split_to(end + 1).freeze();
            self.commit(chunk, Chunk::Inner).await?;
        }
        Ok(())
    }

    /// Returns the position of the last line end. In a format with a header, line ends inside quotes do not
    /// count.
    fn end_of_lines(&self) -> Option<usize> {
        let quoted = self.format.as_ref().is_none_or(|format| format.header.is_some());
        if !quoted || memchr::memchr(b'"', &self.waiting).is_none() {
            return memchr::memrchr(b'\n', &self.waiting);
        }
        let (mut outside, mut last) = (true, None);
        for place in memchr::memchr2_iter(b'"', b'\n', &self.waiting) {
            match self.waiting.get(place) {
                Some(b'"') => outside = !outside,
                _ if outside => last = Some(place),
                _ => {}
            }
        }
        // A quote that is never closed is an ordinary character.
        last.or_else(|| memchr::memrchr(b'\n', &self.waiting))
    }

    /// Returns the receipt for everything committed so far.
    pub fn receipt(&self) -> Receipt {
        self.receipt.clone()
    }

    /// Commits the rest.
    pub async fn finish(mut self) -> Result<Receipt> {
        if let Compressed::Yes(decompressor) = &mut self.compressed {
            decompressor.get_mut().finish();
            self.inflate().await?;
        }
        let rest = self.waiting.split().freeze();
        if let Some(resumable) = &mut self.resumable
            && let Some(receipt) = resumable.finish()?
        {
            return Ok(receipt);
        }
        if !rest.is_empty() || self.format.is_none() {
            self.commit(rest, Chunk::Last).await?;
        } else if let (Some(resumable), Some(format)) = (&mut self.resumable, &self.format) {
            let position = format.position(self.records, self.lines, &self.receipt);
            resumable.end(&self.ingest.context, position).await?;
        }
        Ok(self.receipt)
    }

    async fn commit(&mut self, chunk: Bytes, place: Chunk) -> Result<()> {
        if self.format.is_none() {
            self.format = Some(self.detect_format(&chunk).await?);
        }
        let Some(format) = &self.format else { return Ok(()) };
        let first = self.lines == 0;
        let plain = chunk.clone();
        let (body, header_lines) = match format.header.as_ref().filter(|_| !first) {
            None => (chunk, 0),
            Some(header) => {
                let mut whole = BytesMut::with_capacity(header.len() + chunk.len());
                whole.extend_from_slice(header);
                whole.extend_from_slice(&chunk);
                (whole.freeze(), 1)
            }
        };
        let lines = memchr::memchr_iter(b'\n', &body).count() - header_lines;
        let throw = Arc::new(Throw { body, format: Some(format.name.clone()), ..self.throw.clone() });
        let mut decoded = self.ingest.decoder.decode(&throw, None).await?;
        let before = self.records;
        if let Ok(output) = &mut decoded.output {
            let shift = |origin: &mut Origin| {
                origin.index += before;
                origin.line = origin.line.map(|line| line + self.lines - header_lines);
            };
            output.changes.shift(before);
            output.records.update(|record| shift(&mut record.origin));
            output.rejected.iter_mut().for_each(|rejected| shift(&mut rejected.origin));
            self.records += output.records.len() + output.rejected.len();
        }
        self.receipt.format.clone_from(&format.name);
        let (record, prefix) = match &self.resumable {
            None => (None, None),
            Some(resumable) => {
                let position = format.position(self.records, self.lines + lines, &self.receipt);
                let (record, prefix) = resumable.record(&plain, position, place);
                (Some(record), Some(prefix))
            }
        };
        let committed = self.ingest.commit_decoded(throw, &format.source, decoded, false, record).await?;
        // Another node has continued the stream in the meantime.
        let Committed::New(receipt, version) = committed else { return Err(Error::StillRunning) };
        if let (Some(resumable), Some(prefix)) = (&mut self.resumable, prefix) {
            resumable.advance(prefix, version);
        }
        self.ingest.count(Some(&format.source), u64::from(first), &receipt);
        self.lines += lines;
        self.receipt.add(receipt);
        Ok(())
    }

    /// Detects the format from the first chunk, and reads the header.
    async fn detect_format(&self, chunk: &Bytes) -> Result<StreamFormat> {
        let known = self.ingest.sources.find(self.throw.source.as_str());
        let set = known.and_then(|source| source.settings.format.clone());
        let format = match self.throw.format.clone().or(set) {
            Some(format) => format,
            None => {
                let end = chunk.get(..SAMPLE_BYTES).and_then(|sample| memchr::memrchr(b'\n', sample));
                let sample = chunk.slice(..end.map_or(chunk.len(), |end| end + 1));
                let found = process::detect(&sample, self.throw.content_type.as_deref(), false).format;
                // A single line of NDJSON is JSON as well; an array is not NDJSON, however many lines it has.
                let array = sample.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
                match found {
                    "json" | "ndjson" if array => return Err(not_cut("json")),
                    "json" => "ndjson".to_owned(),
                    found => found.to_owned(),
                }
            }
        };
        let cuts = self.ingest.decoder.cuts(&format);
        if cuts == Splitting::None {
            return Err(not_cut(&format));
        }
        let header = match cuts {
            Splitting::LinesWithHeader => {
                let end = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |end| end + 1);
                Some(chunk.slice(..end))
            }
            _ => None,
        };
        let source = self.ingest.sources.get_or_create(&self.throw.source, &format).await?;
        Ok(StreamFormat { source, name: format, header })
    }
}

impl StreamFormat {
    fn position(&self, records: usize, lines: usize, receipt: &Receipt) -> StreamPosition {
        let (format, header, receipt) = (self.name.clone(), self.header.clone(), receipt.clone());
        StreamPosition { format, header, records, lines, receipt }
    }
}

fn not_cut(format: &str) -> Error {
    let detail = format!("format {format} cannot be streamed: only line-based formats can");
    Error::Settings(vec![Fault::new(Place::Parameter("stream".into()), "not-applicable", detail)])
}
