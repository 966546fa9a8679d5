//! The types of fields and keys, with their limits.

use std::fmt;

/// The type of a field or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A 64-bit floating-point number.
    Float,
    /// An exact decimal number.
    Decimal {
        /// Total number of digits, 1 to 18.
        precision: u32,
        /// Number of digits after the decimal point, at most `precision`.
        scale: u32,
    },
    /// Text of limited length.
    String {
        /// Maximum number of characters (Unicode scalar values).
        max_length: u32,
    },
    /// Text of any length, unless limited.
    Text {
        /// Maximum number of characters.
        max_length: Option<u32>,
    },
    /// A UUID.
    Uuid,
    /// The key of an inferred storage: a UUID, or a short text chosen by the sender. Only for keys.
    Id,
    /// A calendar date.
    Date,
    /// A time of day in microseconds.
    Time,
    /// A point in time in microseconds.
    Timestamp,
    /// Any JSON value.
    Json,
    /// Binary data, base64 in JSON.
    Binary {
        /// Maximum number of bytes.
        max_length: Option<u32>,
    },
    /// One of a list of strings.
    Enum {
        /// The allowed strings, in the order of the definition.
        values: Vec<String>,
    },
}

/// Names of all field types in definitions.
pub const KIND_NAMES: &str =
    "boolean, integer, long, float, decimal, string, text, uuid, date, time, timestamp, json, binary, enum";

/// Names of all key types in definitions.
pub(super) const KEY_KIND_NAMES: &str = "integer, long, string, uuid, id";

/// Maximum length of a `string` in characters; longer text has the type `text`.
pub const MAX_STRING_LENGTH: u32 = 65_535;

/// Maximum length of a `string` that is a key or indexed. A character takes up to four bytes, and
/// PostgreSQL limits an index entry to about 2,700 bytes.
pub const MAX_INDEXED_LENGTH: u32 = 512;

/// Number of characters of a text that an index holds on PostgreSQL.
pub const INDEXED_PREFIX_LENGTH: u32 = 256;

/// Maximum size of an index entry.
pub const MAX_INDEX_ENTRY_BYTES: u32 = 2_600;

impl Kind {
    /// Returns the name used in definitions.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::Float => "float",
            Self::Decimal { .. } => "decimal",
            Self::String { .. } => "string",
            Self::Text { .. } => "text",
            Self::Uuid => "uuid",
            Self::Id => "id",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
            Self::Binary { .. } => "binary",
            Self::Enum { .. } => "enum",
        }
    }

    /// Returns whether the type supports `min` and `max`.
    pub fn takes_bounds(&self) -> bool {
        match self {
            Self::Integer
            | Self::Long
            | Self::Float
            | Self::Decimal { .. }
            | Self::Date
            | Self::Time
            | Self::Timestamp => true,
            Self::Boolean
            | Self::String { .. }
            | Self::Text { .. }
            | Self::Uuid
            | Self::Id
            | Self::Json
            | Self::Binary { .. }
            | Self::Enum { .. } => false,
        }
    }

    /// Returns whether values are text, for patterns and text filters.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String { .. } | Self::Text { .. } | Self::Enum { .. })
    }

    /// Returns the maximum size of a value in an index, or `None` if the type cannot be indexed.
    pub fn index_bytes(&self) -> Option<u32> {
        match self {
            Self::Boolean => Some(1),
            Self::Integer | Self::Date => Some(4),
            Self::Long | Self::Float | Self::Time | Self::Timestamp => Some(8),
            Self::Decimal { .. } | Self::Uuid => Some(16),
            Self::String { max_length } => {
                (*max_length <= MAX_INDEXED_LENGTH).then(|| max_length.saturating_mul(4))
            }
            Self::Enum { values } => {
                let longest = values.iter().map(String::len).max().unwrap_or(0);
                u32::try_from(longest).ok().filter(|bytes| *bytes <= MAX_INDEX_ENTRY_BYTES)
            }
            Self::Id => Some(4 * MAX_INDEXED_LENGTH),
            Self::Text { .. } => Some(4 * INDEXED_PREFIX_LENGTH),
            Self::Json | Self::Binary { .. } => None,
        }
    }

    /// Returns whether a field of this type can be unique. Text cannot, because an index may hold only its
    /// beginning.
    pub fn can_be_unique(&self) -> bool {
        self.index_bytes().is_some() && !matches!(self, Self::Text { .. })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String { max_length } => write!(f, "string({max_length})"),
            other => f.write_str(other.name()),
        }
    }
}
