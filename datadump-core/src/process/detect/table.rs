//! Detects CSV and TSV.
//!
//! Prose contains commas too, sometimes the same number on each line. A table has a header of names and
//! at least one column of values other than words. A table of words only must have a shape that prose
//! does not have.

use csv::StringRecord;

use crate::process::{
    formats::csv::{DELIMITERS, reader},
    infer_scalar,
};

/// Number of rows that are examined.
const SAMPLE_ROWS: usize = 50;

/// Returns `csv` or `tsv` if the text is a table.
pub(super) fn table(text: &str) -> Option<&'static str> {
    let mut best: Option<(usize, u8)> = None;
    for delimiter in DELIMITERS {
        // The first line of a table contains the delimiter.
        let header = text.trim_start().lines().next().unwrap_or_default();
        if !header.as_bytes().contains(&delimiter) {
            continue;
        }
        let rows = rows(text, delimiter);
        let width = rows.first().map_or(0, StringRecord::len);
        if is_table(&rows, delimiter) && best.is_none_or(|(most, _)| width > most) {
            best = Some((width, delimiter));
        }
    }
    best.map(|(_, delimiter)| if delimiter == b'\t' { "tsv" } else { "csv" })
}

fn rows(text: &str, delimiter: u8) -> Vec<StringRecord> {
    reader(text, delimiter).records().take(SAMPLE_ROWS).map_while(Result::ok).collect()
}

fn is_table(rows: &[StringRecord], delimiter: u8) -> bool {
    let Some((header, rows)) = rows.split_first() else { return false };
    let width = header.len();
    if rows.is_empty() || width < 2 || !is_header(header) {
        return false;
    }
    // One row in ten may have a different number of cells.
    let alike = rows.iter().filter(|row| row.len() == width).count();
    if alike * 10 < rows.len() * 9 {
        return false;
    }
    let has_typed_column = (0..width).any(|column| is_typed(rows, column));
    let is_tidy = rows.iter().all(|row| row.iter().all(|cell| !cell.starts_with(' ') && cell.len() <= 200));
    let is_wide = width >= 3 && is_tidy;
    let is_long = rows.len() >= 2 && is_tidy;
    // Tabs or bars on every line are deliberate; commas may be prose.
    has_typed_column
        || is_wide
        || (is_long && delimiter != b',')
        || (rows.len() >= 4 && is_tidy && are_names(header))
}

/// Returns whether a row is a header: short, distinct names.
fn is_header(header: &StringRecord) -> bool {
    let mut seen = std::collections::HashSet::new();
    let empty = header.iter().filter(|cell| cell.trim().is_empty()).count();
    // Data frames write row numbers in an unnamed first column.
    let is_unnamed_index = empty == 1 && header.get(0).is_some_and(|cell| cell.trim().is_empty());
    (empty == 0 || is_unnamed_index)
        && header.iter().map(str::trim).all(|cell| seen.insert(cell) && (cell.is_empty() || is_name(cell)))
}

fn is_name(cell: &str) -> bool {
    cell.chars().count() <= 60
        && cell.split_whitespace().count() <= 6
        && infer_scalar::number(cell).is_none()
        && cell.chars().any(char::is_alphabetic)
        // Excludes sentences, code and `name: value` pairs.
        && !cell.ends_with(['.', '!', ':', ';', '{'])
        && !cell.contains(['=', '{', '}', '<', '>', '\\'])
        && !cell.contains(": ")
        && !is_value(cell)
}

/// Returns whether all names are single words, as programs write them.
fn are_names(header: &StringRecord) -> bool {
    header.iter().all(|cell| !cell.contains(char::is_whitespace))
}

/// Returns whether every non-empty cell of a column is a value other than words.
fn is_typed(rows: &[StringRecord], column: usize) -> bool {
    let mut filled =
        rows.iter().filter_map(|row| row.get(column)).map(str::trim).filter(|cell| !cell.is_empty());
    let mut any = false;
    filled.all(|cell| {
        any = true;
        is_value(cell)
    }) && any
}

/// Returns whether a cell is a number, boolean, date or time: starts with a digit and has few letters.
fn is_value(cell: &str) -> bool {
    if matches!(cell.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "nan" | "n/a" | "-") {
        return true;
    }
    let digits = cell.trim_start_matches(['-', '+', '$', '€', '£', '.']);
    let letters = cell.chars().filter(|character| character.is_alphabetic()).count();
    digits.starts_with(|first: char| first.is_ascii_digit()) && letters <= 3 && !cell.contains("  ")
}
