//! What a browser sees: the first page, and the interactive documentation. Nothing on either comes
//! from another server.

use std::sync::OnceLock;

use poem::{
    Body, Request, Response,
    http::{StatusCode, header},
};

use crate::{api, problem::Problem};

const LANDING: &str = include_str!("landing.html");

/// Browsers load nothing from elsewhere, whatever a script of the documentation asks for.
const POLICY: &str = "default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'none'";

/// Where the documentation's page would fetch its letters from; see [`documentation`].
const FONTS: &str = "https://fonts.googleapis.com";

/// The first page, for who asks for HTML.
pub(crate) async fn landing(request: Request) -> poem::Result<Response> {
    let accepts = request.headers().get_all(header::ACCEPT).iter();
    let wants_html = accepts.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"));
    if !wants_html {
        let detail = "nothing is at this path but a page, for clients that accept text/html";
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown-path", "No such path", detail).into());
    }
    Ok(html(LANDING.into()))
}

/// The interactive documentation. It is large, so it is made when it is first asked for.
pub(crate) async fn docs(_request: Request) -> poem::Result<Response> {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(documentation);
    Ok(html(page.as_str().into()))
}

/// The API document.
pub(crate) async fn openapi(_request: Request) -> poem::Result<Response> {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let document = DOCUMENT.get_or_init(api::openapi);
    Ok(Response::builder().content_type("application/json").body(document.as_str()))
}

/// The framework's page without its two ways to fetch letters: a style sheet, and the script's own.
fn documentation() -> String {
    let page = api::documentation();
    let lines = page.lines().filter(|line| !(line.trim_start().starts_with("<link") && line.contains(FONTS)));
    let page: String = lines.flat_map(|line| [line, "\n"]).collect();
    let quiet = "<rapi-doc\n        load-fonts=\"false\"";
    format!("<!doctype html>{}", page.replacen("<rapi-doc\n", quiet, 1))
        .replacen("<title>RapiDoc</title>", "<title>Data-Dump API</title>", 1)
        .replacen("regular-font=\"Open Sans\"", "regular-font=\"system-ui, sans-serif\"", 1)
        .replacen("mono-font = \"Roboto Mono\"", "mono-font=\"ui-monospace, monospace\"", 1)
}

fn html(body: Body) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_fetches_nothing() {
        let page = documentation();
        assert!(!page.contains(FONTS));
        assert!(page.contains("load-fonts=\"false\""));
        assert!(page.contains("declare_storage"));
    }
}
