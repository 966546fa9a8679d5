//! What a JSON value looks like from outside. Nothing here checks that it is one.

use crate::json::MAX_DEPTH;

/// Where a value ends, and whether it takes care to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::process) struct Scan {
    /// The first byte behind it, or the end of the text when it is not finished.
    pub(in crate::process) end: usize,
    /// It nests deeper than we walk.
    pub(in crate::process) is_too_deep: bool,
    /// `serde_json` reads it without changing anything.
    pub(in crate::process) is_plain: bool,
}

/// Looks at the value that begins at this byte.
pub(in crate::process) fn scan(bytes: &[u8], start: usize) -> Scan {
    let (mut place, mut depth) = (start, 0_usize);
    let mut seen = Scan { end: bytes.len(), is_too_deep: false, is_plain: true };
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'"' => {
                let end = text_end(bytes, place);
                // The name under which `serde_json` itself passes unread JSON: it would read the
                // text behind it as JSON, however deep.
                if bytes.get(place..end).is_some_and(|text| text.starts_with(b"\"$serde_json")) {
                    seen.is_plain = false;
                }
                place = end;
            }
            b'{' | b'[' => {
                depth += 1;
                seen.is_too_deep |= depth > MAX_DEPTH;
                place += 1;
            }
            b'}' | b']' => {
                // A bracket that nothing opened belongs to what stands around the value.
                if depth == 0 {
                    seen.end = place;
                    return seen;
                }
                depth -= 1;
                place += 1;
            }
            b'0'..=b'9' | b'-' => {
                let end = place + number_length(bytes.get(place..).unwrap_or_default());
                seen.is_plain &= !is_rounded(bytes.get(place..end).unwrap_or_default());
                place = end;
            }
            _ if depth == 0 && ends_scalar(*byte) => {
                seen.end = place;
                return seen;
            }
            _ => {
                place += 1;
                continue;
            }
        }
        if depth == 0 && ends_here(bytes, place) {
            seen.end = place;
            return seen;
        }
    }
    seen
}

/// The first byte from here that is not white space.
pub(in crate::process) fn skip_space(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| is_space(**byte)).count()
}

/// What JSON calls white space, and the record separator of JSON sequences (RFC 7464).
pub(in crate::process) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1E)
}

/// Behind a text or a bracket that closes, a value is over; behind the digits of something that is
/// no number (`1x`) it is not.
fn ends_here(bytes: &[u8], place: usize) -> bool {
    match bytes.get(place.wrapping_sub(1)) {
        Some(b'"' | b'}' | b']') => true,
        _ => bytes.get(place).is_none_or(|next| ends_scalar(*next)),
    }
}

fn ends_scalar(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b',' | b':' | b'{' | b'[' | b'"')
}

/// The byte behind the closing quote of the text that is opened here.
fn text_end(bytes: &[u8], open: usize) -> usize {
    /// Most texts are short, and over before the search for many bytes has begun: after so many times eight.
    const SHORT: usize = 3;
    let mut place = open + 1;
    let (words, _) = bytes.get(place..).unwrap_or_default().as_chunks();
    for word in words.iter().take(SHORT) {
        let found = special(*word);
        place += found;
        match word.get(found) {
            Some(b'"') => return place + 1,
            Some(_) => break,
            None => {}
        }
    }
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(place..).unwrap_or_default()) {
        place += found;
        if bytes.get(place) == Some(&b'"') {
            return place + 1;
        }
        place += 2;
    }
    bytes.len()
}

/// Where a text ends, or has something that is escaped, in these of its bytes: 8 when it is nowhere.
fn special(word: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // The high bit of the lowest byte that is zero, and perhaps of others above it.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let word = u64::from_le_bytes(word);
    let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    found.trailing_zeros() as usize / 8
}

fn number_length(bytes: &[u8]) -> usize {
    let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    bytes.iter().take_while(|byte| of_number(byte)).count()
}

/// Whether it is a whole number that only a float would hold.
fn is_rounded(number: &[u8]) -> bool {
    // Up to 18 digits always fit.
    if number.len() <= 18 || number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return false;
    }
    std::str::from_utf8(number).is_ok_and(|text| text.parse::<i64>().is_err() && text.parse::<u64>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for (text, value) in [
            (r#"{"a": [1, 2]} {"b"#, r#"{"a": [1, 2]}"#),
            (r#"{"a": "}\"\\"}{}"#, r#"{"a": "}\"\\"}"#),
            ("12.5,", "12.5"),
            ("-7]", "-7"),
            ("1 2", "1"),
            (r#""a,b" 1"#, r#""a,b""#),
            ("NaN}", "NaN"),
            ("-Infinity, 1", "-Infinity"),
            ("true\nfalse", "true"),
            ("1x2 3", "1x2"),
            (r#"{"open": ["#, r#"{"open": ["#),
            (r#""open"#, r#""open"#),
            ("{}\u{1E}{}", "{}"),
            (r#""seventeen bytes \" ü" "#, r#""seventeen bytes \" ü""#),
            (
                r#""a text of more than twenty-four bytes \\""#,
                r#""a text of more than twenty-four bytes \\""#,
            ),
        ] {
            assert_eq!(text.get(..scan(text.as_bytes(), 0).end), Some(value), "{text}");
        }
    }

    #[test]
    fn texts_end_wherever_they_do() {
        for length in 0..40_usize {
            for other in ["a", "#", "]", "ü", "\u{80}", "\u{2}"] {
                let inside = other.repeat(length);
                for (text, end) in [
                    (format!("\"{inside}\" \""), inside.len() + 2),
                    (format!("\"{inside}\\\"{inside}\"\""), 2 * inside.len() + 4),
                    (format!("\"{inside}\\\\\"\""), inside.len() + 4),
                    (format!("\"{inside}"), inside.len() + 1),
                    (format!("\"{inside}\\"), inside.len() + 2),
                ] {
                    assert_eq!(text_end(text.as_bytes(), 0), end, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_needs_care_is_seen() {
        for (text, plain) in [
            (r#"{"a": 9223372036854775807, "b": 18446744073709551615}"#, true),
            (r#"{"a": 18446744073709551616}"#, false),
            (r#"{"a": "18446744073709551616"}"#, true),
            ("1.8446744073709551616", true),
            (r#"{"a": {"$serde_json::private::RawValue": "[]"}}"#, false),
        ] {
            assert_eq!(scan(text.as_bytes(), 0).is_plain, plain, "{text}");
        }
        let deep = |levels: usize| scan("[".repeat(levels).as_bytes(), 0).is_too_deep;
        assert!(!deep(MAX_DEPTH));
        assert!(deep(MAX_DEPTH + 1));
    }
}
