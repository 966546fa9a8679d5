//! A throw of any length: cut into chunks at ends of lines, each committed before the next is read.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use super::Incoming;
use crate::{
    dump::{Dump, capture::sources::Source},
    error::{Error, Fault, Place, Result},
    process::{
        self, Cuts,
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
        if let Some(format) = incoming.format.as_deref().filter(|format| self.cuts(format) == Cuts::Never) {
            return Err(not_cut(format));
        }
        let first = incoming.body.clone();
        let throw = self.begin(source, Incoming { body: Bytes::new(), ..incoming });
        let receipt = Receipt::new(throw.id, throw.source.clone(), throw.format.clone().unwrap_or_default());
        let waiting = BytesMut::from(first.as_ref());
        let compressed = Compressed::Unknown;
        let dump = self.clone();
        Ok(Stream { dump, throw, settled: None, compressed, waiting, receipt, records: 0, lines: 0 })
    }

    fn cuts(&self, format: &str) -> Cuts {
        self.capture.registry.get(format).map_or(Cuts::Never, |processor| processor.cuts())
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
            self.waiting.extend_from_slice(&bytes);
            return self.commit_chunks().await;
        };
        unlocked(decompressor).push(bytes)?;
        self.inflate().await
    }

    /// Takes what can be made of the compressed bytes that have come.
    async fn inflate(&mut self) -> Result<()> {
        while let Compressed::Yes(decompressor) = &mut self.compressed {
            let Some(piece) = unlocked(decompressor).piece()? else { return Ok(()) };
            self.waiting.extend_from_slice(piece);
            self.commit_chunks().await?;
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
            self.commit(chunk).await?;
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
        if !rest.is_empty() || self.settled.is_none() {
            self.commit(rest).await?;
        }
        Ok(self.receipt)
    }

    async fn commit(&mut self, chunk: Bytes) -> Result<()> {
        if self.settled.is_none() {
            self.settled = Some(self.settle(&chunk).await?);
        }
        let Some(settled) = &self.settled else { return Ok(()) };
        let first = self.lines == 0;
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
        let receipt = self.dump.keep_reading(throw, &settled.source, reading, false).await?;
        settled.source.count(&receipt);
        self.lines += lines;
        self.receipt.format.clone_from(&settled.format);
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
        if cuts == Cuts::Never {
            return Err(not_cut(&format));
        }
        let header = match cuts {
            Cuts::LinesUnderHeader => {
                let end = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |end| end + 1);
                Some(chunk.slice(..end))
            }
            _ => None,
        };
        let source = self.dump.source_of(&self.throw.source, &format).await?;
        Ok(Settled { source, format, header })
    }
}

fn unlocked(decompressor: &mut Mutex<Decompressor>) -> &mut Decompressor {
    decompressor.get_mut().unwrap_or_else(PoisonError::into_inner)
}

fn not_cut(format: &str) -> Error {
    let detail = format!("{format} cannot be read in parts: only formats that go by lines can be streamed");
    Error::Settings(vec![Fault::new(Place::Parameter("stream".into()), "not-applicable", detail)])
}
