//! Whole lists as one JSON array, sent while they are read: however long the list is, memory holds a batch of it.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use denizen_domain::{Page, Position, Result, Slice};
use futures_util::stream;
use serde::Serialize;

use crate::app::App;

/// How many entries are read at a time. A connection is held only while they are read.
pub(crate) const BATCH: u32 = 200;

/// A list that is read batch by batch.
pub(crate) trait Batches: Send + Sync + 'static {
    /// An entry as it is answered.
    type Item: Serialize + Send;

    /// The [`BATCH`] entries that a page begins with.
    fn read(&self, app: &App, page: Page) -> impl Future<Output = Result<Batch<Self::Item>>> + Send;
}

/// Some entries of a list, and where it goes on.
pub(crate) struct Batch<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// The place of the last one, where more come after it.
    pub(crate) next: Option<Position>,
}

impl<T> Batch<T> {
    /// A slice of a list, with the place of each entry and the answer for it.
    pub(crate) fn of<R>(slice: Slice<R>, place: impl Fn(&R) -> Position, answer: impl Fn(R) -> T) -> Self {
        let next = slice.items.last().filter(|_| slice.has_more_after).map(place);
        Self { items: slice.items.into_iter().map(answer).collect(), next }
    }
}

/// Answers with all of a list: bare, or with its total as `{"data": […], "meta": {"total": …}}`.
///
/// The first batch is read before the answer begins, so that an error is still an error; a later one breaks the answer
/// off, which clients notice.
pub(crate) async fn json_array<L: Batches>(app: &App, list: L, total: Option<i64>) -> Result<Response> {
    let first = list.read(app, Page::default()).await?;
    let (head, tail) = match total {
        None => ("[", "]".to_owned()),
        Some(total) => ("{\"data\":[", format!("],\"meta\":{{\"total\":{total}}}}}")),
    };
    let state = Streaming { app: app.clone(), list, batch: Some(first), separator: head, tail };
    let body = Body::from_stream(stream::try_unfold(state, Streaming::next));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// A list on its way out.
struct Streaming<L: Batches> {
    app: App,
    list: L,
    /// The batch that goes out next; `None` once the array is closed.
    batch: Option<Batch<L::Item>>,
    /// What stands before the next entry.
    separator: &'static str,
    tail: String,
}

impl<L: Batches> Streaming<L> {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, std::io::Error> {
        let Some(Batch { items, next }) = self.batch.take() else { return Ok(None) };
        let chunk = self.chunk(&items, next.is_none())?;
        if let Some(position) = next {
            let batch = self.list.read(&self.app, Page::After(position)).await;
            self.batch = Some(batch.map_err(|error| {
                tracing::error!(cause = error.context(), "a streamed list broke off");
                std::io::Error::other(error)
            })?);
        }
        Ok(Some((chunk, self)))
    }

    /// Some entries as a piece of the array.
    fn chunk(&mut self, items: &[L::Item], is_last: bool) -> Result<Bytes, std::io::Error> {
        let mut chunk = Vec::with_capacity(items.len() * 768 + 2);
        for item in items {
            chunk.extend_from_slice(std::mem::replace(&mut self.separator, ",").as_bytes());
            serde_json::to_writer(&mut chunk, item)?;
        }
        if is_last {
            if self.separator != "," {
                chunk.extend_from_slice(self.separator.as_bytes());
            }
            chunk.extend_from_slice(self.tail.as_bytes());
        }
        Ok(Bytes::from(chunk))
    }
}
