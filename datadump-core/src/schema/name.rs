//! Names of storages and fields, proven to be allowed.

use std::{borrow::Cow, fmt, sync::Arc};

/// Names that the service itself uses in rows and requests.
pub const RESERVED: [&str; 6] = ["storage_meta", "version", "created_at", "updated_at", "key", "pk"];

/// The longest name of a field, in bytes: what PostgreSQL keeps of an identifier.
pub const FIELD_BYTES: usize = 63;

/// The longest name of a storage, in bytes: its table has the prefix `storage_`.
pub const STORAGE_BYTES: usize = 55;

/// The name of a storage: letters of any script, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageName(Arc<str>);

/// The name of a field or of a key, of the same letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(String);

impl StorageName {
    /// Checks a name; the error says why it is refused.
    ///
    /// ```
    /// use datadump_core::schema::StorageName;
    /// assert_eq!(StorageName::parse("dog").unwrap().as_str(), "dog");
    /// assert!(StorageName::parse("dog'; DROP TABLE").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text, STORAGE_BYTES)?;
        Ok(Self(text.into()))
    }

    /// A name of the service's own, which no user's storage can have.
    pub(crate) fn reserved(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Whether it is one of those.
    pub(crate) fn is_system(&self) -> bool {
        self.0.starts_with('_')
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names must differ.
    pub fn folded(&self) -> String {
        fold(&self.0).into_owned()
    }
}

impl FieldName {
    /// Checks a name; the error says why it is refused.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text, FIELD_BYTES)?;
        if RESERVED.contains(&fold(text).as_ref()) {
            return Err(format!("`{text}` is reserved; reserved are {}", RESERVED.join(", ")));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name of a field of an inferred storage, where all names that do not start with `_` are
    /// data: only what no column can be called is refused.
    pub fn parse_open(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name must not be empty".into());
        }
        if text.len() > FIELD_BYTES {
            return Err(format!("the name has {} bytes, at most {FIELD_BYTES} are allowed", text.len()));
        }
        if text.starts_with('_') {
            return Err(format!("`{text}` is reserved: names must not start with `_`"));
        }
        match text.chars().find(|c| c.is_control()) {
            Some(wrong) => Err(format!("{wrong:?} is not allowed in a name")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// A name of the service's own.
    pub(crate) fn reserved(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names must differ.
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

/// The form in which two names of the same scope must differ: databases differ in how they fold.
pub fn fold(text: &str) -> Cow<'_, str> {
    // Nearly all names are like this already.
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    // What a sigma becomes depends on what stands beside it.
    Cow::Owned(text.to_lowercase().replace('ς', "σ"))
}

fn check(text: &str, bytes: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("a name must not be empty".into());
    }
    if text.len() > bytes {
        return Err(format!("the name has {} bytes, at most {bytes} are allowed", text.len()));
    }
    if text.starts_with('_') {
        return Err(format!("`{text}` is reserved: names must not start with `_`"));
    }
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
    fn names_are_refused_with_a_reason() {
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
    fn reserved_field_names_are_refused_in_any_case() {
        for name in RESERVED {
            assert!(FieldName::parse(name).is_err());
            assert!(FieldName::parse(&name.to_uppercase()).is_err());
        }
    }
}
