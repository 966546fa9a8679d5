//! Tests: compressed bodies decompress to the original in chunks of any size; anything else is rejected.

use std::{io::Write as _, time::Instant};

use proptest::prelude::*;

use super::{stage::MAX_WINDOW_LOG, *};

const ALL: [Encoding; 4] = [Encoding::Gzip, Encoding::Deflate, Encoding::Brotli, Encoding::Zstd];

fn compress(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    match encoding {
        Encoding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Encoding::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Encoding::Brotli => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            encoder.write_all(bytes).unwrap();
            encoder.into_inner()
        }
        Encoding::Zstd => zstd::stream::encode_all(bytes, 3).unwrap(),
    }
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn whole(encodings: &[Encoding], body: Vec<u8>, limit: usize) -> Result<Bytes, DecompressError> {
    decompress(encodings, &body.into(), limit)
}

/// Decompresses a body that arrives in chunks of this length.
fn in_chunks(encodings: &[Encoding], body: &[u8], length: usize) -> Result<Vec<u8>, DecompressError> {
    let (mut decompressor, mut output) = (Decompressor::new(encodings, None)?, Vec::new());
    for chunk in body.chunks(length) {
        decompressor.push(Bytes::copy_from_slice(chunk))?;
        while let Some(chunk) = decompressor.next_chunk()? {
            output.extend_from_slice(chunk);
        }
        // Calling it again without more input is harmless.
        (0..20).for_each(|_| assert!(decompressor.next_chunk().unwrap().is_none()));
    }
    decompressor.finish();
    while let Some(chunk) = decompressor.next_chunk()? {
        output.extend_from_slice(chunk);
    }
    Ok(output)
}

fn is_invalid<T>(result: &Result<T, DecompressError>) -> bool {
    matches!(result, Err(DecompressError::Invalid(_)))
}

#[test]
fn encodings_are_recognised_by_name_and_magic_bytes() {
    for (header, expected) in [
        ("gzip", &[Encoding::Gzip][..]),
        ("X-GZip", &[Encoding::Gzip]),
        (" deflate , identity", &[Encoding::Deflate]),
        ("br,zstd", &[Encoding::Brotli, Encoding::Zstd]),
        ("", &[]),
    ] {
        assert_eq!(encodings(header).unwrap(), expected, "{header}");
    }
    assert!(matches!(encodings("compress"), Err(Error::UnknownEncoding(_))));
    assert!(matches!(encodings("br,br,br"), Err(Error::Encoding(_))));
    for encoding in ALL {
        let found = Encoding::by_magic(&compress(encoding, b"x"));
        let can_be = matches!(encoding, Encoding::Gzip | Encoding::Zstd);
        assert_eq!(found, can_be.then_some(encoding));
    }
    assert_eq!(Encoding::by_magic(b"{}"), None);
}

#[test]
fn several_members_and_raw_deflate_are_accepted() {
    for encoding in [Encoding::Gzip, Encoding::Zstd] {
        let two = [compress(encoding, b"one "), compress(encoding, b"two")].concat();
        for length in [1, 7, 1000] {
            assert_eq!(in_chunks(&[encoding], &two, length).unwrap(), b"one two", "{encoding:?} by {length}");
        }
    }
    let text = b"speed=1.75&".repeat(1000);
    for length in [1, 7, 1000] {
        assert_eq!(in_chunks(&[Encoding::Deflate], &raw_deflate(&text), length).unwrap(), text);
    }
}

#[test]
fn truncated_and_trailing_bytes_are_rejected() {
    for encoding in ALL {
        let text: Vec<u8> =
            (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let body = compress(encoding, &text);
        for length in [1, 5, 100, body.len() - 1] {
            assert!(
                is_invalid(&whole(&[encoding], body[..length].to_vec(), 1 << 20)),
                "{encoding:?} {length}"
            );
            assert!(is_invalid(&in_chunks(&[encoding], &body[..length], 64)), "{encoding:?} {length}");
        }
        let more = [&body[..], b"more"].concat();
        assert!(is_invalid(&whole(&[encoding], more.clone(), 1 << 20)), "{encoding:?}");
        assert!(is_invalid(&in_chunks(&[encoding], &more, 64)), "{encoding:?}");
        assert_eq!(whole(&[encoding], Vec::new(), 10).unwrap(), "", "{encoding:?}");
        assert!(is_invalid(&whole(&[encoding], b"{\"speed\": 1.75}".to_vec(), 100)), "{encoding:?}");
    }
}

#[test]
fn bombs_are_rejected_at_the_limit() {
    const LIMIT: usize = 64 << 20;
    let zeros = vec![0; LIMIT + 1];
    for encoding in ALL {
        let bomb = compress(encoding, &zeros);
        assert!(bomb.len() < LIMIT / 500, "{encoding:?}: {}", bomb.len());
        let started = Instant::now();
        assert_eq!(whole(&[encoding], bomb.clone(), LIMIT), Err(DecompressError::TooLarge { limit: LIMIT }));
        println!("{encoding:?}: {} bytes refused after {:?}", bomb.len(), started.elapsed());
        // The limit is exact.
        assert_eq!(whole(&[encoding], bomb.clone(), LIMIT + 1).unwrap(), zeros);
        let twice = compress(Encoding::Gzip, &bomb);
        assert_eq!(
            whole(&[encoding, Encoding::Gzip], twice, LIMIT),
            Err(DecompressError::TooLarge { limit: LIMIT })
        );
    }
}

#[test]
fn windows_beyond_the_maximum_are_rejected() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(MAX_WINDOW_LOG + 1).unwrap();
    (0..300).for_each(|_| encoder.write_all(&[7; 64 << 10]).unwrap());
    let refused = whole(&[Encoding::Zstd], encoder.finish().unwrap(), 64 << 20).unwrap_err();
    assert!(refused.to_string().contains("a window of more than 8 MiB"), "{refused}");
}

proptest! {
    #[test]
    fn decompression_restores_the_original(
        text in proptest::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..5000),
        first in 0_usize..4,
        second in proptest::option::of(0_usize..4),
        length in 1_usize..300,
    ) {
        let chain: Vec<Encoding> = [Some(first), second].into_iter().flatten().map(|index| ALL[index]).collect();
        let body = chain.iter().fold(text.clone(), |body, encoding| compress(*encoding, &body));
        prop_assert_eq!(in_chunks(&chain, &body, length).unwrap(), &text[..]);
        prop_assert_eq!(whole(&chain, body, text.len()).unwrap(), text);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(
        body in proptest::collection::vec(any::<u8>(), 0..2000),
        index in 0_usize..4,
        length in 1_usize..300,
        cut in 0_usize..2000,
    ) {
        let _ = whole(&[ALL[index]], body.clone(), 1 << 20);
        let _ = in_chunks(&[ALL[index]], &body, length);
        // Flip a byte of a valid body.
        let mut body = compress(ALL[index], &body);
        if let Some(byte) = body.get_mut(cut) {
            *byte ^= 0x41;
        }
        let _ = whole(&[ALL[index]], body.clone(), 1 << 20);
        let _ = in_chunks(&[ALL[index]], &body, length);
    }
}
