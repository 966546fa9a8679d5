//! Asking a server, and checking what it answers.

use std::{fmt, future::IntoFuture, pin::Pin, time::Duration};

use reqwest::{Method, header::HeaderMap};
use serde_json::Value as Json;

/// Where requests go.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    client: reqwest::Client,
}

/// A request. It is sent when it is awaited.
#[derive(Debug)]
pub struct Call {
    asked: String,
    request: reqwest::RequestBuilder,
}

/// What was answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    asked: String,
}

/// A text as one segment of a path: whatever is in it, slashes included, is encoded.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Api {
    /// Requests to this address: `http://127.0.0.1:6050`.
    pub fn new(base: impl Into<String>) -> Self {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client can be made");
        Self { base: base.into(), client }
    }

    /// The address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request with this method. The path may be a whole address, as lists give them.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let address =
            if path.starts_with("http://") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
        Call { asked: format!("{method} {path}"), request }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Json) -> Call {
        self.call("POST", path).json(body)
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, body: &Json) -> Call {
        self.call("PUT", path).json(body)
    }

    /// PATCH with JSON.
    pub fn patch(&self, path: &str, body: &Json) -> Call {
        self.call("PATCH", path).json(body)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }
}

impl Call {
    /// Sends it, and answers before its body has come; none when nobody is there.
    pub async fn stream(self) -> Option<reqwest::Response> {
        self.request.send().await.ok()
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.asked = format!("{}\n{name}: {value}", self.asked);
        self.request = self.request.header(name, value);
        self
    }

    /// With query parameters, encoded.
    #[must_use]
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.asked = format!("{} {parameters:?}", self.asked);
        self.request = self.request.query(parameters);
        self
    }

    /// With a body of JSON.
    #[must_use]
    pub fn json(mut self, body: &Json) -> Self {
        self.asked = format!("{}\n{body}", self.asked);
        self.request = self.request.json(body);
        self
    }

    /// With any body, and no content type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    /// Sends it; an error when there was no answer.
    pub async fn send(self) -> Result<Answer, reqwest::Error> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec(), asked: self.asked })
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let asked = self.asked.clone();
            self.send().await.unwrap_or_else(|error| panic!("{asked}\n{error:?}"))
        })
    }
}

impl Answer {
    /// Checks the status.
    #[must_use = "check more of it, or say `.ok()`"]
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Nothing more of it is of interest.
    pub fn ok(self) {}

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Checks that it is a problem with this status, as the API describes one, and answers it.
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

    /// Checks that it is a problem whose detail has these words, and answers it.
    #[track_caller]
    pub fn problem_about(self, status: u16, words: &[&str]) -> Json {
        let said = format!("{self:?}");
        let problem = self.problem(status);
        let detail = problem["detail"].as_str().unwrap_or_default();
        for word in words {
            assert!(detail.contains(word), "the detail does not name {word:?}: {said}");
        }
        problem
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = self.text().chars().take(4000).collect();
        write!(f, "\n{}\n=> {}\n{:#?}\n{body}\n", self.asked, self.status, self.headers)
    }
}
