//! HTTP requests, and assertions about responses.

use std::{fmt, future::IntoFuture, pin::Pin, time::Duration};

use reqwest::{Method, header::HeaderMap};
use serde_json::Value as Json;

/// The API of a server at some address.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    client: reqwest::Client,
}

/// A request, which is sent when it is awaited.
#[derive(Debug)]
pub struct Request {
    description: String,
    request: reqwest::RequestBuilder,
}

/// A response whose body has been received.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    request: String,
}

/// Percent-encodes a string as one segment of a path; slashes are encoded too.
pub fn segment(text: &str) -> String {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    text.bytes()
        .map(|b| if is_unreserved(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

impl Api {
    /// Creates a client for a base address such as `http://127.0.0.1:6050`.
    pub fn new(base: impl Into<String>) -> Self {
        Self::with_timeout(base, Duration::from_secs(60))
    }

    /// Creates a client whose requests may take longer or shorter than usual.
    pub fn with_timeout(base: impl Into<String>, timeout: Duration) -> Self {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client can be created");
        Self { base: base.into(), client }
    }

    /// Returns the base address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Creates a request. `path` may be a whole URL, such as the links in lists.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let address =
            if path.starts_with("http://") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
        Request { description: format!("{method} {path}"), request }
    }

    /// Creates a GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// Creates a POST request with a JSON body.
    pub fn post(&self, path: &str, body: &Json) -> Request {
        self.request("POST", path).json(body)
    }

    /// Creates a PUT request with a JSON body.
    pub fn put(&self, path: &str, body: &Json) -> Request {
        self.request("PUT", path).json(body)
    }

    /// Creates a PATCH request with a JSON body.
    pub fn patch(&self, path: &str, body: &Json) -> Request {
        self.request("PATCH", path).json(body)
    }

    /// Creates a DELETE request.
    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }
}

impl Request {
    /// Sends the request and returns without waiting for the body. `None` when the connection fails.
    pub async fn stream(self) -> Option<reqwest::Response> {
        self.request.send().await.ok()
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.description = format!("{}\n{name}: {value}", self.description);
        self.request = self.request.header(name, value);
        self
    }

    /// Adds query parameters.
    #[must_use]
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.description = format!("{} {parameters:?}", self.description);
        self.request = self.request.query(parameters);
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Json) -> Self {
        self.description = format!("{}\n{body}", self.description);
        self.request = self.request.json(body);
        self
    }

    /// Sets a body without a content type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    /// Sends the request and waits for the response.
    pub async fn send(self) -> Result<Response, reqwest::Error> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Response { status, headers, body: response.bytes().await?.to_vec(), request: self.description })
    }
}

impl IntoFuture for Request {
    type Output = Response;
    type IntoFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let request = self.description.clone();
            self.send().await.unwrap_or_else(|error| panic!("{request}\n{error:?}"))
        })
    }
}

impl Response {
    /// Asserts the status.
    #[must_use = "check more of the response, or end with `.ok()`"]
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Ends a chain of assertions whose response is not needed.
    pub fn ok(self) {}

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Asserts that the response is a well-formed problem with this status, and returns it.
    #[track_caller]
    pub fn problem(self, status: u16) -> Json {
        assert_eq!(self.status, status, "{self:?}");
        let kind = self.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status, "{self:?}");
        for name in ["type", "title", "detail", "instance", "code", "request_id"] {
            let text = problem[name].as_str().unwrap_or_else(|| panic!("`{name}` is not text: {self:?}"));
            assert!(!text.is_empty(), "`{name}` is empty: {self:?}");
        }
        assert_eq!(self.header("x-request-id"), problem["request_id"].as_str(), "{self:?}");
        for error in problem["errors"].as_array().into_iter().flatten() {
            assert!(error["pointer"].is_string() != error["parameter"].is_string(), "{self:?}");
            assert!(error["code"].is_string() && error["detail"].is_string(), "{self:?}");
        }
        problem
    }

    /// Asserts that the response is a problem whose detail contains all `words`, and returns it.
    #[track_caller]
    pub fn problem_about(self, status: u16, words: &[&str]) -> Json {
        let response = format!("{self:?}");
        let problem = self.problem(status);
        let detail = problem["detail"].as_str().unwrap_or_default();
        for word in words {
            assert!(detail.contains(word), "the detail does not contain {word:?}: {response}");
        }
        problem
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = self.text().chars().take(4000).collect();
        write!(f, "\n{}\n=> {}\n{:#?}\n{body}\n", self.request, self.status, self.headers)
    }
}
