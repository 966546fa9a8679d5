//! Converts bodies to UTF-8, or finds that they are binary.

use bytes::Bytes;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Number of bytes that are examined to tell text from binary data.
const SAMPLE_BYTES: usize = 64 * 1024;

/// Converts a body to UTF-8; returns `None` if it is not text. A body that is already UTF-8, which is
/// the common case, is not copied.
///
/// The encoding is determined in this order, most reliable evidence first:
/// 1. A byte order mark, which is removed.
/// 2. The `charset` parameter. If the body does not decode in that encoding, the parameter is ignored.
/// 3. Zeros in every second byte: UTF-16. This comes before UTF-8 because ASCII text in UTF-16 is also
///    valid UTF-8, full of U+0000.
/// 4. Valid UTF-8 without the control characters that only binary formats contain.
/// 5. The encoding that the letters suggest, else windows-1252, which decodes every byte without loss.
///    The text must contain hardly any control characters: in compressed or packed data, every ninth byte is
///    a control character.
pub(super) fn to_utf8(body: &Bytes, charset: Option<&str>) -> Option<Bytes> {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        let rest = body.slice(mark..);
        if let Some(text) = decode(&rest, encoding) {
            return Some(text);
        }
    }
    let declared = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
    if let Some(text) =
        declared.filter(|encoding| *encoding != UTF_8).and_then(|encoding| decode(body, encoding))
    {
        return Some(text);
    }
    let sample = body.get(..SAMPLE_BYTES).unwrap_or(body);
    // The common case.
    if !has_control(sample) && std::str::from_utf8(body).is_ok() {
        return (!is_pdf(sample)).then(|| body.clone());
    }
    if let Some(text) = utf16(sample).and_then(|encoding| decode(body, encoding)) {
        return Some(text);
    }
    if std::str::from_utf8(body).is_ok() {
        return is_text(sample, 10).then(|| body.clone());
    }
    if !is_text(sample, 50) {
        return None;
    }
    decode(body, guess(body)).or_else(|| decode(body, WINDOWS_1252))
}

/// Guesses the encoding of text that is not UTF-8 from the frequencies of its letters.
pub(super) fn guess(body: &[u8]) -> &'static Encoding {
    // The beginning, which may be long, says nothing if it is ASCII.
    let start = Encoding::ascii_valid_up_to(body);
    let sample = body.get(start..).unwrap_or_default();
    let sample = sample.get(..SAMPLE_BYTES).unwrap_or(sample);
    if is_western(sample) {
        return WINDOWS_1252;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // The letter before the first one that is not ASCII is evidence, too.
    detector.feed(body.get(start.saturating_sub(1)..start).unwrap_or_default(), false);
    detector.feed(sample, body.len() - start <= SAMPLE_BYTES);
    detector.guess(None, Utf8Detection::Deny)
}

/// Returns whether text holds only one or two letters or signs that are not ASCII, each by itself, as in `naïve`
/// and `5 µm`. In Cyrillic or Asian text they are adjacent; the detector, made for longer texts, takes them for
/// letters of a rarer encoding.
fn is_western(sample: &[u8]) -> bool {
    let is_pair = |pair: &[u8]| pair.iter().all(|byte| !byte.is_ascii());
    sample.iter().filter(|byte| !byte.is_ascii()).count() <= 2 && !sample.windows(2).any(is_pair)
}

/// Converts a body to UTF-8 even if it looks binary, for a text format that was requested by name.
pub(super) fn to_utf8_lossy(body: &Bytes, charset: Option<&str>) -> Bytes {
    match to_utf8(body, charset) {
        Some(text) => text,
        None if std::str::from_utf8(body).is_ok() => body.clone(),
        None => Bytes::from(WINDOWS_1252.decode_without_bom_handling(body).0.into_owned()),
    }
}

