//! The base URL under which the client reached this server, so that links in responses work for it.

use poem::{
    FromRequest, Request, RequestBody,
    http::{header, uri::Authority},
};

/// Scheme and host as the client knows them, such as `http://127.0.0.1:6050`. Empty if it sent no host
/// (HTTP/1.0); links are then paths.
#[derive(Debug)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Returns the URL of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    fn of(request: &Request) -> Self {
        let sent = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = sent.or(request.uri().authority().map(Authority::as_str));
        let Some(host) = host.filter(|host| !host.is_empty()) else { return Self(String::new()) };
        // A proxy that terminates TLS sets this header. Any other value of it is ignored.
        let mut proxied = request.headers().get_all("x-forwarded-proto").iter();
        let is_https = proxied.next().is_some_and(|scheme| scheme == "https") && proxied.next().is_none();
        Self(format!("{}://{host}", if is_https { "https" } else { "http" }))
    }
}

impl<'a> FromRequest<'a> for BaseUrl {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_begin_as_the_client_wrote_them() {
        for (headers, expected) in [
            (&[("host", "localhost:6050")][..], "http://localhost:6050/x"),
            (&[("host", "[::1]:1"), ("x-forwarded-proto", "http")], "http://[::1]:1/x"),
            (&[("host", "data.example"), ("x-forwarded-proto", "https")], "https://data.example/x"),
            (&[("host", "a"), ("x-forwarded-proto", "https,http")], "http://a/x"),
            (&[("host", "a"), ("x-forwarded-proto", "javascript")], "http://a/x"),
            (&[("host", "a"), ("x-forwarded-proto", "https"), ("x-forwarded-proto", "https")], "http://a/x"),
            (&[], "/x"),
        ] {
            let request = headers
                .iter()
                .fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
            assert_eq!(BaseUrl::of(&request.finish()).at("/x"), expected);
        }
    }
}
