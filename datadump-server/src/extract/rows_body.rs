//! Bodies with many rows: a JSON array, or one row per line (NDJSON).

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest},
    types::Type as _,
};

use super::body::read_json;
use crate::answer::Object;

/// Content types of NDJSON, which has no registered one. What the body is does not depend on them.
const LINE_TYPES: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
];

/// The bytes of many rows, not parsed yet.
#[derive(Debug)]
pub(crate) struct RowsBody(pub(crate) Vec<u8>);

impl<'a> ApiExtractor<'a> for RowsBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let rows = MetaMediaType { content_type: "application/json", schema: Vec::<Object>::schema_ref() };
        let lines = MetaMediaType { content_type: "application/x-ndjson", schema: String::schema_ref() };
        Some(MetaRequest { description: None, content: vec![rows, lines], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(read_json(request, body, LINE_TYPES).await?))
    }
}
