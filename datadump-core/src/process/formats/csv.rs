//! CSV and TSV: one record per row, named by the header line.

use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};
use serde_json::Value as Json;

use crate::{
    process::{
        Input, Output, Processor, Splitting, infer_scalar,
        media::Media,
        quotes::{self, Quotes},
    },
    record::{Change, Failure, Fields, Names, REPEATED_NAME, Record},
};

/// Parses tables with one delimiter.
#[derive(Debug)]
pub(in crate::process) struct Table {
    name: &'static str,
    /// `None` if it is detected.
    delimiter: Option<u8>,
}

/// Comma-separated values, or any other delimiter.
pub(in crate::process) const CSV: Table = Table { name: "csv", delimiter: None };

/// Tab-separated values.
pub(in crate::process) const TSV: Table = Table { name: "tsv", delimiter: Some(b'\t') };

impl Processor for Table {
    fn name(&self) -> &str {
        self.name
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let (delimiter, text) = match self.delimiter {
            Some(delimiter) => (delimiter, text),
            None => declared_delimiter(text).unwrap_or_else(|| (delimiter(text), text)),
        };
        rows(text, delimiter, input, output)
    }

    fn splitting(&self) -> Splitting {
        Splitting::LinesWithHeader
    }
}

/// Delimiters that are tried for CSV, most likely first.
pub(in crate::process) const DELIMITERS: [u8; 4] = [b',', b';', b'|', b'\t'];

/// Detects the delimiter: the one that splits the first rows into the most columns, with the same number
/// of columns in most rows. Cells may contain other delimiters (`1,5;2,5`), but rarely the same number
/// of them in every row.
pub(in crate::process) fn delimiter(text: &str) -> u8 {
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let mut reader = reader(text, delimiter);
        let rows = reader.records().take(20).map_while(Result::ok);
        let widths: Vec<usize> = rows.map(|row| row.len()).collect();
        let first = widths.first().copied().unwrap_or_default();
        let alike = widths.iter().filter(|width| **width == first).count();
        if first > 1 && alike * 10 >= widths.len() * 8 && first > best.0 {
            best = (first, delimiter);
        }
    }
    if best.0 > 0 {
        return best.1;
    }
    // No delimiter fits the rows: use the most frequent one in the header.
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(count).filter(|found| count(found) > 0).unwrap_or(b',')
}

/// Creates a reader for the first rows of a table, to see what it looks like.
pub(in crate::process) fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    /// Rows are read whole, and the place of every cell is noted.
    const SAMPLE_BYTES: usize = 8 << 20;
    const SAMPLE_CELLS: usize = 100_000;
    let bytes = text.as_bytes();
    let end =
        memchr::memchr_iter(delimiter, bytes).nth(SAMPLE_CELLS).unwrap_or(bytes.len()).min(SAMPLE_BYTES);
    let sample = bytes.get(..end).unwrap_or(bytes);
    // The last row of a sample may be incomplete.
    let end = if sample.len() < bytes.len() { memchr::memrchr(b'\n', sample) } else { None };
    let sample = sample.get(..end.unwrap_or(sample.len())).unwrap_or(sample);
    with_quotes(delimiter, quotes::are_closed(text, delimiter)).from_reader(sample)
}

fn with_quotes(delimiter: u8, has_quotes: bool) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).quoting(has_quotes);
    builder
}

/// Returns the maximum number of cells in a row, or more if all lines are short.
fn widest_row(text: &str, delimiter: u8, has_quotes: bool) -> usize {
    let bytes = text.as_bytes();
    if !has_quotes || memchr::memchr(b'"', bytes).is_none() {
        let (mut start, mut longest) = (0, 0);
        for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            longest = longest.max(end - start);
            start = end;
        }
        if longest <= SHORT_LINE_BYTES {
            return longest + 1;
        }
    }
    let (mut width, mut widest, mut quotes) = (1, 0, Quotes::new(Some(delimiter)));
    for place in memchr::memchr3_iter(delimiter, b'\n', b'"', bytes) {
        match bytes.get(place) {
            Some(b'"') if has_quotes => quotes.take(bytes, place),
            Some(b'"') => {}
            _ if quotes.is_inside() => {}
            Some(b'\n') => width = 1,
            _ => width += 1,
        }
        widest = widest.max(width);
    }
    widest
}

/// Reads the line `sep=;` that spreadsheets put before the header.
pub(in crate::process) fn declared_delimiter(text: &str) -> Option<(u8, &str)> {
    let (delimiter, rest) = text.strip_prefix("sep=")?.split_at_checked(1)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    Some((*delimiter.as_bytes().first()?, rest))
}

/// Length of a line whose cells need not be counted.
const SHORT_LINE_BYTES: usize = 16 << 10;

