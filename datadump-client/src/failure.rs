//! Why a call failed. A `Problem` comes as bytes, because the generator types only plain JSON.

use std::io;

use crate::generated::{ByteStream, Error, ResponseValue, types::Problem};

/// The most of an answer that is read to find out what is wrong.
const PROBLEM_BYTES: usize = 1 << 20;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server says why.
    #[error("{} ({})", .0.detail, .0.status)]
    Problem(Box<Problem>),
    /// It was answered, but not by something that speaks as the server does.
    #[error("unexpected answer with status {status}: {text}")]
    Unexpected {
        /// The status.
        status: u16,
        /// The beginning of what was said.
        text: String,
    },
    /// Nothing answers at this address.
    #[error("cannot reach {server}: {cause}")]
    Unreachable {
        /// The scheme, host and port that were tried.
        server: String,
        /// Why not: `connection refused`.
        cause: String,
    },
    /// The server could not be asked, or its answer did not come or could not be read.
    #[error("{0}")]
    Transport(String),
}

/// What a call gave: its value, or why it failed.
pub async fn done<T>(result: Result<ResponseValue<T>, Error<ByteStream>>) -> Result<T, Failure> {
    match result {
        Ok(value) => Ok(value.into_inner()),
        Err(error) => Err(Failure::of(error).await),
    }
}

impl Failure {
    /// Reads what the server said.
    pub async fn of(error: Error<ByteStream>) -> Self {
        let (status, body) = match error {
            Error::ErrorResponse(answer) => {
                let status = answer.status().as_u16();
                (status, beginning(answer.into_inner_stream()).await)
            }
            Error::UnexpectedResponse(answer) => {
                let status = answer.status().as_u16();
                (status, beginning(answer.bytes_stream()).await)
            }
            Error::CommunicationError(error) => return Self::sending(&error),
            other => return Self::Transport(innermost(&other)),
        };
        Self::said(status, &body)
    }

    /// Reads what was answered to a request that was made by hand.
    pub(crate) async fn answered<B: AsRef<[u8]>, E>(
        status: u16,
        body: impl futures_util::Stream<Item = Result<B, E>>,
    ) -> Self {
        Self::said(status, &beginning(body).await)
    }

    /// Says why a request was not answered.
    pub(crate) fn sending(error: &reqwest::Error) -> Self {
        if error.is_connect() { Self::unreachable(error) } else { Self::Transport(innermost(error)) }
    }

    fn said(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(problem) => Self::Problem(Box::new(problem)),
            Err(_) => Self::Unexpected { status, text: text(body) },
        }
    }

    fn unreachable(error: &reqwest::Error) -> Self {
        let server = error.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        Self::Unreachable { server, cause: innermost(error) }
    }

    /// What the server said, when it said it.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }
}

/// What first went wrong: the errors around it only say who noticed.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match inner.downcast_ref::<io::Error>() {
        Some(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => refused.kind().to_string(),
        _ => inner.to_string(),
    }
}

async fn beginning<B: AsRef<[u8]>, E>(stream: impl futures_util::Stream<Item = Result<B, E>>) -> Vec<u8> {
    let mut stream = std::pin::pin!(stream);
    let mut body = Vec::new();
    while let Some(Ok(piece)) = futures_util::StreamExt::next(&mut stream).await {
        body.extend_from_slice(piece.as_ref());
        if body.len() > PROBLEM_BYTES {
            break;
        }
    }
    body
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}
