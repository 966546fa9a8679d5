//! Problem details (RFC 9457), the format of every error response, and the conversion of framework errors.

use std::fmt;

use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError, ResponseError},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use poem_openapi::{
    ApiResponse, Object,
    error::{ParseParamError, ParsePathError},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;
use serde_json::{Value as Json, json};

const CONTENT_TYPE: &str = "application/problem+json";

/// An error response. Boxed, because it is part of every `Result` and rarely present.
#[derive(Debug)]
pub(crate) struct Problem(Box<ProblemAnswer>);

/// Why a request failed. Nothing was changed.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemAnswer {
    /// URI of the problem type.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Human-readable summary of the problem type.
    pub(crate) title: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// Human-readable explanation of this occurrence, naming the field or value.
    pub(crate) detail: String,
    /// Path of the request.
    pub(crate) instance: String,
    /// Machine-readable problem type.
    pub(crate) code: String,
    /// ID of the request, as it appears in the server's log.
    pub(crate) request_id: String,
    /// The individual errors and their locations.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FaultAnswer>,
    /// The current row, if its version was not the expected one; null if there is no row. Absent if it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<Json>,
    /// Receipt for the stored part of an incomplete stream, or the progress of an incomplete import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Json>,
    #[oai(skip)]
    #[serde(skip)]
    headers: HeaderMap,
}

/// An individual error in a request.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Fault")]
pub(crate) struct FaultAnswer {
    /// JSON pointer to the location in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Name of the query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// Line in a program, starting at 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// Column in that line, starting at 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u64>,
    /// Machine-readable code.
    pub(crate) code: String,
    /// Human-readable explanation.
    pub(crate) detail: String,
    /// Hints from the compiler: why the program is wrong, and how to fix it.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hints: Vec<String>,
}

impl Problem {
    /// Creates a problem.
    pub(crate) fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemAnswer {
            kind: format!("urn:datadump:problem:{code}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            instance: String::new(),
            code: code.into(),
            request_id: String::new(),
            errors: Vec::new(),
            current: None,
            receipt: None,
            headers: HeaderMap::new(),
        }))
    }

    /// Creates a problem about an unknown, missing or invalid parameter.
    pub(crate) fn parameter(name: &str, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = FaultAnswer { parameter: Some(name.into()), ..FaultAnswer::new(code, detail.clone()) };
        let problem = Self::new(StatusCode::BAD_REQUEST, code, "A parameter is not valid", detail);
        problem.with_faults(vec![fault])
    }

    /// Creates a problem for an internal error, without any details.
    pub(crate) fn internal() -> Self {
        let detail = "internal error; the server's log has details under this request ID";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    /// Returns the problem as a part of another response.
    pub(crate) fn to_json(&self) -> Json {
        let ProblemAnswer { status, code, title, detail, errors, .. } = &*self.0;
        json!({"status": status, "code": code, "title": title, "detail": detail, "errors": errors})
    }

    /// Adds individual errors.
    pub(crate) fn with_faults(mut self, faults: Vec<FaultAnswer>) -> Self {
        self.0.errors = faults;
        self
    }

    /// Adds a hint to the detail.
    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.0.detail = format!("{}; {hint}", self.0.detail);
        self
    }

    /// Adds the current row.
    pub(crate) fn with_current(mut self, current: Json) -> Self {
        self.0.current = Some(current);
        self
    }

    /// Adds the receipt for what was stored.
    pub(crate) fn with_receipt(mut self, receipt: Json) -> Self {
        self.0.receipt = Some(receipt);
        self
    }

    /// Adds a response header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    #[cfg(test)]
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.headers.get(name)
    }

    /// Converts into the response to a request.
    pub(crate) fn respond(self, request_id: &str, path: &str) -> Response {
        self.at(request_id, path).into_response()
    }

    /// Adds the ID and the path of the request.
    pub(crate) fn at(mut self, request_id: &str, path: &str) -> Self {
        request_id.clone_into(&mut self.0.request_id);
        path.clone_into(&mut self.0.instance);
        self
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl FaultAnswer {
    /// Creates an error without a location.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            line: None,
            column: None,
            hints: Vec::new(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

impl std::ops::Deref for Problem {
    type Target = ProblemAnswer;

    fn deref(&self) -> &ProblemAnswer {
        &self.0
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let headers = std::mem::take(&mut self.0.headers);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::builder().status(self.status()).content_type(CONTENT_TYPE).body(body);
        response.headers_mut().extend(headers);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status()
    }
}

impl From<poem::Error> for Problem {
    fn from(error: poem::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };
        if error.is::<NotFoundError>() {
            return Self::new(
                StatusCode::NOT_FOUND,
                "unknown-path",
                "No such path",
                "there is nothing at this path",
            );
        }
        if let Some(error) = error.downcast_ref::<ParseParamError>() {
            let detail = format!("the query parameter `{}` is not valid", error.name);
            return Self::parameter(error.name, "invalid-parameter", detail);
        }
        if let Some(error) = error.downcast_ref::<ParsePathError>() {
            return Self::parameter(error.name, "invalid-path", error.to_string());
        }
        let status =
            if error.is::<MethodNotAllowedError>() { StatusCode::METHOD_NOT_ALLOWED } else { error.status() };
        if status.is_client_error() {
            let title = status.canonical_reason().unwrap_or("The request is not valid");
            return Self::new(status, "invalid-request", title, error.to_string());
        }
        tracing::error!(%error, "internal error");
        Self::internal()
    }
}

/// Every operation documents the same two ranges with this schema: generated clients support a single error
/// type per operation, and they would treat `default` as a second success.
impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let range = |range: &str, description| MetaResponse {
            description,
            status: None,
            status_range: Some(range.into()),
            content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: ProblemAnswer::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses {
            responses: vec![
                range("4XX", "The request is not valid; `detail` explains why."),
                range(
                    "5XX",
                    "The server cannot process the request; with `Retry-After` if a retry may succeed.",
                ),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemAnswer::register(registry);
    }
}
