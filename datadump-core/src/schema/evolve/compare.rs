//! Computes the differences between two versions of a definition.

use std::{collections::BTreeMap, sync::Arc};

use super::{Change, Class, Difference, Task, origin};
use crate::{
    error::Place,
    schema::{Definition, Field, FieldName, Index, IndexKind, Kind, Presence, RetentionPolicy, name::fold},
};

/// Compares two versions. `dropped` maps the case-folded names of removed fields to their types.
pub fn difference(old: &Definition, new: &Definition, dropped: &BTreeMap<String, String>) -> Difference {
    let mut changes = Vec::new();
    key(old, new, &mut changes);
    let origins: Vec<Option<usize>> =
        new.fields.iter().map(|field| origin(old, field).map(|(from, _)| from)).collect();
    for (from, field) in old.fields.iter().enumerate() {
        if !origins.contains(&Some(from)) {
            changes.push(Change {
                class: Class::Destructive,
                at: Place::field("fields"),
                name: field.name.to_string(),
                detail: format!("field `{}` is removed, which deletes its values", field.name),
                task: Task::DropColumn { from },
            });
        }
    }
    for (to, field) in new.fields.iter().enumerate() {
        match origins.get(to).copied().flatten() {
            Some(from) => changed(old, new, from, to, &mut changes),
            None => changes.push(added(old, &origins, field, to, dropped)),
        }
        changes.extend(misnamed(old, new, field, to));
    }
    indexes(old, new, &mut changes);
    meta(old, new, &mut changes);
    Difference { changes, target: Some(Arc::new(new.clone())) }
}

fn key(old: &Definition, new: &Definition, changes: &mut Vec<Change>) {
    if old.key == new.key {
        return;
    }
    let of = |d: &Definition| {
        let generated = if d.key.generated { ", generated" } else { "" };
        format!("`{}` {}{generated}", d.key.name, d.key.kind)
    };
    let detail = format!("the key cannot change (from {} to {})", of(old), of(new));
    changes.push(forbidden(Place::field("key"), &old.key.name, detail));
}

fn forbidden(at: Place, name: &FieldName, detail: String) -> Change {
    Change { class: Class::Forbidden, at, name: name.to_string(), detail, task: Task::Nothing }
}

/// Detects a `renamed_from` whose source or target exists in both versions.
fn misnamed(old: &Definition, new: &Definition, field: &Field, to: usize) -> Option<Change> {
    let before = field.renamed_from.as_ref()?;
    let stays = new.field(before.as_str()).is_some() || old.field(field.name.as_str()).is_some();
    (old.field(before.as_str()).is_some() && stays).then(|| {
        let at = Place::field("fields").index(to).name("renamed_from");
        let detail = format!("field `{}` cannot be renamed from `{before}`: both fields exist", field.name);
        forbidden(at, &field.name, detail)
    })
}

fn added(
    old: &Definition,
    origins: &[Option<usize>],
    field: &Field,
    to: usize,
    dropped: &BTreeMap<String, String>,
) -> Change {
    let (name, at) = (field.name.to_string(), Place::field("fields").index(to));
    let going = old.fields.iter().enumerate().filter(|(from, _)| !origins.contains(&Some(*from)));
    let mut going =
        going.filter(|(_, gone)| gone.name.folded() == fold(&name)).map(|(_, gone)| gone.kind.name());
    let before = going.next().or_else(|| dropped.get(fold(&name).as_ref()).map(String::as_str));
    if let Some(kind) = before.filter(|kind| *kind != field.kind.name()) {
        let detail =
            format!("field `{name}` was removed with type {kind} and can only be added again with that type");
        return forbidden(at, &field.name, detail);
    }
    if field.backfill().is_none() {
        let detail =
            format!("new field `{name}` needs a default or must be nullable, because of existing rows");
        return forbidden(at, &field.name, detail);
    }
    let detail = format!("new field `{name}`");
    Change { class: Class::Additive, at, name, detail, task: Task::AddColumn { to } }
}

