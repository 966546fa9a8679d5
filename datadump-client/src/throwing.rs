//! Throwing data: any bytes of any length, with any content type and any arguments. The generated
//! methods can say less: they know the parameters of the document, and one content type.

use std::time::Duration;

use crate::{
    Failure,
    generated::{Client, ClientInfo as _, types::Receipt},
};

/// How long an answer may take: a body of any length takes as long as it takes.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Something that is about to be thrown.
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
    /// Throws these bytes at the source `inbox`.
    pub fn new(body: impl Into<reqwest::Body>) -> Self {
        Self { body: body.into(), source: None, content_type: None, arguments: Vec::new(), key: None }
    }

    /// At another source.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With a content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// To be read as this format.
    #[must_use]
    pub fn format(self, format: impl Into<String>) -> Self {
        self.argument("format", format)
    }

    /// All of it or nothing: anything wrong is a failure with status 422.
    #[must_use]
    pub fn strict(self) -> Self {
        self.argument("strict", "1")
    }

    /// Of any length, in a format that goes by lines: committed chunk by chunk.
    #[must_use]
    pub fn stream(self) -> Self {
        self.argument("stream", "1")
    }

    /// Under a name of its own: thrown again with the same name within a day, it is stored once, and the
    /// receipt is the first one. A stream that broke off goes on where it was.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With an argument of the address, which is kept with the throw.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.arguments.push((name.into(), value.into()));
        self
    }

    /// Throws it.
    pub async fn send(self, client: &Client) -> Result<Receipt, Failure> {
        let base = client.baseurl().trim_end_matches('/');
        let mut url = reqwest::Url::parse(base).map_err(|error| Failure::Transport(error.to_string()))?;
        if let Some(source) = &self.source
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(["throw", source]);
        }
        let mut request = client.client().post(url).query(&self.arguments).timeout(PATIENCE).body(self.body);
        if let Some(content_type) = self.content_type {
            request = request.header(reqwest::header::CONTENT_TYPE, content_type);
        }
        if let Some(key) = self.key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.map_err(|error| Failure::sending(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Failure::answered(status.as_u16(), answer.bytes_stream()).await);
        }
        answer.json().await.map_err(|error| Failure::sending(&error))
    }
}
