//! A page of rows as JSON, or in a text format that the client prefers.

use std::iter;

use datadump_core::{Formulas, Listing, RowPage, TextFormat};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponses, Registry},
    types::Type,
};

use super::{RowFormat, Streamed, link, streamed, success_in};

/// A page of rows, documented as a `T` in JSON.
pub(crate) enum RowListAnswer<T> {
    /// JSON with the links to the next and the previous page.
    Json(Streamed<T>),
    /// The rows alone, with the links in a header.
    Text { page: Listing<RowPage>, format: RowFormat, text: TextFormat, address: String },
}

impl<T> RowListAnswer<T> {
    /// Creates the page in the preferred format. Its links start with `address`.
    pub(crate) fn new(page: Listing<RowPage>, format: Option<RowFormat>, address: String) -> Self {
        let text = match format {
            Some(RowFormat::Csv) => Some((RowFormat::Csv, TextFormat::Csv(Formulas::Escaped))),
            Some(RowFormat::NdJson) => Some((RowFormat::NdJson, TextFormat::NdJson)),
            Some(RowFormat::Json | RowFormat::Parquet) | None => None,
        };
        match text {
            Some((format, text)) => Self::Text { page, format, text, address },
            None => Self::Json(Streamed::list(page.map(RowPage::into_chunks), &address)),
        }
    }
}

impl<T: Send> IntoResponse for RowListAnswer<T> {
    fn into_response(self) -> Response {
        let (page, format, text, address) = match self {
            Self::Json(answer) => {
                return answer.with_header(header::VARY, "accept").into_response();
            }
            Self::Text { page, format, text, address } => (page, format, text, address),
        };
        let Listing { rows, next, previous, .. } = page;
        let begin = text.begin(rows.columns().map(|(name, _)| name).collect::<Vec<_>>().into_iter());
        let pieces = iter::once(begin).chain(rows.into_text(text));
        let mut response = streamed(format.content_type(), pieces);
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        for (parameters, relation) in [(next, "next"), (previous, "prev")] {
            let Some(parameters) = parameters else { continue };
            let value = format!("<{}>; rel=\"{relation}\"", link(&address, &parameters));
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(header::LINK, value);
            }
        }
        response
    }
}

impl<T: Type> ApiResponse for RowListAnswer<T> {
    fn meta() -> MetaResponses {
        let text = [RowFormat::Csv, RowFormat::NdJson]
            .map(|format| MetaMediaType { content_type: format.media_type(), schema: String::schema_ref() });
        let json = MetaMediaType { content_type: "application/json", schema: T::schema_ref() };
        let mut meta = success_in(iter::once(json).chain(text).collect());
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Link".into(),
                description: Some(
                    "The next and the previous page (`rel=\"next\"`, `rel=\"prev\"`) of a response that is not JSON.".into(),
                ),
                required: false,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
