//! Compression of request bodies.

use std::io::Write as _;

/// Compresses bytes with an encoding named as in `Content-Encoding`.
pub fn compress(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).expect("compression into memory succeeds");
            encoder.finish().expect("compression into memory succeeds")
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).expect("compression into memory succeeds");
            encoder.finish().expect("compression into memory succeeds")
        }
        "br" => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            encoder.write_all(bytes).expect("compression into memory succeeds");
            encoder.into_inner()
        }
        "zstd" => zstd::stream::encode_all(bytes, 3).expect("compression into memory succeeds"),
        other => panic!("unknown encoding: {other}"),
    }
}
