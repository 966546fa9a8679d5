//! Bytes → UTF-8 text, or the finding that they are no text.

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes are looked at to tell text from anything else.
const SAMPLE: usize = 64 * 1024;

/// The bytes as UTF-8, or `None` when they are no text. Text that is UTF-8 already, which is nearly
/// all, is not copied.
///
/// In this order, each step surer than the next:
/// 1. The mark at the beginning (BOM) says what it is, and is taken off.
/// 2. The sender said so (`charset=`). What is not what it said is looked at as if it had not.
/// 3. Every second byte is zero: UTF-16. It comes before UTF-8 because ASCII in UTF-16 is valid
///    UTF-8 too, full of U+0000.
/// 4. It is valid UTF-8 without the control characters that only binary formats have.
/// 5. It is in an encoding of one byte for each character. Which one cannot be told;
///    windows-1252 reads every byte and loses none. But there must be hardly any control
///    characters: in compressed or packed data every ninth byte is one.
pub(super) fn text(body: &Bytes, charset: Option<&str>) -> Option<Bytes> {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        let rest = body.slice(mark..);
        if let Some(text) = decoded(&rest, encoding) {
            return Some(text);
        }
    }
    let said = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
    if let Some(text) = said.filter(|encoding| *encoding != UTF_8).and_then(|said| decoded(body, said)) {
        return Some(text);
    }
    let sample = body.get(..SAMPLE).unwrap_or(body);
    // Nearly every text ends here.
    if !has_control(sample) && std::str::from_utf8(body).is_ok() {
        return (!is_document(sample)).then(|| body.clone());
    }
    if let Some(text) = wide(sample).and_then(|encoding| decoded(body, encoding)) {
        return Some(text);
    }
    if std::str::from_utf8(body).is_ok() {
        return is_text(sample, 10).then(|| body.clone());
    }
    is_text(sample, 50).then(|| decoded(body, WINDOWS_1252)).flatten()
}

/// The bytes as UTF-8 whatever they are, for a format that somebody asked for by name.
pub(super) fn text_anyhow(body: &Bytes, charset: Option<&str>) -> Bytes {
    match text(body, charset) {
        Some(text) => text,
        None if std::str::from_utf8(body).is_ok() => body.clone(),
        None => Bytes::from(WINDOWS_1252.decode_without_bom_handling(body).0.into_owned()),
    }
}

fn decoded(body: &Bytes, encoding: &'static Encoding) -> Option<Bytes> {
    if encoding == UTF_8 {
        return std::str::from_utf8(body).is_ok().then(|| body.clone());
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(body)?;
    // Pairs of bytes that make no sense as UTF-16 still decode to some rare characters.
    let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
    if is_wide && !is_text(text.as_bytes().get(..SAMPLE).unwrap_or(text.as_bytes()), 10) {
        return None;
    }
    Some(Bytes::from(text.into_owned()))
}

/// UTF-16 without a mark, by its zeros: nearly every second byte of Latin text, always on the same
/// side.
fn wide(sample: &[u8]) -> Option<&'static Encoding> {
    // Most bodies have no zero, and are told from here.
    memchr::memchr(0, sample)?;
    let zeros = |side: usize| sample.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), sample.len() / 2);
    if pairs < 2 {
        None
    } else if odd * 10 >= pairs * 6 && even * 20 <= pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 6 && odd * 20 <= pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether at most one byte in so many is a control character that no text has.
fn is_text(sample: &[u8], one_in: usize) -> bool {
    let controls = sample.iter().filter(|byte| is_control(**byte)).count();
    controls * one_in <= sample.len() && !is_document(sample)
}

/// A PDF begins like a text and may be one throughout; nobody wants its lines.
fn is_document(sample: &[u8]) -> bool {
    sample.starts_with(b"%PDF-")
}

/// Whether there is any such character: without a branch for each byte, so that many are looked at
/// in one step.
fn has_control(sample: &[u8]) -> bool {
    sample.iter().fold(false, |any, byte| any | is_control(*byte))
}

/// Control characters except those that texts have: white space, the escape of colours, the record
/// separator of JSON sequences.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x06 | 0x0E..=0x1A | 0x1C | 0x1D | 0x1F | 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_binaries_are_not() {
        let utf16 =
            |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        let marked = |mark: &[u8], rest: Vec<u8>| [mark.to_vec(), rest].concat();
        let little = utf16("{\"grüße\": 1}", u16::to_le_bytes);
        let big = utf16("{\"grüße\": 1}", u16::to_be_bytes);
        let gzip =
            [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 7, 0, 0x86, 0xA6, 0x10, 0x36];
        for (body, charset, expected) in [
            (b"plain".to_vec(), None, Some("plain")),
            ("grüße".into(), None, Some("grüße")),
            (b"\xEF\xBB\xBFmarked".to_vec(), None, Some("marked")),
            (marked(b"\xFF\xFE", little.clone()), None, Some("{\"grüße\": 1}")),
            (marked(b"\xFE\xFF", big.clone()), None, Some("{\"grüße\": 1}")),
            (little, None, Some("{\"grüße\": 1}")),
            (big, None, Some("{\"grüße\": 1}")),
            (b"gr\xFC\xDFe aus K\xF6ln".to_vec(), None, Some("grüße aus Köln")),
            (b"\xE6\xE7".to_vec(), Some("windows-1251"), Some("жз")),
            (b"gr\xFC\xDFe".to_vec(), Some("utf-8"), Some("grüße")),
            (b"plain".to_vec(), Some("no-such-charset"), Some("plain")),
            (b"\x1B[31mred\x1B[0m".to_vec(), None, Some("\u{1B}[31mred\u{1B}[0m")),
            (b"".to_vec(), None, Some("")),
            (gzip.to_vec(), None, None),
            (b"\x82\xA5speed\xCB\x3F\xFC\0\0\0\0\0\0\xA1n\x01".to_vec(), None, None),
            (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec(), None, None),
            (b"%PDF-1.4\n1 0 obj\n".to_vec(), None, None),
            ((0..=255).collect(), None, None),
        ] {
            let found = text(&Bytes::from(body.clone()), charset);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{body:?}");
        }
    }

    #[test]
    fn text_that_is_utf_8_is_not_copied() {
        let body = Bytes::from_static("\u{FEFF}grüße".as_bytes());
        let found = text(&body, Some("utf-8")).unwrap();
        assert_eq!(found.as_ptr(), body.as_ptr().wrapping_add(3));
    }
}
