//! A throw of any length: cut into chunks at ends of lines, each committed before the next is read.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use super::{
    Incoming,
    keep::Kept,
    resume::{Chunk, Position, Repeated},
};
use crate::{
    dump::{Dump, capture::sources::Source},
    error::{Error, Fault, Place, Result},
    process::{
        self, Splitting,
        decompress::{Decompressor, Encoding},
    },
    receipt::Receipt,
    record::Origin,
    throw::{SourceName, Throw},
};

/// About how many bytes one chunk has: as records, rows and what became of them it is many times that
/// for a moment.
const CHUNK: usize = 256 << 10;

/// How many bytes are looked at to recognise the format.
const SAMPLE: usize = 64 << 10;

/// The longest line.
const LONGEST: usize = 16 << 20;

/// A throw of any length, in a format that can be cut: committed chunk by chunk.
#[derive(Debug)]
pub struct Stream {
    dump: Dump,
    throw: Throw,
    settled: Option<Settled>,
    compressed: Compressed,
    waiting: BytesMut,
    receipt: Receipt,
    records: usize,
    lines: usize,
    /// What is known of it from an earlier attempt; only for one that is to be stored once.
    repeated: Option<Repeated>,
}

/// Whether the bytes are compressed: their first ones say it.
#[derive(Debug)]
enum Compressed {
    Unknown,
    No,
    /// Behind a lock that nobody ever waits for: what reads them is not made to be shared.
    Yes(Mutex<Decompressor>),
}

/// What is settled once the beginning was looked at.
#[derive(Debug)]
struct Settled {
    source: Arc<Source>,
    format: String,
    header: Option<Bytes>,
}

impl Dump {
    /// Begins a throw of any length. Its body follows in [`Stream::push`].
    pub async fn throw_stream(&self, source: &SourceName, incoming: Incoming) -> Result<Stream> {
        if incoming.strict {
            let detail = "a stream is committed by chunks: it cannot be stored whole or not at all";
            let at = Place::Parameter("strict".into());
            return Err(Error::Settings(vec![Fault::new(at, "not-applicable", detail)]));
        }
        if let Some(format) = incoming.format.as_deref().filter(|format| self.cuts(format) == Splitting::None)
        {
            return Err(not_cut(format));
        }
        let first = incoming.body.clone();
        let mut incoming = Incoming { body: Bytes::new(), ..incoming };
        let repeated = match incoming.once.take() {
            Some(once) => Some(Box::pin(self.repeated(once, source, &mut incoming)).await?),
            None => None,
        };
        let throw = self.begin(source, incoming);
        let receipt = Receipt::new(throw.id, throw.source.clone(), throw.format.clone().unwrap_or_default());
        let (waiting, compressed, dump) = (BytesMut::new(), Compressed::Unknown, self.clone());
        let mut stream = Stream {
            dump,
            throw,
            settled: None,
            compressed,
            waiting,
            receipt,
            records: 0,
            lines: 0,
            repeated,
        };
        stream.take(&first).await?;
        Ok(stream)
    }

    fn cuts(&self, format: &str) -> Splitting {
        self.capture.registry.get(format).map_or(Splitting::None, |processor| processor.splitting())
    }
}

