//! Compressing what is sent.

use std::io::Write as _;

/// The bytes in this encoding, as `Content-Encoding` calls it.
pub fn compress(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).expect("it can be compressed");
            encoder.finish().expect("it can be compressed")
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).expect("it can be compressed");
            encoder.finish().expect("it can be compressed")
        }
        "br" => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            encoder.write_all(bytes).expect("it can be compressed");
            encoder.into_inner()
        }
        "zstd" => zstd::stream::encode_all(bytes, 3).expect("it can be compressed"),
        other => panic!("{other} is no encoding"),
    }
}
