//! Throws of any bytes, any length, any content type and any arguments. The generated methods support
//! only the documented parameters and a single content type.

use crate::{
    Failure,
    generated::{Client, ClientInfo as _, types::Receipt},
    requests::NO_LIMIT,
};

/// Builder for a throw.
///
/// ```no_run
/// # async fn example() -> Result<(), datadump_client::Failure> {
/// use datadump_client::{Client, Throw};
///
/// let client = Client::new("http://127.0.0.1:6050");
/// let receipt = Throw::new("a,b\n1,2\n").source("table").content_type("text/csv").send(&client).await?;
/// assert_eq!(receipt.accepted, 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Throw {
    body: reqwest::Body,
    source: Option<String>,
    content_type: Option<String>,
    arguments: Vec<(String, String)>,
    key: Option<String>,
}

impl Throw {
    /// Creates a throw of this body at the source `inbox`.
    pub fn new(body: impl Into<reqwest::Body>) -> Self {
        Self { body: body.into(), source: None, content_type: None, arguments: Vec::new(), key: None }
    }

    /// Sets the source to throw at.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the format, instead of letting the server detect it.
    #[must_use]
    pub fn format(self, format: impl Into<String>) -> Self {
        self.argument("format", format)
    }

    /// Stores all of the throw or nothing: any invalid record fails the throw with status 422.
    #[must_use]
    pub fn strict(self) -> Self {
        self.argument("strict", "1")
    }

    /// Makes the throw a stream: line-based data of any length, committed chunk by chunk.
    #[must_use]
    pub fn stream(self) -> Self {
        self.argument("stream", "1")
    }

    /// Sets an idempotency key. A retry with the same key within a day is not stored again, and returns
    /// the first receipt. A stream that broke off resumes where it stopped.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a URL argument, which is kept with the throw.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.arguments.push((name.into(), value.into()));
        self
    }

    /// Sends the throw and returns its receipt.
    pub async fn send(self, client: &Client) -> Result<Receipt, Failure> {
        let base = client.baseurl().trim_end_matches('/');
        let mut url = reqwest::Url::parse(base).map_err(|error| Failure::Transport(error.to_string()))?;
        if let Some(source) = &self.source
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(["throw", source]);
        }
        let mut request = client.client().post(url).query(&self.arguments).timeout(NO_LIMIT).body(self.body);
        if let Some(content_type) = self.content_type {
            request = request.header(reqwest::header::CONTENT_TYPE, content_type);
        }
        if let Some(key) = self.key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.map_err(|error| Failure::from_request(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Failure::from_response(status.as_u16(), answer.bytes_stream()).await);
        }
        answer.json().await.map_err(|error| Failure::from_request(&error))
    }
}
