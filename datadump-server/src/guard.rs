//! Protects an unauthenticated server from web sites: a page that a browser on this machine visits must not
//! be able to read or write data through it.

use std::net::SocketAddr;

use poem::http::{HeaderMap, Method, StatusCode, Uri, Version, header, uri::Authority};

use crate::{config::Config, problem::Problem};

/// Host names served on a loopback address. Any other name may have been pointed at this machine by an
/// attacker (DNS rebinding).
const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// The guard of one server.
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

    /// Refuses requests for other host names and cross-site writes.
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
        // Browsers open WebSockets across sites without a preflight request.
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
        Some(host) => Some(host.to_str().map_err(|_| bad("the Host header is not valid text"))?),
        None if version == Version::HTTP_11 => return Err(bad("the Host header is missing")),
        None => uri.authority().map(Authority::as_str),
    };
    if hosts.next().is_some() {
        return Err(bad("only one Host header is allowed"));
    }
    Ok(host)
}

fn check_name(host: &str) -> Result<(), Problem> {
    let (name, _) = split(host);
    if LOCAL_NAMES.iter().any(|local| local.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let detail = format!(
        "this server only serves the host names localhost, 127.0.0.1 and [::1], not `{name}`; start it with --open to serve others"
    );
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", "The host name is not served", detail))
}

/// Refuses requests that a browser sent from another site. Other clients send neither header.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    let refused = || {
        let detail = "a page of another web site may not write data";
        Problem::new(StatusCode::FORBIDDEN, "cross-site", "Cross-site request refused", detail)
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

/// Splits a host from its port. An IPv6 address has colons inside brackets.
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
                assert_eq!(check(names, "GET", "/api/v1/x", &pairs), 200, "the browser protects reads");
            }
        }
        let upgrade = |path, origin| {
            let pairs = [("host", "localhost:6050"), ("upgrade", "websocket"), ("origin", origin)];
            check(Names::Local, "GET", path, &pairs)
        };
        assert_eq!(upgrade("/api/v1/x", "http://localhost:6050"), 200);
        assert_eq!(upgrade("/api/v1/x", "http://evil.example"), 403);
        assert_eq!(upgrade("/throw/x", "http://evil.example"), 200, "throws are open to all sites");
        let proxied = [("host", "data.example"), ("origin", "https://data.example")];
        assert_eq!(check(Names::Any, "DELETE", "/api/v1/x", &proxied), 200);
    }
}
