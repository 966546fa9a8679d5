//! `Last-Event-ID`: the last event a browser received before its stream was cut off.

use poem::{
    Request, RequestBody,
    http::{HeaderMap, HeaderName},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
    types::Type as _,
};

use super::query;

const HEADER: HeaderName = HeaderName::from_static("last-event-id");

/// The header, as it is written in the API document and in problems.
pub(crate) const LAST_EVENT_ID: &str = "Last-Event-ID";

const DESCRIPTION: &str = "ID of the last event received, as a browser sends it when it reconnects. Takes precedence \
     over `since`.";

/// The header's value, if it is given and not empty. A value that is not text becomes an empty string, which is
/// never a valid position.
#[derive(Debug)]
pub(crate) struct LastEventId(pub(crate) Option<String>);

impl LastEventId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).filter(|value| !value.is_empty());
        Self(sent.map(|value| value.to_str().unwrap_or_default().to_owned()))
    }
}

impl<'a> ApiExtractor<'a> for LastEventId {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(query::object([(LAST_EVENT_ID, String::schema_ref(), DESCRIPTION)].into_iter()))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self::of(request.headers()))
    }
}
