//! The error type of client calls. A `Problem` arrives as bytes, because the generator types only plain JSON.

use std::io;

use crate::generated::{ByteStream, Error, ResponseValue, types::Problem};

/// Maximum size of an error response that is read.
const MAX_PROBLEM_BYTES: usize = 1 << 20;

/// The reason a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server answered with an error.
    #[error("{} ({})", .0.detail, .0.status)]
    Problem(Box<Problem>),
    /// The response did not come from a Data-Dump server.
    #[error("unexpected response with status {status}: {text}")]
    Unexpected {
        /// HTTP status.
        status: u16,
        /// Beginning of the response body.
        text: String,
    },
    /// No connection could be made.
    #[error("cannot reach {server}: {cause}")]
    Unreachable {
        /// Scheme, host and port of the server.
        server: String,
        /// Cause, such as `connection refused`.
        cause: String,
    },
    /// The request could not be sent, or the response could not be read.
    #[error("{0}")]
    Transport(String),
}

/// Converts the result of a generated call to its value or a [`Failure`].
pub async fn done<T>(result: Result<ResponseValue<T>, Error<ByteStream>>) -> Result<T, Failure> {
    match result {
        Ok(value) => Ok(value.into_inner()),
        Err(error) => Err(Failure::of(error).await),
    }
}

impl Failure {
    /// Reads the error response and converts it to a [`Failure`].
    pub async fn of(error: Error<ByteStream>) -> Self {
        let (status, body) = match error {
            Error::ErrorResponse(answer) => {
                let status = answer.status().as_u16();
                (status, read_beginning(answer.into_inner_stream()).await)
            }
            Error::UnexpectedResponse(answer) => {
                let status = answer.status().as_u16();
                (status, read_beginning(answer.bytes_stream()).await)
            }
            Error::CommunicationError(error) => return Self::from_request(&error),
            other => return Self::Transport(root_cause(&other)),
        };
        Self::from_body(status, &body)
    }

    /// Reads the error response to a request made without the generated client.
    pub(crate) async fn from_response<B: AsRef<[u8]>, E>(
        status: u16,
        body: impl futures_util::Stream<Item = Result<B, E>>,
    ) -> Self {
        Self::from_body(status, &read_beginning(body).await)
    }

    /// Converts an error from sending a request.
    pub(crate) fn from_request(error: &reqwest::Error) -> Self {
        if error.is_connect() { Self::unreachable(error) } else { Self::Transport(root_cause(error)) }
    }

    fn from_body(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(problem) => Self::Problem(Box::new(problem)),
            Err(_) => Self::Unexpected { status, text: text(body) },
        }
    }

    fn unreachable(error: &reqwest::Error) -> Self {
        let server = error.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        Self::Unreachable { server, cause: root_cause(error) }
    }

    /// Returns the server's error, if the server answered with one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }
}

/// Returns the message of the root cause; the errors wrapped around it add no information.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match inner.downcast_ref::<io::Error>() {
        Some(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => refused.kind().to_string(),
        _ => inner.to_string(),
    }
}

async fn read_beginning<B: AsRef<[u8]>, E>(
    stream: impl futures_util::Stream<Item = Result<B, E>>,
) -> Vec<u8> {
    let mut stream = std::pin::pin!(stream);
    let mut body = Vec::new();
    while let Some(Ok(piece)) = futures_util::StreamExt::next(&mut stream).await {
        body.extend_from_slice(piece.as_ref());
        if body.len() > MAX_PROBLEM_BYTES {
            break;
        }
    }
    body
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}
