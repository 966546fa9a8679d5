//! Cells of CSV files that a spreadsheet would run as a formula: escaped by exports, restored by imports.
//!
//! A cell is escaped if it begins with any number of apostrophes, none included, followed by one of `=`, `+`, `-`,
//! `@`, tab and carriage return: one more apostrophe is put before it. A cell that begins with at least one
//! apostrophe followed by one of these loses its first apostrophe when it is restored. Every other cell is
//! unchanged both ways, and therefore each text is restored exactly: `=1` is `'=1`, `'=1` is `''=1`, `'tis` is
//! `'tis`.

use std::borrow::Cow;

/// Escapes a cell, so that no spreadsheet takes it for a formula.
pub fn escape(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Returns the text that [`escape`] was given.
pub fn unescape(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(cell),
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped_and_every_text_is_restored() {
        for (text, escaped) in [
            ("", ""),
            ("'", "'"),
            ("''", "''"),
            ("red", "red"),
            ("'tis", "'tis"),
            ("1=1", "1=1"),
            (" =1", " =1"),
            ("=1", "'=1"),
            ("=", "'="),
            ("+49 30", "'+49 30"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r\n", "'\r\n"),
            ("\n=1", "\n=1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("' =1", "' =1"),
        ] {
            assert_eq!((escape(text).as_ref(), unescape(escaped).as_ref()), (escaped, text));
        }
    }

    #[test]
    fn text_of_other_programs_keeps_its_apostrophes() {
        for (cell, text) in [("'x", "'x"), ("=1", "=1"), ("'1", "'1"), ("'-1", "-1")] {
            assert_eq!(unescape(cell), text);
        }
    }
}
