//! Throws of any length: cut into chunks at line ends, each committed before the next is read.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    Incoming, Ingest,
    chunks::{Chunks, PlainBody, renumber, sample},
    commit::{CommitOptions, Committed, NewCommit},
    source_cache::Source,
    stream_resume::{Chunk, ResumableStream, StreamPosition},
};
use crate::{
    error::{Error, Fault, Place, Result},
    process::{self, Splitter, Splitting, Units},
    receipt::Receipt,
    throw::{SourceName, Throw},
};

/// A throw of any length in a line-based format, committed chunk by chunk.
#[derive(Debug)]
pub struct Stream {
    ingest: Ingest,
    throw: Throw,
    format: Option<StreamFormat>,
    body: PlainBody,
    chunks: Chunks,
    receipt: Receipt,
    records: usize,
    lines: usize,
    /// Set for a stream with an idempotency key.
    resumable: Option<ResumableStream>,
}

/// The properties that the first chunk determines.
#[derive(Debug)]
struct StreamFormat {
    source: Arc<Source>,
    name: String,
    header: Option<Bytes>,
    splitter: Splitter,
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
            body: PlainBody::default(),
            chunks: Chunks::new(self.memory().share(0)),
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
        self.body.push(bytes)?;
        self.read_body().await
    }

    /// Takes the decompressed bytes that have arrived.
    async fn read_body(&mut self) -> Result<()> {
        while let Some(bytes) = self.body.take()? {
            self.take(&bytes).await?;
            self.commit_chunks().await?;
        }
        Ok(())
    }

    /// Takes decompressed bytes, except those that an earlier attempt has stored.
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(resumable) = &mut self.resumable else {
            self.chunks.extend(bytes);
            return Ok(());
        };
        let (new, position) = resumable.skip_stored(bytes)?;
        self.chunks.extend(new);
        if let Some(StreamPosition { format, header, records, lines, receipt }) = position {
            let source = self.ingest.sources.get_or_create(&self.throw.source, &format).await?;
            self.format = Some(StreamFormat::new(source, format, header));
            (self.records, self.lines, self.receipt) = (records, lines, receipt);
        }
        Ok(())
    }

    async fn commit_chunks(&mut self) -> Result<()> {
        while self.chunks.is_full() {
            if self.format.is_none() && memchr::memchr(b'\n', self.chunks.waiting()).is_some() {
                self.format = Some(self.detect_format(self.chunks.waiting()).await?);
            }
            let Some(format) = &mut self.format else { return Ok(self.chunks.wait()?) };
            let mut chunk = self.chunks.take(&mut format.splitter)?;
            if chunk.is_none() {
                // A quote that is never closed is an ordinary character.
                format.splitter.ignore_open_quote(self.chunks.waiting());
                chunk = self.chunks.take(&mut format.splitter)?;
            }
            let Some(chunk) = chunk else { return Ok(()) };
            self.commit(chunk, Chunk::Inner).await?;
        }
        Ok(())
    }

    /// Returns the receipt for everything committed so far.
    pub fn receipt(&self) -> Receipt {
        self.receipt.clone()
    }

    /// Commits the rest.
    pub async fn finish(mut self) -> Result<Receipt> {
        self.body.finish();
        self.read_body().await?;
        let rest = self.chunks.take_rest();
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
        if let Ok(output) = &mut decoded.output {
            self.records += renumber(output, self.records, |line| line + self.lines - header_lines);
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
        let options = CommitOptions::of(&format.source);
        let committed = self.ingest.commit_decoded(throw, &format.source, decoded, options, record).await?;
        // Another node has continued the stream in the meantime.
        let Committed::New(commit) = committed else { return Err(Error::StillRunning) };
        let NewCommit { receipt, version, .. } = *commit;
        if let (Some(resumable), Some(prefix)) = (&mut self.resumable, prefix) {
            resumable.advance(prefix, version);
        }
        self.ingest.count(Some(&format.source), u64::from(first), &receipt);
        self.lines += lines;
        self.receipt.add(receipt);
        Ok(())
    }

    /// Detects the format from the first bytes, and reads the header.
    async fn detect_format(&self, start: &[u8]) -> Result<StreamFormat> {
        let known = self.ingest.sources.find(self.throw.source.as_str());
        let set = known.and_then(|source| source.settings.format.clone());
        let format = match self.throw.format.clone().or(set) {
            Some(format) => format,
            None => {
                let sample = sample(start);
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
        let header = match self.ingest.decoder.cuts(&format) {
            Splitting::None => return Err(not_cut(&format)),
            Splitting::Lines => None,
            Splitting::LinesWithHeader => {
                let end = memchr::memchr(b'\n', start).map_or(start.len(), |end| end + 1);
                Some(Bytes::copy_from_slice(start.get(..end).unwrap_or_default()))
            }
        };
        let source = self.ingest.sources.get_or_create(&self.throw.source, &format).await?;
        Ok(StreamFormat::new(source, format, header))
    }
}

impl StreamFormat {
    fn new(source: Arc<Source>, name: String, header: Option<Bytes>) -> Self {
        let units = if header.is_some() { Units::Rows(None) } else { Units::Lines };
        Self { source, name, header, splitter: Splitter::new(units, true) }
    }

    fn position(&self, records: usize, lines: usize, receipt: &Receipt) -> StreamPosition {
        let (format, header, receipt) = (self.name.clone(), self.header.clone(), receipt.clone());
        StreamPosition { format, header, records, lines, receipt }
    }
}

fn not_cut(format: &str) -> Error {
    let detail = format!("format {format} cannot be streamed: only line-based formats can");
    Error::Settings(vec![Fault::new(Place::Parameter("stream".into()), "not-applicable", detail)])
}
