//! JSON responses that are encoded while they are sent, so that a long one never exists as a whole.

use std::{iter, marker::PhantomData};

use datadump_core::Listing;
use futures_util::{StreamExt as _, stream};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::{
    link,
    long_answer::{LongAnswer, Patience},
};

/// Size from which a response is sent in pieces of this size. A shorter one has a `Content-Length`.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

type Chunks = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// A JSON response in pieces, documented as a `T`.
pub(crate) struct Streamed<T> {
    chunks: Chunks,
    kind: PhantomData<fn() -> T>,
}

/// The members of a list before its results.
#[derive(Serialize)]
struct Head {
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    next: Option<String>,
    previous: Option<String>,
}

impl<T> Streamed<T> {
    /// Creates a response from pieces of its JSON.
    pub(crate) fn new(chunks: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Self {
        Self { chunks: Box::new(chunks), kind: PhantomData }
    }

    /// Creates a page of a list from its results in pieces, whose links start with `address`.
    pub(crate) fn list<I>(listing: Listing<I>, address: &str) -> Self
    where
        I: Iterator<Item = Vec<u8>> + Send + 'static,
    {
        Self::with_links(listing, |parameters| Some(link(address, &parameters)))
    }

    /// Creates a page of a query from its results in pieces. The next and the previous page have cursors.
    pub(crate) fn page<I>(listing: Listing<I>) -> Self
    where
        I: Iterator<Item = Vec<u8>> + Send + 'static,
    {
        Self::with_links(listing, |parameters| {
            parameters.into_iter().find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor)
        })
    }

    fn with_links<I>(listing: Listing<I>, link: impl Fn(Vec<(String, String)>) -> Option<String>) -> Self
    where
        I: Iterator<Item = Vec<u8>> + Send + 'static,
    {
        let head = Head {
            count: listing.count,
            count_estimated: listing.estimated.then_some(true),
            next: listing.next.and_then(&link),
            previous: listing.previous.and_then(&link),
        };
        // Numbers and text have no error.
        let mut begin = serde_json::to_vec(&head).unwrap_or_default();
        begin.pop();
        begin.extend_from_slice(b",\"results\":[");
        Self::new(iter::once(begin).chain(listing.rows).chain(iter::once(b"]}".to_vec())))
    }
}

/// Encodes items, with commas between them.
pub(crate) fn separated<T: Serialize>(items: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<u8>> {
    items.enumerate().map(|(place, item)| {
        let mut json = if place == 0 { Vec::new() } else { vec![b','] };
        if let Err(error) = serde_json::to_writer(&mut json, &item) {
            tracing::error!(%error, "failed to serialize a response");
        }
        json
    })
}

impl<T> IntoResponse for Streamed<T> {
    fn into_response(self) -> Response {
        respond("application/json", self.chunks)
    }
}

/// Returns a response whose body is these pieces.
pub(crate) fn streamed(
    content_type: &str,
    chunks: impl Iterator<Item = Vec<u8>> + Send + 'static,
) -> Response {
    respond(content_type, Box::new(chunks))
}

fn respond(content_type: &str, mut chunks: Chunks) -> Response {
    let response = Response::builder().content_type(content_type);
    let first = gather(&mut chunks).unwrap_or_default();
    if first.len() < CHUNK_BYTES {
        return response.body(first);
    }
    let rest = iter::from_fn(move || gather(&mut chunks));
    let pieces = stream::iter(iter::once(first).chain(rest).map(Ok)).boxed();
    LongAnswer::respond(response.finish(), pieces, Patience::Whole)
}

/// Joins pieces until they are long enough to be sent.
fn gather(chunks: &mut Chunks) -> Option<Vec<u8>> {
    let mut joined = chunks.next()?;
    while joined.len() < CHUNK_BYTES {
        let Some(chunk) = chunks.next() else { break };
        joined.extend_from_slice(&chunk);
    }
    Some(joined)
}

impl<T: Type> Payload for Streamed<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ApiResponse for Streamed<T> {
    fn meta() -> MetaResponses {
        super::success::<T>(Self::CONTENT_TYPE)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn listing(rows: usize, length: usize) -> Listing<impl Iterator<Item = Vec<u8>> + Send + 'static> {
        let rows = separated((0..rows).map(move |number| json!({"n": number, "x": "x".repeat(length)})));
        let next = Some(vec![("offset".to_owned(), "7".to_owned())]);
        Listing { rows, count: Some(9), estimated: false, next, previous: None }
    }

    #[tokio::test]
    async fn short_responses_have_a_length_and_long_ones_are_sent_in_pieces() {
        for (rows, length, is_long) in [(0, 0, false), (2, 10, false), (3, 100_000, true), (5_000, 100, true)]
        {
            let response = Streamed::<Json>::list(listing(rows, length), "/x/").into_response();
            assert_eq!(response.data::<LongAnswer>().is_some(), is_long);
            let body = response.into_body().into_bytes_limit(8 << 20).await.unwrap();
            let body: Json = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&body["count"], &body["next"], &body["previous"]),
                (&json!(9), &json!("/x/?offset=7"), &Json::Null)
            );
            let results = body["results"].as_array().unwrap();
            assert_eq!(results.len(), rows);
            assert!(results.iter().enumerate().all(|(place, row)| row["n"] == place));
        }
    }
}
