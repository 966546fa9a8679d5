//! Identifiers: the only way a name of a user's gets into SQL, and then always quoted.

use sea_query::{Alias, DynIden, IntoIden};
use sha2::{Digest, Sha256};

use crate::{
    schema::{Definition, FieldName, Index, StorageId, StorageName},
    store::query::Column,
};

/// A name that may stand in SQL: made only here, from names the schema has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Name(String);

impl Name {
    /// The column of a field.
    pub(in crate::store) fn field(field: &FieldName) -> Self {
        Self(field.as_str().to_owned())
    }

    /// The index that serves the default order of lists, newest first.
    pub(in crate::store) fn newest_index(storage: StorageId) -> Self {
        Self(format!("dd_newest_{}", storage.get()))
    }

    /// A column that exists only while a migration fills it. No field can have such a name.
    pub(in crate::store) fn temporary(field: &FieldName) -> Self {
        let digest = Sha256::digest(field.as_str().as_bytes());
        let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("__new_{digest}"))
    }

    /// As it is, unquoted.
    pub(in crate::store) fn as_str(&self) -> &str {
        &self.0
    }

    /// In double quotes, as both databases take it.
    pub(in crate::store) fn quoted(&self) -> String {
        let mut text = String::new();
        self.quote_into(&mut text);
        text
    }

    /// The same, at the end of a text: a read by key names every column anew.
    pub(in crate::store) fn quote_into(&self, text: &mut String) {
        text.push('"');
        for (place, part) in self.0.split('"').enumerate() {
            text.push_str(if place > 0 { "\"\"" } else { "" });
            text.push_str(part);
        }
        text.push('"');
    }
}

impl From<Name> for DynIden {
    fn from(name: Name) -> Self {
        Alias::new(name.0).into_iden()
    }
}

/// The table of a storage; the service's own stand apart.
pub(in crate::store) fn table(storage: &StorageName) -> Name {
    if storage.is_system() { Name(format!("datadump{storage}")) } else { Name(format!("storage_{storage}")) }
}

/// A column of its table.
pub(in crate::store) fn column(definition: &Definition, column: Column) -> Name {
    Name(column.name(definition).to_owned())
}

/// The name of an index: short enough for both databases, and the same for the same fields.
pub(in crate::store) fn index_name(storage: StorageId, index: &Index) -> Name {
    let mut text = index.kind.keyword().to_owned();
    for field in &index.fields {
        text.push(' ');
        text.push_str(field.as_str());
    }
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Name(format!("dd_ix_{}_{digest}", storage.get()))
}
