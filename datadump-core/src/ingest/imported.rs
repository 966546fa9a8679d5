//! Records of imports: what exports add to rows is removed, and cells of tables are read as their fields have them.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Ingest;
use crate::{
    csv_cell::unescape,
    process::Output,
    record::{Fields, Names, Record},
    schema::{
        Definition, Kind, StorageName,
        definition::{EXTRA, ServiceColumns},
    },
};

/// How the values of records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// They have types.
    Typed,
    /// They are text, as exports write it.
    Escaped,
    /// They are text that is not escaped.
    Raw,
}

/// What happens to the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// They stay as they are.
    Plain,
    /// They are dropped, because only the service sets them.
    Service,
    /// They are objects whose members are fields again.
    Extra,
    /// They are text of a field that cannot be null: an empty cell is an empty text.
    Text,
    /// They are JSON.
    Json,
}

/// The columns of records with the same names.
struct Columns {
    sent: Arc<Names>,
    columns: Vec<Column>,
    /// The names of those that are not dropped.
    kept: Arc<Names>,
}

impl Ingest {
    /// Prepares the records of an import for their storage.
    pub(crate) fn prepare_imported(&self, storage: &StorageName, output: &mut Output, cells: Cells) {
        let found = self.context.store.catalogue().folded(storage.as_str());
        let in_force = found.and_then(|storage| storage.in_force.clone());
        let definition = in_force.as_ref().map(|in_force| &in_force.definition);
        let mut last: Option<Columns> = None;
        output.records.update(|record| {
            let Some(names) = record.fields.names() else { return };
            if !last.as_ref().is_some_and(|last| Arc::ptr_eq(&last.sent, names)) {
                last = Some(Columns::new(names.clone(), definition, cells));
            }
            if let Some(columns) = &last {
                columns.prepare(record, cells);
            }
        });
    }
}

/// Returns what happens to a column of an import into a storage; `None` if there is no storage yet.
pub(crate) fn column(name: &str, definition: Option<&Definition>, cells: Cells) -> Column {
    let service = definition.map_or(ServiceColumns::OPEN, Definition::service);
    if [service.version, service.created_at, service.updated_at].contains(&name) {
        return Column::Service;
    }
    if name == EXTRA && definition.is_none_or(|definition| definition.meta.auto) {
        return Column::Extra;
    }
    let field = definition.and_then(|definition| definition.field(name)).map(|(_, field)| field);
    match field.filter(|_| cells != Cells::Typed) {
        Some(field) if field.kind == Kind::Json => Column::Json,
        Some(field) if field.kind.is_text() && !field.nullable => Column::Text,
        _ => Column::Plain,
    }
}

impl Columns {
    fn new(sent: Arc<Names>, definition: Option<&Definition>, cells: Cells) -> Self {
        let columns: Vec<Column> = sent.list().iter().map(|name| column(name, definition, cells)).collect();
        let is_dropped = |column: &Column| matches!(column, Column::Service | Column::Extra);
        let kept = if columns.iter().any(is_dropped) {
            let mut kept = Names::default();
            let names = sent.list().iter().zip(&columns).filter(|(_, column)| !is_dropped(column));
            names.for_each(|(name, _)| kept.push(name.clone()));
            Arc::new(kept)
        } else {
            sent.clone()
        };
        Self { sent, columns, kept }
    }

    fn prepare(&self, record: &mut Record, cells: Cells) {
        if cells == Cells::Typed && Arc::ptr_eq(&self.sent, &self.kept) {
            return;
        }
        let (_, sent) = std::mem::take(&mut record.fields).into_parts();
        let (mut values, mut extra) = (Vec::with_capacity(self.kept.list().len()), None);
        for (column, mut value) in self.columns.iter().zip(sent) {
            if let (Cells::Escaped, Json::String(text)) = (cells, &mut value)
                && text.starts_with('\'')
            {
                *text = unescape(text).into_owned();
            }
            match column {
                Column::Service => {}
                Column::Extra => extra = Some(parsed(value)),
                Column::Json => values.push(parsed(value)),
                Column::Text if value.is_null() => values.push(Json::String(String::new())),
                Column::Text | Column::Plain => values.push(value),
            }
        }
        record.fields = Fields::with_names(self.kept.clone(), values);
        match extra {
            None | Some(Json::Null) => {}
            Some(Json::Object(members)) => {
                for (name, value) in members {
                    if record.fields.get(&name).is_none_or(Json::is_null) {
                        record.fields.insert(name, value);
                    }
                }
            }
            Some(other) => drop(record.fields.insert(EXTRA, other)),
        }
    }
}

/// Parses text that is JSON.
fn parsed(value: Json) -> Json {
    match value {
        Json::String(text) => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        value => value,
    }
}