fn changed(old: &Definition, new: &Definition, from: usize, to: usize, changes: &mut Vec<Change>) {
    let (Some(before), Some(after)) = (old.fields.get(from), new.fields.get(to)) else { return };
    let at = Place::field("fields").index(to);
    let mut push = |class, part: &str, detail: String, task| {
        let at = if part.is_empty() { at.clone() } else { at.name(part) };
        let detail = format!("changed field `{}`: {detail}", after.name);
        changes.push(Change { class, at, name: after.name.to_string(), detail, task });
    };
    if before.name != after.name {
        let detail = format!("renamed from `{}`", before.name);
        push(Class::Breaking, "renamed_from", detail, Task::RenameColumn { from, to });
    }
    let check = Task::CheckRows { from, to };
    if before.kind != after.kind {
        let (class, task) = kind_change(&before.kind, &after.kind, from, to);
        push(class, "type", describe_kinds(&before.kind, &after.kind), task);
    }
    for (part, before, after, narrower) in [
        ("min", &before.bounds.min, &after.bounds.min, std::cmp::Ordering::Greater),
        ("max", &before.bounds.max, &after.bounds.max, std::cmp::Ordering::Less),
    ] {
        let tightened = match (before, after) {
            (None, Some(_)) => Some(true),
            (Some(_), None) => Some(false),
            (Some(before), Some(after)) => match after.compare(before) {
                Some(std::cmp::Ordering::Equal) => None,
                order => Some(order.is_none_or(|order| order == narrower)),
            },
            (None, None) => None,
        };
        match tightened {
            Some(true) => push(Class::DataDependent, part, format!("stricter {part}"), check.clone()),
            Some(false) => push(Class::Widening, part, format!("looser {part}"), Task::Nothing),
            None => {}
        }
    }
    match (&before.pattern, &after.pattern) {
        (before, after) if before == after => {}
        (_, None) => push(Class::Widening, "pattern", "pattern removed".into(), Task::Nothing),
        _ => push(Class::DataDependent, "pattern", "pattern changed".into(), check.clone()),
    }
    match (before.nullable, after.nullable) {
        (true, false) => push(Class::DataDependent, "nullable", "null no longer allowed".into(), check),
        (false, true) => push(Class::Widening, "nullable", "null allowed".into(), Task::Nothing),
        _ => {}
    }
    match (&before.presence, &after.presence) {
        (before, after) if before == after => {}
        (Presence::Optional(_), Presence::Required { .. }) if before.nullable == after.nullable => {
            let detail = "the field becomes required".into();
            push(Class::Breaking, "required", detail, Task::Nothing);
        }
        (_, Presence::Required { .. }) => {}
        _ => push(Class::Additive, "default", "default changed".into(), Task::Nothing),
    }
}

fn describe_kinds(before: &Kind, after: &Kind) -> String {
    let (old, new) = (before.to_string(), after.to_string());
    if old == new { format!("limits of {old} changed") } else { format!("{old} to {new}") }
}

fn kind_change(before: &Kind, after: &Kind, from: usize, to: usize) -> (Class, Task) {
    let grow = (Class::Widening, Task::GrowColumn { from, to });
    let looser = (Class::Widening, Task::Nothing);
    let check = (Class::DataDependent, Task::CheckRows { from, to });
    match (before, after) {
        (Kind::Integer, Kind::Long) => grow,
        (Kind::String { max_length: old }, Kind::String { max_length: new }) if new > old => grow,
        // Text is stored alike, whatever its limit is.
        (Kind::String { .. } | Kind::Text { .. }, Kind::String { .. }) => check,
        // Every number has a text, which is unique to it.
        (Kind::Integer | Kind::Long, Kind::String { .. }) => {
            (Class::DataDependent, Task::ConvertColumn { from, to })
        }
        (Kind::String { .. }, Kind::Text { max_length: None }) => grow,
        (Kind::String { max_length: old }, Kind::Text { max_length: Some(new) }) if new >= old => grow,
        (Kind::Text { max_length: old }, Kind::Text { max_length: new })
        | (Kind::Binary { max_length: old }, Kind::Binary { max_length: new }) => match (old, new) {
            (_, None) => looser,
            (Some(old), Some(new)) if new >= old => looser,
            _ => check,
        },
        (Kind::Decimal { precision: old, scale: a }, Kind::Decimal { precision: new, scale: b })
            if a == b =>
        {
            if new > old {
                grow
            } else {
                check
            }
        }
        (Kind::Enum { values: old }, Kind::Enum { values: new }) => {
            if !old.iter().all(|value| new.contains(value)) {
                check
            } else if old.len() == new.len() {
                (Class::Additive, Task::Nothing)
            } else {
                looser
            }
        }
        _ => (Class::Breaking, Task::ConvertColumn { from, to }),
    }
}

