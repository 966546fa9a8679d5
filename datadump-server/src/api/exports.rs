//! `/api/v1/storage/{name}/export/`: all rows of a storage that pass a filter, as a file.

use datadump_core::{Dump, Error, Export, Fault, Formulas, Place, TextFormat};
use poem_openapi::{OpenApi, param::Path, types::Type as _};
use serde_json::{Value as Json, json};

use super::tag::Tag;
#[cfg(feature = "parquet")]
use crate::answer::ParquetEncoder;
use crate::{
    answer::{ExportAnswer, ExportSlots, RowFormat},
    extract::{AcceptedFormat, JsonBody, ORDERING, Pairs, Parameter, Query, QueryParameters, flag, push},
    problem::Problem,
};

/// Operations with responses of any length.
pub(super) const ENDLESS_RESPONSES: [&str; 2] = ["export_rows", "find_export"];

/// Exports of rows.
pub(crate) struct Exports {
    dump: Dump,
    slots: ExportSlots,
    #[cfg(feature = "parquet")]
    parquet: ParquetEncoder,
}

/// The form of the file.
#[derive(Debug, Default)]
struct FileOptions {
    format: Option<String>,
    raw: Option<bool>,
    origin: Origin,
}

/// The part of a request that has the options.
#[derive(Debug, Clone, Copy, Default)]
enum Origin {
    #[default]
    Query,
    Body,
}

/// The query of an export. The core parses the pairs, because it knows the fields.
#[derive(Debug, Default)]
pub(crate) struct ExportQuery {
    options: FileOptions,
    pairs: Pairs,
}

const FORMAT: &str = "format";
const RAW: &str = "raw";

impl QueryParameters for ExportQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: FORMAT,
            schema: String::schema_ref,
            description: "`csv`, `ndjson`, `json` or `parquet`. Default: what `Accept` names, else `ndjson`.",
            set: |query, name, text| once(name, &mut query.options.format, text.to_owned()),
        },
        &Parameter {
            name: RAW,
            schema: bool::schema_ref,
            description: "`1` leaves text in CSV as it is, even if a spreadsheet would run it as a formula.",
            set: |query, name, text| once(name, &mut query.options.raw, flag(name, text)?),
        },
        &passed("where", String::schema_ref, "Filter as JSON."),
        &passed("fields", String::schema_ref, "Fields to export, separated by commas."),
        &passed(
            ORDERING.name,
            String::schema_ref,
            "Field to sort by: the key (default), the time of the last update, or a field with an index; `-` before the \
             name sorts in descending order.",
        ),
        &passed("limit", u64::schema_ref, "Maximum number of rows (default: no limit)."),
    ];

    const IS_OPEN: bool = true;

    fn set_other(query: &mut Self, name: &str, text: &str) -> Result<(), Problem> {
        push(&mut query.pairs, name, text)
    }
}

const fn passed(
    name: &'static str,
    schema: fn() -> poem_openapi::registry::MetaSchemaRef,
    description: &'static str,
) -> Parameter<ExportQuery> {
    Parameter { name, schema, description, set: |query, name, text| push(&mut query.pairs, name, text) }
}

