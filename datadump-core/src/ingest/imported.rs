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
        infer::Shape,
    },
};

/// The notation of values in an imported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// Typed values.
    Typed,
    /// Text with apostrophes before formulas, as exports write it.
    Escaped,
    /// Text that is not escaped.
    Raw,
}

/// The treatment of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnTreatment {
    /// Values that stay as they are.
    Plain,
    /// Values that are dropped, because only the service sets them.
    Service,
    /// Objects whose members become fields again.
    Extra,
    /// Text, in which a cell that is empty and quoted is an empty text.
    Text,
    /// Text of a field that cannot be null, in which an empty cell is an empty text.
    RequiredText,
    /// JSON as text.
    Json,
}

/// The columns of records with the same names.
struct Columns {
    sent: Arc<Names>,
    columns: Vec<ColumnTreatment>,
    /// The names of those that are not dropped.
    kept: Arc<Names>,
}

impl Ingest {
    /// Prepares the records of an import for their storage. `empty` are the empty texts of a table.
    pub(crate) fn prepare_imported(
        &self,
        storage: &StorageName,
        output: &mut Output,
        cells: Cells,
        empty: &[(usize, usize)],
    ) {
        let found = self.context.store.catalogue().folded(storage.as_str());
        let in_force = found.and_then(|storage| storage.in_force.clone());
        let definition = in_force.as_ref().map(|in_force| &in_force.definition);
        // In a column without a field, there are empty texts if there are others.
        let mut shape = Shape::default();
        if !empty.is_empty() {
            output.records.iter().for_each(|record| {
                record.fields.iter().for_each(|(name, value)| shape.observe(name, value, record.untyped));
            });
        }
        let (mut last, mut empty) = (None::<Columns>, empty.iter().peekable());
        let mut row = 0..;
        output.records.update(|record| {
            let row = row.next().unwrap_or(usize::MAX);
            let is_empty = |(place, _): &&(usize, usize)| *place == row;
            let empty: Vec<usize> =
                std::iter::from_fn(|| empty.next_if(is_empty)).map(|(_, column)| *column).collect();
            let Some(names) = record.fields.names() else { return };
            if !last.as_ref().is_some_and(|last| Arc::ptr_eq(&last.sent, names)) {
                last = Some(Columns::new(names.clone(), definition, cells, &shape));
            }
            if let Some(columns) = &last {
                columns.prepare(record, cells, &empty);
            }
        });
    }
}

/// Returns what happens to a column of an import into a storage; `None` if there is no storage yet.
pub(crate) fn column(name: &str, definition: Option<&Definition>, cells: Cells) -> ColumnTreatment {
    let service = definition.map_or(ServiceColumns::OPEN, Definition::service);
    if [service.version, service.created_at, service.updated_at].contains(&name) {
        return ColumnTreatment::Service;
    }
    if name == EXTRA && definition.is_none_or(|definition| definition.meta.auto) {
        return ColumnTreatment::Extra;
    }
    let field = definition.and_then(|definition| definition.field(name)).map(|(_, field)| field);
    match field.filter(|_| cells != Cells::Typed) {
        Some(field) if field.kind == Kind::Json => ColumnTreatment::Json,
        Some(field) if field.kind.is_text() && !field.nullable => ColumnTreatment::RequiredText,
        Some(field) if field.kind.is_text() => ColumnTreatment::Text,
        _ => ColumnTreatment::Plain,
    }
}

impl Columns {
    fn new(sent: Arc<Names>, definition: Option<&Definition>, cells: Cells, shape: &Shape) -> Self {
        let names: Vec<String> = sent.list().iter().map(|name| column_name(name, cells)).collect();
        let is_text = |name: &str| shape.kind(name).is_some_and(Kind::is_text);
        let columns =
            sent.list().iter().zip(&names).map(|(sent, name)| match column(name, definition, cells) {
                ColumnTreatment::Plain
                    if definition.is_none_or(|known| known.field(name).is_none()) && is_text(sent) =>
                {
                    ColumnTreatment::Text
                }
                column => column,
            });
        let columns: Vec<ColumnTreatment> = columns.collect();
        let mut kept = Names::default();
        for (name, column) in names.into_iter().zip(&columns) {
            // Two columns cannot have one name.
            if !matches!(column, ColumnTreatment::Service | ColumnTreatment::Extra) {
                let is_taken = kept.place(&name).is_some();
                kept.push(if is_taken { format!("'{name}") } else { name });
            }
        }
        let kept = if kept.list() == sent.list() { sent.clone() } else { Arc::new(kept) };
        Self { sent, columns, kept }
    }

    fn prepare(&self, record: &mut Record, cells: Cells, empty: &[usize]) {
        if cells == Cells::Typed && Arc::ptr_eq(&self.sent, &self.kept) {
            return;
        }
        let (_, sent) = std::mem::take(&mut record.fields).into_parts();
        let (mut values, mut extra) = (Vec::with_capacity(self.kept.list().len()), None);
        for (place, (column, mut value)) in self.columns.iter().zip(sent).enumerate() {
            if let (Cells::Escaped, Json::String(text)) = (cells, &mut value)
                && text.starts_with('\'')
            {
                *text = unescape(text).into_owned();
            }
            match column {
                ColumnTreatment::Service => {}
                ColumnTreatment::Extra => extra = Some(parsed(value)),
                ColumnTreatment::Json => values.push(parsed(value)),
                ColumnTreatment::RequiredText if value.is_null() => values.push(Json::String(String::new())),
                ColumnTreatment::Text if value.is_null() && empty.contains(&place) => {
                    values.push(Json::String(String::new()));
                }
                ColumnTreatment::RequiredText | ColumnTreatment::Text | ColumnTreatment::Plain => {
                    values.push(value);
                }
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

/// Returns the name of a column as it was exported.
pub(crate) fn column_name(name: &str, cells: Cells) -> String {
    match cells {
        Cells::Escaped => unescape(name).into_owned(),
        Cells::Typed | Cells::Raw => name.to_owned(),
    }
}

/// Parses text that is JSON.
fn parsed(value: Json) -> Json {
    match value {
        Json::String(text) => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        value => value,
    }
}
