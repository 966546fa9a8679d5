//! What only the database can find wrong with a row, in the same words whichever it is.

use crate::error::{Fault, Place};

/// Another row has the same values in these fields, which are unique.
pub(super) fn not_unique(fields: &[String]) -> Fault {
    let at = match fields {
        [only] => Place::field(only),
        _ => Place::body(),
    };
    let named: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    let detail = match fields.len() {
        0 => "another row has the same values where they must be unique".into(),
        1 => format!("another row has the same {}, which is unique", named.join("")),
        _ => format!("another row has the same {}, which are unique together", named.join(" and ")),
    };
    Fault::new(at, "unique", detail)
}

/// There is no number left that could be the next key.
pub(super) fn no_keys_left(key: &str) -> Fault {
    Fault::new(Place::field(key), "no-keys-left", "the greatest number there is was given already")
}

/// The database says something else against the row.
pub(super) fn constraint(message: &str) -> Fault {
    Fault::new(Place::body(), "constraint", format!("the database refuses the row: {message}"))
}
