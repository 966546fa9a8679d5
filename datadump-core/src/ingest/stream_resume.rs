//! Streams with an idempotency key: each chunk records the position of the stream, so that the next attempt
//! with the same key skips the stored part and continues after it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Incoming, Ingest, commit::ReceiptRecord, throw_fingerprint};
use crate::{
    context::Context,
    error::{Error, Result},
    idempotency::{RecordOutcome, RequestKey, Reservation},
    receipt::Receipt,
    schema::Row,
    store::WriteBatch,
    throw::SourceName,
};

/// The state of a stream with an idempotency key.
#[derive(Debug)]
pub(super) struct ResumableStream {
    reservation: Reservation,
    /// All decompressed bytes that have been stored or skipped.
    read: Prefix,
    /// The part that an earlier attempt has stored, while incoming bytes are being compared with it.
    earlier: Option<EarlierAttempt>,
    /// The receipt of an earlier attempt that was complete.
    answer: Option<Receipt>,
}

/// A prefix of the stream, by length and hash.
#[derive(Debug, Clone, Default)]
struct Prefix {
    bytes: u64,
    hash: Sha256,
}

#[derive(Debug)]
struct EarlierAttempt {
    progress: Progress,
    /// The part of the header that has arrived.
    header: BytesMut,
}

/// The recorded progress of a stream.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// Number of decompressed bytes that are stored.
    bytes: u64,
    /// Their SHA-256.
    sha256: String,
    /// Length of the header line.
    header: Option<usize>,
    records: usize,
    lines: usize,
    receipt: Receipt,
}

/// The position of a stream.
#[derive(Debug, Clone)]
pub(super) struct StreamPosition {
    pub(super) format: String,
    pub(super) header: Option<Bytes>,
    pub(super) records: usize,
    pub(super) lines: usize,
    /// The receipt so far.
    pub(super) receipt: Receipt,
}

/// The position of a chunk in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Other chunks follow.
    Inner,
    /// The last chunk.
    Last,
}

/// The prefix that is stored once a chunk is committed.
#[derive(Debug)]
pub(super) struct PendingPrefix(Prefix);

impl Ingest {
    /// Looks up earlier attempts of a stream. The stream keeps the id of the first attempt.
    pub(super) async fn resume(
        &self,
        key: RequestKey,
        source: &SourceName,
        incoming: &mut Incoming,
    ) -> Result<ResumableStream> {
        let fingerprint = throw_fingerprint("stream", source, incoming);
        let (reservation, found) = self.idempotency.reserve(key, fingerprint).await?;
        let mut stream =
            ResumableStream { reservation, read: Prefix::default(), earlier: None, answer: None };
        let Some(record) = found else { return Ok(stream) };
        let answer: Option<Receipt> =
            record.answer.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        stream.answer = answer.map(|receipt| Receipt { replayed: true, ..receipt });
        let progress = record.progress.ok_or(Error::KeyReused)?;
        let progress: Progress = serde_json::from_str(&progress).map_err(Error::internal)?;
        incoming.id = Some(progress.receipt.throw_id);
        if progress.bytes > 0 {
            stream.earlier = Some(EarlierAttempt { progress, header: BytesMut::new() });
        }
        Ok(stream)
    }
}

impl ResumableStream {
    /// Skips bytes that an earlier attempt has stored. Returns the new bytes and, with the first of them, the
    /// position where the stream continues.
    pub(super) fn skip_stored<'b>(&mut self, bytes: &'b [u8]) -> Result<(&'b [u8], Option<StreamPosition>)> {
        let Some(EarlierAttempt { progress, header }) = &mut self.earlier else {
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
        let Some(EarlierAttempt { progress, header }) = self.earlier.take() else { return Ok((new, None)) };
        if self.answer.is_some() {
            return if new.is_empty() { Ok((new, None)) } else { Err(Error::KeyReused) };
        }
        let Progress { records, lines, receipt, .. } = progress;
        let header = progress.header.map(|_| header.freeze());
        let position = StreamPosition { format: receipt.format.clone(), header, records, lines, receipt };
        Ok((new, Some(position)))
    }

    /// Returns the receipt of a stream that an earlier attempt has completed. Fails if the stream is shorter
    /// than its stored part.
    pub(super) fn finish(&mut self) -> Result<Option<Receipt>> {
        if self.earlier.is_some() { Err(Error::KeyReused) } else { Ok(self.answer.take()) }
    }

    /// Returns the record of a chunk that ends at this position; it adds the chunk's receipt to the stream's.
    pub(super) fn record(
        &self,
        chunk: &[u8],
        position: StreamPosition,
        place: Chunk,
    ) -> (ReceiptRecord, PendingPrefix) {
        let mut read = self.read.clone();
        read.take(chunk);
        let (recorder, after) = (self.reservation.clone(), read.clone());
        let row = move |receipt| {
            let mut position = position.clone();
            position.receipt.add(receipt);
            progress_row(&recorder, &after, position, place)
        };
        let reservation = self.reservation.clone();
        (ReceiptRecord { reservation, row: Box::new(row), extra: Vec::new() }, PendingPrefix(read))
    }

    /// Marks a chunk as stored, and its record as having this version.
    pub(super) fn advance(&mut self, PendingPrefix(read): PendingPrefix, version: Option<i32>) {
        self.read = read;
        if let Some(version) = version {
            self.reservation.advance(version);
        }
    }

    /// Records that the stream has ended after its last stored chunk.
    pub(super) async fn end(&mut self, context: &Context, position: StreamPosition) -> Result<()> {
        let row = progress_row(&self.reservation, &self.read, position, Chunk::Last);
        let once = self.reservation.record(move |_| row.clone());
        let outcomes = context
            .store
            .write(WriteBatch { idempotency: Some(once), ..WriteBatch::independent(Vec::new()) })
            .await?;
        match RecordOutcome::of(outcomes.into_iter().next())? {
            RecordOutcome::Written(_) => Ok(()),
            RecordOutcome::Existing(_) => Err(Error::StillRunning),
        }
    }
}

impl Prefix {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    fn sha256(&self) -> String {
        BASE64.encode(self.hash.clone().finalize())
    }
}

fn progress_row(
    reservation: &Reservation,
    read: &Prefix,
    position: StreamPosition,
    place: Chunk,
) -> Option<Row> {
    let StreamPosition { header, records, lines, receipt, .. } = position;
    let answer = match place {
        Chunk::Last => Some(serde_json::to_string(&receipt).ok()?),
        Chunk::Inner => None,
    };
    let header = header.map(|header| header.len());
    let progress = Progress { bytes: read.bytes, sha256: read.sha256(), header, records, lines, receipt };
    reservation.row(answer, serde_json::to_string(&progress).ok())
}
