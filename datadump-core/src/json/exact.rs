//! Finds numbers that a float cannot represent.

use std::io::Write;

/// Number of significant digits up to which every decimal survives as a float, unless it is tiny or huge.
const SAFE_DIGITS: usize = 15;

/// Number of significant digits that identify a float.
const MAX_DIGITS: usize = 17;

/// Returns whether a JSON number with a fraction or an exponent is stored as it was sent: either it is the shortest
/// text of its float, or it has the 17 digits that identify it.
pub(crate) fn is_exact(text: &str) -> bool {
    let Some(sent) = Decimal::read(text.as_bytes()) else { return false };
    if sent.length <= SAFE_DIGITS && sent.exponent.unsigned_abs() <= 250 {
        return true;
    }
    let Ok(float) = text.parse::<f64>() else { return true };
    if !float.is_finite() {
        return false;
    }
    Decimal::read(ryu::Buffer::new().format_finite(float).as_bytes()) == Some(sent)
        || Decimal::write(format_args!("{float:.16e}")) == Some(sent)
}

/// The significant digits of a number as a whole number, how many they are, and the power of ten of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: u64,
    length: usize,
    exponent: i64,
}

impl Decimal {
    /// Reads a number; returns `None` if it has more than 17 significant digits.
    fn read(text: &[u8]) -> Option<Self> {
        let (mut digits, mut length, mut zeros, mut exponent) = (0_u64, 0, 0, 0_i64);
        let mut is_fraction = false;
        for (place, byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    exponent -= i64::from(is_fraction);
                    if *byte == b'0' {
                        // Significant only if another digit precedes and follows.
                        zeros += usize::from(length > 0);
                        continue;
                    }
                    length += zeros + 1;
                    if length > MAX_DIGITS {
                        return None;
                    }
                    for _ in 0..=zeros {
                        digits *= 10;
                    }
                    digits += u64::from(byte - b'0');
                    zeros = 0;
                }
                b'.' => is_fraction = true,
                b'e' | b'E' => {
                    let sent = std::str::from_utf8(text.get(place + 1..)?).ok()?;
                    // A longer exponent is not one of a float.
                    exponent = exponent.saturating_add(sent.parse().unwrap_or(i64::from(i32::MAX)));
                    break;
                }
                _ => {}
            }
        }
        let exponent = if length > 0 { exponent.saturating_add(i64::try_from(zeros).ok()?) } else { 0 };
        Some(Self { digits, length, exponent })
    }

    fn write(number: std::fmt::Arguments<'_>) -> Option<Self> {
        let mut buffer = [0_u8; 32];
        let mut rest = buffer.as_mut_slice();
        rest.write_fmt(number).ok()?;
        let left = rest.len();
        Self::read(buffer.get(..32 - left)?)
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
            "1e9223372036854775807",
            "10000000000e9223372036854775807",
        ] {
            assert!(!is_exact(text), "{text}");
        }
    }
}
