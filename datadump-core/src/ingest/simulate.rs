//! Simulates sample throws step by step, without storing anything.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{Ingest, programs::script, source_cache::Source};
use crate::{
    error::{Error, Place, Result},
    process::vrl::Script,
    record::Record,
    request::invalid,
    schema::StorageName,
    source::Settings,
    throw::{Headers, RequestHead, Throw, Transport},
};

/// Maximum number of throws in one simulation.
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
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: Map<String, Json>,
}

impl Ingest {
    /// Simulates sample throws and returns the result of each step. Request: `{source?, processor?: name,
    /// program?: text, takes?, format?, routes?, unrouted?, throws: [{body | body_base64, content_type?,
    /// args?, method?, path?, headers?}]}`. Response: `{throws: [{format, records, rejected, dropped, rows, violations}]}`.
    pub async fn simulate(&self, request: &Json) -> Result<Json> {
        let fault = |at: &str, detail: String| invalid(Place::field(at), "invalid", detail);
        let request = Request::deserialize(request)
            .map_err(|error| invalid(Place::body(), "invalid", error.to_string()))?;
        if request.throws.len() > MAX_THROWS {
            return Err(fault("throws", format!("a simulation can have at most {MAX_THROWS} throws")));
        }
        let name = StorageName::parse(request.source.as_deref().unwrap_or("inbox"))
            .map_err(|reason| invalid(Place::field("name"), "name", reason))?;
        let known = self.sources.find(name.as_str());
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
        let settings = self.sources.read_settings(&name, &settings)?;
        let source = Source::tentative(name, settings, self.context.now())?;
        let edited = match &request.program {
            Some(text) => {
                let takes = request.takes.as_deref().unwrap_or("record");
                let script = script(takes, text)
                    .map_err(|_| fault("takes", format!("{takes:?} is neither record nor throw")))?;
                self.programs.check(&script).await?;
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
            let headers = sample.headers.into_iter().map(|(name, value)| (name, text(value)));
            let head = RequestHead {
                method: sample.method.unwrap_or_else(|| "POST".into()),
                path: sample.path.unwrap_or_else(|| format!("/throw/{}", source.name)),
                transport: Transport::Http,
                headers: Headers::new(headers),
            };
            let throw = Throw {
                id: self.context.ids.next(),
                source: source.name.clone(),
                received_at: self.context.now(),
                body,
                content_type: sample.content_type,
                arguments: sample.args.into_iter().map(|(name, value)| (name, text(value))).collect(),
                format: None,
                peer: None,
                head: Some(Arc::new(head)),
            };
            throws.push(self.simulate_one(Arc::new(throw), &source, edited.as_ref()).await?);
        }
        Ok(json!({"throws": throws}))
    }

    async fn simulate_one(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        edited: Option<&Script>,
    ) -> Result<Json> {
        let decoded = self.decoder.decode(&throw, source.settings.format.as_deref()).await?;
        let shown = |record: &Record| {
            let mut fields = record.fields.clone();
            fields.extend(record.non_finite.clone());
            Json::from(fields)
        };
        let records: Vec<Json> = decoded
            .output
            .as_ref()
            .map(|output| output.records.iter().map(|record| shown(&record)).collect())
            .unwrap_or_default();
        let format = decoded.format.clone();
        let simulated = self.simulate_decoded(throw, source, decoded, edited).await?;
        Ok(json!({
            "format": format,
            "records": records,
            "after_program": simulated.routed,
            "dropped": simulated.dropped,
            "rows": simulated.rows,
            "violations": simulated.violations,
        }))
    }
}
