//! The whole body of a throw, limited by the memory available to throws and by the maximum size after
//! decompression.

use bytes::{Bytes, BytesMut};
use datadump_core::{
    Error as CoreError,
    process::decompress::{self, Encoding},
};
use tokio::sync::Semaphore;

use super::memory::{Lease, out_of_memory};
use crate::{
    extract::{Chunks, too_large},
    problem::Problem,
};

/// Reads a whole body.
pub(super) async fn read(
    mut chunks: Chunks,
    content_length: Option<u64>,
    limit: usize,
    lease: &mut Lease,
) -> Result<Bytes, Problem> {
    if let Some(length) = content_length {
        let length = usize::try_from(length).ok().filter(|length| *length <= limit);
        lease.grow_to(length.ok_or_else(|| too_large(limit))?)?;
    }
    // Nearly all bodies arrive as a single chunk, which is not copied.
    let Some(first) = chunks.next().await? else { return Ok(Bytes::new()) };
    check(first.len(), limit, lease)?;
    if content_length.is_some_and(|length| length == first.len() as u64) {
        return Ok(first);
    }
    let Some(second) = chunks.next().await? else { return Ok(first) };
    // The lease already covers the announced length.
    let capacity = content_length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut bytes = BytesMut::with_capacity(capacity.max(first.len() + second.len()));
    bytes.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        let length = bytes.len() + chunk.len();
        check(length, limit, lease)?;
        if length > bytes.capacity() {
            // Twice as much is allocated before it is moved there.
            lease.ensure(2 * length).map_err(|_| out_of_memory())?;
        }
        bytes.extend_from_slice(&chunk);
        next = chunks.next().await?;
    }
    Ok(bytes.freeze())
}

fn check(length: usize, limit: usize, lease: &mut Lease) -> Result<(), Problem> {
    if length > limit { Err(too_large(limit)) } else { lease.grow_to(length) }
}

/// Decompresses a body. `permits` limits how many are decompressed at a time.
pub(super) async fn decompress(
    body: Bytes,
    encodings: Vec<Encoding>,
    limit: usize,
    permits: &Semaphore,
    lease: &mut Lease,
) -> Result<Bytes, Problem> {
    if encodings.is_empty() || body.is_empty() {
        return Ok(body);
    }
    let compressed = body.len();
    let _permit = permits.acquire().await.map_err(|_| Problem::internal())?;
    // Moved into the task, because the memory is reserved while the body is decompressed.
    let mut reserved = std::mem::replace(lease, lease.empty());
    let work = tokio::task::spawn_blocking(move || {
        let plain = decompress::decompress_into(&encodings, &body, limit, |bytes| reserved.ensure(bytes));
        (plain, reserved)
    });
    let (plain, reserved) = work.await.map_err(|_| Problem::internal())?;
    *lease = reserved;
    let plain = plain.map_err(CoreError::from)?;
    lease.grow_to(compressed.max(plain.len()))?;
    lease.release();
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use datadump_core::memory::MemoryBudget;
    use futures_util::{StreamExt as _, stream};
    use poem::Body;

    use super::{super::memory::Memory, *};

    #[tokio::test]
    async fn the_received_size_counts_whatever_is_announced() {
        for (chunks, announced, expected) in [
            (&["12", "34"][..], Some(4), Ok("1234")),
            (&["1234"], Some(1), Ok("1234")),
            (&["123", "45"], Some(1), Err(413)),
            (&["12345"], None, Err(413)),
            (&[], Some(5), Err(413)),
            (&[], None, Ok("")),
        ] {
            let mut lease = Memory::new(MemoryBudget::new(10)).lease();
            let body = Body::from_bytes_stream(stream::iter(chunks.to_vec()).map(io::Result::Ok));
            let read = read(Chunks::of(body, Duration::from_secs(1)), announced, 4, &mut lease).await;
            assert_eq!(read.map_err(|problem| problem.status), expected.map(Bytes::from), "{chunks:?}");
        }
    }
}
