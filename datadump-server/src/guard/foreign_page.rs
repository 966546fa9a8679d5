//! Recognizes requests that a browser sent for a page of another web site.
//!
//! Browsers say so in `Sec-Fetch-Site`, which no page can set. They omit it on plain HTTP beyond loopback;
//! there, `Origin` and `Referer` name the page. Programs send none of these.

use datadump_core::source::WebOrigin;
use poem::http::{HeaderMap, Method, header};

const FETCH_SITE: &str = "sec-fetch-site";
const FETCH_MODE: &str = "sec-fetch-mode";

/// A page of another web site that sent a request.
#[derive(Debug)]
pub(super) struct ForeignPage {
    /// Its origin; `None` if the browser hides it.
    pub(super) origin: Option<WebOrigin>,
    /// True if the browser asked for the resource to show it as a page of its own.
    is_navigation: bool,
}

impl ForeignPage {
    /// Returns the page of another site that sent a request with these headers to this host.
    pub(super) fn of(headers: &HeaderMap, host: &str) -> Option<Self> {
        let mut sites = headers.get_all(FETCH_SITE).iter().peekable();
        let has_origin = headers.contains_key(header::ORIGIN);
        if sites.peek().is_some() {
            // `none` is an address that the user typed, or a bookmark.
            if sites.all(|site| site == "same-origin" || site == "none") {
                return None;
            }
            let is_navigation = headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate");
            return Some(Self { origin: origin(headers), is_navigation });
        }
        if !has_origin && !headers.contains_key(header::REFERER) {
            return None;
        }
        let origin = origin(headers);
        if origin.as_ref().is_some_and(|origin| origin.is_at(host)) {
            return None;
        }
        // Browsers send no `Origin` when a link is followed.
        Some(Self { origin, is_navigation: !has_origin })
    }

    /// Returns whether the request follows a link.
    pub(super) fn follows_link(&self, method: &Method) -> bool {
        self.is_navigation && *method == Method::GET
    }
}

/// Returns the origin of the page that sent a request: from `Origin`, or from `Referer`, which browsers send
/// where they omit `Origin`.
fn origin(headers: &HeaderMap) -> Option<WebOrigin> {
    let name = if headers.contains_key(header::ORIGIN) { header::ORIGIN } else { header::REFERER };
    let mut values = headers.get_all(&name).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    if name == header::ORIGIN {
        return WebOrigin::parse(value).ok();
    }
    let (scheme, rest) = value.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    WebOrigin::parse(&format!("{scheme}://{}", &rest[..end])).ok()
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderName, HeaderValue};

    use super::*;

    /// Returns the origin of the foreign page and whether it follows a link.
    fn page(pairs: &[(&'static str, &str)]) -> Option<(Option<String>, bool)> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let page = ForeignPage::of(&headers, "localhost:6050")?;
        let follows_link = page.follows_link(&Method::GET);
        assert!(!page.follows_link(&Method::POST));
        Some((page.origin.map(|origin| origin.to_string()), follows_link))
    }

    #[test]
    fn pages_of_this_server_and_programs_are_not_foreign() {
        for pairs in [
            &[][..],
            &[("user-agent", "curl/8")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
            &[("origin", "http://localhost:6050")],
            &[("origin", "http://LOCALHOST:6050")],
            &[("referer", "http://localhost:6050/docs?a#b")],
            &[("origin", "http://localhost:6050"), ("referer", "http://other.example/")],
            // Behind a proxy that rewrites the Host, the origin differs.
            &[("sec-fetch-site", "same-origin"), ("origin", "https://data.example")],
        ] {
            assert_eq!(page(pairs), None, "{pairs:?}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_foreign() {
        let evil = || Some("http://evil.example".to_owned());
        for (pairs, origin, follows_link) in [
            (&[("sec-fetch-site", "cross-site")][..], None, false),
            (&[("sec-fetch-site", "same-site")], None, false),
            (&[("sec-fetch-site", "")], None, false),
            (&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], None, false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")], evil(), false),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], None, false),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], None, true),
            (&[("sec-fetch-site", "same-site"), ("referer", "http://evil.example/a")], evil(), false),
            (&[("origin", "http://evil.example")], evil(), false),
            (&[("origin", "http://localhost")], Some("http://localhost".to_owned()), false),
            (&[("origin", "http://127.0.0.1:6050")], Some("http://127.0.0.1:6050".to_owned()), false),
            (&[("origin", "null")], None, false),
            (&[("origin", "")], None, false),
            (&[("origin", "null"), ("referer", "http://localhost:6050/")], None, false),
            (&[("origin", "http://localhost:6050"), ("origin", "http://evil.example")], None, false),
            (&[("referer", "http://evil.example/a?b=http://localhost:6050/")], evil(), true),
            (&[("referer", "http://evil.example")], evil(), true),
            (&[("referer", "nonsense")], None, true),
        ] {
            assert_eq!(page(pairs), Some((origin, follows_link)), "{pairs:?}");
        }
    }
}