impl Stream {
    /// Takes the next bytes, decompressed; commits when a chunk is complete. An error ends the
    /// stream: what was committed before is in [`Stream::receipt`].
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
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
        unlocked(decompressor).push(bytes)?;
        self.inflate().await
    }

    /// Takes what can be made of the compressed bytes that have come.
    async fn inflate(&mut self) -> Result<()> {
        while let Compressed::Yes(decompressor) = &mut self.compressed {
            let Some(piece) = unlocked(decompressor).next_chunk()? else { return Ok(()) };
            if self.repeated.is_none() {
                self.waiting.extend_from_slice(piece);
            } else {
                let piece = Bytes::copy_from_slice(piece);
                self.take(&piece).await?;
            }
            self.commit_chunks().await?;
        }
        Ok(())
    }

    /// Takes plain bytes, but for those that were stored before.
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(repeated) = &mut self.repeated else {
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        };
        let (new, resumed) = repeated.pass(bytes)?;
        self.waiting.extend_from_slice(new);
        if let Some(Position { format, header, records, lines, receipt }) = resumed {
            let source = self.dump.source_of(&self.throw.source, &format).await?;
            self.settled = Some(Settled { source, format, header });
            (self.records, self.lines, self.receipt) = (records, lines, receipt);
        }
        Ok(())
    }

    async fn commit_chunks(&mut self) -> Result<()> {
        while self.waiting.len() >= CHUNK {
            let Some(end) = self.end_of_lines() else {
                if self.waiting.len() > LONGEST {
                    let detail = format!("a line is longer than {LONGEST} bytes: no chunk ends");
                    return Err(Error::Settings(vec![Fault::new(Place::body(), "line-too-long", detail)]));
                }
                return Ok(());
            };
            let chunk = self.waiting.split_to(end + 1).freeze();
            self.commit(chunk, Chunk::Inner).await?;
        }
        Ok(())
    }

    /// The last end of a line; under a header that is one outside of quotes.
    fn end_of_lines(&self) -> Option<usize> {
        let quoted = self.settled.as_ref().is_none_or(|settled| settled.header.is_some());
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
        // A quote that never ends is no quote.
        last.or_else(|| memchr::memrchr(b'\n', &self.waiting))
    }

    /// What is committed so far.
    pub fn receipt(&self) -> Receipt {
        self.receipt.clone()
    }

    /// Commits what is left.
    pub async fn finish(mut self) -> Result<Receipt> {
        if let Compressed::Yes(decompressor) = &mut self.compressed {
            unlocked(decompressor).finish();
            self.inflate().await?;
        }
        let rest = self.waiting.split().freeze();
        if let Some(repeated) = &mut self.repeated
            && let Some(receipt) = repeated.ended()?
        {
            return Ok(receipt);
        }
        if !rest.is_empty() || self.settled.is_none() {
            self.commit(rest, Chunk::Last).await?;
        } else if let (Some(repeated), Some(settled)) = (&mut self.repeated, &self.settled) {
            let position = settled.position(self.records, self.lines, &self.receipt);
            repeated.end(&self.dump, position).await?;
        }
        Ok(self.receipt)
    }

    async fn commit(&mut self, chunk: Bytes, place: Chunk) -> Result<()> {
        if self.settled.is_none() {
            self.settled = Some(self.settle(&chunk).await?);
        }
        let Some(settled) = &self.settled else { return Ok(()) };
        let first = self.lines == 0;
        let plain = chunk.clone();
        let (body, header_lines) = match settled.header.as_ref().filter(|_| !first) {
            None => (chunk, 0),
            Some(header) => {
                let mut whole = BytesMut::with_capacity(header.len() + chunk.len());
                whole.extend_from_slice(header);
                whole.extend_from_slice(&chunk);
                (whole.freeze(), 1)
            }
        };
        let lines = memchr::memchr_iter(b'\n', &body).count() - header_lines;
        let throw = Arc::new(Throw { body, format: Some(settled.format.clone()), ..self.throw.clone() });
        let mut reading = self.dump.read(&throw, None).await?;
        let before = self.records;
        if let Ok(output) = &mut reading.output {
            let shift = |origin: &mut Origin| {
                origin.index += before;
                origin.line = origin.line.map(|line| line + self.lines - header_lines);
            };
            output.records.iter_mut().for_each(|record| shift(&mut record.origin));
            output.rejected.iter_mut().for_each(|rejected| shift(&mut rejected.origin));
            self.records += output.records.len() + output.rejected.len();
        }
        self.receipt.format.clone_from(&settled.format);
        let (noting, storing) = match &self.repeated {
            None => (None, None),
            Some(repeated) => {
                let position = settled.position(self.records, self.lines + lines, &self.receipt);
                let (noting, storing) = repeated.noting(&plain, position, place);
                (Some(noting), Some(storing))
            }
        };
        let kept = self.dump.keep_reading(throw, &settled.source, reading, false, noting).await?;
        // Another attempt has gone on meanwhile, on another node.
        let Kept::Now(receipt, version) = kept else { return Err(Error::StillRunning) };
        if let (Some(repeated), Some(storing)) = (&mut self.repeated, storing) {
            repeated.stored(storing, version);
        }
        settled.source.count(&receipt);
        self.lines += lines;
        self.receipt.add(receipt);
        Ok(())
    }

    /// The format, by the first chunk, and its header.
    async fn settle(&self, chunk: &Bytes) -> Result<Settled> {
        let known = self.dump.capture.sources.find(self.throw.source.as_str());
        let set = known.and_then(|source| source.settings.format.clone());
        let format = match self.throw.format.clone().or(set) {
            Some(format) => format,
            None => {
                let end = chunk.get(..SAMPLE).and_then(|sample| memchr::memrchr(b'\n', sample));
                let sample = chunk.slice(..end.map_or(chunk.len(), |end| end + 1));
                let found = process::detect(&sample, self.throw.content_type.as_deref(), false).format;
                // One line of NDJSON is JSON too; an array is not, however many lines it has.
                let array = sample.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
                match found {
                    "json" | "ndjson" if array => return Err(not_cut("json")),
                    "json" => "ndjson".to_owned(),
                    found => found.to_owned(),
                }
            }
        };
        let cuts = self.dump.cuts(&format);
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
        let source = self.dump.source_of(&self.throw.source, &format).await?;
        Ok(Settled { source, format, header })
    }
}

impl Settled {
    fn position(&self, records: usize, lines: usize, receipt: &Receipt) -> Position {
        let (format, header, receipt) = (self.format.clone(), self.header.clone(), receipt.clone());
        Position { format, header, records, lines, receipt }
    }
}

fn unlocked(decompressor: &mut Mutex<Decompressor>) -> &mut Decompressor {
    decompressor.get_mut().unwrap_or_else(PoisonError::into_inner)
}

fn not_cut(format: &str) -> Error {
    let detail = format!("{format} cannot be read in parts: only formats that go by lines can be streamed");
    Error::Settings(vec![Fault::new(Place::Parameter("stream".into()), "not-applicable", detail)])
}
