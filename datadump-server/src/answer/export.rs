//! Exports: rows that are read page by page while they are sent.

use std::{io, mem, sync::Arc};

use datadump_core::{Error as CoreError, Export, Result as CoreResult, RowChunks, RowPage, TextFormat};
use futures_util::{StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};

use super::{
    RowFormat,
    long_answer::{LongAnswer, Patience, Pieces},
    streamed::CHUNK_BYTES,
    success_in,
};

/// Maximum number of exports in progress. Each holds memory until its client has read it.
const MAX_EXPORTS: usize = 16;

/// Limits the exports in progress.
#[derive(Debug, Clone)]
pub(crate) struct ExportSlots(Arc<Semaphore>);

/// The place of an export among those in progress.
#[derive(Debug)]
pub(crate) struct ExportSlot(#[expect(dead_code, reason = "it is released on drop")] OwnedSemaphorePermit);

impl Default for ExportSlots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_EXPORTS)))
    }
}

impl ExportSlots {
    /// Takes a slot if one is free.
    pub(crate) fn take(&self) -> CoreResult<ExportSlot> {
        self.0.clone().try_acquire_owned().map(ExportSlot).map_err(|_| CoreError::Overloaded)
    }
}

/// A file with the rows of an export. It breaks off if reading them fails: an incomplete file never looks complete.
pub(crate) struct ExportAnswer {
    name: String,
    format: RowFormat,
    pieces: Pieces,
}

/// The pages of an export, of which the next one is read ahead.
struct Pages {
    reading: Option<Reading>,
}

/// A page that is being read. It is read to its end however slow the client is, so that it never holds a transaction
/// for longer than that takes.
struct Reading(JoinHandle<(Export, CoreResult<Option<RowPage>>)>);

impl Pages {
    fn new(export: Export) -> Self {
        Self { reading: Some(Reading::begin(export)) }
    }

    /// Returns the next page; `None` after the last.
    async fn next(&mut self) -> CoreResult<Option<RowPage>> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let (export, page) = (&mut reading.0).await.map_err(CoreError::internal)?;
        self.reading = match page {
            Ok(Some(_)) => Some(Reading::begin(export)),
            Ok(None) | Err(_) => None,
        };
        page
    }
}

impl Reading {
    fn begin(mut export: Export) -> Self {
        Self(tokio::spawn(async move {
            let page = export.next().await;
            (export, page)
        }))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A file in pieces.
pub(super) trait FilePieces: Send + 'static {
    /// Returns the next piece; `None` after the last.
    fn next(&mut self) -> impl Future<Output = CoreResult<Option<Vec<u8>>>> + Send;
}

/// Rows as text.
struct TextFile {
    format: TextFormat,
    /// The text before the first row, until it is sent.
    begin: Vec<u8>,
    pages: Pages,
    current: Option<RowChunks>,
    /// The first page, which has been read already.
    first: Option<Option<RowPage>>,
    has_rows: bool,
    is_complete: bool,
}

impl FilePieces for TextFile {
    async fn next(&mut self) -> CoreResult<Option<Vec<u8>>> {
        let mut piece = mem::take(&mut self.begin);
        while piece.len() < CHUNK_BYTES && !self.is_complete {
            if let Some(rows) = self.current.as_mut().and_then(Iterator::next) {
                if piece.is_empty() {
                    piece = rows;
                } else {
                    piece.extend_from_slice(&rows);
                }
                continue;
            }
            let page = match self.first.take() {
                Some(first) => first,
                None => self.pages.next().await?,
            };
            self.current = page.map(|page| page.into_text(self.format));
            if self.current.is_none() {
                piece.extend_from_slice(self.format.end());
                self.is_complete = true;
            } else if mem::replace(&mut self.has_rows, true) {
                piece.extend_from_slice(self.format.between());
            }
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl ExportAnswer {
    /// Creates a text file, once its first rows are read. It is named after the storage.
    pub(crate) async fn text(
        export: Export,
        storage: &str,
        format: RowFormat,
        text: TextFormat,
        slot: ExportSlot,
    ) -> CoreResult<Self> {
        let begin = text.begin(export.columns().iter().map(|(name, _)| name.as_str()));
        let mut pages = Pages::new(export);
        let first = Some(pages.next().await?);
        let file = TextFile {
            format: text,
            begin,
            pages,
            current: None,
            first,
            has_rows: false,
            is_complete: false,
        };
        Ok(Self::new(storage, format, file, slot))
    }

    /// Creates a file that is named after the storage.
    pub(super) fn new(storage: &str, format: RowFormat, file: impl FilePieces, slot: ExportSlot) -> Self {
        let name = storage.to_owned();
        let pieces = stream::try_unfold((file, name.clone(), slot), async |(mut file, name, slot)| {
            let piece = file.next().await.map_err(|error| broken(&name, &error))?;
            Ok(piece.map(|piece| (piece, (file, name, slot))))
        });
        Self { name, format, pieces: pieces.boxed() }
    }
}

/// Logs an error that ends a file, and returns the one that breaks the connection.
fn broken(storage: &str, error: &CoreError) -> io::Error {
    tracing::warn!(storage, %error, "an export broke off");
    io::Error::other("the export broke off")
}

impl IntoResponse for ExportAnswer {
    fn into_response(self) -> Response {
        let extension = self.format.name();
        let encoded = utf8_percent_encode(&self.name, NON_ALPHANUMERIC);
        // Names of storages have no quotes.
        let disposition = if self.name.is_ascii() {
            format!("attachment; filename=\"{}.{extension}\"", self.name)
        } else {
            format!("attachment; filename=\"export.{extension}\"; filename*=UTF-8''{encoded}.{extension}")
        };
        let response = Response::builder()
            .content_type(self.format.content_type())
            .header(header::CONTENT_DISPOSITION, disposition)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::VARY, "accept")
            .finish();
        LongAnswer::respond(response, self.pieces, Patience::EachPiece)
    }
}

impl ApiResponse for ExportAnswer {
    fn meta() -> MetaResponses {
        let file = || MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content =
            RowFormat::ALL.map(|format| MetaMediaType { content_type: format.media_type(), schema: file() });
        success_in(content.into())
    }

    fn register(_registry: &mut Registry) {}
}
