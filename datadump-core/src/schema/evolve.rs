//! How one version of a definition may follow another: what differs, and how grave that is.

use std::{collections::BTreeMap, fmt};

use super::{Definition, FieldName, Index, Kind};
use crate::error::{Fault, Place};

/// How grave a change is; later ones are graver. Only additive ones are applied unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Everyone's code goes on working.
    Additive,
    /// Every row fits, but a reader with the narrower type may not.
    Widening,
    /// Rows may stand in the way: they are scanned.
    DataDependent,
    /// A reader or writer that knows the old version fails.
    Breaking,
    /// Data is lost.
    Destructive,
    /// Never.
    Forbidden,
}
