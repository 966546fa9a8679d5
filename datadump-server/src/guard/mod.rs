//! Protects an unauthenticated server from web sites: a page that a browser visits must not be able to read
//! or write data through it.
//!
//! ```text
//! request ─► host_names: is it for this server? ─► foreign_page: did a page of another site send it?
//!                                                      ├─ no: anything
//!                                                      └─ yes: throws from allowed origins (cors), links to pages
//! ```

mod cors;
mod foreign_page;
mod host_names;

use std::net::SocketAddr;

use datadump_core::{Dump, source::WebOrigin};
use poem::{
    Request,
    http::{HeaderMap, Method, StatusCode, Uri, Version, header, uri::Authority},
};

pub(crate) use self::cors::Cors;
use self::{foreign_page::ForeignPage, host_names::HostNames};
use crate::{config::Config, problem::Problem, socket::upgrade_source, throwing::source_of, ui};

/// Methods that throw.
const THROWS: [Method; 3] = [Method::GET, Method::POST, Method::PUT];

/// The guard of one server.
#[derive(Debug)]
pub(crate) struct Guard {
    names: HostNames,
    dump: Dump,
}

impl Guard {
    pub(crate) fn new(config: &Config, address: SocketAddr, dump: &Dump) -> Self {
        Self { names: HostNames::new(config, address), dump: dump.clone() }
    }

    /// Refuses requests for other host names, and from pages of other web sites unless they may throw.
    /// Returns how the response is shared with the page.
    pub(crate) fn check(&self, request: &Request) -> Result<Cors, Problem> {
        let (uri, headers) = (request.uri(), request.headers());
        let host = host(uri, request.version(), headers)?;
        for name in uri.authority().map(Authority::as_str).iter().chain(&host) {
            self.names.check(name)?;
        }
        let source = source_of(uri.path());
        let cors = Cors::of(source.is_some());
        let Some(page) = ForeignPage::of(headers, host.unwrap_or_default()) else { return Ok(cors) };
        let is_throw = source.is_some() && throws(request);
        if let (true, Some(source), Some(origin)) = (is_throw, &source, &page.origin)
            && (origin.is_loopback() || self.dump.sources().allows(source, origin))
        {
            return Ok(cors.allow(request, origin));
        }
        if !is_throw && page.follows_link(request.method()) && ui::is_page(request) {
            return Ok(cors);
        }
        Err(cors.refuse(refusal(page.origin.as_ref(), source.as_deref().filter(|_| is_throw))))
    }
}

/// Returns whether a request at a path for throws is a throw, or asks whether one is allowed.
fn throws(request: &Request) -> bool {
    let throws = THROWS.contains(request.method()) && !ui::is_start_page(request);
    throws || cors::is_preflight(request) || upgrade_source(request).is_some()
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

fn refusal(origin: Option<&WebOrigin>, source: Option<&str>) -> Problem {
    let page = match origin {
        Some(origin) => format!("a page of another web site ({origin})"),
        None => "a page of another web site".to_owned(),
    };
    let detail = match source {
        Some(source) => format!(
            "{page} may not throw at `{source}` unless the source's setting `origins` names the page's origin"
        ),
        None => format!("{page} may not use this server"),
    };
    Problem::new(StatusCode::FORBIDDEN, "cross-site", "Cross-site request refused", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_needed() {
        let check = |hosts: &[&'static str], version| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, poem::http::HeaderValue::from_static(host));
            }
            let uri = Uri::from_static("/");
            let outcome = host(&uri, version, &headers);
            outcome.map(|host| host.map(str::to_owned)).map_err(|problem| problem.status)
        };
        assert_eq!(check(&[], Version::HTTP_11), Err(400));
        assert_eq!(check(&[], Version::HTTP_10), Ok(None));
        assert_eq!(check(&["a"], Version::HTTP_11), Ok(Some("a".to_owned())));
        assert_eq!(check(&["a", "b"], Version::HTTP_11), Err(400));
    }
}
