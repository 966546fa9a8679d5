//! Patches: changes of some fields of a row, whatever the row is.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value as Json;

use super::{InForce, Value, Values};
use crate::{
    error::{Fault, Place},
    json,
};

/// A patch that has been validated for a version of a storage. Only [`crate::validate`] creates one.
///
/// Like [`Row`](super::Row), it costs what it holds. Any number of writes can share one.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    proven_by: Arc<InForce>,
    /// The fields that get a new value, whatever they hold.
    set: Values,
    /// Changes of what JSON fields hold, each with the place of its field.
    merged: Vec<(usize, Json)>,
}

impl Patch {
    /// Creates a patch from values that have been validated against `proven_by`, and from changes of JSON fields. Only
    /// [`crate::validate`] may call this.
    pub(crate) fn from_validated(proven_by: Arc<InForce>, set: Values, merged: Vec<(usize, Json)>) -> Self {
        Self { proven_by, set, merged }
    }

    /// Returns the version that the patch was validated for.
    pub fn proven_by(&self) -> &Arc<InForce> {
        &self.proven_by
    }

    /// Returns the values of the fields that do not depend on the row.
    pub(crate) fn set(&self) -> &Values {
        &self.set
    }

    /// Returns the places of the fields whose new value depends on the row.
    pub(crate) fn merged(&self) -> impl Iterator<Item = usize> {
        self.merged.iter().map(|(place, _)| *place)
    }

    /// Returns the approximate size in bytes.
    pub fn size(&self) -> usize {
        let merged = self.merged.iter().map(|(_, change)| json::array_size(std::slice::from_ref(change)));
        self.set.size() + merged.sum::<usize>()
    }

    /// Returns the new values of a row's fields, given its current ones.
    pub(crate) fn values<'v>(
        &self,
        current: impl Fn(usize) -> &'v Value,
    ) -> Result<Cow<'_, Values>, Vec<Fault>> {
        if self.merged.is_empty() {
            return Ok(Cow::Borrowed(&self.set));
        }
        let (mut values, mut faults) = (self.set.clone(), Vec::new());
        for (place, change) in &self.merged {
            let Some(field) = self.proven_by.definition.fields.get(*place) else { continue };
            let mut member = current(*place).to_json(&field.kind);
            json::merge_patch(&mut member, change);
            let read = field.kind.read(&member);
            match read.and_then(|value| field.check(&value).map(|()| value)) {
                Ok(value) => values.set(*place, value),
                Err(invalid) => {
                    faults.push(Fault::new(Place::field(field.name.as_str()), invalid.code, invalid.detail));
                }
            }
        }
        if faults.is_empty() { Ok(Cow::Owned(values)) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Kind, StorageId, parse};

    #[test]
    fn members_of_json_fields_are_merged_into_the_row() {
        let definition = parse::definition(&json!({
            "name": "note", "key": {"name": "id", "type": "uuid", "generated": true},
            "fields": [{"name": "n", "type": "integer"}, {"name": "data", "type": "json", "nullable": true}],
        }));
        let in_force = Arc::new(InForce::new(StorageId(1), 1, definition.unwrap()));
        let mut set = Values::default();
        set.set(0, Value::Integer(7));
        let patch = Patch::from_validated(in_force, set, vec![(1, json!({"a": null, "b": {"c": 1}}))]);
        for (stored, expected) in [
            (Value::Null, json!({"b": {"c": 1}})),
            (Value::Json("[1]".into()), json!({"b": {"c": 1}})),
            (
                Value::Json(r#"{"a": 1, "b": {"d": 2}, "e": 3}"#.into()),
                json!({"b": {"d": 2, "c": 1}, "e": 3}),
            ),
        ] {
            let values = patch.values(|_| &stored).unwrap();
            assert_eq!(values.get(0), Some(&Value::Integer(7)));
            assert_eq!(values.get(1).unwrap().to_json(&Kind::Json), expected, "{stored:?}");
        }
    }
}
