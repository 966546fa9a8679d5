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

/// The cells of a table that are empty and quoted: exports write an empty text like this, and null without quotes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EmptyTexts {
    /// Number of rows, blank lines not counted.
    pub(crate) rows: usize,
    /// The cells, each with the index of its row and its column, in order.
    pub(crate) cells: Vec<(usize, usize)>,
}

impl EmptyTexts {
    /// Finds the cells. There are at most a third as many as bytes.
    pub(crate) fn find(bytes: &[u8], delimiter: u8) -> Self {
        let (mut found, mut quotes) = (Self::default(), Quotes::new(Some(delimiter)));
        let (mut row_start, mut start, mut column) = (0, 0, 0);
        let special = memchr::memchr3_iter(delimiter, b'\n', b'"', bytes);
        for place in special.chain(bytes.last().filter(|last| **last != b'\n').map(|_| bytes.len())) {
            match bytes.get(place) {
                Some(b'"') => quotes.take(bytes, place),
                _ if quotes.is_inside() => {}
                end => {
                    let is_row = end != Some(&delimiter);
                    let cell = bytes.get(start..place).unwrap_or_default();
                    let cell = if is_row { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell };
                    if cell == b"\"\"" {
                        found.cells.push((found.rows, column));
                    }
                    if is_row {
                        found.rows += usize::from(!cell.is_empty() || start > row_start);
                        (row_start, column) = (place + 1, 0);
                    } else {
                        column += 1;
                    }
                    start = place + 1;
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_texts_are_told_from_nulls() {
        for (text, rows, cells) in [
            ("", 0, &[][..]),
            ("a,b\n,\"\"\n", 2, &[(1, 1)]),
            ("a,b\r\n\"\",\"\"\r\n\r\n1,\"\"", 3, &[(1, 0), (1, 1), (2, 1)]),
            ("\"\"\"\",\"x\ny\",\"\"\n,\n", 2, &[(0, 2)]),
        ] {
            let found = EmptyTexts::find(text.as_bytes(), b',');
            assert_eq!((found.rows, found.cells.as_slice()), (rows, cells), "{text:?}");
        }
    }

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
