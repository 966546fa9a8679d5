//! Cross-origin resource sharing: lets pages of allowed origins throw and read the receipts. No other origin is
//! ever named in a response.

use datadump_core::source::WebOrigin;
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::problem::Problem;

/// Methods and headers of throws. `*` does not cover `Authorization`.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("*, Authorization");

/// Response headers that pages may read.
const RESPONSE_HEADERS: HeaderValue =
    HeaderValue::from_static("Idempotent-Replayed, Retry-After, X-Request-Id");

/// Time for which browsers may remember the answer to a preflight, in seconds. Throws are checked again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// CORS headers of a response, for pages of other origins.
#[derive(Debug)]
pub(crate) struct Cors {
    /// The origin that may read the response.
    origin: Option<HeaderValue>,
    /// True if the response depends on the origin of the page.
    varies: bool,
    is_preflight: bool,
}

/// Returns whether a browser asks whether a page may send a request.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl Cors {
    /// Creates the answer that names no origin. `varies` is true at paths where some origins are allowed.
    pub(super) fn of(varies: bool) -> Self {
        Self { origin: None, varies, is_preflight: false }
    }

    /// Lets pages of this origin read the response.
    pub(super) fn allow(self, request: &Request, origin: &WebOrigin) -> Self {
        // Without an `Origin`, the page does not read the response.
        let has_origin = request.headers().contains_key(header::ORIGIN);
        let origin = HeaderValue::from_str(&origin.to_string()).ok().filter(|_| has_origin);
        Self { is_preflight: origin.is_some() && is_preflight(request), origin, ..self }
    }

    /// Adds the headers to the refusal of a request.
    pub(super) fn refuse(self, problem: Problem) -> Problem {
        match self.varies {
            true => problem.with_header(header::VARY, header::ORIGIN.into()),
            false => problem,
        }
    }

    /// Returns the response to a preflight, if the request is an allowed one.
    pub(crate) fn preflight(&self) -> Option<Response> {
        self.is_preflight.then(|| {
            let response = Response::builder()
                .status(StatusCode::NO_CONTENT)
                .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
                .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
                .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            response.finish()
        })
    }

    /// Adds the headers to a response.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if self.varies {
            headers.append(header::VARY, header::ORIGIN.into());
        }
        if let Some(origin) = self.origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            if !self.is_preflight {
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
            }
        }
    }
}