fn rows(text: &str, delimiter: u8, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
    /// The place of a cell, in a list that may be moved while it grows, and its value.
    const CELL_BYTES: usize = 3 * size_of::<usize>() + size_of::<serde_json::Value>();
    let has_quotes = quotes::are_closed(text, delimiter);
    // The reader reads whole rows.
    output.need(widest_row(text, delimiter, has_quotes).saturating_mul(CELL_BYTES))?;
    let mut reader = with_quotes(delimiter, has_quotes).from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    let unreadable = |error: csv::Error| Failure::unreadable(format!("invalid table: {error}"));
    // RFC 4180 defines the parameter `header=absent`.
    let has_header = Media::parse(input.content_type).parameter("header") != Some("absent");
    if has_header && !reader.read_record(&mut row).map_err(unreadable)? {
        return Ok(());
    }
    let header = if has_header { row.clone() } else { StringRecord::new() };
    let mut names = column_names(&header, header.len(), output)?;
    // Told with the first row.
    let mut changes = repeated(&header, &names, output)?;
    while !output.is_full() && reader.read_record(&mut row).map_err(unreadable)? {
        if names.list().len() != row.len() {
            names = column_names(&header, row.len(), output)?;
        }
        output.need(row.len() * CELL_BYTES + row.as_slice().len())?;
        let fields = Fields::with_names(names.clone(), row.iter().map(infer_scalar::infer).collect());
        let line = row.position().and_then(|position| usize::try_from(position.line()).ok());
        // A row cannot be parsed again without the header, so it has no byte range.
        let changes = std::mem::take(&mut changes);
        output.record_at(Record { changes, ..Record::new(fields) }, line, None);
    }
    Ok(())
}

/// Memory of a name, and of its entry in the index of names.
const NAME_BYTES: usize = 256;

/// Returns the columns that are not named as in the header, because another column has that name.
fn repeated(header: &StringRecord, names: &Names, output: &mut Output) -> Result<Vec<Change>, Failure> {
    /// A change in a list that may be moved while it grows, with its name, beside the name of its column.
    const CHANGE_BYTES: usize = 3 * size_of::<Change>() + 32 + NAME_BYTES;
    let is_repeated =
        |(sent, name): &(&str, &String)| !sent.trim().is_empty() && sent.trim() != name.as_str();
    let renamed = || header.iter().zip(names.list()).filter(is_repeated);
    output.need(renamed().count() * CHANGE_BYTES)?;
    let detail = "the header has the name of this column twice; the column is named by its number";
    Ok(renamed().map(|(_, name)| Change::new(name.as_str(), REPEATED_NAME, detail, Json::Null)).collect())
}

/// Returns `width` column names. An empty, repeated or missing name is replaced by `column_<number>`, so
/// that no cell is lost.
fn column_names(header: &StringRecord, width: usize, output: &mut Output) -> Result<Arc<Names>, Failure> {
    output.need(width * NAME_BYTES + 3 * header.as_slice().len())?;
    let mut names = Names::default();
    for column in 0..width {
        let name = header.get(column).unwrap_or_default().trim();
        let mut name = match name {
            "" => format!("column_{}", column + 1),
            name if names.place(name).is_some() => format!("column_{}", column + 1),
            name => name.to_owned(),
        };
        while names.place(&name).is_some() {
            name.push('_');
        }
        names.push(name);
    }
    Ok(Arc::new(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn rows_become_records() {
        for (body, expected) in [
            ("a,b\n1,x\n", &[r#"{"a":1,"b":"x"}"#][..]),
            ("a\n1\n2\n", &[r#"{"a":1}"#, r#"{"a":2}"#]),
            ("a, b ,a,\r\n1, 2,3,4,5\r\n", &[r#"{"a":1,"b":2,"column_3":3,"column_4":4,"column_5":5}"#]),
            ("a;b\n1,5;007\n", &[r#"{"a":"1,5","b":"007"}"#]),
            ("a|b\n1|\n", &[r#"{"a":1,"b":null}"#]),
            ("a\tb\n1\t2\n", &[r#"{"a":1,"b":2}"#]),
            ("sep=;\na;b\n1;2\n", &[r#"{"a":1,"b":2}"#]),
            ("a,b\n\"x\ny\",\"he said \"\"no\"\"\"\n", &[r#"{"a":"x\ny","b":"he said \"no\""}"#]),
            ("a,b\n5\" pipe,1\n6,2\n", &[r#"{"a":"5\" pipe","b":1}"#, r#"{"a":6,"b":2}"#]),
            ("a,b\n5\" pipe,\"1,2\"\n", &[r#"{"a":"5\" pipe","b":"1,2"}"#]),
            ("a,b\n\"5 inch,1\n6,2\n", &[r#"{"a":"\"5 inch","b":1}"#, r#"{"a":6,"b":2}"#]),
            ("a,b\n1\n2,3\n", &[r#"{"a":1}"#, r#"{"a":2,"b":3}"#]),
            ("a,column_3\n1,2,3\n", &[r#"{"a":1,"column_3":2,"column_3_":3}"#]),
            ("column_2,\n1,2\n", &[r#"{"column_2":1,"column_2_":2}"#]),
            ("", &[]),
            ("a,b\n", &[]),
        ] {
            check(&CSV, body, expected);
        }
        check(&TSV, "a\tb, c\n1\t\"x\ty\"\n", &[r#"{"a":1,"b, c":"x\ty"}"#]);
        let absent = Some("text/csv; header=absent");
        crate::process::testing::check_as(&CSV, absent, b"1,x\n", &[r#"{"column_1":1,"column_2":"x"}"#]);
    }
}
