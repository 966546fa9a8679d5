//! Faults that only the database can detect, worded alike for both backends.

use crate::error::{Fault, Place};

/// The fault of a row with the same values in these unique fields as another row.
pub(super) fn not_unique(fields: &[String]) -> Fault {
    let at = match fields {
        [only] => Place::field(only),
        _ => Place::body(),
    };
    let named: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    let detail = match fields.len() {
        0 => "another row has the same values in unique fields".into(),
        1 => format!("another row has the same {}, which is unique", named.join("")),
        _ => format!("another row has the same {}, which are unique together", named.join(" and ")),
    };
    Fault::new(at, "unique", detail)
}

/// The fault of a row without a key when the sequence of generated keys is exhausted.
pub(super) fn no_keys_left(key: &str) -> Fault {
    Fault::new(Place::field(key), "no-keys-left", "the greatest possible key is already in use")
}

/// The fault of a row that violates any other constraint of the database.
pub(super) fn constraint(message: &str) -> Fault {
    Fault::new(Place::body(), "constraint", format!("the database refuses the row: {message}"))
}
