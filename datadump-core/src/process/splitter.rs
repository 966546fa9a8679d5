//! Splits a long body into parts that can be processed independently, while it arrives.

use bytes::Bytes;

use super::{
    charset,
    formats::csv::{declared_delimiter, delimiter},
    json::is_space,
    media::Media,
    quotes::Quotes,
};

/// The units that a part has a whole number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// Lines.
    Lines,
    /// Rows of a table: line ends inside quoted cells do not count. `None` if the delimiter is not known.
    Rows(Option<u8>),
    /// The items of a JSON array.
    Items,
    /// The whole body.
    Whole,
}

/// Finds the ends of units in bytes that arrive piece by piece.
#[derive(Debug)]
pub(crate) struct Splitter {
    units: Units,
    quotes: Quotes,
    array: Array,
    /// Number of bytes that were scanned.
    scanned: usize,
    /// The end of the last unit that is complete.
    complete: usize,
}

/// The error of a body that cannot be split.
#[derive(Debug)]
pub(crate) struct Malformed {
    /// The place among the bytes that have not been taken.
    pub(crate) at: usize,
    pub(crate) detail: String,
}

/// The part of a JSON array that is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Array {
    Start,
    FirstItem,
    NextItem,
    /// The rest of an item, at this depth.
    Item(usize),
    /// The rest of a string in an item.
    Text(usize),
    /// A comma or the end of the array.
    Separator,
    /// White space.
    End,
}

impl Splitter {
    /// Creates a splitter for the start of a body, or for its rest after a complete unit.
    pub(crate) fn new(units: Units, is_start: bool) -> Self {
        let quotes = Quotes::new(if let Units::Rows(delimiter) = units { delimiter } else { None });
        let array = if is_start { Array::Start } else { Array::NextItem };
        Self { units, quotes, array, scanned: 0, complete: 0 }
    }

    /// Scans the bytes that have arrived since, and returns the end of the last unit that is complete. `bytes` are all
    /// those that have not been [taken](Self::take).
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let new = bytes.get(self.scanned..).unwrap_or_default();
        match self.units {
            Units::Lines => {
                if let Some(end) = memchr::memrchr(b'\n', new) {
                    self.complete = self.scanned + end + 1;
                }
                self.scanned = bytes.len();
            }
            Units::Rows(_) => self.scan_rows(bytes),
            Units::Items => self.scan_items(bytes)?,
            Units::Whole => {}
        }
        Ok(self.complete)
    }

    /// Returns the end of the last unit that is complete.
    pub(crate) fn complete(&self) -> usize {
        self.complete
    }

    /// Forgets the first bytes, up to the end of a unit.
    pub(crate) fn take(&mut self, count: usize) {
        self.scanned = self.scanned.saturating_sub(count);
        self.complete = self.complete.saturating_sub(count);
        self.quotes.shift(count);
    }

    /// Takes the quote that began the current cell for an ordinary character.
    pub(crate) fn ignore_open_quote(&mut self, bytes: &[u8]) {
        if self.quotes.is_inside() {
            let end = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            let quotes = Quotes::new(if let Units::Rows(delimiter) = self.units { delimiter } else { None });
            (self.quotes, self.complete, self.scanned) = (quotes, end, end);
        }
    }

    /// Checks that the body may end here.
    pub(crate) fn check_end(&self, bytes: &[u8]) -> Result<(), Malformed> {
        let end = bytes.len();
        match self.units {
            Units::Rows(_) => {
                let mut quotes = self.quotes.clone();
                // A quote at the end was not scanned, because another might have followed.
                if self.scanned < end {
                    quotes.take(bytes, self.scanned);
                }
                quotes.opened().map_or(Ok(()), |at| Err(malformed(at, "a quoted cell is never closed")))
            }
            Units::Items if self.array != Array::End => {
                Err(malformed(end, "the body ends before the end of its array"))
            }
            _ => Ok(()),
        }
    }

    fn scan_rows(&mut self, bytes: &[u8]) {
        let new = bytes.get(self.scanned..).unwrap_or_default();
        for place in memchr::memchr2_iter(b'"', b'\n', new) {
            let place = self.scanned + place;
            if bytes.get(place) == Some(&b'"') {
                if place + 1 == bytes.len() {
                    self.scanned = place;
                    return;
                }
                self.quotes.take(bytes, place);
            } else if !self.quotes.is_inside() {
                self.complete = place + 1;
            }
        }
        self.scanned = bytes.len();
    }

    fn scan_items(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        while let Some(byte) = bytes.get(self.scanned) {
            let at = self.scanned;
            self.scanned += 1;
            self.array = match (self.array, byte) {
                (Array::Text(depth), b'\\') if at + 1 == bytes.len() => {
                    self.scanned = at;
                    self.array = Array::Text(depth);
                    return Ok(());
                }
                (Array::Text(depth), b'\\') => {
                    self.scanned += 1;
                    Array::Text(depth)
                }
                (Array::Text(0), b'"') => Array::Separator,
                (Array::Text(depth), b'"') => Array::Item(depth),
                (Array::Text(depth), _) => {
                    let rest = bytes.get(self.scanned..).unwrap_or_default();
                    self.scanned += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    Array::Text(depth)
                }
                (
                    state @ (Array::Start
                    | Array::FirstItem
                    | Array::NextItem
                    | Array::Separator
                    | Array::End),
                    b,
                ) if is_space(*b) => state,
                (Array::Start, b'[') => Array::FirstItem,
                (Array::Start, 0xEF | 0xBB | 0xBF) => Array::Start,
                (Array::Start, _) => return Err(malformed(at, "expected `[`")),
                (Array::FirstItem | Array::Separator | Array::Item(0), b']') => Array::End,
                (Array::Separator | Array::Item(0), b',') => {
                    self.complete = self.scanned;
                    Array::NextItem
                }
                (Array::Separator, _) => return Err(malformed(at, "expected `,` or `]`")),
                (Array::End, _) => return Err(malformed(at, "expected the end of the body")),
                (Array::FirstItem | Array::NextItem, b',' | b']' | b'}' | b':') => {
                    return Err(malformed(at, "expected a value"));
                }
                // At this depth, an item that goes on is a number or a word.
                (Array::Item(0), b) if is_space(*b) => Array::Separator,
                (Array::Item(0), b'}' | b'{' | b'[' | b'"' | b':') => {
                    return Err(malformed(at, "expected `,` or `]`"));
                }
                (Array::FirstItem | Array::NextItem, b'"') => Array::Text(0),
                (Array::FirstItem | Array::NextItem, b'{' | b'[') => Array::Item(1),
                (Array::FirstItem | Array::NextItem, _) => Array::Item(0),
                (Array::Item(depth), b'"') => Array::Text(depth),
                (Array::Item(depth), b'{' | b'[') => Array::Item(depth + 1),
                (Array::Item(1), b'}' | b']') => Array::Separator,
                (Array::Item(depth), b'}' | b']') => Array::Item(depth - 1),
                (Array::Item(depth), _) => Array::Item(depth),
            };
        }
        Ok(())
    }
}

