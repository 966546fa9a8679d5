//! Throws of any length: each chunk of the body is committed before the next one is read.

use bytes::Bytes;
use datadump_core::{
    Error as CoreError, Incoming, Receipt, SourceName, Stream, process::decompress::Decompressor,
};
use poem::Body;
use serde_json::Value as Json;

use super::{Control, Thrower};
use crate::{
    extract::{Chunks, ThrowHead},
    problem::Problem,
};

/// Memory counted for one stream: a chunk and its records.
const STREAM_MEMORY: usize = 4 << 20;

impl Thrower {
    /// Throws a body of any length. `incoming` has the arguments and the idempotency key.
    pub(super) async fn stream(
        &self,
        source: &SourceName,
        head: ThrowHead,
        control: Control,
        incoming: Incoming,
        body: Body,
    ) -> Result<Receipt, Problem> {
        control.check()?;
        let mut lease = self.memory.lease();
        let decompression: usize = head.encodings.iter().map(|encoding| encoding.memory()).sum();
        lease.grow(STREAM_MEMORY.min(self.max_throw) + decompression)?;
        let decompressor = match head.encodings.as_slice() {
            [] => None,
            encodings => Some(Decompressor::new(encodings, None).map_err(CoreError::from)?),
        };
        let incoming =
            Incoming { content_type: head.content_type, format: control.format, peer: head.peer, ..incoming };
        let mut stream = self.dump.ingest().throw_stream(source, incoming).await?;
        let chunks = Chunks::endless(body, self.stall_timeout);
        match push_chunks(&mut stream, chunks, decompressor).await {
            Ok(()) => {}
            Err(problem) => return Err(with_partial_receipt(problem, &stream.receipt())),
        }
        let before = stream.receipt();
        stream.finish().await.map_err(|error| with_partial_receipt(error.into(), &before))
    }
}

async fn push_chunks(
    stream: &mut Stream,
    mut chunks: Chunks,
    mut decompressor: Option<Decompressor>,
) -> Result<(), Problem> {
    while let Some(chunk) = chunks.next().await? {
        match &mut decompressor {
            None => stream.push(chunk).await?,
            Some(decompressor) => {
                decompressor.push(chunk).map_err(CoreError::from)?;
                push_decompressed(stream, decompressor).await?;
            }
        }
    }
    if let Some(decompressor) = &mut decompressor {
        decompressor.finish();
        push_decompressed(stream, decompressor).await?;
    }
    Ok(())
}

/// Pushes everything that can be decompressed from the input so far.
async fn push_decompressed(stream: &mut Stream, decompressor: &mut Decompressor) -> Result<(), Problem> {
    loop {
        let piece = decompressor.next_chunk().map_err(CoreError::from)?;
        let Some(piece) = piece.map(Bytes::copy_from_slice) else { return Ok(()) };
        stream.push(piece).await?;
    }
}

/// Adds to a problem what the stream had stored before it.
fn with_partial_receipt(problem: Problem, receipt: &Receipt) -> Problem {
    let (accepted, quarantined) = (receipt.accepted, receipt.quarantined);
    let hint = format!("{accepted} rows and {quarantined} quarantine entries were stored before the error");
    let receipt = serde_json::to_value(receipt).unwrap_or(Json::Null);
    problem.with_hint(&hint).with_receipt(receipt)
}
