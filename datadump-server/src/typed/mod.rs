//! API documents of storages: the operations on rows, with the types of the rows and a parameter for each filter, so
//! that generated clients know the fields.
//!
//! They are made from the document of the whole API: [`operations`] lists the operations that are specialized for a
//! storage, and how.

mod dialect;
mod identifier;
mod operations;
mod specialize;
mod template;

use std::{collections::BTreeSet, sync::Arc};

use datadump_core::schema::InForce;
use serde_json::{Map, Value as Json, json};

pub(crate) use self::template::Template;
use self::{identifier::identifier, specialize::Specialized};

/// Maximum number of storages in the document of all storages.
const MAX_STORAGES: usize = 100;

/// Maximum number of fields of all storages in that document.
const MAX_FIELDS: usize = 2_000;

/// Returns the document of one storage.
pub(crate) fn of_storage(template: &Template, in_force: &InForce) -> Json {
    let name = in_force.definition.name.as_str();
    let mut document = Document::default();
    let filters = document.add(template, in_force, &identifier(name, template));
    let mut description = format!("The rows of the storage `{name}`.");
    if let Some(filters) = filters {
        description.push(' ');
        description.push_str(&filters);
    }
    document.finish(template, name, &in_force.version.to_string(), &description)
}

/// Returns the document of these storages, or of as many of them as it can hold.
pub(crate) fn of_storages(template: &Template, storages: &[Arc<InForce>]) -> Json {
    let mut document = Document::default();
    let (mut identifiers, mut fields, mut left_out) = (BTreeSet::new(), 0, 0);
    for in_force in storages {
        let identifier = identifier(in_force.definition.name.as_str(), template);
        let with_it = fields + in_force.definition.fields.len();
        if identifiers.len() == MAX_STORAGES
            || with_it > MAX_FIELDS
            || !identifiers.insert(identifier.clone())
        {
            left_out += 1;
            continue;
        }
        fields = with_it;
        document.add(template, in_force, &identifier);
    }
    let mut description = "The rows of all storages.".to_owned();
    if left_out > 0 {
        description = format!(
            "The rows of {} storages. {left_out} more do not fit into one document: each has its own at \
             `/api/v1/storage/{{name}}/openapi.json`.",
            identifiers.len()
        );
    }
    document.finish(template, "Storages", env!("CARGO_PKG_VERSION"), &description)
}

/// A document that is being built.
#[derive(Default)]
struct Document {
    paths: Map<String, Json>,
    schemas: Map<String, Json>,
    parameters: Map<String, Json>,
    tags: Vec<Json>,
}

impl Document {
    /// Adds a storage. Returns a remark if there are filters that are not listed.
    fn add(&mut self, template: &Template, in_force: &InForce, identifier: &str) -> Option<String> {
        let name = in_force.definition.name.as_str();
        self.tags.push(json!({"name": identifier, "description": format!("Rows of the storage `{name}`.")}));
        let Specialized { paths, schemas, parameters, remark } =
            specialize::specialize(template, &in_force.definition, identifier);
        self.paths.extend(paths);
        self.schemas.extend(schemas);
        self.parameters.extend(parameters);
        remark
    }

    fn finish(mut self, template: &Template, title: &str, version: &str, description: &str) -> Json {
        self.schemas.extend(template.shared.clone());
        json!({
            "openapi": "3.0.3",
            "info": {"title": title, "version": version, "description": description},
            "servers": [{"url": "/"}],
            "tags": self.tags,
            "paths": self.paths,
            "components": {"schemas": self.schemas, "parameters": self.parameters},
        })
    }
}

#[cfg(test)]
mod tests {
    use datadump_core::{Consent, Dump};

    use super::*;

    #[tokio::test]
    async fn a_document_of_many_storages_is_bounded_and_says_so() {
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        let count = MAX_STORAGES + 2;
        for number in 0..count {
            let key = json!({"name": "id", "type": "integer"});
            let definition = json!({"name": format!("s{number:03}"), "key": key, "fields": [{"name": "a", "type": "text"}]});
            dump.declare(&definition, Consent::default()).await.unwrap();
            dump.definitions().settled(&format!("s{number:03}")).await.unwrap();
        }
        let storages: Vec<_> =
            dump.definitions().all().iter().filter_map(|storage| storage.in_force.clone()).collect();
        assert_eq!(storages.len(), count);
        let all = of_storages(&Template::default(), &storages);
        assert_eq!(all["tags"].as_array().map(Vec::len), Some(MAX_STORAGES));
        let description = all["info"]["description"].as_str().unwrap_or_default();
        assert!(description.starts_with("The rows of 100 storages. 2 more"), "{description}");
        let some = of_storages(&Template::default(), &storages[..2]);
        assert_eq!(some["info"]["description"], "The rows of all storages.");
        dump.close().await;
    }
}
