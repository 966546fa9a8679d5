//! Finds numbers that a float cannot represent.

use std::io::Write;

/// Number of significant digits up to which every decimal survives as a float, unless it is tiny or huge.
const SAFE_DIGITS: usize = 15;

/// Number of significant digits that identify a float.
const MAX_DIGITS: usize = 17;

/// Returns whether a JSON number with a fraction or an exponent is stored as it was sent: either it is the shortest
/// text of its float, or it has the 17 digits that identify it.
pub(crate) fn is_exact(text: &str) -> bool {
    // Digits, point and sign.
    if text.len() <= SAFE_DIGITS + 1 && !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return true;
    }
    let Some(sent) = Decimal::read(text) else { return false };
    if sent.length <= SAFE_DIGITS && sent.exponent.unsigned_abs() <= 250 {
        return true;
    }
    let Ok(float) = text.parse::<f64>() else { return true };
    let is_sent = |written: Option<Decimal>| written.is_some_and(|written| written == sent);
    is_sent(Decimal::write(format_args!("{float:e}")))
        || is_sent(Decimal::write(format_args!("{float:.16e}")))
}

/// The significant digits of a number, and its power of ten.
#[derive(PartialEq)]
struct Decimal {
    digits: [u8; MAX_DIGITS],
    length: usize,
    exponent: i64,
}

impl Decimal {
    /// Reads a number; returns `None` if it has more than 17 significant digits.
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        // A longer exponent is not one of a float.
        let mut exponent: i64 = exponent.parse().unwrap_or(i64::from(i32::MAX));
        let mut decimal = Self { digits: [0; MAX_DIGITS], length: 0, exponent: 0 };
        let (mut is_fraction, mut zeros) = (false, 0);
        for byte in mantissa.bytes() {
            match byte {
                b'0'..=b'9' => exponent = exponent.saturating_sub(i64::from(is_fraction)),
                _ => {
                    is_fraction |= byte == b'.';
                    continue;
                }
            }
            match byte {
                b'0' if decimal.length == 0 => {}
                // Significant only if another digit follows.
                b'0' => zeros += 1,
                digit => {
                    decimal.length += zeros;
                    zeros = 0;
                    *decimal.digits.get_mut(decimal.length)? = digit;
                    decimal.length += 1;
                }
            }
        }
        if decimal.length > 0 {
            decimal.exponent = exponent.saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX));
        }
        Some(decimal)
    }

    fn write(number: std::fmt::Arguments<'_>) -> Option<Self> {
        let mut buffer = [0_u8; 32];
        let mut rest = buffer.as_mut_slice();
        rest.write_fmt(number).ok()?;
        let left = rest.len();
        Self::read(std::str::from_utf8(buffer.get(..32 - left)?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_lose_digits_are_found() {
        for text in [
            "0",
            "-0.0",
            "0e-400",
            "1.10",
            "0.1",
            "1e300",
            "1.7976931348623157e308",
            "5e-324",
            "0.30000000000000004",
            "0.10000000000000001",
            "-1234567890.1234567",
            "100000000000000000000000.0",
            "1.000000000000000000000000",
        ] {
            assert!(is_exact(text), "{text}");
        }
        for text in [
            "1e-400",
            "-1e-400",
            "4e-324",
            "1.00000000000000001",
            "0.1234567890123456789",
            "9007199254740993.0",
            "123456789012345678.5",
            "3.14159265358979323846",
            "1e-99999999999999999999",
        ] {
            assert!(!is_exact(text), "{text}");
        }
    }
}
