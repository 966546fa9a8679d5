//! Quotes in tables: which delimiters and line ends are inside quoted cells.

use super::formats::csv::DELIMITERS;

/// Follows the quotes of a table. Only a quote at the start of a cell begins a quoted cell (RFC 4180); any other is an
/// ordinary character.
#[derive(Debug, Clone)]
pub(super) struct Quotes {
    /// `None` if it is not known: it may be any of the usual ones.
    delimiter: Option<u8>,
    /// The place of the quote that began the current cell, if that is quoted.
    open: Option<usize>,
    /// The place of the second quote of a pair, which stands for one inside a cell.
    pair: Option<usize>,
}

impl Quotes {
    /// Creates the state at the start of a row.
    pub(super) fn new(delimiter: Option<u8>) -> Self {
        Self { delimiter, open: None, pair: None }
    }

    /// Takes the next quote.
    pub(super) fn take(&mut self, bytes: &[u8], place: usize) {
        const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
        if self.pair.take() == Some(place) {
            return;
        }
        if self.open.is_some() {
            match bytes.get(place + 1) {
                Some(b'"') => self.pair = Some(place + 1),
                _ => self.open = None,
            }
            return;
        }
        let before = place.checked_sub(1).and_then(|before| bytes.get(before));
        let is_start = match before {
            None | Some(b'\n' | b'\r') => true,
            Some(byte) => match self.delimiter {
                Some(delimiter) => *byte == delimiter,
                None => DELIMITERS.contains(byte),
            },
        };
        if is_start || bytes.get(..place) == Some(BYTE_ORDER_MARK) {
            self.open = Some(place);
        }
    }

    /// Returns whether what follows is inside a quoted cell.
    pub(super) fn is_inside(&self) -> bool {
        self.open.is_some()
    }

    /// Returns the place of the quote that began the cell.
    pub(super) fn opened(&self) -> Option<usize> {
        self.open
    }

    /// Moves the places after the first `count` bytes have been removed.
    pub(super) fn shift(&mut self, count: usize) {
        for place in [&mut self.open, &mut self.pair] {
            *place = place.and_then(|place| place.checked_sub(count));
        }
    }
}

/// Returns whether every quoted cell of a table is closed. If not, its quotes are ordinary characters: one that is
/// never closed (`"5 inch`) would swallow all rows after it.
pub(super) fn are_closed(text: &str, delimiter: u8) -> bool {
    let (bytes, mut quotes) = (text.as_bytes(), Quotes::new(Some(delimiter)));
    memchr::memchr_iter(b'"', bytes).for_each(|place| quotes.take(bytes, place));
    !quotes.is_inside()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quotes_at_the_start_of_a_cell_enclose_it() {
        for (text, expected) in [
            ("", true),
            ("a,b\n1,2\n", true),
            ("\"a\",\"b\"\n", true),
            ("a,\"b\nc\"\n", true),
            ("a,\"b\"\"c\"\n", true),
            ("a,\"\"\"\"\n", true),
            ("a,\"\"\n", true),
            ("5\" pipe,1\n", true),
            ("5\" pipe,\"1\n", false),
            ("\"5 inch,1\n", false),
            ("a;\"b\n", true),
            ("\"a\"b\"c\n", true),
            ("\u{feff}\"a,b\"\n", true),
            ("\u{feff}\"a,b\n", false),
        ] {
            assert_eq!(are_closed(text, b','), expected, "{text:?}");
        }
    }
}
