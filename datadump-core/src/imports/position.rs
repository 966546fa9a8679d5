//! The part of a file that is stored, by length and hash. When the file is sent again, that part is compared and
//! skipped.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Maximum number of segments. A file that is sent again from its beginning needs one.
const MAX_SEGMENTS: usize = 64;

/// A part of the file that was stored by attempts which began at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Its length in bytes.
    bytes: u64,
    /// Its SHA-256.
    sha256: String,
}

/// The position in a file, in decompressed bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct FilePosition {
    /// The segments before the current one.
    segments: Vec<Segment>,
    /// The hash of the current segment, and its length.
    hash: Sha256,
    hashed: u64,
    skip: Option<Skip>,
}

/// The stored bytes that are sent again.
#[derive(Debug, Clone)]
struct Skip {
    /// Number of bytes still to be skipped.
    left: u64,
    /// The comparison with what is stored; `None` if a part of it is not sent.
    check: Option<Check>,
}

#[derive(Debug, Clone, Default)]
struct Check {
    /// Index of the segment that is being compared.
    segment: usize,
    hash: Sha256,
    hashed: u64,
    /// The hash of all segments.
    whole: Sha256,
}

/// The bytes differ from the stored ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Differs;

/// Reasons why a file cannot be continued at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WrongOffset {
    /// Bytes before it are missing.
    Gap,
    /// There have been too many attempts.
    TooManyAttempts,
}

impl FilePosition {
    /// Creates the position after stored segments, for a file that is sent again from its beginning.
    pub(super) fn after(segments: Vec<Segment>) -> Self {
        let left = total(&segments);
        let skip = (left > 0).then(|| Skip { left, check: Some(Check::default()) });
        Self { segments, skip, ..Self::default() }
    }

    /// Creates the position after stored segments, for a file that is sent from an offset.
    pub(super) fn at_offset(segments: Vec<Segment>, offset: u64) -> Result<Self, WrongOffset> {
        if offset == 0 {
            return Ok(Self::after(segments));
        }
        let left = total(&segments).checked_sub(offset).ok_or(WrongOffset::Gap)?;
        if segments.len() >= MAX_SEGMENTS {
            return Err(WrongOffset::TooManyAttempts);
        }
        let skip = (left > 0).then_some(Skip { left, check: None });
        Ok(Self { segments, skip, ..Self::default() })
    }

    /// Returns the bytes that are not stored.
    pub(super) fn skip<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Differs> {
        let Some(Skip { left, check }) = &mut self.skip else { return Ok(bytes) };
        let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let (known, new) = bytes.split_at(count);
        *left -= known.len() as u64;
        if let Some(check) = check {
            check.compare(known, &self.segments)?;
        }
        if *left == 0
            && let Some(Skip { check: Some(check), .. }) = self.skip.take()
        {
            // All segments are one from now on.
            (self.hash, self.hashed) = (check.whole, total(&self.segments));
            self.segments.clear();
        }
        Ok(new)
    }

    /// Returns whether stored bytes are missing in the file.
    pub(super) fn is_skipping(&self) -> bool {
        self.skip.is_some()
    }

    /// Returns the position after more bytes.
    pub(super) fn advanced(&self, bytes: &[u8]) -> Self {
        let mut next = self.clone();
        next.hash.update(bytes);
        next.hashed += bytes.len() as u64;
        next
    }

    /// Returns the number of bytes up to here.
    pub(super) fn bytes(&self) -> u64 {
        total(&self.segments) + self.hashed
    }

    /// Returns the segments up to here.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let current = Segment { bytes: self.hashed, sha256: digest(self.hash.clone()) };
        self.segments.iter().cloned().chain(Some(current).filter(|segment| segment.bytes > 0)).collect()
    }
}

impl Check {
    fn compare(&mut self, mut bytes: &[u8], segments: &[Segment]) -> Result<(), Differs> {
        while let Some(segment) = segments.get(self.segment).filter(|_| !bytes.is_empty()) {
            let left = usize::try_from(segment.bytes - self.hashed).unwrap_or(usize::MAX);
            let (known, rest) = bytes.split_at(left.min(bytes.len()));
            self.hash.update(known);
            self.whole.update(known);
            self.hashed += known.len() as u64;
            if self.hashed == segment.bytes {
                if digest(std::mem::take(&mut self.hash)) != segment.sha256 {
                    return Err(Differs);
                }
                (self.segment, self.hashed) = (self.segment + 1, 0);
            }
            bytes = rest;
        }
        Ok(())
    }
}

fn digest(hash: Sha256) -> String {
    BASE64.encode(hash.finalize())
}

/// Returns the length of segments together.
pub(super) fn total(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| segment.bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a file, or its rest from an offset, in pieces, up to a number of bytes. Returns the segments that are
    /// stored then, and the new bytes.
    fn send(
        segments: Vec<Segment>,
        file: &str,
        offset: usize,
        until: usize,
    ) -> Result<(Vec<Segment>, String), Differs> {
        let mut position = FilePosition::at_offset(segments, offset as u64).unwrap();
        let mut stored = String::new();
        for piece in file.as_bytes()[offset..until].chunks(3) {
            let new = position.skip(piece)?;
            stored.push_str(std::str::from_utf8(new).unwrap());
            position = position.advanced(new);
        }
        assert_eq!(position.bytes(), until as u64);
        Ok((position.segments(), stored))
    }

    #[test]
    fn stored_bytes_are_compared_and_skipped() {
        let file = "0123456789abcdefghij";
        let (segments, stored) = send(Vec::new(), file, 0, 7).unwrap();
        assert_eq!((segments.len(), stored.as_str()), (1, "0123456"));
        let (segments, stored) = send(segments, file, 0, 10).unwrap();
        assert_eq!((segments.len(), stored.as_str()), (1, "789"));
        let (segments, stored) = send(segments, file, 8, 15).unwrap();
        assert_eq!((segments.len(), stored.as_str()), (2, "abcde"));
        let (segments, stored) = send(segments, file, 15, 18).unwrap();
        assert_eq!((segments.len(), stored.as_str()), (3, "fgh"));
        for changed in ["x123456789abcdefghij", "0123456789abxdefghij", "0123456789abcdefgxij"] {
            assert_eq!(send(segments.clone(), changed, 0, 20), Err(Differs), "{changed}");
        }
        let (segments, stored) = send(segments, file, 0, 20).unwrap();
        assert_eq!((segments.len(), stored.as_str()), (1, "ij"));
        assert_eq!(FilePosition::at_offset(segments.clone(), 21).unwrap_err(), WrongOffset::Gap);
        let mut shorter = FilePosition::after(segments);
        assert_eq!((shorter.skip(b"0123"), shorter.is_skipping()), (Ok(&b""[..]), true));
    }

    #[test]
    fn attempts_from_an_offset_are_limited() {
        let file = "x".repeat(MAX_SEGMENTS + 2);
        let (mut segments, _) = send(Vec::new(), &file, 0, 1).unwrap();
        for offset in 1..MAX_SEGMENTS {
            (segments, _) = send(segments, &file, offset, offset + 1).unwrap();
        }
        let refused = FilePosition::at_offset(segments.clone(), MAX_SEGMENTS as u64).unwrap_err();
        assert_eq!(refused, WrongOffset::TooManyAttempts);
        assert_eq!(send(segments, &file, 0, file.len()).unwrap().0.len(), 1);
    }
}
