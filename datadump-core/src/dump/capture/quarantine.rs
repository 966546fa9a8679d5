//! Quarantine as people see it: listed, read, discarded.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value as Json;

use crate::{
    dump::{Dump, Listing, Rows},
    error::{Error, Result},
    schema::{StoredRow, Value},
    store::{
        Expect,
        query::{Towards, cursor, parse},
        system_storages::SystemStorage,
    },
};

/// Everything of an entry but its bytes.
const SHOWN: &str = "id,state,source,throw,index,line,storage,format,processor,processor_version,step,code,\
                     field,detail,content_type,arguments,peer,received_at,version,created_at,updated_at";

impl Dump {
    /// Entries of quarantine, as rows are listed: filters, order, pages. Without their bytes.
    pub async fn quarantine(&self, parameters: &[(String, String)]) -> Result<Listing> {
        let mut parameters = parameters.to_vec();
        match parameters.iter_mut().find(|(name, _)| name == "fields") {
            // Nobody gets the bytes here: one page could be all the memory there is.
            Some((_, fields)) => {
                let kept: Vec<&str> = fields.split(',').filter(|field| field.trim() != "raw").collect();
                *fields = if kept.is_empty() { "id".into() } else { kept.join(",") };
            }
            None => parameters.push(("fields".into(), SHOWN.into())),
        }
        self.own(SystemStorage::Quarantine).list(&parameters).await
    }

    /// One entry, its bytes as base64, and as text when they are text.
    pub async fn quarantined(&self, id: &str) -> Result<Json> {
        let mut entry = self.entry(id).await?;
        let raw = entry.get("raw").and_then(Json::as_str).and_then(|raw| BASE64.decode(raw).ok());
        if let Some(text) = raw.and_then(|raw| String::from_utf8(raw).ok()) {
            entry["text"] = text.into();
        }
        Ok(entry)
    }

    /// The bytes of an entry, with their content type.
    pub async fn quarantined_bytes(&self, id: &str) -> Result<(Vec<u8>, Option<String>)> {
        let entry = self.entry(id).await?;
        let raw = entry.get("raw").and_then(Json::as_str).and_then(|raw| BASE64.decode(raw).ok());
        let content_type = entry.get("content_type").and_then(Json::as_str).map(str::to_owned);
        Ok((raw.unwrap_or_default(), content_type))
    }

    /// Forgets an entry.
    pub async fn discard(&self, id: &str) -> Result<()> {
        self.own(SystemStorage::Quarantine)
            .delete(id, Expect::Anything)
            .await
            .map_err(|error| unknown(error, id))
    }

    /// How many entries wait.
    pub async fn waiting(&self) -> Result<u64> {
        let parameters = [("state", "waiting"), ("limit", "1"), ("fields", "id")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
        Ok(self.own(SystemStorage::Quarantine).list(&parameters).await?.count.unwrap_or(0))
    }

    async fn entry(&self, id: &str) -> Result<Json> {
        let found = self.own(SystemStorage::Quarantine).get(id).await;
        found.map(|saved| saved.row).map_err(|error| unknown(error, id))
    }

    pub(in crate::dump) fn own(&self, own: SystemStorage) -> Rows {
        Rows::own(self.store.clone(), self.ids.clone(), own)
    }

    /// All rows of one of our own storages that meet these filters. Only for what is few.
    pub(in crate::dump) async fn own_rows(
        &self,
        own: SystemStorage,
        filters: &[(String, String)],
    ) -> Result<Vec<StoredRow>> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let (page, next) = self.own_page(own, filters, &cursor, 1_000).await?;
            rows.extend(page);
            match next {
                Some(next) => cursor = next,
                None => return Ok(rows),
            }
        }
    }

    /// A page of them, oldest first, and where the next one begins.
    pub(super) async fn own_page(
        &self,
        own: SystemStorage,
        filters: &[(String, String)],
        from: &str,
        limit: usize,
    ) -> Result<(Vec<StoredRow>, Option<String>)> {
        let in_force = self.store.catalogue().system(own)?;
        let mut parameters = filters.to_vec();
        parameters.extend([
            ("cursor".to_owned(), from.to_owned()),
            ("limit".to_owned(), limit.to_string()),
            ("ordering".to_owned(), in_force.definition.key.name.to_string()),
        ]);
        let query = parse::parameters(&in_force.definition, &parameters)?;
        let page = self.store.page(&in_force, &query).await?;
        let last = page.rows.last().filter(|_| page.more).map(|row| {
            let position: Vec<Value> = query.order.iter().map(|order| order.column.value(row)).collect();
            cursor::write(&in_force.definition, &query, &position, Towards::Next)
        });
        Ok((page.rows, last))
    }
}

fn unknown(error: Error, id: &str) -> Error {
    match error {
        Error::UnknownRow { .. } => Error::UnknownEntry(id.to_owned()),
        error => error,
    }
}
