//! The body of a throw, whole: no more of it than there is room for, and decompressed no further
//! than a throw may be long.

use bytes::{Bytes, BytesMut};
use datadump_core::{
    Error as CoreError,
    process::decompress::{Encoding, decompress},
};
use tokio::sync::Semaphore;

use super::memory::Lease;
use crate::{
    extract::{Chunks, too_large},
    problem::Problem,
};

/// Reads all of it.
pub(super) async fn read(
    mut chunks: Chunks,
    announced: Option<u64>,
    limit: usize,
    lease: &mut Lease,
) -> Result<Bytes, Problem> {
    if let Some(length) = announced {
        let length = usize::try_from(length).ok().filter(|length| *length <= limit);
        lease.grow_to(length.ok_or_else(|| too_large(limit))?)?;
    }
    // Nearly all bodies come in one piece, and are not copied.
    let Some(first) = chunks.next().await? else { return Ok(Bytes::new()) };
    check(first.len(), limit, lease)?;
    if announced.is_some_and(|length| length == first.len() as u64) {
        return Ok(first);
    }
    let Some(second) = chunks.next().await? else { return Ok(first) };
    // As long as it was announced, for which there is room.
    let announced = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut bytes = BytesMut::with_capacity(announced.max(first.len() + second.len()));
    bytes.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        check(bytes.len() + chunk.len(), limit, lease)?;
        bytes.extend_from_slice(&chunk);
        next = chunks.next().await?;
    }
    Ok(bytes.freeze())
}

fn check(length: usize, limit: usize, lease: &mut Lease) -> Result<(), Problem> {
    if length > limit { Err(too_large(limit)) } else { lease.grow_to(length) }
}

/// Decompresses it, with as many others at a time as there are processors to do it.
pub(super) async fn plain(
    body: Bytes,
    encodings: Vec<Encoding>,
    limit: usize,
    turns: &Semaphore,
    lease: &mut Lease,
) -> Result<Bytes, Problem> {
    if encodings.is_empty() || body.is_empty() {
        return Ok(body);
    }
    let compressed = body.len();
    let _turn = turns.acquire().await.map_err(|_| Problem::internal())?;
    let work = tokio::task::spawn_blocking(move || decompress(&encodings, &body, limit));
    let plain = work.await.map_err(|_| Problem::internal())?.map_err(CoreError::from)?;
    lease.grow_to(compressed.max(plain.len()))?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use futures_util::{StreamExt as _, stream};
    use poem::Body;

    use super::{super::memory::Memory, *};

    #[tokio::test]
    async fn what_comes_is_counted_whatever_is_announced() {
        for (chunks, announced, expected) in [
            (&["12", "34"][..], Some(4), Ok("1234")),
            (&["1234"], Some(1), Ok("1234")),
            (&["123", "45"], Some(1), Err(413)),
            (&["12345"], None, Err(413)),
            (&[], Some(5), Err(413)),
            (&[], None, Ok("")),
        ] {
            let mut lease = Memory::new(10).lease();
            let body = Body::from_bytes_stream(stream::iter(chunks.to_vec()).map(io::Result::Ok));
            let read = read(Chunks::of(body, Duration::from_secs(1)), announced, 4, &mut lease).await;
            assert_eq!(read.map_err(|problem| problem.status), expected.map(Bytes::from), "{chunks:?}");
        }
    }
}