fn indexes(old: &Definition, new: &Definition, changes: &mut Vec<Change>) {
    let (before, after) = (old.all_indexes(), new.all_indexes());
    let names = |index: &Index| index.fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    for index in before.iter().filter(|index| !after.contains(index)) {
        // The field of a query; one that is removed or renamed is a change of its own.
        let filtered = index.fields.first().filter(|field| new.field(field.as_str()).is_some());
        let refused = filtered.filter(|field| !new.allows_filters(field));
        let (class, consequence) = match refused {
            Some(field) => {
                (Class::Breaking, format!(", so `{field}` can no longer be filtered or ordered by"))
            }
            None => (Class::Additive, String::new()),
        };
        changes.push(Change {
            class,
            at: Place::field("meta"),
            name: names(index),
            detail: format!("{} on {} removed{consequence}", index.kind.name(), names(index)),
            task: Task::DropIndex(index.clone()),
        });
    }
    for index in after.iter().filter(|index| !before.contains(index)) {
        let class = match index.kind {
            IndexKind::Btree => Class::Additive,
            IndexKind::Unique => Class::DataDependent,
        };
        let at = match index.fields.as_slice() {
            [only] => new.field(only.as_str()).map(|(to, _)| Place::field("fields").index(to)),
            _ => None,
        };
        changes.push(Change {
            class,
            at: at.unwrap_or_else(|| Place::field("meta")),
            name: names(index),
            detail: format!("new {} on {}", index.kind.name(), names(index)),
            task: Task::AddIndex(index.clone()),
        });
    }
}

fn meta(old: &Definition, new: &Definition, changes: &mut Vec<Change>) {
    let mut flag = |name: &str, before: bool, after: bool, breaking_value: Option<bool>| {
        if before == after {
            return;
        }
        changes.push(Change {
            class: if Some(after) == breaking_value { Class::Breaking } else { Class::Additive },
            at: Place::field("meta").name(name),
            name: name.to_owned(),
            detail: format!("`{name}` changes to {after}"),
            task: Task::Nothing,
        });
    };
    // Senders see no difference; only values that do not fit are stored elsewhere.
    flag("auto", old.meta.auto, new.meta.auto, None);
    flag("scans", old.meta.scans, new.meta.scans, Some(false));
    flag("require_version", old.meta.require_version, new.meta.require_version, Some(true));
    changes.extend(retention(old.meta.retention.as_ref(), new.meta.retention.as_ref()));
}

fn retention(old: Option<&RetentionPolicy>, new: Option<&RetentionPolicy>) -> Option<Change> {
    if old == new {
        return None;
    }
    let shown = |policy: Option<&RetentionPolicy>| {
        policy.map_or_else(|| "all rows".to_owned(), |policy| policy.to_json().to_string())
    };
    let detail = format!("retention changes from {} to {}", shown(old), shown(new));
    let (class, detail) = match new.is_some_and(|new| new.is_stricter_than(old)) {
        true => (Class::Destructive, format!("{detail}, which deletes the rows that exceed it")),
        false => (Class::Additive, detail),
    };
    let at = Place::field("meta").name("retention");
    Some(Change { class, at, name: "retention".to_owned(), detail, task: Task::Nothing })
}
