//! Sending of requests and reading of streams, for the generated client.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::Stream;
use progenitor_client::{ClientHooks, OperationInfo};

use crate::generated::{ByteStream, Client, Error, ResponseValue};

/// Operations that last as long as the caller wants: streams, long polls, and those that read or scan data of any
/// length. All others have the time limit of the client.
const UNLIMITED: &[&str] = &[
    "stream",
    "stream_readings",
    "stream_commands",
    "import_rows",
    "list_changes",
    "list_commands",
    "send_command",
    "throw",
    "throw_put",
    "throw_at",
    "throw_put_at",
    "push",
    "plan_storage",
];

/// Replaces the time limit of the client, because a request cannot be without one.
pub(crate) const NO_LIMIT: Duration = Duration::MAX;

impl ClientHooks<()> for Client {
    async fn pre<E>(&self, request: &mut reqwest::Request, info: &OperationInfo) -> Result<(), Error<E>> {
        if UNLIMITED.contains(&info.operation_id) {
            *request.timeout_mut() = Some(NO_LIMIT);
        }
        Ok(())
    }
}

/// Returns the body of a response as a stream, which ends after an error. Generated methods call this instead of
/// `ResponseValue::stream`, whose stream would yield the same error forever.
pub(crate) fn stream(response: reqwest::Response) -> ResponseValue<ByteStream> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = UntilError(Some(Box::pin(response.bytes_stream())));
    ResponseValue::new(ByteStream::new(Box::pin(body)), status, headers)
}

/// A stream that ends after an error.
struct UntilError<S>(Option<Pin<Box<S>>>);

impl<T, E, S: Stream<Item = Result<T, E>>> Stream for UntilError<S> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.0 else { return Poll::Ready(None) };
        let next = ready!(stream.as_mut().poll_next(cx));
        if !matches!(next, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::{StreamExt as _, stream};
    use serde_json::Value as Json;

    use super::*;

    #[tokio::test]
    async fn an_error_ends_a_stream() {
        let endless = stream::iter([Ok(1), Ok(2)]).chain(stream::repeat(Err("broken")));
        let received: Vec<_> = UntilError(Some(Box::pin(endless))).take(10).collect().await;
        assert_eq!(received, [Ok(1), Ok(2), Err("broken")]);
        let received: Vec<Result<i32, ()>> =
            UntilError(Some(Box::pin(stream::iter([Ok(1)])))).collect().await;
        assert_eq!(received, [Ok(1)]);
    }

    #[test]
    fn streams_long_polls_and_bodies_of_any_length_have_no_time_limit() {
        let document: Json = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
        let (mut endless, mut all) = (BTreeSet::new(), BTreeSet::new());
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                all.extend(operation["operationId"].as_str());
                let sends_bytes = operation["requestBody"]["content"]["application/octet-stream"].is_object();
                let streams = operation["responses"]["200"]["content"]["text/event-stream"].is_object();
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let waits = parameters.into_iter().any(|parameter| parameter["name"] == "wait");
                if sends_bytes || streams || waits {
                    endless.insert(operation["operationId"].as_str().unwrap());
                }
            }
        }
        assert!(endless.len() >= 9, "{endless:?}");
        let limited: Vec<_> = endless.iter().filter(|id| !UNLIMITED.contains(id)).collect();
        assert_eq!(limited, Vec::<&&str>::new());
        let unknown: Vec<_> = UNLIMITED.iter().filter(|id| !all.contains(**id)).collect();
        assert_eq!(unknown, Vec::<&&str>::new());
    }
}