fn once<T>(name: &str, option: &mut Option<T>, value: T) -> Result<(), Problem> {
    match option.replace(value) {
        None => Ok(()),
        Some(_) => {
            let detail = format!("the query parameter `{name}` is given more than once");
            Err(Problem::parameter(name, "repeated-parameter", detail))
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Exports {
    /// Export rows as a file: CSV, NDJSON, JSON or Parquet
    ///
    /// Takes the filters of the list. The rows are in the order of their keys unless `ordering` is given, and are read
    /// while they are sent: rows that are written meanwhile may or may not be there. If reading them fails, the
    /// response breaks off.
    #[oai(path = "/:name/export", method = "get", operation_id = "export_rows")]
    async fn export(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<ExportQuery>,
        accepted: AcceptedFormat,
    ) -> Result<ExportAnswer, Problem> {
        let ExportQuery { options, pairs } = query.0;
        let format = options.format(accepted)?;
        let export = self.dump.storage(&name.0)?.export(&pairs)?;
        self.answer(export, &name.0, format).await
    }

    /// Export rows with a filter of any depth
    #[oai(path = "/:name/export", method = "post", operation_id = "find_export")]
    async fn find_export(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// `format`, `raw`, `where`, `fields`, `ordering` and `limit`; all are optional.
        query: JsonBody,
        accepted: AcceptedFormat,
    ) -> Result<ExportAnswer, Problem> {
        let mut query = query.0;
        let format = FileOptions::taken_from(&mut query)?.format(accepted)?;
        let export = self.dump.storage(&name.0)?.find_export(&query)?;
        self.answer(export, &name.0, format).await
    }
}

impl Exports {
    pub(super) fn new(dump: &Dump) -> Self {
        Self {
            dump: dump.clone(),
            slots: ExportSlots::default(),
            #[cfg(feature = "parquet")]
            parquet: ParquetEncoder::default(),
        }
    }

    async fn answer(
        &self,
        export: Export,
        storage: &str,
        (format, formulas): (RowFormat, Formulas),
    ) -> Result<ExportAnswer, Problem> {
        let slot = self.slots.take()?;
        let text = match format {
            RowFormat::NdJson => TextFormat::NdJson,
            RowFormat::Json => TextFormat::Json,
            RowFormat::Csv => TextFormat::Csv(formulas),
            #[cfg(feature = "parquet")]
            RowFormat::Parquet => return Ok(self.parquet.answer(export, storage, slot).await?),
            #[cfg(not(feature = "parquet"))]
            RowFormat::Parquet => {
                let detail =
                    "this server was built without Parquet (the feature `parquet`): use csv, ndjson or json";
                return Err(Problem::parameter(FORMAT, "not-built-in", detail));
            }
        };
        Ok(ExportAnswer::text(export, storage, format, text, slot).await?)
    }
}

impl FileOptions {
    /// Takes the members of a request that concern the file.
    fn taken_from(request: &mut Json) -> Result<Self, Problem> {
        let mut take = |name| request.as_object_mut().and_then(|members| members.shift_remove(name));
        let format = match take(FORMAT) {
            None | Some(Json::Null) => None,
            Some(Json::String(format)) => Some(format),
            Some(other) => return Err(unknown_format(Origin::Body, &other.to_string())),
        };
        let raw = match take(RAW) {
            None | Some(Json::Null) => None,
            Some(Json::Bool(raw)) => Some(raw),
            Some(_) => return Err(Origin::Body.problem(RAW, "mistyped", "`raw` is true or false")),
        };
        Ok(Self { format, raw, origin: Origin::Body })
    }

    /// Returns the requested format, and what is done with formulas.
    fn format(self, accepted: AcceptedFormat) -> Result<(RowFormat, Formulas), Problem> {
        let format = match &self.format {
            Some(name) => RowFormat::named(name).ok_or_else(|| unknown_format(self.origin, name))?,
            None => accepted.0.unwrap_or(RowFormat::NdJson),
        };
        if self.raw.is_some() && format != RowFormat::Csv {
            let detail = format!("`raw` applies to csv, not to {}", format.name());
            return Err(self.origin.problem(RAW, "not-applicable", detail));
        }
        Ok((format, if self.raw == Some(true) { Formulas::Raw } else { Formulas::Escaped }))
    }
}

impl Origin {
    /// Returns the problem of an option.
    fn problem(self, name: &str, code: &'static str, detail: impl Into<String>) -> Problem {
        match self {
            Self::Query => Problem::parameter(name, code, detail),
            Self::Body => Error::Query(vec![Fault::new(Place::field(name), code, detail.into())]).into(),
        }
    }
}

fn unknown_format(origin: Origin, name: &str) -> Problem {
    let names = RowFormat::ALL.map(RowFormat::name).join(", ");
    origin.problem(FORMAT, "unknown-format", format!("there is no format {name:?}; use one of {names}"))
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    (operation == "find_export").then(|| {
        json!({"format": "csv", "where": {"collar_size": {"gte": 20}}, "fields": ["chip_id", "collar_size"]})
    })
}
