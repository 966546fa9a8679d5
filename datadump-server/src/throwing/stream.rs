//! A throw of any length: its bytes are passed on as they come, and each chunk is committed before
//! more is read.

use bytes::Bytes;
use datadump_core::{
    Error as CoreError, Incoming, Receipt, SourceName, Stream, process::decompress::Decompressor,
};
use poem::Body;
use serde_json::Value as Json;

use super::{Control, Thrower};
use crate::{
    extract::{Asked, Chunks},
    problem::Problem,
};

/// The memory that one stream is counted with: a chunk, and what is made of it.
const ROOM: usize = 4 << 20;

impl Thrower {
    /// Throws a body of any length.
    pub(super) async fn stream(
        &self,
        source: &SourceName,
        asked: Asked,
        control: Control,
        arguments: Vec<(String, String)>,
        body: Body,
    ) -> Result<Receipt, Problem> {
        control.check()?;
        let mut lease = self.memory.lease();
        lease.grow(ROOM.min(self.max_throw))?;
        let decompressor = match asked.encodings.as_slice() {
            [] => None,
            encodings => Some(Decompressor::new(encodings, None).map_err(CoreError::from)?),
        };
        let incoming = Incoming {
            content_type: asked.content_type,
            arguments,
            format: control.format,
            peer: asked.peer,
            once: asked.once,
            ..Incoming::default()
        };
        let mut stream = self.dump.throw_stream(source, incoming).await?;
        let chunks = Chunks::endless(body, self.pause);
        match feed(&mut stream, chunks, decompressor).await {
            Ok(()) => {}
            Err(problem) => return Err(broken_off(problem, &stream.receipt())),
        }
        let before = stream.receipt();
        stream.finish().await.map_err(|error| broken_off(error.into(), &before))
    }
}

async fn feed(
    stream: &mut Stream,
    mut chunks: Chunks,
    mut decompressor: Option<Decompressor>,
) -> Result<(), Problem> {
    while let Some(chunk) = chunks.next().await? {
        match &mut decompressor {
            None => stream.push(chunk).await?,
            Some(decompressor) => {
                decompressor.push(chunk).map_err(CoreError::from)?;
                pass(stream, decompressor).await?;
            }
        }
    }
    if let Some(decompressor) = &mut decompressor {
        decompressor.finish();
        pass(stream, decompressor).await?;
    }
    Ok(())
}

/// Passes on all that can be made of what has come.
async fn pass(stream: &mut Stream, decompressor: &mut Decompressor) -> Result<(), Problem> {
    loop {
        let piece = decompressor.next_chunk().map_err(CoreError::from)?;
        let Some(piece) = piece.map(Bytes::copy_from_slice) else { return Ok(()) };
        stream.push(piece).await?;
    }
}

/// A stream that ends with a problem, and what is stored of it.
fn broken_off(problem: Problem, receipt: &Receipt) -> Problem {
    let (accepted, quarantined) = (receipt.accepted, receipt.quarantined);
    let hint =
        format!("{accepted} rows and {quarantined} entries of quarantine are stored of what came before");
    let receipt = serde_json::to_value(receipt).unwrap_or(Json::Null);
    problem.with_hint(&hint).with_receipt(receipt)
}
