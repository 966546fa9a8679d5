//! A stream that is stored once: with every chunk is recorded how far it is, so that the next attempt
//! with the same key passes over what is stored, and goes on behind it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Incoming, keep::Noting, once::request};
use crate::{
    dump::{
        Dump,
        once::{Once, Recorded, Slot, recorded},
    },
    error::{Error, Result},
    receipt::Receipt,
    schema::Row,
    store::WriteBatch,
    throw::SourceName,
};

/// What is known of a stream that is stored once.
#[derive(Debug)]
pub(super) struct Repeated {
    slot: Slot,
    /// All plain bytes that are stored, or that were passed over.
    read: Read,
    /// What an earlier attempt has stored, while it is compared with what comes.
    earlier: Option<Earlier>,
    /// The receipt of an earlier attempt that has come to the end.
    answer: Option<Receipt>,
}

/// How much was read, and what it was.
#[derive(Debug, Clone, Default)]
struct Read {
    bytes: u64,
    hash: Sha256,
}

#[derive(Debug)]
struct Earlier {
    progress: Progress,
    /// As much of the header as has come.
    header: BytesMut,
}

/// How far a stream is, as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// Plain bytes that are stored.
    bytes: u64,
    /// Their SHA-256.
    sha256: String,
    /// How many of them are the header of the rest.
    header: Option<usize>,
    records: usize,
    lines: usize,
    receipt: Receipt,
}

/// Where a stream is.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) format: String,
    pub(super) header: Option<Bytes>,
    pub(super) records: usize,
    pub(super) lines: usize,
    /// What has become of it so far.
    pub(super) receipt: Receipt,
}

/// Which chunk of a stream one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// One that others follow.
    Inner,
    /// The last one.
    Last,
}

/// A chunk that is being stored, with all before it.
#[derive(Debug)]
pub(super) struct Storing(Read);

impl Dump {
    /// What is known of a stream from earlier attempts. It goes on under its first id.
    pub(super) async fn repeated(
        &self,
        once: Once,
        source: &SourceName,
        incoming: &mut Incoming,
    ) -> Result<Repeated> {
        let (slot, found) = self.slot(once, request("stream", source, incoming)).await?;
        let mut repeated = Repeated { slot, read: Read::default(), earlier: None, answer: None };
        let Some(record) = found else { return Ok(repeated) };
        let answer: Option<Receipt> =
            record.answer.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        repeated.answer = answer.map(|receipt| Receipt { again: true, ..receipt });
        let progress = record.progress.ok_or(Error::KeyReused)?;
        let progress: Progress = serde_json::from_str(&progress).map_err(Error::internal)?;
        incoming.id = Some(progress.receipt.throw_id);
        if progress.bytes > 0 {
            repeated.earlier = Some(Earlier { progress, header: BytesMut::new() });
        }
        Ok(repeated)
    }
}

impl Repeated {
    /// What of these bytes is new; and where the stream is, when they are the first ones that are.
    pub(super) fn pass<'b>(&mut self, bytes: &'b [u8]) -> Result<(&'b [u8], Option<Position>)> {
        let Some(Earlier { progress, header }) = &mut self.earlier else {
            let is_longer = self.answer.is_some() && !bytes.is_empty();
            return if is_longer { Err(Error::KeyReused) } else { Ok((bytes, None)) };
        };
        let left = usize::try_from(progress.bytes - self.read.bytes).unwrap_or(usize::MAX);
        let (known, new) = bytes.split_at(left.min(bytes.len()));
        let wanted = progress.header.unwrap_or(0).saturating_sub(header.len());
        header.extend_from_slice(known.get(..wanted).unwrap_or(known));
        self.read.take(known);
        if self.read.bytes < progress.bytes {
            return Ok((new, None));
        }
        if self.read.sha256() != progress.sha256 {
            return Err(Error::KeyReused);
        }
        let Some(Earlier { progress, header }) = self.earlier.take() else { return Ok((new, None)) };
        if self.answer.is_some() {
            return if new.is_empty() { Ok((new, None)) } else { Err(Error::KeyReused) };
        }
        let Progress { records, lines, receipt, .. } = progress;
        let header = progress.header.map(|_| header.freeze());
        let position = Position { format: receipt.format.clone(), header, records, lines, receipt };
        Ok((new, Some(position)))
    }

    /// At the end of the stream: its receipt, if it was at its end before.
    pub(super) fn ended(&mut self) -> Result<Option<Receipt>> {
        // It is shorter than what was stored of it.
        if self.earlier.is_some() { Err(Error::KeyReused) } else { Ok(self.answer.take()) }
    }

    /// What is recorded with a chunk that leads to this position, where its own receipt is still to be
    /// added.
    pub(super) fn noting(&self, chunk: &[u8], position: Position, place: Chunk) -> (Noting, Storing) {
        let mut read = self.read.clone();
        read.take(chunk);
        let (maker, after) = (self.slot.clone(), read.clone());
        let row = move |receipt| {
            let mut position = position.clone();
            position.receipt.add(receipt);
            record(&maker, &after, position, place)
        };
        (Noting { slot: self.slot.clone(), row: Box::new(row) }, Storing(read))
    }

    /// The chunk is stored, and its record has this version.
    pub(super) fn stored(&mut self, Storing(read): Storing, version: Option<i32>) {
        self.read = read;
        if let Some(version) = version {
            self.slot.follow(version);
        }
    }

    /// Records that the stream has come to its end behind a chunk that is stored.
    pub(super) async fn end(&mut self, dump: &Dump, position: Position) -> Result<()> {
        let row = record(&self.slot, &self.read, position, Chunk::Last);
        let once = self.slot.once(move |_| row.clone());
        let outcomes = dump
            .store
            .write(WriteBatch { idempotency: Some(once), ..WriteBatch::independent(Vec::new()) })
            .await?;
        match recorded(outcomes.into_iter().next())? {
            Recorded::Now(_) => Ok(()),
            Recorded::Before(_) => Err(Error::StillRunning),
        }
    }
}

impl Read {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    fn sha256(&self) -> String {
        BASE64.encode(self.hash.clone().finalize())
    }
}

fn record(slot: &Slot, read: &Read, position: Position, place: Chunk) -> Option<Row> {
    let Position { header, records, lines, receipt, .. } = position;
    let answer = match place {
        Chunk::Last => Some(serde_json::to_string(&receipt).ok()?),
        Chunk::Inner => None,
    };
    let header = header.map(|header| header.len());
    let progress = Progress { bytes: read.bytes, sha256: read.sha256(), header, records, lines, receipt };
    Some(slot.row(answer, serde_json::to_string(&progress).ok()))
}
