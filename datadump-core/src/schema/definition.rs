//! A definition that was read and found right. Only [`super::parse`] makes one.

use super::{FieldName, Kind, StorageName, Value};

/// What a storage holds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Definition {
    /// The storage's name.
    pub name: StorageName,
    /// What tells its rows apart.
    pub key: Key,
    /// What its rows hold beside the key, in order.
    pub fields: Vec<Field>,
    /// What concerns the storage as a whole.
    pub meta: Meta,
}

/// The key of a storage: `integer`, `long`, `string` or `uuid`.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: FieldName,
    /// Its kind.
    pub kind: Kind,
    /// Whether a row without one is given one: the next number, or a UUID v7.
    pub generated: bool,
}

/// A field of a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: FieldName,
    /// Its kind.
    pub kind: Kind,
    /// The least and greatest value allowed.
    pub bounds: Bounds,
    /// What a text must match.
    pub pattern: Option<Pattern>,
    /// Whether it may be null.
    pub nullable: bool,
    /// What happens when a row does not have it.
    pub presence: Presence,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Whether it has an index of its own.
    pub db_index: bool,
    /// The name it had in the version before.
    pub renamed_from: Option<FieldName>,
}

/// Whether a row must have a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    /// It must; rows of before it existed hold `backfill`, which is also what its version 1 default
    /// was written as.
    Required {
        /// The default that a definition gave although it also said `required`.
        backfill: Option<Value>,
    },
    /// It need not: this value stands for it. Null for a nullable field without a default.
    Optional(Value),
}

/// The least and greatest value allowed, both included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// The least.
    pub min: Option<Value>,
    /// The greatest.
    pub max: Option<Value>,
}

/// A regular expression that a whole text must match.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: regex::Regex,
}

/// What concerns the storage as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta {
    /// Groups of fields whose values together may occur once.
    pub unique_together: Vec<Vec<FieldName>>,
    /// Further indexes.
    pub indexes: Vec<Index>,
    /// Whether the storage grows by itself with what is thrown at it: a new name becomes a field,
    /// and what does not fit a field is kept beside it.
    pub auto: bool,
    /// Whether fields without an index may be filtered and ordered on.
    pub scans: bool,
    /// Whether a change of a row must carry the version it is based on.
    pub require_version: bool,
}

/// An index over one or more fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index {
    /// The fields, in order.
    pub fields: Vec<FieldName>,
    /// Its kind.
    pub kind: IndexKind,
}

/// The kinds of index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKind {
    /// For finding and ordering.
    Btree,
    /// The same, and no two rows may agree in all its fields; nulls agree with nothing.
    Unique,
}

impl IndexKind {
    /// The word a definition uses.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Unique => "unique",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Btree => "index",
            Self::Unique => "unique index",
        }
    }
}

/// The names under which a row shows what the service knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// How often it was written.
    pub version: &'static str,
    /// When it was first written.
    pub created_at: &'static str,
    /// When it was last written.
    pub updated_at: &'static str,
}

/// The field of an inferred storage that keeps what no other field can hold.
pub const EXTRA: &str = "_extra";

/// The key of an inferred storage, unless its source names a field.
pub const ID: &str = "_id";

impl Definition {
    /// Whether it was inferred, and so leaves all names that do not start with `_` to the data.
    /// It stays so when it is declared later: the key says it.
    pub fn is_open(&self) -> bool {
        self.key.kind == Kind::Id
    }

    /// The names of the service's own columns.
    pub fn service(&self) -> Service {
        if self.is_open() {
            Service { version: "_version", created_at: "_received_at", updated_at: "_updated_at" }
        } else {
            Service { version: "version", created_at: "created_at", updated_at: "updated_at" }
        }
    }

    /// The fields that a definition lists: all but the service's own.
    pub fn own_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.name.as_str() != EXTRA)
    }

    /// The field of that name, and its place in the definition.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name.as_str() == name)
    }

    /// All indexes beside the key's, each once, in a fixed order: those of `unique`, `db_index`,
    /// `unique_together` and `indexes`. Another index that a unique one on the same fields makes
    /// needless is left out.
    pub fn all_indexes(&self) -> Vec<Index> {
        let single = |field: &Field, kind| Index { fields: vec![field.name.clone()], kind };
        let unique = self.fields.iter().filter(|f| f.unique).map(|f| single(f, IndexKind::Unique));
        let plain = self.fields.iter().filter(|f| f.db_index).map(|f| single(f, IndexKind::Btree));
        let together = self.meta.unique_together.iter();
        let together = together.map(|fields| Index { fields: fields.clone(), kind: IndexKind::Unique });
        let mut all: Vec<Index> =
            unique.chain(plain).chain(together).chain(self.meta.indexes.iter().cloned()).collect();
        all.sort();
        all.dedup();
        let uniques: Vec<Vec<FieldName>> = all
            .iter()
            .filter(|index| index.kind == IndexKind::Unique)
            .map(|index| index.fields.clone())
            .collect();
        all.retain(|index| index.kind == IndexKind::Unique || !uniques.contains(&index.fields));
        all
    }
}

impl Field {
    /// The value that rows of before this field hold, when it has one.
    pub fn backfill(&self) -> Option<&Value> {
        match &self.presence {
            Presence::Required { backfill } => backfill.as_ref().or(self.nullable.then_some(&Value::Null)),
            Presence::Optional(default) => Some(default),
        }
    }
}

impl Pattern {
    /// Compiles it, anchored at both ends; the error says what is wrong with it.
    pub fn parse(source: &str) -> Result<Self, String> {
        // Alone first: `a)|(b` is no expression, but would be one between our brackets.
        regex::Regex::new(source).map_err(|error| error.to_string())?;
        let regex = regex::RegexBuilder::new(&format!("^(?:{source})$"))
            .size_limit(1 << 20)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole of the text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
