//! Specializes the operations on rows for a storage.

use std::fmt::Write as _;

use datadump_core::{
    condition::Operator,
    schema::{Definition, RowForm},
    store::query::{FilterParameter, filter_parameters},
};
use serde_json::{Map, Value as Json, json};

use super::{
    dialect::{converted, with_title},
    operations::{Body, ResponseBody},
    template::{Operation, QUERY, Template},
};
use crate::answer::encoded;

/// Maximum number of filters that are listed for a storage.
const MAX_FILTERS: usize = 2_000;

/// The parts of a document that are about one storage.
#[derive(Debug, Default)]
pub(super) struct Specialized {
    pub(super) paths: Map<String, Json>,
    pub(super) schemas: Map<String, Json>,
    pub(super) parameters: Map<String, Json>,
    /// A remark about what is left out, if anything is.
    pub(super) remark: Option<String>,
}

/// Returns the operations and types of a storage.
pub(super) fn specialize(template: &Template, definition: &Definition, identifier: &str) -> Specialized {
    let mut done = Specialized::default();
    let controls: Vec<&str> = template.controls.iter().map(String::as_str).collect();
    let mut filters = filter_parameters(definition, &controls);
    if filters.len() > MAX_FILTERS {
        done.remark = Some(format!(
            "{} filters are not listed: any field can be filtered by with `where`.",
            filters.len() - MAX_FILTERS
        ));
        filters.truncate(MAX_FILTERS);
    }
    done.parameters =
        filters.iter().enumerate().map(|(place, filter)| parameter(identifier, place, filter)).collect();
    for (form, ending) in
        [(RowForm::Stored, ""), (RowForm::Part, "Part"), (RowForm::Input, "Input"), (RowForm::Patch, "Patch")]
    {
        done.schemas.insert(format!("{identifier}{ending}"), converted(definition.row_schema(form)));
    }
    let below = format!("/api/v1/storage/{}", encoded(definition.name.as_str()));
    for operation in &template.operations {
        let is_read = operation.method == "get" || operation.entry.body == Body::Query;
        // Only devices write readings. Anyone may delete them.
        let is_allowed = is_read || operation.method == "delete";
        if definition.name.is_of_hub() && !is_allowed {
            continue;
        }
        let described = described(template, operation, definition, identifier, &mut done);
        let path = done.paths.entry(format!("{below}{}", operation.path)).or_insert_with(|| json!({}));
        path[&operation.method] = described;
    }
    done
}

/// Returns the description of an operation, and adds the types of its responses.
fn described(
    template: &Template,
    operation: &Operation,
    definition: &Definition,
    identifier: &str,
    done: &mut Specialized,
) -> Json {
    let Operation { entry, description, .. } = operation;
    let mut described = description.clone();
    described["operationId"] = format!("{}{identifier}", entry.verb).into();
    described["tags"] = json!([identifier]);
    if let Some(parameters) = described["parameters"].as_array_mut() {
        parameters.retain(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default();
            let is_storage = parameter["in"] == "path" && name == "name";
            !is_storage && !entry.without.contains(&name)
        });
        for key in parameters.iter_mut().filter(|parameter| parameter["in"] == "path") {
            key["schema"] = converted(definition.key.kind.json_schema().into());
        }
        if entry.has_filters {
            parameters.extend(
                done.parameters.keys().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})),
            );
        }
    }
    let body = match entry.body {
        Body::Same => None,
        Body::Input => Some(format!("{identifier}Input")),
        Body::Patch => Some(format!("{identifier}Patch")),
        Body::Query => Some(QUERY.to_owned()),
    };
    if let Some(body) = body {
        set_schema(described.pointer_mut("/requestBody/content"), &reference(&body));
    }
    keep_default(described.pointer_mut("/requestBody/content"));
    let responses = described["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
        let mut content = response.get_mut("content");
        keep_default(content.as_deref_mut());
        match entry.response {
            ResponseBody::Same => {}
            ResponseBody::Row => set_schema(content, &reference(identifier)),
            ResponseBody::Rows => {
                let page = page(template, content.as_deref(), identifier);
                set_schema(content, &reference(&format!("{identifier}Page")));
                done.schemas.extend(page.map(|page| (format!("{identifier}Page"), page)));
            }
            ResponseBody::Parts => {
                let part = format!("{identifier}Part");
                let page = page(template, content.as_deref(), &part);
                set_schema(content, &reference(&format!("{part}Page")));
                done.schemas.extend(page.map(|page| (format!("{part}Page"), page)));
            }
        }
    }
    described
}

/// Keeps the first media type, which is sent unless another is asked for: generators would make a type of all of them.
fn keep_default(content: Option<&mut Json>) {
    let Some(content) = content.and_then(Json::as_object_mut) else { return };
    let first = content.keys().next().cloned();
    content.retain(|kind, _| Some(kind) == first.as_ref());
}

/// Returns the schema of a page whose results are of this type.
fn page(template: &Template, content: Option<&Json>, rows: &str) -> Option<Json> {
    let of = content?.pointer("/application~1json/schema/$ref")?.as_str()?.rsplit('/').next()?;
    let mut page = template.lists.get(of)?.clone();
    // Generators would name the type after it.
    page.as_object_mut()?.remove("title");
    page["properties"]["results"]["items"] = reference(rows);
    Some(page)
}

fn set_schema(content: Option<&mut Json>, schema: &Json) {
    for (_, media) in content.and_then(Json::as_object_mut).into_iter().flatten() {
        media["schema"] = schema.clone();
    }
}

fn reference(schema: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// Returns a filter as a parameter, with its name in the document.
fn parameter(identifier: &str, place: usize, filter: &FilterParameter) -> (String, Json) {
    let value = with_title(&filter.column, converted(filter.kind.json_schema().into()));
    let schema = match filter.operator {
        Operator::In | Operator::NotIn => json!({"type": "array", "items": value}),
        Operator::IsNull => json!({"type": "boolean"}),
        Operator::Contains | Operator::IContains | Operator::StartsWith | Operator::EndsWith => {
            json!({"type": "string"})
        }
        _ => value,
    };
    let description = format!("`{}` {}.", filter.column, meaning(filter.operator));
    // Names in a document are of ASCII letters, digits, `.`, `-` and `_`.
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut name = format!("{identifier}.{place}.");
    for c in filter.name.chars() {
        let _ = name.write_char(if is_allowed(c) { c } else { '-' });
    }
    (name, json!({"name": filter.name, "in": "query", "description": description, "schema": schema}))
}

fn meaning(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "is equal to this",
        Operator::Ne => "is not equal to this",
        Operator::Lt => "is less than this",
        Operator::Lte => "is this or less",
        Operator::Gt => "is greater than this",
        Operator::Gte => "is this or greater",
        Operator::In => "is one of these",
        Operator::NotIn => "is none of these",
        Operator::Between => "is between these, both included",
        Operator::Contains => "contains this",
        Operator::IContains => "contains this, ignoring case",
        Operator::StartsWith => "starts with this",
        Operator::EndsWith => "ends with this",
        Operator::IsNull => "is null (or is not, if `false`)",
    }
}
