//! The head of a request as it is kept with a throw.

use std::sync::Arc;

use datadump_core::{Headers, RequestHead, Transport};
use poem::{
    Request,
    http::{HeaderMap, HeaderName, header},
};

/// Headers that are about the connection and not about the throw.
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    HeaderName::from_static("keep-alive"),
];

/// Returns the head of a request. The core leaves out headers with secrets.
pub(super) fn request_head(request: &Request, transport: Transport) -> Arc<RequestHead> {
    Arc::new(RequestHead {
        method: request.method().as_str().to_owned(),
        path: request.original_uri().path().to_owned(),
        transport,
        headers: end_to_end(request.headers()),
    })
}

/// Returns the headers that are not about the connection, nor named in `Connection` as being about it.
fn end_to_end(headers: &HeaderMap) -> Headers {
    let connection = headers.get_all(header::CONNECTION).iter().filter_map(|sent| sent.to_str().ok());
    let named: Vec<&str> = connection.flat_map(|sent| sent.split(',')).map(str::trim).collect();
    let is_kept = |name: &HeaderName| {
        !HOP_BY_HOP.contains(name) && !named.iter().any(|hop| hop.eq_ignore_ascii_case(name.as_str()))
    };
    let kept = headers.iter().filter(|(name, _)| is_kept(name));
    Headers::new(kept.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_are_left_out() {
        let request = Request::builder()
            .header("host", "x")
            .header("connection", "keep-alive, X-Hop")
            .header("keep-alive", "timeout=5")
            .header("x-hop", "1")
            .header("authorization", "canary")
            .header("x-event", "push")
            .finish();
        let headers = end_to_end(request.headers());
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("host", "x"), ("x-event", "push")]);
    }
}
