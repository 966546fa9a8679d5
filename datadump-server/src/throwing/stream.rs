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
pub(super) const STREAM_MEMORY: usize = 4 << 20;

/// Takes the bytes of a body.
pub(super) trait Sink: Send {
    /// Takes the next bytes.
    fn push(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), CoreError>> + Send;

    /// Takes note that the rest of the body cannot be decompressed.
    fn fail(&mut self, error: CoreError) -> impl Future<Output = CoreError> + Send {
        std::future::ready(error)
    }
}

impl Sink for Stream {
    fn push(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), CoreError>> + Send {
        self.push(bytes)
    }
}

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
        lease.grow(self.stream_memory(&head))?;
        let decompressor = decompressor(&head)?;
        let incoming = Incoming {
            content_type: head.content_type,
            format: control.format,
            peer: head.peer,
            head: Some(head.request),
            ..incoming
        };
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

/// Returns the decompressor of a body, if it is compressed.
pub(super) fn decompressor(head: &ThrowHead) -> Result<Option<Decompressor>, Problem> {
    match head.encodings.as_slice() {
        [] => Ok(None),
        encodings => Ok(Some(Decompressor::new(encodings, None).map_err(CoreError::from)?)),
    }
}

/// Pushes a body to its end.
pub(super) async fn push_chunks(
    sink: &mut impl Sink,
    mut chunks: Chunks,
    mut decompressor: Option<Decompressor>,
) -> Result<(), Problem> {
    while let Some(chunk) = chunks.next().await? {
        match &mut decompressor {
            None => sink.push(chunk).await?,
            Some(decompressor) => {
                if let Err(error) = decompressor.push(chunk) {
                    return Err(sink.fail(error.into()).await.into());
                }
                push_decompressed(sink, decompressor).await?;
            }
        }
    }
    if let Some(decompressor) = &mut decompressor {
        decompressor.finish();
        push_decompressed(sink, decompressor).await?;
    }
    Ok(())
}

/// Pushes everything that can be decompressed from the input so far.
async fn push_decompressed(sink: &mut impl Sink, decompressor: &mut Decompressor) -> Result<(), Problem> {
    loop {
        let piece = match decompressor.next_chunk() {
            Ok(piece) => piece.map(Bytes::copy_from_slice),
            Err(error) => return Err(sink.fail(error.into()).await.into()),
        };
        let Some(piece) = piece else { return Ok(()) };
        sink.push(piece).await?;
    }
}

/// Adds to a problem what the stream had stored before it.
fn with_partial_receipt(problem: Problem, receipt: &Receipt) -> Problem {
    let (accepted, quarantined) = (receipt.accepted, receipt.quarantined);
    let hint = format!("{accepted} rows and {quarantined} quarantine entries were stored before the error");
    let receipt = serde_json::to_value(receipt).unwrap_or(Json::Null);
    problem.with_hint(&hint).with_receipt(receipt)
}