fn malformed(at: usize, detail: &str) -> Malformed {
    Malformed { at, detail: detail.to_owned() }
}

/// The header of a table, repeated at the start of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableHeader {
    /// The line that names the delimiter, if there is one for this format, and the header row unless there is none.
    pub(crate) bytes: Bytes,
    /// Number of bytes of `bytes` before the header row.
    pub(crate) declaration: usize,
}

impl TableHeader {
    /// Reads the header at the start of a table, and detects the delimiter. Returns `None` if there is no whole row.
    pub(crate) fn read(format: &str, start: &[u8], content_type: Option<&str>) -> Option<Self> {
        let media = Media::parse(content_type);
        let text = charset::to_utf8_lossy(&Bytes::copy_from_slice(start), media.parameter("charset"));
        let text = std::str::from_utf8(&text).unwrap_or_default();
        let (found, declared) = match (format, declared_delimiter(text)) {
            ("csv", Some((found, rest))) => (found, text.len() - rest.len()),
            ("csv", None) => (delimiter(text), 0),
            _ => (b'\t', 0),
        };
        let mark = if start.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let rows = start.get(mark + declared..).unwrap_or_default();
        // Empty lines before the header are skipped.
        let blank = rows.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let end = match media.parameter("header") {
            Some("absent") => 0,
            _ => row_end(rows, blank, found)?,
        };
        let mut bytes = if format == "csv" { vec![b's', b'e', b'p', b'=', found, b'\n'] } else { Vec::new() };
        let declaration = bytes.len();
        bytes.extend_from_slice(rows.get(blank..end).unwrap_or_default());
        Some(Self { bytes: bytes.into(), declaration })
    }

    /// Returns the delimiter.
    pub(crate) fn delimiter(&self) -> u8 {
        let declaration = self.bytes.get(..self.declaration).unwrap_or_default();
        let declared = std::str::from_utf8(declaration).ok().and_then(declared_delimiter);
        declared.map_or(b'\t', |(delimiter, _)| delimiter)
    }

    /// Returns the units of the table.
    pub(crate) fn units(&self) -> Units {
        Units::Rows(Some(self.delimiter()))
    }

    /// Returns whether there is a header row.
    pub(crate) fn has_row(&self) -> bool {
        self.bytes.len() > self.declaration
    }

    /// Returns the number of lines of the header row.
    pub(crate) fn lines(&self) -> usize {
        memchr::memchr_iter(b'\n', self.bytes.get(self.declaration..).unwrap_or_default()).count()
    }
}

/// Returns the end of the row that begins at `start`.
fn row_end(bytes: &[u8], start: usize, delimiter: u8) -> Option<usize> {
    let rows = bytes.get(start..)?;
    let mut quotes = Quotes::new(Some(delimiter));
    for place in memchr::memchr2_iter(b'"', b'\n', rows) {
        match rows.get(place) {
            Some(b'"') => quotes.take(rows, place),
            _ if !quotes.is_inside() => return Some(start + place + 1),
            _ => {}
        }
    }
    None
}

