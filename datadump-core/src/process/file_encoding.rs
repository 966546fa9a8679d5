//! The encoding of a file that is read in chunks. It is determined once and applies to all of them: a chunk that is not
//! valid in it is an error, and is never read in another one.

use bytes::Bytes;
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::{
    charset::{guess, utf16},
    media::Media,
};

/// Number of bytes that are examined for UTF-16 without a byte order mark.
const SAMPLE_BYTES: usize = 64 << 10;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileEncoding(&'static Encoding);

impl FileEncoding {
    /// Returns the encoding with this name, or with this label on the web.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Encoding::for_label(name.as_bytes()).map(Self)
    }

    /// Returns the encoding that a content type declares.
    pub(crate) fn declared(content_type: Option<&str>) -> Option<Self> {
        Media::parse(content_type).parameter("charset").and_then(Self::named)
    }

    /// Detects the encoding of text; `None` as long as it is ASCII. Text in which valid sequences of UTF-8 prevail is
    /// in UTF-8, with errors.
    pub(crate) fn detect(text: &[u8]) -> Option<Self> {
        if let Some((encoding, _)) = Encoding::for_bom(text) {
            return Some(Self(encoding));
        }
        if let Some(encoding) = utf16(text.get(..SAMPLE_BYTES).unwrap_or(text)) {
            return Some(Self(encoding));
        }
        if text.is_ascii() {
            return None;
        }
        let (mut valid, mut invalid) = (0_usize, 0_usize);
        let mut pieces = text.utf8_chunks().peekable();
        while let Some(piece) = pieces.next() {
            valid += piece.valid().chars().filter(|letter| !letter.is_ascii()).count();
            // The last character may be incomplete.
            invalid += usize::from(!piece.invalid().is_empty() && pieces.peek().is_some());
        }
        Some(Self(if valid > invalid || invalid == 0 { UTF_8 } else { guess(text) }))
    }

    /// Returns the name of the encoding.
    pub(crate) fn name(self) -> &'static str {
        self.0.name()
    }

    pub(crate) fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }

    pub(crate) fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }

    /// Converts whole characters to UTF-8. Fails with the place of the first one that is not valid.
    pub(crate) fn decode(self, bytes: &Bytes) -> Result<Bytes, usize> {
        if self.is_utf8() || self.0.is_ascii_compatible() && bytes.is_ascii() {
            return match std::str::from_utf8(bytes) {
                Ok(_) => Ok(bytes.clone()),
                Err(error) => Err(error.valid_up_to()),
            };
        }
        let mut decoder = self.0.new_decoder_without_bom_handling();
        let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
        let mut text = String::with_capacity(capacity);
        match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
            (DecoderResult::InputEmpty, _) => Ok(Bytes::from(text)),
            (DecoderResult::Malformed(length, after), read) => {
                Err(read.saturating_sub(usize::from(length) + usize::from(after)))
            }
            (DecoderResult::OutputFull, read) => Err(read),
        }
    }
}

/// Returns the content type of a body that was converted to UTF-8.
pub(crate) fn as_utf8(content_type: &str) -> String {
    let media = Media::parse(Some(content_type));
    if media.parameter("charset").is_none() {
        return content_type.to_owned();
    }
    let header = media.parameter("header").map(|header| format!("; header={header}")).unwrap_or_default();
    format!("{}; charset=utf-8{header}", media.essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_that_is_not_ascii_tells_the_encoding() {
        for (text, expected) in [
            (&b"plain"[..], None),
            ("grüße".as_bytes(), Some("UTF-8")),
            // Cut off in the middle of a character.
            (b"gr\xC3\xBC\xC3", Some("UTF-8")),
            (b"\xEF\xBB\xBFplain", Some("UTF-8")),
            // Damaged.
            ("grüße, grüße, \u{e9}".as_bytes(), Some("UTF-8")),
            (b"gr\xC3\xBC\xC3\x9Fe, \xE9t\xC3\xA9", Some("UTF-8")),
            (b"gr\xFC\xDFe aus K\xF6ln", Some("windows-1252")),
            (b"a\0,\0b\0\n\0", Some("UTF-16LE")),
            (b"\xFF\xFEa\0", Some("UTF-16LE")),
        ] {
            assert_eq!(FileEncoding::detect(text).map(FileEncoding::name), expected, "{text:?}");
        }
        let declared = |content_type| FileEncoding::declared(Some(content_type)).map(FileEncoding::name);
        assert_eq!(declared("text/csv; charset=latin1"), Some("windows-1252"));
        assert_eq!(declared("text/csv; charset=no-such-charset"), None);
    }

    #[test]
    fn a_chunk_that_is_not_valid_is_never_read_in_another_encoding() {
        for (encoding, bytes, expected) in [
            ("utf-8", &b"gr\xC3\xBC\xC3\x9Fe"[..], Ok("grüße")),
            ("utf-8", b"a\xE9b", Err(1)),
            ("windows-1252", b"a\xE9b", Ok("aéb")),
            ("shift_jis", b"\x89\xB7\x93x", Ok("温度")),
            ("shift_jis", b"ab\xFFc", Err(2)),
        ] {
            let decoded = FileEncoding::named(encoding).unwrap().decode(&Bytes::from_static(bytes));
            let decoded = decoded.map(|text| String::from_utf8(text.to_vec()).unwrap());
            assert_eq!(decoded, expected.map(str::to_owned), "{bytes:?} in {encoding}");
        }
    }

    #[test]
    fn converted_text_is_declared_as_utf_8() {
        for (sent, expected) in [
            ("text/csv", "text/csv"),
            ("text/csv; header=absent", "text/csv; header=absent"),
            ("text/csv; charset=latin1", "text/csv; charset=utf-8"),
            ("text/csv; charset=latin1; header=absent", "text/csv; charset=utf-8; header=absent"),
        ] {
            assert_eq!(as_utf8(sent), expected);
        }
    }
}
