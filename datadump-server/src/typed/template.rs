//! The operations on rows as they are in the document of the API.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::operations::{Body, ENTRIES, Entry};

/// Path of the rows of a storage in the document of the API.
const ROWS: &str = "/api/v1/storage/{name}";

/// Name of the schema of a query.
pub(super) const QUERY: &str = "RowQuery";

/// The parts of the document of the API that the documents of storages are made from.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The operations of a storage.
    pub(super) operations: Vec<Operation>,
    /// The schemas that are the same for all storages.
    pub(super) shared: Map<String, Json>,
    /// The schemas of the API that are not.
    pub(super) lists: Map<String, Json>,
    /// Names of parameters that are not filters, of the operations that take filters.
    pub(super) controls: BTreeSet<String>,
}

/// An operation on the rows of a storage.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) entry: Entry,
    /// Path below that of the storage.
    pub(super) path: String,
    pub(super) method: String,
    /// Its description in the document of the API.
    pub(super) description: Json,
}

impl Template {
    /// Reads the document of the API.
    pub(crate) fn of(document: &Json) -> Self {
        let mut template = Self::default();
        let all = document["components"]["schemas"].as_object();
        let schema = |name: &str| all.and_then(|all| all.get(name)).cloned();
        for (entry, path, method, description) in operations(document) {
            let Some(entry) = entry else { continue };
            let mut description = description.clone();
            // Examples are about another storage.
            without_examples(&mut description);
            if entry.has_filters {
                let parameters = description["parameters"].as_array().into_iter().flatten();
                let names = parameters.filter(|parameter| parameter["in"] == "query");
                template.controls.extend(names.filter_map(|one| one["name"].as_str()).map(str::to_owned));
            }
            template.operations.push(Operation {
                entry: *entry,
                path: path.to_owned(),
                method: method.to_owned(),
                description,
            });
        }
        let mut open = BTreeSet::new();
        for Operation { entry, description, .. } in &template.operations {
            let mut used = BTreeSet::new();
            references(description, &mut used);
            match entry.response {
                super::operations::ResponseBody::Rows | super::operations::ResponseBody::Parts => {
                    for name in used {
                        match schema(&name) {
                            Some(list) if list["properties"]["results"].is_object() => {
                                template.lists.insert(name, list);
                            }
                            _ => drop(open.insert(name)),
                        }
                    }
                }
                _ => open.extend(used),
            }
            if entry.body == Body::Query {
                template.shared.insert(QUERY.into(), query());
            }
        }
        while let Some(name) = open.pop_first() {
            if template.shared.contains_key(&name) {
                continue;
            }
            if let Some(schema) = schema(&name) {
                references(&schema, &mut open);
                template.shared.insert(name, schema);
            }
        }
        template
    }
}

/// Iterates over the operations at the paths of rows, with their entries.
fn operations(document: &Json) -> impl Iterator<Item = (Option<&'static Entry>, &str, &str, &Json)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let below = paths.filter_map(|(path, methods)| Some((path.strip_prefix(ROWS)?, methods)));
    let all = below.flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    all.map(|(path, method, operation)| {
        let id = &operation["operationId"];
        (ENTRIES.iter().find(|entry| id == entry.operation), path, method.as_str(), operation)
    })
}

/// Collects the names of the schemas that a part of the document refers to.
fn references(part: &Json, found: &mut BTreeSet<String>) {
    match part {
        Json::Object(members) => {
            let name = members.get("$ref").and_then(Json::as_str).and_then(|to| to.rsplit('/').next());
            found.extend(name.map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn without_examples(part: &mut Json) {
    match part {
        Json::Object(members) => {
            members.remove("example");
            members.values_mut().for_each(without_examples);
        }
        Json::Array(items) => items.iter_mut().for_each(without_examples),
        _ => {}
    }
}

/// Returns the schema of a query.
fn query() -> Json {
    json!({
        "type": "object",
        "description": "Which rows, in which order, and which of their fields.",
        "properties": {
            "where": {
                "type": "object",
                "description": "Filter, such as `{\"or\": [{\"age\": {\"lt\": 18}}, {\"color\": \"red\"}]}`.",
                "additionalProperties": {},
            },
            "fields": {"type": "array", "items": {"type": "string"}, "description": "Fields to return."},
            "ordering": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Fields to sort by; `-` before a name sorts in descending order.",
            },
            "limit": {"type": "integer", "description": "Maximum number of rows, 1 to 1000 (default 100)."},
            "cursor": {"type": "string", "description": "`next` or `previous` of a page."},
            "count": {"type": "string", "enum": ["exact", "estimated", "none"]},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api, typed::operations::LEFT_OUT};

    #[test]
    fn every_operation_on_rows_has_an_entry_or_is_left_out() {
        let document: Json = serde_json::from_str(&api::openapi()).unwrap();
        for (entry, path, method, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap();
            let is_left_out = LEFT_OUT.contains(&id);
            assert_ne!(
                entry.is_some(),
                is_left_out,
                "{method} {path}: add {id} to a list in typed/operations.rs"
            );
        }
        let template = Template::of(&document);
        let missing = ENTRIES.iter().find(|entry| {
            !template.operations.iter().any(|operation| operation.entry.operation == entry.operation)
        });
        assert!(missing.is_none(), "{missing:?} is not in the document of the API");
    }

    #[test]
    fn no_verb_begins_with_another() {
        for (place, entry) in ENTRIES.iter().enumerate() {
            let others = ENTRIES.iter().enumerate().filter(|(other, _)| *other != place);
            let begins = others.filter(|(_, other)| other.verb.starts_with(entry.verb)).count();
            assert_eq!(begins, 0, "{}", entry.verb);
        }
    }
}