/// Returns where the rows of a table begin: after a byte order mark and the line that names the delimiter.
pub(crate) fn table_start(bytes: &[u8]) -> usize {
    let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let text = bytes.get(mark..).unwrap_or_default();
    let line = memchr::memchr(b'\n', text).map_or(0, |end| end + 1);
    let first = std::str::from_utf8(text.get(..line).unwrap_or_default()).ok();
    let is_declared = first.is_some_and(|first| declared_delimiter(first).is_some());
    mark + if is_declared { line } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a body in pieces of one size, and returns its parts, each marked by `|`, or the error.
    fn split(units: Units, body: &str, piece: usize) -> Result<String, String> {
        let mut splitter = Splitter::new(units, true);
        let (mut waiting, mut parts) = (Vec::new(), String::new());
        let failed = |error: Malformed| error.detail;
        for bytes in body.as_bytes().chunks(piece) {
            waiting.extend_from_slice(bytes);
            let end = splitter.scan(&waiting).map_err(failed)?;
            splitter.take(end);
            let part: Vec<u8> = waiting.drain(..end).collect();
            parts.push_str(std::str::from_utf8(&part).unwrap());
            if end > 0 {
                parts.push('|');
            }
        }
        splitter.check_end(&waiting).map_err(failed)?;
        Ok(parts + std::str::from_utf8(&waiting).unwrap())
    }

    #[test]
    fn parts_are_whole_units() {
        let rows = Units::Rows(Some(b','));
        for (units, body, expected) in [
            (Units::Lines, "a\nb\nc", Ok("a\n|b\n|c")),
            (rows, "a,b\n1,\"x\ny\"\n2,3\n", Ok("a,b\n|1,\"x\ny\"\n|2,3\n|")),
            (rows, "\"a\"\"\n\",1\n5\" pipe\n2", Ok("\"a\"\"\n\",1\n|5\" pipe\n|2")),
            (rows, "a\n\"b\nc\n", Err("a quoted cell is never closed")),
            (rows, "a\n1,\"b\"", Ok("a\n|1,\"b\"")),
            (Units::Items, "[]", Ok("[]")),
            (
                Units::Items,
                " [1 , {\"a\": [1,2]},\n\"x,\\\"]\"] ",
                Ok(" [1 ,| {\"a\": [1,2]},|\n\"x,\\\"]\"] "),
            ),
            (Units::Items, "[{\"a\": \"\\\\\"},true]", Ok("[{\"a\": \"\\\\\"},|true]")),
            (Units::Items, "[1,2", Err("the body ends before the end of its array")),
            (Units::Items, "[1,]", Err("expected a value")),
            (Units::Items, "[{} {}]", Err("expected `,` or `]`")),
            (Units::Items, "[1\n, 2 ]", Ok("[1\n,| 2 ]")),
            (Units::Items, "[1 2]", Err("expected `,` or `]`")),
            (Units::Items, "[true\n\"x\"]", Err("expected `,` or `]`")),
            (Units::Items, "[1\"x\"]", Err("expected `,` or `]`")),
            (Units::Items, "[1{}]", Err("expected `,` or `]`")),
            (Units::Items, "[1] 2", Err("expected the end of the body")),
            (Units::Items, "{}", Err("expected `[`")),
            (Units::Whole, "{\n}\n", Ok("{\n}\n")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(split(units, body, 1), expected, "{body:?}");
            for piece in 2..10 {
                let plain = |parts: String| parts.replace('|', "");
                let found = split(units, body, piece).map(plain);
                assert_eq!(found, expected.clone().map(plain), "{body:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn headers_name_the_delimiter() {
        for (format, body, expected) in [
            ("csv", "a,b\n1,2\n", Some(("sep=,\na,b\n", 1))),
            ("csv", "\u{feff}a;b\n1;2\n", Some(("sep=;\na;b\n", 1))),
            ("csv", "sep=|\na|b\n1|2\n", Some(("sep=|\na|b\n", 1))),
            ("csv", "\n\na,\"b\nc\"\n1,2\n", Some(("sep=,\na,\"b\nc\"\n", 2))),
            ("tsv", "a\tb\n", Some(("a\tb\n", 1))),
            ("csv", "a,b", None),
        ] {
            let header = TableHeader::read(format, body.as_bytes(), None);
            let found =
                header.as_ref().map(|header| (std::str::from_utf8(&header.bytes).unwrap(), header.lines()));
            assert_eq!(found, expected, "{body:?}");
        }
        let absent = TableHeader::read("csv", b"1,2\n", Some("text/csv; header=absent")).unwrap();
        assert_eq!((absent.bytes.as_ref(), absent.lines()), (&b"sep=,\n"[..], 0));
        for (body, expected) in
            [("a,b\n", 0), ("\u{feff}a,b\n", 3), ("sep=;\na;b\n", 6), ("\u{feff}sep=;\na\n", 9)]
        {
            assert_eq!(table_start(body.as_bytes()), expected, "{body:?}");
        }
    }
}
