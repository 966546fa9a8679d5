//! Content encodings, recognised by name and by magic bytes.

use crate::error::Error;

/// Maximum number of nested encodings. More have no legitimate use.
const MAX_ENCODINGS: usize = 2;

/// A content encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// gzip with one or more members.
    Gzip,
    /// deflate, with the zlib header that the standard requires or without it, as many clients send it.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// Returns the encoding with a name from `Content-Encoding`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the maximum memory that decompressing takes, apart from the body: mostly the window.
    pub fn memory(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => 256 << 10,
            Self::Zstd => 10 << 20,
            Self::Brotli => 18 << 20,
        }
    }

    /// Recognises gzip and Zstandard by their first bytes; the other encodings have no signature.
    pub fn by_magic(bytes: &[u8]) -> Option<Self> {
        // The third byte is the compression method; only deflate is defined.
        if bytes.starts_with(b"\x1f\x8b\x08") {
            return Some(Self::Gzip);
        }
        bytes.starts_with(b"\x28\xb5\x2f\xfd").then_some(Self::Zstd)
    }
}

/// Parses a `Content-Encoding` header into encodings, in the order they were applied.
///
/// ```
/// use datadump_core::process::decompress::{Encoding, encodings};
/// assert_eq!(encodings("gzip, identity, br").unwrap(), [Encoding::Gzip, Encoding::Brotli]);
/// assert!(encodings("lzw").is_err());
/// ```
pub fn encodings(header: &str) -> Result<Vec<Encoding>, Error> {
    let names = header.split(',').map(str::trim);
    let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    let known = |name| Encoding::from_name(name).ok_or_else(|| Error::UnknownEncoding(name.to_owned()));
    let encodings: Vec<Encoding> = names.map(known).collect::<Result<_, Error>>()?;
    if encodings.len() > MAX_ENCODINGS {
        return Err(Error::Encoding(format!("a body may have at most {MAX_ENCODINGS} content encodings")));
    }
    Ok(encodings)
}
