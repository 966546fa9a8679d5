//! Finds the end of a JSON value and whether it needs lenient parsing. Does not validate it.

use crate::json::{MAX_DEPTH, is_exact};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::process) struct Scan {
    /// The byte offset after the value, or the end of the text if the value is unterminated.
    pub(in crate::process) end: usize,
    /// True if it is nested deeper than [`MAX_DEPTH`].
    pub(in crate::process) is_too_deep: bool,
    /// True if `serde_json` parses it without changing anything.
    pub(in crate::process) is_plain: bool,
    /// The number of lists, objects and commas in it, and the number of colons.
    values: usize,
    members: usize,
}

impl Scan {
    /// Returns the approximate number of bytes that parsing the value takes, apart from its text.
    pub(in crate::process) fn memory(&self) -> usize {
        /// A list may be moved while it is full, to twice its size.
        const VALUE_BYTES: usize = 3 * size_of::<serde_json::Value>();
        const MEMBER_BYTES: usize = 160;
        let parsed = (1 + self.values) * VALUE_BYTES + self.members * MEMBER_BYTES;
        // Lenient parsing takes another form in between.
        if self.is_plain { parsed } else { 2 * parsed }
    }
}

/// Scans the value that starts at a byte offset.
pub(in crate::process) fn scan(bytes: &[u8], start: usize) -> Scan {
    let (mut position, mut depth) = (start, 0_usize);
    let mut result = Scan { end: bytes.len(), is_too_deep: false, is_plain: true, values: 0, members: 0 };
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'"' => {
                let end = string_end(bytes, position);
                // `serde_json` uses this member name internally for raw values: it would parse the
                // text that follows as JSON, at any depth.
                if bytes.get(position..end).is_some_and(|text| text.starts_with(b"\"$serde_json")) {
                    result.is_plain = false;
                }
                position = end;
            }
            b'{' | b'[' => {
                depth += 1;
                result.is_too_deep |= depth > MAX_DEPTH;
                result.values += 1;
                position += 1;
            }
            b'}' | b']' => {
                // An unmatched closing bracket belongs to the enclosing value.
                if depth == 0 {
                    result.end = position;
                    return result;
                }
                depth -= 1;
                position += 1;
            }
            b'0'..=b'9' | b'-' => {
                let end = position + number_length(bytes.get(position..).unwrap_or_default());
                result.is_plain &= !is_rounded(bytes.get(position..end).unwrap_or_default());
                position = end;
            }
            _ if depth == 0 && ends_scalar(*byte) => {
                result.end = position;
                return result;
            }
            _ => {
                result.values += usize::from(*byte == b',');
                result.members += usize::from(*byte == b':');
                position += 1;
                continue;
            }
        }
        if depth == 0 && ends_here(bytes, position) {
            result.end = position;
            return result;
        }
    }
    result
}

/// Returns the offset of the first byte from `start` that is not white space.
pub(in crate::process) fn skip_space(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| is_space(**byte)).count()
}

/// Returns whether a byte is JSON white space or the record separator of JSON sequences (RFC 7464).
pub(in crate::process) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1E)
}

/// Returns whether a value ends at `position`. It does after a string or a closing bracket, but not after
/// the digits of an invalid number such as `1x`.
fn ends_here(bytes: &[u8], position: usize) -> bool {
    match bytes.get(position.wrapping_sub(1)) {
        Some(b'"' | b'}' | b']') => true,
        _ => bytes.get(position).is_none_or(|next| ends_scalar(*next)),
    }
}

fn ends_scalar(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b',' | b':' | b'{' | b'[' | b'"')
}

/// Returns the offset after the closing quote of the string that starts at `open`.
fn string_end(bytes: &[u8], open: usize) -> usize {
    /// Number of eight-byte words to check before `memchr` pays off. Most strings are short.
    const SHORT_WORDS: usize = 3;
    let mut position = open + 1;
    let (words, _) = bytes.get(position..).unwrap_or_default().as_chunks();
    for word in words.iter().take(SHORT_WORDS) {
        let found = special(*word);
        position += found;
        match word.get(found) {
            Some(b'"') => return position + 1,
            Some(_) => break,
            None => {}
        }
    }
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(position..).unwrap_or_default()) {
        position += found;
        if bytes.get(position) == Some(&b'"') {
            return position + 1;
        }
        position += 2;
    }
    bytes.len()
}

/// Returns the index of the first quote or backslash among eight bytes, or 8 if there is none.
fn special(word: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // Sets the high bit of the lowest zero byte, and possibly of bytes above it.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let word = u64::from_le_bytes(word);
    let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    found.trailing_zeros() as usize / 8
}

fn number_length(bytes: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    bytes.iter().take_while(|byte| is_part(byte)).count()
}

/// Returns whether a number is an integer of more than 64 bits, which would become a float, or a decimal that a
/// float cannot represent.
fn is_rounded(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return false };
    if number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return !is_exact(text);
    }
    // Integers of up to 18 digits always fit.
    number.len() > 18 && text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_value_is_found() {
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
    fn the_end_of_a_string_is_found_at_any_offset() {
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
                    assert_eq!(string_end(text.as_bytes(), 0), end, "{text}");
                }
            }
        }
    }

    #[test]
    fn values_that_need_lenient_parsing_are_recognised() {
        for (text, plain) in [
            (r#"{"a": 9223372036854775807, "b": 18446744073709551615}"#, true),
            (r#"{"a": 18446744073709551616}"#, false),
            (r#"{"a": "18446744073709551616"}"#, true),
            ("1.8446744073709551", true),
            ("1.8446744073709551616", false),
            ("[1e-400]", false),
            (r#"{"a": {"$serde_json::private::RawValue": "[]"}}"#, false),
        ] {
            assert_eq!(scan(text.as_bytes(), 0).is_plain, plain, "{text}");
        }
        let deep = |levels: usize| scan("[".repeat(levels).as_bytes(), 0).is_too_deep;
        assert!(!deep(MAX_DEPTH));
        assert!(deep(MAX_DEPTH + 1));
    }
}
