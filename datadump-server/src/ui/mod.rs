//! What a browser sees: the first page, and the interactive documentation. Nothing on either comes
//! from another server.

use std::sync::OnceLock;

use poem::{
    Request, Response,
    http::{Method, header},
};

use crate::api;

const LANDING: &str = include_str!("landing.html");
const DOCS: &str = include_str!("docs.html");
const DOCS_SCRIPT: &str = include_str!("docs.js");

/// Browsers run only the scripts that are served here, and load nothing from elsewhere. Styles are
/// also written into the pages.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether a request is for the first page: at the root, by a browser or by whoever throws nothing.
pub(crate) fn is_first_page(request: &Request) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let throws_nothing = || request.uri().query().unwrap_or_default().is_empty();
    let wants_html = || {
        let accepted = request.headers().get_all(header::ACCEPT).iter();
        accepted.filter_map(|accepted| accepted.to_str().ok()).any(|accepted| accepted.contains("text/html"))
    };
    reads && request.uri().path() == "/" && (throws_nothing() || wants_html())
}

/// The first page, whatever kind of answer is asked for: who asks here wants to know what this is.
pub(crate) async fn landing(_request: Request) -> poem::Result<Response> {
    Ok(page("text/html; charset=utf-8", LANDING))
}

/// The interactive documentation.
pub(crate) async fn docs(_request: Request) -> poem::Result<Response> {
    Ok(page("text/html; charset=utf-8", DOCS))
}

/// What fits the documentation to the window and the theme.
pub(crate) async fn docs_script(_request: Request) -> poem::Result<Response> {
    Ok(page("text/javascript; charset=utf-8", DOCS_SCRIPT))
}

/// What draws the documentation. It is large, so it is made when it is first asked for.
pub(crate) async fn rapidoc_script(_request: Request) -> poem::Result<Response> {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    Ok(page("text/javascript; charset=utf-8", SCRIPT.get_or_init(rapidoc)))
}

/// The API document.
pub(crate) async fn openapi(_request: Request) -> poem::Result<Response> {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    Ok(page("application/json", DOCUMENT.get_or_init(api::openapi)))
}

/// The framework has the script only inside a page of its own.
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
    fn the_first_page_is_for_browsers_and_for_who_throws_nothing() {
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
            assert_eq!(is_first_page(&request), expected, "{method} {path} {accept}");
        }
    }

    #[test]
    fn the_documentation_has_its_script_and_fetches_nothing() {
        assert!(rapidoc().contains("rapi-doc") && rapidoc().len() > 100_000);
        assert!(DOCS.contains("load-fonts=\"false\""));
        for text in [DOCS, DOCS_SCRIPT, LANDING] {
            assert!(!text.contains("//"), "an address, or a comment that could be one: {text}");
        }
    }
}