fn decode(body: &Bytes, encoding: &'static Encoding) -> Option<Bytes> {
    if encoding == UTF_8 {
        return std::str::from_utf8(body).is_ok().then(|| body.clone());
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(body)?;
    // Arbitrary byte pairs often decode as UTF-16, to rare characters.
    let is_utf16 = encoding == UTF_16LE || encoding == UTF_16BE;
    if is_utf16 && !is_text(text.as_bytes().get(..SAMPLE_BYTES).unwrap_or(text.as_bytes()), 10) {
        return None;
    }
    Some(Bytes::from(text.into_owned()))
}

/// Recognises UTF-16 without a byte order mark: in Latin text nearly every second byte is zero, always
/// the high byte.
pub(super) fn utf16(sample: &[u8]) -> Option<&'static Encoding> {
    // Most bodies contain no zero at all.
    memchr::memchr(0, sample)?;
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
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

/// Returns whether at most one in `one_in` bytes is a control character that text does not contain.
fn is_text(sample: &[u8], one_in: usize) -> bool {
    let controls = sample.iter().filter(|byte| is_control(**byte)).count();
    controls * one_in <= sample.len() && !is_pdf(sample)
}

/// Returns whether the sample is a PDF, which may consist of text but must not be split into lines.
fn is_pdf(sample: &[u8]) -> bool {
    sample.starts_with(b"%PDF-")
}

/// Returns whether the sample contains a control character. Branch-free, so that it vectorises.
fn has_control(sample: &[u8]) -> bool {
    sample.iter().fold(false, |any, byte| any | is_control(*byte))
}

/// Returns whether a byte is a control character that text does not contain. White space, the escape of
/// terminal colours and the record separator of JSON sequences occur in text.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x06 | 0x0E..=0x1A | 0x1C | 0x1D | 0x1F | 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_converted_and_binary_data_is_not() {
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
            let found = to_utf8(&Bytes::from(body.clone()), charset);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{body:?}");
        }
    }

    #[test]
    fn the_encoding_of_unlabelled_text_is_guessed() {
        use encoding_rs::{
            BIG5, EUC_JP, EUC_KR, GB18030, IBM866, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251,
        };
        let rows = "2026-03-01T12:00:00Z,1.75\n".repeat(10_000);
        for (encoding, text) in [
            (WINDOWS_1251, "Привет мир"),
            (WINDOWS_1251, "{\"имя\":\"датчик\",\"t\":1}"),
            (WINDOWS_1251, "температура,21\nвлажность,40\n"),
            (WINDOWS_1251, &format!("{rows}Ошибка чтения датчика\n")),
            (KOI8_R, "Привет мир"),
            (KOI8_R, "Ошибка чтения датчика"),
            (IBM866, "Привет мир"),
            (SHIFT_JIS, "こんにちは"),
            (SHIFT_JIS, "温度,21"),
            (SHIFT_JIS, "{\"名前\":\"センサー\"}"),
            (EUC_JP, "こんにちは"),
            (EUC_KR, "안녕하세요"),
            (EUC_KR, "{\"이름\":\"센서\"}"),
            (GB18030, "你好，世界"),
            (GB18030, "{\"名称\":\"传感器\"}"),
            (BIG5, "溫度,21"),
            (WINDOWS_1250, "Příliš žluťoučký kůň"),
            (WINDOWS_1252, "naïve"),
            (WINDOWS_1252, "21.5 °C"),
            (WINDOWS_1252, "±0.5"),
            (WINDOWS_1252, "5 µm"),
            (WINDOWS_1252, "name,stadt\nJörg,Köln\nMüller,Düren\n"),
            (WINDOWS_1252, "déjà vu"),
        ] {
            let (bytes, _, has_losses) = encoding.encode(text);
            assert!(!has_losses && std::str::from_utf8(&bytes).is_err(), "{text}");
            let found = to_utf8(&Bytes::from(bytes.into_owned()), None).unwrap();
            let found = String::from_utf8_lossy(&found);
            let end = found.char_indices().rev().nth(30).map_or(0, |(place, _)| place);
            assert!(found == text, "{text:.40} became …{}", &found[end..]);
        }
    }

    #[test]
    fn text_that_is_utf_8_is_not_copied() {
        let body = Bytes::from_static("\u{FEFF}grüße".as_bytes());
        let found = to_utf8(&body, Some("utf-8")).unwrap();
        assert_eq!(found.as_ptr(), body.as_ptr().wrapping_add(3));
    }
}
