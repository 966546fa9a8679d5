//! Quarantine: holds throws and records that could not be stored.

mod announce;
mod entry;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value as Json;
use uuid::Uuid;

pub(crate) use self::entry::{EntryRow, FailedPart, FailureReason, KeptThrowRow, SUPERSEDED, ThrowContext};
pub(crate) use crate::receipt::Stage;
use crate::{
    context::Context,
    error::{Error, Result},
    rows::{ByteChunks, Listing, RowPage, Rows},
    store::{Expect, system_storages::SystemStorage},
};

/// All fields of an entry except its bytes.
const LISTED_FIELDS: &str = "id,state,source,throw,index,line,storage,format,processor,processor_version,\
                             step,code,field,detail,content_type,arguments,peer,method,path,transport,\
                             received_at,version,\
                             created_at,updated_at";

/// The quarantine entries of a database.
#[derive(Debug, Clone)]
pub struct Quarantine {
    context: Context,
}

impl Quarantine {
    pub(crate) fn new(context: Context) -> Self {
        let quarantine = Self { context };
        quarantine.announce_changes();
        quarantine
    }

    /// Lists entries without their bytes, with filters, ordering and pages as for rows.
    pub async fn list(&self, parameters: &[(String, String)]) -> Result<Listing> {
        Ok(self.page(parameters).await?.map(|entries| entries.to_json()))
    }

    /// Lists the same entries in the form in which they take the least memory.
    pub async fn page(&self, parameters: &[(String, String)]) -> Result<Listing<RowPage>> {
        let mut parameters = parameters.to_vec();
        match parameters.iter_mut().find(|(name, _)| name == "fields") {
            // Never the bytes: a page of them could exhaust the memory.
            Some((_, fields)) => {
                let kept: Vec<&str> = fields.split(',').filter(|field| field.trim() != "raw").collect();
                *fields = if kept.is_empty() { "id".into() } else { kept.join(",") };
            }
            None => parameters.push(("fields".into(), LISTED_FIELDS.into())),
        }
        self.rows().page(&parameters).await
    }

    /// Counts entries by source, step, code and field, the largest group first. The parameters are the filters
    /// of the list, and `limit`. Also returns whether there are more groups.
    pub async fn summary(&self, parameters: &[(String, String)]) -> Result<(Vec<Json>, bool)> {
        self.rows().groups(&["source", "step", "code", "field"], parameters).await
    }

    /// Returns whether there is an entry with this id.
    pub async fn contains(&self, id: &str) -> Result<bool> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(false) };
        let parameters = [("id", id.to_string()), ("fields", "id".into()), ("count", "none".into())]
            .map(|(name, value)| (name.to_owned(), value));
        Ok(!self.rows().list(&parameters).await?.rows.is_empty())
    }

    /// Returns an entry with its bytes as base64, and as `text` if they are UTF-8.
    pub async fn get(&self, id: &str) -> Result<Json> {
        let mut entry = self.entry(id).await?;
        let raw = entry.get("raw").and_then(Json::as_str).and_then(|raw| BASE64.decode(raw).ok());
        if let Some(text) = raw.and_then(|raw| String::from_utf8(raw).ok()) {
            entry["text"] = text.into();
        }
        Ok(entry)
    }

    /// Returns the same entry in the form in which it takes the least memory.
    pub async fn get_page(&self, id: &str) -> Result<RowPage> {
        let found = self.rows().get_page(id).await;
        found.map(|(entry, _)| entry.with_text("raw", "text")).map_err(|error| unknown(error, id))
    }

    /// Returns the bytes of an entry, in pieces, and their content type.
    pub async fn bytes(&self, id: &str) -> Result<(ByteChunks, Option<String>)> {
        let found = self.rows().get_page(id).await;
        found.map(|(entry, _)| entry.into_bytes("raw", "content_type")).map_err(|error| unknown(error, id))
    }

    /// Deletes an entry.
    pub async fn discard(&self, id: &str) -> Result<()> {
        self.rows().delete(id, Expect::Anything).await.map_err(|error| unknown(error, id))
    }

    /// Counts the waiting entries.
    pub async fn waiting(&self) -> Result<u64> {
        let parameters = [("state", "waiting"), ("limit", "1"), ("fields", "id")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(self.rows().list(&parameters).await?.count.unwrap_or(0))
    }

    async fn entry(&self, id: &str) -> Result<Json> {
        let found = self.rows().get(id).await;
        found.map(|saved| saved.row).map_err(|error| unknown(error, id))
    }

    fn rows(&self) -> Rows {
        Rows::system(&self.context, SystemStorage::Quarantine)
    }
}

fn unknown(error: Error, id: &str) -> Error {
    match error {
        Error::UnknownRow { .. } => Error::UnknownEntry(id.to_owned()),
        error => error,
    }
}
