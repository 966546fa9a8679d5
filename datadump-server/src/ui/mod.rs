//! Pages for browsers: the start page and the interactive documentation. They load nothing from other
//! servers.

use std::sync::OnceLock;

use poem::{
    Request, Response,
    http::{Method, header},
};

use crate::api;

const START_PAGE: &str = include_str!("start.html");
const DOCS: &str = include_str!("docs.html");
const DOCS_SCRIPT: &str = include_str!("docs.js");

/// Path of the interactive documentation.
pub(crate) const DOCS_PATH: &str = "/docs";

/// Content security policy: only scripts from this server, and nothing from other servers. The pages contain
/// inline styles.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Returns whether a request is for the start page: a GET of the root path without data, or by a browser.
pub(crate) fn is_start_page(request: &Request) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let has_no_data = || request.uri().query().unwrap_or_default().is_empty();
    let wants_html = || {
        let accepted = request.headers().get_all(header::ACCEPT).iter();
        accepted.filter_map(|accepted| accepted.to_str().ok()).any(|accepted| accepted.contains("text/html"))
    };
    reads && request.uri().path() == "/" && (has_no_data() || wants_html())
}

/// Returns whether a GET request is for a page to look at, which other web sites may link to.
pub(crate) fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    is_start_page(request) || path.strip_suffix('/').unwrap_or(path) == DOCS_PATH
}

/// Returns the start page, whatever content type the client accepts.
pub(crate) async fn start_page(_request: Request) -> poem::Result<Response> {
    Ok(page("text/html; charset=utf-8", START_PAGE))
}

/// Returns the interactive documentation.
pub(crate) async fn docs(_request: Request) -> poem::Result<Response> {
    Ok(page("text/html; charset=utf-8", DOCS))
}

/// Returns the script that adapts the documentation to the window and the theme.
pub(crate) async fn docs_script(_request: Request) -> poem::Result<Response> {
    Ok(page("text/javascript; charset=utf-8", DOCS_SCRIPT))
}

/// Returns the script that renders the documentation. It is large, so it is extracted on first use.
pub(crate) async fn rapidoc_script(_request: Request) -> poem::Result<Response> {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    Ok(page("text/javascript; charset=utf-8", SCRIPT.get_or_init(rapidoc)))
}

/// Returns the OpenAPI document.
pub(crate) async fn openapi(_request: Request) -> poem::Result<Response> {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    Ok(page("application/json", DOCUMENT.get_or_init(api::openapi)))
}

/// Extracts the script from the framework's own page, which is the only place it is available.
fn rapidoc() -> String {
    let page = api::framework_page();
    let script =
        page.split_once("<script charset=\"UTF-8\">").and_then(|(_, rest)| rest.split_once("</script>"));
    script.map(|(script, _)| script.to_owned()).unwrap_or_default()
}

fn page(kind: &str, text: &'static str) -> Response {
    Response::builder()
        .content_type(kind)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_page_is_for_browsers_and_for_requests_without_data() {
        for (method, path, accept, expected) in [
            ("GET", "/", "*/*", true),
            ("HEAD", "/", "*/*", true),
            ("GET", "/?utm=1", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", true),
            ("GET", "/?a=1", "*/*", false),
            ("GET", "/?a=1", "application/json", false),
            ("POST", "/", "text/html", false),
            ("GET", "/throw/a", "text/html", false),
        ] {
            let request = Request::builder().method(method.parse().unwrap()).uri_str(path);
            let request = request.header("accept", accept).finish();
            assert_eq!(is_start_page(&request), expected, "{method} {path} {accept}");
        }
    }

    #[test]
    fn the_documentation_has_its_script_and_loads_nothing_else() {
        assert!(rapidoc().contains("rapi-doc") && rapidoc().len() > 100_000);
        assert!(DOCS.contains("load-fonts=\"false\""));
        for text in [DOCS, DOCS_SCRIPT, START_PAGE] {
            assert!(!text.contains("//"), "a URL, or a comment that looks like one: {text}");
        }
    }
}
