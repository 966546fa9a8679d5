//! What a storage looks like: names, kinds, values, the definition, how it is read from JSON, and
//! how one version may follow another.
//!
//! A new field kind is one entry in [`kind`], its rules in [`crate::validate`] and its column type
//! in each backend; the compiler names every place, because nothing matches kinds with a wildcard.

mod check;
pub mod definition;
pub mod evolve;
pub mod infer;
pub mod kind;
pub mod name;
pub mod parse;
mod read;
mod render;
pub mod row;
pub mod value;

pub use check::Wrong;
pub use definition::{Bounds, Definition, Field, Index, IndexKind, Key, Meta, Pattern, Presence};
pub use evolve::{Change, Class, Difference, Task};
pub use kind::Kind;
pub use name::{FieldName, StorageName};
pub use row::{InForce, Row, StorageId, StoredRow};
pub use value::Value;
