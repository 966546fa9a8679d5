//! Simulation: what would become of throws, step by step. Stores nothing.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{programs::script, sources::Source};
use crate::{
    dump::{Dump, throwing::storage_name},
    error::{Error, Fault, Place, Result},
    record::Record,
    source::Settings,
    throw::Throw,
};

/// The most throws one simulation takes.
const MAX_THROWS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    source: Option<String>,
    processor: Option<String>,
    program: Option<String>,
    takes: Option<String>,
    format: Option<String>,
    routes: Option<Json>,
    unrouted: Option<Json>,
    throws: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    body: Option<String>,
    body_base64: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    args: Map<String, Json>,
}

impl Dump {
    /// What would become of sample throws; stores nothing. Request: `{source?, processor?: name,
    /// program?: text, takes?, format?, routes?, unrouted?, throws: [{body | body_base64,
    /// content_type?, args?}]}`. Answer: `{throws: [{format, records, rejected, dropped, rows,
    /// violations}]}`.
    pub async fn simulate(&self, request: &Json) -> Result<Json> {
        let fault =
            |at: &str, detail: String| Error::Settings(vec![Fault::new(Place::field(at), "invalid", detail)]);
        let request = Request::deserialize(request).map_err(|error| {
            Error::Settings(vec![Fault::new(Place::body(), "invalid", error.to_string())])
        })?;
        if request.throws.len() > MAX_THROWS {
            return Err(fault("throws", format!("a simulation takes at most {MAX_THROWS} throws")));
        }
        let name = storage_name(request.source.as_deref().unwrap_or("inbox"))?;
        let known = self.capture.sources.find(name.as_str());
        let settings = known.map_or_else(Settings::default, |source| source.settings.clone());
        let mut settings = serde_json::to_value(settings).map_err(Error::internal)?;
        let of_request = [
            ("processor", request.processor.map(Json::from)),
            ("format", request.format.map(Json::from)),
            ("routes", request.routes),
            ("unrouted", request.unrouted),
        ];
        for (name, value) in of_request {
            if let Some(value) = value {
                settings[name] = value;
            }
        }
        let settings = self.read_settings(&name, &settings)?;
        let source = Source::tentative(name, settings, self.clock.now())?;
        let edited = match &request.program {
            Some(text) => {
                let takes = request.takes.as_deref().unwrap_or("record");
                let script = script(takes, text)
                    .ok_or_else(|| fault("takes", format!("{takes:?} is neither record nor throw")))?;
                self.check(&script).await?;
                Some(script)
            }
            None => None,
        };
        let mut throws = Vec::new();
        for sample in request.throws {
            let body: Bytes = match (sample.body, sample.body_base64) {
                (Some(text), None) => text.into(),
                (None, Some(text)) => {
                    BASE64.decode(&text).map_err(|error| fault("body_base64", error.to_string()))?.into()
                }
                (None, None) => Bytes::new(),
                (Some(_), Some(_)) => {
                    return Err(fault("throws", "`body` and `body_base64` exclude each other".into()));
                }
            };
            let text = |value: Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let throw = Throw {
                id: self.ids.next(),
                source: source.name.clone(),
                received_at: self.clock.now(),
                body,
                content_type: sample.content_type,
                arguments: sample.args.into_iter().map(|(name, value)| (name, text(value))).collect(),
                format: None,
                peer: None,
            };
            throws.push(self.simulate_one(Arc::new(throw), &source, edited.as_ref()).await?);
        }
        Ok(json!({"throws": throws}))
    }

    async fn simulate_one(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        edited: Option<&crate::process::vrl::Script>,
    ) -> Result<Json> {
        let reading = self.read(&throw, source.settings.format.as_deref()).await?;
        let shown = |record: &Record| {
            let mut fields = record.fields.clone();
            fields.extend(record.non_finite.clone());
            Json::from(fields)
        };
        let records: Vec<Json> = reading
            .output
            .as_ref()
            .map(|output| output.records.iter().map(shown).collect())
            .unwrap_or_default();
        let format = reading.format.clone();
        let told = self.tell(throw, source, reading, edited).await?;
        Ok(json!({
            "format": format,
            "records": records,
            "after_program": told.sorted,
            "dropped": told.dropped,
            "rows": told.rows,
            "violations": told.violations,
        }))
    }
}
