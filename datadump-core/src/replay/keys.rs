//! The rows that the records of an entry name: entries that may write the same row are committed one after another.

use crate::{
    record::Record,
    schema::{Kind, Value, infer, name::fold},
    store::Catalogue,
};

/// The folded name of a storage, and a key in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RowName(String, String);

impl RowName {
    /// Returns the row that a record names, if it does. A storage that does not exist yet will have the key
    /// `first_key`, if that is set.
    pub(super) fn of(
        catalogue: &Catalogue,
        storage: &str,
        first_key: Option<&str>,
        record: &Record,
    ) -> Option<Self> {
        let found = catalogue.folded(storage);
        let key = found.as_ref().and_then(|found| match &found.in_force {
            Some(in_force) => Some(&in_force.definition.key),
            None => found.is_migrating().then_some(&found.migration.definition.key),
        });
        let (name, kind) = match key {
            Some(key) => (key.name.as_str(), &key.kind),
            None => (infer::first_key(first_key), &Kind::Id),
        };
        let json = record.fields.get(name).filter(|json| !json.is_null())?;
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        // However it is spelled. What cannot be a key is refused, or its digest is the key.
        let value = kind.read_text(&text).unwrap_or(Value::Text(text));
        Some(Self(fold(storage).into_owned(), format!("{value:?}")))
    }
}
