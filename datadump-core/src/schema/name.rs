//! Validated names of storages and fields.

use std::{borrow::Cow, fmt, sync::Arc};

/// Field names that the service uses in rows and requests.
pub const RESERVED_NAMES: [&str; 6] = ["storage_meta", "version", "created_at", "updated_at", "key", "pk"];

/// Maximum length of a field name in bytes: the limit of PostgreSQL for identifiers.
pub const MAX_FIELD_BYTES: usize = 63;

/// Maximum length of a storage name in bytes: its table has the prefix `storage_`.
pub const MAX_STORAGE_BYTES: usize = 55;

/// The storage of readings that devices share. A device with a storage of its own has one named after this and
/// its number: `readings_7`.
pub(crate) const READINGS: &str = "readings";

/// The name of a storage: letters of any script, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageName(Arc<str>);

/// The name of a field or key: letters of any script, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(String);

impl StorageName {
    /// Parses a name; the error says why it is not allowed.
    ///
    /// ```
    /// use datadump_core::schema::StorageName;
    /// assert_eq!(StorageName::parse("dog").unwrap().as_str(), "dog");
    /// assert!(StorageName::parse("dog'; DROP TABLE").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text, MAX_STORAGE_BYTES)?;
        Ok(Self(text.into()))
    }

    /// Creates the name of a system storage, which users cannot choose.
    pub(crate) fn reserved(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Returns whether this is the name of a system storage.
    pub(crate) fn is_system(&self) -> bool {
        self.0.starts_with('_')
    }

    /// Returns whether this is the name of a storage of readings, to which only the hub writes: a device may
    /// require a token, which nothing else checks.
    pub fn is_of_hub(&self) -> bool {
        let name = fold(&self.0);
        let Some(rest) = name.strip_prefix(READINGS) else { return false };
        let is_number = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        rest.is_empty() || rest.strip_prefix('_').is_some_and(is_number)
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the case-folded name. Names must differ in this form.
    pub fn folded(&self) -> String {
        fold(&self.0).into_owned()
    }
}

impl FieldName {
    /// Parses a name; the error says why it is not allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text, MAX_FIELD_BYTES)?;
        if RESERVED_NAMES.contains(&fold(text).as_ref()) {
            return Err(format!(
                "`{text}` is a reserved name; reserved names are {}",
                RESERVED_NAMES.join(", ")
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Parses the field name of an inferred storage, which allows any name that does not start with `_` and
    /// is a valid column name.
    pub fn parse_open(text: &str) -> Result<Self, String> {
        check_length_and_start(text, MAX_FIELD_BYTES)?;
        match text.chars().find(|c| c.is_control()) {
            Some(wrong) => Err(format!("{wrong:?} is not allowed in a name")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// Creates the name of a service field.
    pub(crate) fn reserved(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the case-folded name. Names must differ in this form.
    pub fn folded(&self) -> String {
        fold(&self.0).into_owned()
    }
}

impl fmt::Display for StorageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Folds the case of a name. Names in the same scope must differ in this form, because databases differ
/// in case sensitivity.
pub fn fold(text: &str) -> Cow<'_, str> {
    // The common case needs no copy.
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    // The lowercase form of a sigma depends on its position.
    Cow::Owned(text.to_lowercase().replace('ς', "σ"))
}

fn check_length_and_start(text: &str, bytes: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("a name must not be empty".into());
    }
    if text.len() > bytes {
        return Err(format!("the name has {} bytes, at most {bytes} are allowed", text.len()));
    }
    if text.starts_with('_') {
        return Err(format!("`{text}` is reserved: names must not start with `_`"));
    }
    Ok(())
}

fn check(text: &str, bytes: usize) -> Result<(), String> {
    check_length_and_start(text, bytes)?;
    if text.contains("__") {
        return Err(format!("`{text}` is reserved: names must not contain `__`"));
    }
    match text.chars().find(|c| !(c.is_alphanumeric() || *c == '_' || *c == '-')) {
        Some(wrong) => Err(format!("{wrong:?} is not allowed in a name: use letters, digits, `_` and `-`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_names_are_rejected_with_a_reason() {
        for (name, reason) in [
            ("", "empty"),
            ("_id", "start with `_`"),
            ("a__b", "contain `__`"),
            ("a b", "' '"),
            ("a\"b", "'\"'"),
            ("a/b", "'/'"),
            ("x'; DROP TABLE y", "'\\''"),
            (&"a".repeat(56), "56 bytes"),
        ] {
            let error = StorageName::parse(name).expect_err(name);
            assert!(error.contains(reason), "{name:?}: {error}");
        }
        for name in ["dog", "Hündin-2", "собака", "犬", "a_b", "9"] {
            assert_eq!(StorageName::parse(name).map(|n| n.as_str().to_owned()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn storages_of_readings_are_recognized() {
        for (name, expected) in [
            ("readings", true),
            ("READINGS", true),
            ("readings_1", true),
            ("Readings_20", true),
            ("readings_", false),
            ("readings_a", false),
            ("readings_1a", false),
            ("readings-1", false),
            ("readings1", false),
            ("reading", false),
            ("my_readings", false),
        ] {
            assert_eq!(StorageName::parse(name).unwrap().is_of_hub(), expected, "{name}");
        }
    }

    #[test]
    fn reserved_field_names_are_rejected_in_any_case() {
        for name in RESERVED_NAMES {
            assert!(FieldName::parse(name).is_err());
            assert!(FieldName::parse(&name.to_uppercase()).is_err());
        }
    }
}
