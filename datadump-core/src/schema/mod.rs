//! The schema of a storage: names, field types, values, definitions, parsing definitions from JSON, and
//! migrations from one version to the next.
//!
//! What a new field type needs is listed in `docs/architecture.md`.

mod check;
pub mod definition;
pub mod evolve;
pub mod infer;
mod json_schema;
pub mod kind;
pub mod name;
pub mod parse;
mod patch;
mod pattern;
mod portable_pattern;
mod read;
mod render;
pub mod retention;
mod rounding;
pub mod row;
pub mod value;
mod values;

pub use check::InvalidValue;
pub use definition::{Bounds, Definition, Field, Index, IndexKind, Key, Meta, Presence};
pub use evolve::{Change, Class, Difference, Task};
pub use json_schema::RowForm;
pub use kind::Kind;
pub use name::{FieldName, StorageName};
pub use patch::Patch;
pub use pattern::Pattern;
pub(crate) use read::shown;
pub use retention::RetentionPolicy;
pub(crate) use rounding::{CUT, CUT_DETAIL, DIGITS_LOST, DIGITS_LOST_DETAIL, rounding};
pub use row::{InForce, Row, StorageId, StoredRow};
pub use value::Value;
pub(crate) use values::{FieldSet, Values, ValuesBuilder};
