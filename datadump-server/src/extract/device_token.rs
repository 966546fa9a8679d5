//! The token of a device, as the device sends it: never in an address, which is logged everywhere.

use poem::{FromRequest, Request, RequestBody, http::header};

/// `Authorization: Bearer …`, if there is one.
#[derive(Debug)]
pub(crate) struct DeviceToken(pub(crate) Option<String>);

impl DeviceToken {
    pub(crate) fn of(request: &Request) -> Self {
        let sent = request.headers().get(header::AUTHORIZATION).and_then(|sent| sent.to_str().ok());
        let token = sent.and_then(|sent| sent.strip_prefix("Bearer "));
        Self(token.map(|token| token.trim().to_owned()))
    }
}

impl<'a> FromRequest<'a> for DeviceToken {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}
