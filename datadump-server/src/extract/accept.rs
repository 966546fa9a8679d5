//! `Accept`: the format that the client prefers for rows. The API document lists the formats with the responses.

use poem::{FromRequest, Request, RequestBody};

use crate::answer::RowFormat;

/// The preferred format, if there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcceptedFormat(pub(crate) Option<RowFormat>);

impl<'a> FromRequest<'a> for AcceptedFormat {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(RowFormat::accepted(request.headers())))
    }
}
