//! The kinds a field or a key can have, each with the limits that belong to its type.

use std::fmt;

/// What kind of value a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A binary floating point number of 64 bits.
    Float,
    /// An exact decimal number: so many digits, so many of them after the point.
    Decimal {
        /// Digits in all, 1 to 18.
        precision: u32,
        /// Digits after the point, at most `precision`.
        scale: u32,
    },
    /// Text of limited length.
    String {
        /// The most characters (unicode scalar values) it may have.
        max_length: u32,
    },
    /// Text of any length.
    Text {
        /// The most characters it may have, when it is limited.
        max_length: Option<u32>,
    },
    /// A UUID.
    Uuid,
    /// What tells the rows of an inferred storage apart: a UUID, or a short text of whoever threw
    /// the row. Only a key has it.
    Id,
    /// A day of the calendar.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A moment, to the microsecond.
    Timestamp,
    /// Any JSON.
    Json,
    /// Bytes; base64 in JSON.
    Binary {
        /// The most bytes it may have, when it is limited.
        max_length: Option<u32>,
    },
    /// One of a few texts.
    Enum {
        /// The texts, in the order they were given.
        values: Vec<String>,
    },
}

/// The names of all kinds, as definitions write them.
pub const KIND_NAMES: [&str; 14] = [
    "boolean",
    "integer",
    "long",
    "float",
    "decimal",
    "string",
    "text",
    "uuid",
    "date",
    "time",
    "timestamp",
    "json",
    "binary",
    "enum",
];

/// The kinds a key may have.
pub const KEY_KIND_NAMES: [&str; 5] = ["integer", "long", "string", "uuid", "id"];

/// The longest `string`, in characters; longer texts are `text`.
pub const STRING_MAX_LENGTH: u32 = 65_535;

/// The longest `string` that can be a key or be indexed: four bytes a character, and PostgreSQL
/// takes at most about 2,700 bytes in one index entry.
pub const INDEXED_MAX_LENGTH: u32 = 512;

/// The most bytes one index entry may need.
pub const INDEX_ENTRY_BYTES: u32 = 2_600;

impl Kind {
    /// The name a definition uses.
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

    /// Whether `min` and `max` mean something for it.
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

    /// Whether its values are texts, for patterns and for text filters.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String { .. } | Self::Text { .. } | Self::Enum { .. })
    }

    /// The most bytes a value takes in an index, or `None` when it cannot be indexed.
    pub fn index_bytes(&self) -> Option<u32> {
        match self {
            Self::Boolean => Some(1),
            Self::Integer | Self::Date => Some(4),
            Self::Long | Self::Float | Self::Time | Self::Timestamp => Some(8),
            Self::Decimal { .. } | Self::Uuid => Some(16),
            Self::String { max_length } => {
                (*max_length <= INDEXED_MAX_LENGTH).then(|| max_length.saturating_mul(4))
            }
            Self::Enum { values } => {
                let longest = values.iter().map(String::len).max().unwrap_or(0);
                u32::try_from(longest).ok().filter(|bytes| *bytes <= INDEX_ENTRY_BYTES)
            }
            Self::Id => Some(4 * INDEXED_MAX_LENGTH),
            Self::Text { .. } | Self::Json | Self::Binary { .. } => None,
        }
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
