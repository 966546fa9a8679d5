//! Finds the end of a value of a binary format, and counts the values inside it, without building it: three bytes
//! may claim a list of four billion items.

use super::parsed_value::too_deep;
use crate::{json::MAX_DEPTH, record::Failure};

/// Maximum nesting that is followed. The parsers allow less.
const MAX_NESTING: usize = 4 * MAX_DEPTH;

/// The start of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// A whole value.
    Leaf,
    /// This many values follow, which are part of it.
    Items(u64),
    /// Values that are part of it follow, up to a [`Break`](Self::Break).
    Open,
    /// The end of an open value.
    Break,
}

/// The extent of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Number of bytes.
    pub(super) length: usize,
    /// Number of values, including those inside it.
    pub(super) values: usize,
}

impl Extent {
    /// Returns the extent of the value at the start of the bytes. `head` reads the start of one value, including its
    /// bytes if it is a leaf, and returns its length; `None` if it is invalid.
    pub(super) fn of(bytes: &[u8], head: impl Fn(&[u8]) -> Option<(usize, Head)>) -> Result<Self, Failure> {
        let mut extent = Self { length: 0, values: 0 };
        // The number of values missing in each open value; `None` up to a break.
        let mut open: Vec<Option<u64>> = vec![Some(1)];
        while let Some(missing) = open.last_mut() {
            if *missing == Some(0) {
                open.pop();
                continue;
            }
            let rest = bytes.get(extent.length..).unwrap_or_default();
            let invalid = || {
                Failure::unreadable(format!("invalid or incomplete at byte {} of the value", extent.length))
            };
            let (length, head) =
                head(rest).filter(|(length, _)| *length <= rest.len()).ok_or_else(invalid)?;
            match (head, missing) {
                (Head::Break, None) => {
                    extent.length += length;
                    open.pop();
                    continue;
                }
                (Head::Break, Some(_)) => return Err(invalid()),
                (_, Some(count)) => *count -= 1,
                (_, None) => {}
            }
            extent.length += length;
            extent.values += 1;
            match head {
                Head::Items(0) | Head::Leaf | Head::Break => {}
                Head::Items(count) => open.push(Some(count)),
                Head::Open => open.push(None),
            }
            if open.len() > MAX_NESTING {
                return Err(too_deep());
            }
        }
        Ok(extent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A toy format: a digit claims that many items, `(` opens a list that `)` ends, letters are leaves.
    fn head(bytes: &[u8]) -> Option<(usize, Head)> {
        Some((
            1,
            match bytes.first()? {
                b'(' => Head::Open,
                b')' => Head::Break,
                digit @ b'0'..=b'9' => Head::Items(u64::from(digit - b'0')),
                b'a'..=b'z' => Head::Leaf,
                _ => return None,
            },
        ))
    }

    #[test]
    fn the_end_of_a_value_is_found() {
        for (bytes, expected) in [
            ("ab", Some((1, 1))),
            ("0b", Some((1, 1))),
            ("2abc", Some((3, 3))),
            ("2(a)1bc", Some((6, 5))),
            ("()", Some((2, 1))),
            ("(2ab)c", Some((5, 4))),
            ("2a", None),
            ("(a", None),
            (")", None),
            ("1)", None),
            ("-", None),
            ("", None),
        ] {
            let found = Extent::of(bytes.as_bytes(), head).ok();
            assert_eq!(found.map(|extent| (extent.length, extent.values)), expected, "{bytes}");
        }
        assert_eq!(Extent::of("1".repeat(10_000).as_bytes(), head).unwrap_err().code, "too-deep");
    }
}
