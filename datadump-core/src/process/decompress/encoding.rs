//! The encodings a body may come in, by their names and by how they begin.

use crate::error::Error;

/// More than these, one around the other, nobody sends who means well.
const MOST: usize = 2;

/// A way to compress a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// gzip, of one member or several.
    Gzip,
    /// deflate: with the header of zlib, as the standard says, or without, as many send it.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// The encoding `Content-Encoding` calls so.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The encoding of a body that begins like this, for those that can be told.
    pub fn by_magic(bytes: &[u8]) -> Option<Self> {
        // The third byte of gzip is its only method.
        if bytes.starts_with(b"\x1f\x8b\x08") {
            return Some(Self::Gzip);
        }
        bytes.starts_with(b"\x28\xb5\x2f\xfd").then_some(Self::Zstd)
    }
}

/// The encodings a `Content-Encoding` names, in the order they were applied.
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
    if encodings.len() > MOST {
        return Err(Error::Encoding(format!("a body is compressed at most {MOST} times")));
    }
    Ok(encodings)
}
