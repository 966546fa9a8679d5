//! Who may ask while the server is open: nobody has signed in, so a page of any web site that this
//! machine's browser visits must not be able to read or write through it.

use std::net::SocketAddr;

use poem::http::{HeaderMap, Method, StatusCode, Uri, Version, header, uri::Authority};

use crate::{config::Config, problem::Problem};

/// The names under which a server on a loopback address can be asked. Any other name may have been
/// pointed at this machine by someone else (DNS rebinding).
const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// The rule for one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    names: Names,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Local,
    Any,
}

impl Guard {
    pub(crate) fn new(config: &Config, address: SocketAddr) -> Self {
        let local = address.ip().is_loopback() && !config.open;
        Self { names: if local { Names::Local } else { Names::Any } }
    }

    /// Refuses what nobody at this machine can have meant.
    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        let host = host(uri, version, headers)?;
        if self.names == Names::Local {
            for name in uri.authority().map(Authority::as_str).iter().chain(&host) {
                check_name(name)?;
            }
        }
        // A WebSocket can do what it likes once it is open, and no browser asks before it opens one.
        let writes = !method.is_safe() || headers.contains_key(header::UPGRADE);
        if uri.path().starts_with("/api/") && writes {
            check_origin(headers, host.unwrap_or_default())?;
        }
        Ok(())
    }
}

fn host<'a>(uri: &'a Uri, version: Version, headers: &'a HeaderMap) -> Result<Option<&'a str>, Problem> {
    let bad = |detail: &str| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-host", "The Host header is not valid", detail)
    };
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(host) => Some(host.to_str().map_err(|_| bad("the Host header is not text"))?),
        None if version == Version::HTTP_11 => return Err(bad("a request needs a Host header")),
        None => uri.authority().map(Authority::as_str),
    };
    if hosts.next().is_some() {
        return Err(bad("a request has one Host header"));
    }
    Ok(host)
}

fn check_name(host: &str) -> Result<(), Problem> {
    let (name, _) = split(host);
    if LOCAL_NAMES.iter().any(|local| local.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let detail = format!(
        "this server is asked as localhost, 127.0.0.1 or [::1], not as `{name}`; to serve other names, start it with --open"
    );
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", "Not served under this name", detail))
}

/// Browsers say where a request comes from; programs that are no browsers say nothing.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    let refused = || {
        let detail = "a page of another web site may not write here";
        Problem::new(StatusCode::FORBIDDEN, "cross-site", "Refused across sites", detail)
    };
    for site in headers.get_all("sec-fetch-site") {
        if site != "same-origin" && site != "none" {
            return Err(refused());
        }
    }
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().map_err(|_| refused())?;
        let (scheme, place) = origin.split_once("://").ok_or_else(refused)?;
        let default = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
        let (name, port) = split(place);
        let (host_name, host_port) = split(host);
        let same =
            name.eq_ignore_ascii_case(host_name) && port.unwrap_or(default) == host_port.unwrap_or(default);
        if !same {
            return Err(refused());
        }
    }
    Ok(())
}

/// A host and its port. An IPv6 address has colons of its own, inside brackets.
fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port).filter(|port| !port.is_empty())),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn check(names: Names, method: &str, path: &str, pairs: &[(&'static str, &str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = Guard { names }.check(&method, &path.parse().unwrap(), Version::HTTP_11, &headers);
        answer.map_or_else(|problem| problem.status, |()| 200)
    }

    #[test]
    fn only_local_names_are_served_while_bound_to_loopback() {
        for (host, status) in [
            ("localhost", 200),
            ("LocalHost:6050", 200),
            ("127.0.0.1", 200),
            ("127.0.0.1:80", 200),
            ("[::1]:6050", 200),
            ("[::1]", 200),
            ("example.com", 421),
            ("localhost.example.com", 421),
            ("127.0.0.1.example.com:6050", 421),
            ("127.0.0.2", 421),
            ("[::2]:1", 421),
            ("", 421),
        ] {
            assert_eq!(check(Names::Local, "GET", "/", &[("host", host)]), status, "{host}");
            assert_eq!(check(Names::Any, "GET", "/", &[("host", host)]), 200, "{host}");
        }
        assert_eq!(check(Names::Local, "GET", "http://example.com/", &[("host", "localhost")]), 421);
    }

    #[test]
    fn one_host_is_needed() {
        assert_eq!(check(Names::Any, "GET", "/", &[]), 400);
        assert_eq!(check(Names::Any, "GET", "/", &[("host", "a"), ("host", "b")]), 400);
    }

    #[test]
    fn writes_from_other_sites_are_refused() {
        for (header, value, status) in [
            ("origin", "http://localhost:6050", 200),
            ("origin", "http://LOCALHOST:6050", 200),
            ("origin", "http://localhost", 403),
            ("origin", "http://127.0.0.1:6050", 403),
            ("origin", "http://evil.example", 403),
            ("origin", "null", 403),
            ("origin", "", 403),
            ("sec-fetch-site", "same-origin", 200),
            ("sec-fetch-site", "none", 200),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "cross-site", 403),
            ("x-nothing", "x", 200),
        ] {
            let pairs = [("host", "localhost:6050"), (header, value)];
            for names in [Names::Local, Names::Any] {
                assert_eq!(check(names, "POST", "/api/v1/x", &pairs), status, "{header}: {value}");
                assert_eq!(check(names, "GET", "/api/v1/x", &pairs), 200, "reads are the browser's to guard");
            }
        }
        let upgrade = |path, origin| {
            let pairs = [("host", "localhost:6050"), ("upgrade", "websocket"), ("origin", origin)];
            check(Names::Local, "GET", path, &pairs)
        };
        assert_eq!(upgrade("/api/v1/x", "http://localhost:6050"), 200);
        assert_eq!(upgrade("/api/v1/x", "http://evil.example"), 403);
        assert_eq!(upgrade("/throw/x", "http://evil.example"), 200, "anybody may throw");
        let proxied = [("host", "data.example"), ("origin", "https://data.example")];
        assert_eq!(check(Names::Any, "DELETE", "/api/v1/x", &proxied), 200);
    }
}
