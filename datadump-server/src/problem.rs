//! The one shape of every error answer (RFC 9457), and how errors of the web framework get it.

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
use serde_json::Value as Json;

const CONTENT_TYPE: &str = "application/problem+json";

/// Why a request was not done. Boxed, because it travels in every `Result` and is rarely there.
#[derive(Debug)]
pub(crate) struct Problem(Box<ProblemAnswer>);

/// Why a request was not done. Nothing was changed.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemAnswer {
    /// A URI for the kind of problem.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind of problem, for people.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong here, naming the field or value.
    pub(crate) detail: String,
    /// The path that was asked for.
    pub(crate) instance: String,
    /// The kind of problem, for programs.
    pub(crate) code: String,
    /// The id of the request, as the log has it.
    pub(crate) request_id: String,
    /// Each thing that is wrong, and where.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FaultAnswer>,
    /// The row as it is now, when its version was not the expected one; null when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<Json>,
    /// The receipt of what is stored of a stream that broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Json>,
    #[oai(skip)]
    #[serde(skip)]
    headers: HeaderMap,
}

/// One thing that is wrong with a request.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Fault")]
pub(crate) struct FaultAnswer {
    /// A JSON pointer into the body, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// The parameter, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// The line of a program, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// The column of that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u64>,
    /// What kind of fault it is, for programs.
    pub(crate) code: String,
    /// What is wrong, for people.
    pub(crate) detail: String,
}

impl Problem {
    /// A problem of this kind.
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

    /// A parameter that is unknown, missing or wrong.
    pub(crate) fn parameter(name: &str, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = FaultAnswer { parameter: Some(name.into()), ..FaultAnswer::new(code, detail.clone()) };
        let problem = Self::new(StatusCode::BAD_REQUEST, code, "A parameter is not valid", detail);
        problem.with_faults(vec![fault])
    }

    /// A fault of ours, said without anything of what went wrong.
    pub(crate) fn internal() -> Self {
        let detail = "something went wrong here; the log has more under this request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    /// With each single fault.
    pub(crate) fn with_faults(mut self, faults: Vec<FaultAnswer>) -> Self {
        self.0.errors = faults;
        self
    }

    /// With what to do instead.
    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.0.detail = format!("{}; {hint}", self.0.detail);
        self
    }

    /// With the row as it is now.
    pub(crate) fn with_current(mut self, current: Json) -> Self {
        self.0.current = Some(current);
        self
    }

    /// With the receipt of what is stored all the same.
    pub(crate) fn with_receipt(mut self, receipt: Json) -> Self {
        self.0.receipt = Some(receipt);
        self
    }

    /// With a header on the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    #[cfg(test)]
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.headers.get(name)
    }

    /// As the answer to this request.
    pub(crate) fn answer(self, request_id: &str, path: &str) -> Response {
        self.at(request_id, path).into_response()
    }

    /// With the request it answers.
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
    /// A fault in no particular place.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            line: None,
            column: None,
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
                "nothing is at this path",
            );
        }
        if let Some(error) = error.downcast_ref::<ParseParamError>() {
            // The framework names its own types; of those that are asked for here, only numbers can fail.
            let detail = format!("the query parameter `{}` is not a whole number in range", error.name);
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

/// Every operation declares the same two ranges, with this one schema: generated clients take only
/// one type of error per operation, and a `default` beside a 200 would count as a second success.
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
                range("4XX", "The request cannot be done; `detail` names what is wrong with it."),
                range("5XX", "The server cannot do it now; with `Retry-After` when it will be able to."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemAnswer::register(registry);
    }
}
