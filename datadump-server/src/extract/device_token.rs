//! A device's token. It is never taken from a URL, because URLs end up in logs.

use poem::{FromRequest, Request, RequestBody, http::header};

/// The token in `Authorization: Bearer …`, if there is one.
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
