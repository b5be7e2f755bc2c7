//! Streams whole lists as JSON: however long a list is, memory holds one batch. An entry may end with a nested list,
//! which is streamed as well; memory then holds one batch of each.

use std::pin::pin;

use async_stream::try_stream;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Direction, Error, Page, Position, Result, Slice, Window};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

/// Entries per batch. A connection is held only while a batch is read.
pub(crate) const BATCH: u32 = 200;

/// Chunks this large are sent before more of a nested list is added. Shorter nested lists share a chunk.
const FULL_CHUNK: usize = 64 * 1024;

/// A list that is read batch by batch.
pub(crate) trait Batches: Send + Sync + 'static {
    /// An entry as sent.
    type Item: Entry<Self::Shared>;

    /// Shared state for reading, such as the database.
    type Shared: Clone + Send + Sync + 'static;

    /// An entry's position in the list, after which reading resumes.
    type Place: Send;

    /// Reads up to [`BATCH`] entries: the first ones, or those after a position.
    fn read(
        &self,
        shared: &Self::Shared,
        after: Option<Self::Place>,
    ) -> impl Future<Output = Result<Batch<Self::Item, Self::Place>>> + Send;
}

/// A batch of entries, and where the list continues.
pub(crate) struct Batch<T, P> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// The last entry's position, if more follow.
    pub(crate) next: Option<P>,
}

impl<T, P> Batch<T, P> {
    /// Creates a batch from a slice, with each entry's position and response.
    pub(crate) fn of<R>(slice: Slice<R>, place: impl Fn(&R) -> P, answer: impl Fn(R) -> T) -> Self {
        let next = slice.items.last().filter(|_| slice.has_more_after).map(place);
        Self { items: slice.items.into_iter().map(answer).collect(), next }
    }
}

/// The limit for lists that read one entry beyond a batch to see if more follow.
pub(crate) const READ: u32 = BATCH + 1;

/// Returns a batch of entries read with limit [`READ`].
pub(crate) fn cut<T>(entries: Vec<T>) -> Slice<T> {
    Slice::cut(entries, &Window::first(BATCH))
}

/// Returns the window of the next batch, for [`Position`]s.
pub(crate) fn window(after: Option<Position>, direction: Direction) -> Window {
    Window { page: after.map_or_else(Page::default, Page::After), limit: BATCH, direction }
}

/// An entry of a list: any serializable type, or [`Nested`].
pub(crate) trait Entry<S>: Send + 'static {
    /// Appends its JSON to a chunk: all of it, or the part before a nested list.
    fn begin(&self, chunk: &mut Vec<u8>) -> Result<()>;

    /// Streams the rest of its JSON in non-empty pieces.
    fn rest(self, shared: &S) -> impl Stream<Item = Result<Vec<u8>>> + Send;
}

impl<S, T: Serialize + Send + 'static> Entry<S> for T {
    fn begin(&self, chunk: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(chunk, self)
            .map_err(|error| Error::Internal(format!("cannot encode a list entry: {error}")))
    }

    fn rest(self, _: &S) -> impl Stream<Item = Result<Vec<u8>>> + Send {
        stream::empty()
    }
}

/// An object whose last field is a streamed list.
pub(crate) struct Nested<O, L> {
    /// The other fields. They must serialize as a JSON object without the list.
    pub(crate) object: O,
    /// The list's field name.
    pub(crate) key: &'static str,
    /// The list.
    pub(crate) list: L,
}

impl<O, L: Batches> Nested<O, L> {
    /// Streams the entries and the object's end, after the given chunk.
    fn finish(
        self,
        shared: &L::Shared,
        chunk: Vec<u8>,
    ) -> impl Stream<Item = Result<Vec<u8>>> + Send + use<O, L> {
        chunks(shared.clone(), chunk, self.list, "]}".to_owned())
    }
}

impl<O: Serialize + Send + 'static, L: Batches> Entry<L::Shared> for Nested<O, L> {
    fn begin(&self, chunk: &mut Vec<u8>) -> Result<()> {
        let start = chunk.len();
        Entry::<()>::begin(&self.object, chunk)?;
        if chunk.pop() != Some(b'}') {
            return Err(Error::Internal(format!("the parent of the list {} is not an object", self.key)));
        }
        let is_empty = chunk.len() == start + 1;
        if !is_empty {
            chunk.push(b',');
        }
        Entry::<()>::begin(&self.key, chunk)?;
        chunk.extend_from_slice(b":[");
        Ok(())
    }

    fn rest(self, shared: &L::Shared) -> impl Stream<Item = Result<Vec<u8>>> + Send {
        self.finish(shared, Vec::new())
    }
}

/// Streams a whole list: bare, or with its total as `{"data": […], "meta": {"total": …}}`.
///
/// Reads the first batch, with its nested lists until a chunk is full, before the response starts, so that errors get
/// an error response. Later errors abort the response, which clients notice. The status is 200; handlers may change it.
pub(crate) async fn json_array<L: Batches>(
    shared: &L::Shared,
    list: L,
    total: Option<i64>,
) -> Result<Response> {
    let (head, tail) = match total {
        None => ("[", "]".to_owned()),
        Some(total) => ("{\"data\":[", format!("],\"meta\":{{\"total\":{total}}}}}")),
    };
    answer(chunks(shared.clone(), head.into(), list, tail)).await
}

/// Streams an object and its list. Errors and status are as with [`json_array`].
pub(crate) async fn json_object<O: Serialize + Send + 'static, L: Batches>(
    shared: &L::Shared,
    object: Nested<O, L>,
) -> Result<Response> {
    let mut head = Vec::new();
    Entry::<L::Shared>::begin(&object, &mut head)?;
    answer(object.finish(shared, head)).await
}

/// Starts the response once the first chunk is ready.
async fn answer(chunks: impl Stream<Item = Result<Vec<u8>>> + Send + 'static) -> Result<Response> {
    let mut chunks = Box::pin(chunks);
    let first = chunks.try_next().await?.unwrap_or_default();
    let rest =
        chunks.inspect_err(|error| tracing::error!(cause = error.context(), "a streamed list was cut off"));
    let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// Streams `head`, the entries with commas between them, and `tail`. A chunk ends after each batch, or within one if
/// nested lists fill it. No chunk is empty.
fn chunks<L: Batches>(
    shared: L::Shared,
    head: Vec<u8>,
    list: L,
    tail: String,
) -> impl Stream<Item = Result<Vec<u8>>> + Send {
    try_stream! {
        let mut chunk = head;
        let mut separator = "";
        let mut batch = list.read(&shared, None).await?;
        loop {
            for item in batch.items {
                chunk.extend_from_slice(std::mem::replace(&mut separator, ",").as_bytes());
                item.begin(&mut chunk)?;
                let mut rest = pin!(item.rest(&shared));
                while let Some(piece) = rest.try_next().await? {
                    if chunk.len() >= FULL_CHUNK {
                        yield std::mem::take(&mut chunk);
                    }
                    chunk.extend_from_slice(&piece);
                }
            }
            let Some(place) = batch.next else { break };
            yield std::mem::take(&mut chunk);
            batch = list.read(&shared, Some(place)).await?;
        }
        chunk.extend_from_slice(tail.as_bytes());
        yield chunk;
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    /// The numbers from 0 up to, but not including, `count`.
    #[derive(Clone, Copy)]
    struct Numbers {
        count: u32,
        /// Reading fails from this number on.
        broken_from: u32,
    }

    impl Numbers {
        fn up_to(count: u32) -> Self {
            Self { count, broken_from: u32::MAX }
        }

        /// Returns the end of the batch that starts with a number.
        fn end_of_batch(self, start: u32) -> Result<u32> {
            let end = self.count.min(start + BATCH);
            if end > self.broken_from { Err(Error::Internal("broken".to_owned())) } else { Ok(end) }
        }
    }

    impl Batches for Numbers {
        type Item = u32;
        type Shared = ();
        type Place = u32;

        async fn read(&self, (): &(), after: Option<u32>) -> Result<Batch<u32, u32>> {
            let start = after.map_or(0, |place| place + 1);
            let end = self.end_of_batch(start)?;
            Ok(Batch { items: (start..end).collect(), next: (end < self.count).then(|| end - 1) })
        }
    }

    /// Objects that each contain all numbers.
    struct Objects<O> {
        ids: Numbers,
        object: fn(u32) -> O,
        numbers: Numbers,
    }

    impl<O: Serialize + Send + 'static> Batches for Objects<O> {
        type Item = Nested<O, Numbers>;
        type Shared = ();
        type Place = u32;

        async fn read(&self, shared: &(), after: Option<u32>) -> Result<Batch<Self::Item, u32>> {
            let Batch { items, next } = self.ids.read(shared, after).await?;
            let nested = |id| Nested { object: (self.object)(id), key: "numbers", list: self.numbers };
            Ok(Batch { items: items.into_iter().map(nested).collect(), next })
        }
    }

    fn small(id: u32) -> Value {
        json!({ "id": id, "organization": { "name": "}" } })
    }

    /// An object that fills a chunk.
    fn large(id: u32) -> Value {
        json!({ "id": id, "description": "x".repeat(FULL_CHUNK) })
    }

    fn with_numbers(mut object: Value, count: u32) -> Value {
        object["numbers"] = (0..count).collect();
        object
    }

    /// Returns the chunks of a response, and whether it is complete.
    async fn chunks_of(response: Response) -> (Vec<String>, bool) {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let mut body = response.into_body();
        let mut chunks = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return (chunks, false) };
            chunks.push(String::from_utf8(frame.into_data().unwrap().into()).unwrap());
        }
        (chunks, true)
    }

    /// Returns a complete response, and the number of its chunks.
    async fn complete(response: Result<Response>) -> (Value, usize) {
        let (chunks, is_whole) = chunks_of(response.unwrap()).await;
        assert!(is_whole, "the response is incomplete");
        assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
        (serde_json::from_str(&chunks.concat()).unwrap(), chunks.len())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_array_has_all_items_in_order_with_a_chunk_per_batch() {
        for (count, chunks) in [(0, 1), (1, 1), (200, 1), (201, 2), (450, 3)] {
            let numbers: Value = (0..count).collect();
            let bare = complete(json_array(&(), Numbers::up_to(count), None).await).await;
            assert_eq!(bare, (numbers.clone(), chunks));
            let counted = complete(json_array(&(), Numbers::up_to(count), Some(count.into())).await).await;
            assert_eq!(counted, (json!({ "data": numbers, "meta": { "total": count } }), chunks));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_object_ends_with_its_list() {
        for object in [json!({}), small(1), large(1)] {
            for (count, chunks) in [(0, 1), (1, 1), (401, 3)] {
                let nested = Nested { object: object.clone(), key: "numbers", list: Numbers::up_to(count) };
                let answer = complete(json_object(&(), nested).await).await;
                assert_eq!(answer, (with_numbers(object.clone(), count), chunks));
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rejects_a_list_in_a_non_object() {
        let nested = Nested { object: [1], key: "numbers", list: Numbers::up_to(1) };
        assert!(matches!(json_object(&(), nested).await, Err(Error::Internal(_))));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn arrays_hold_objects_that_end_with_lists() {
        for object in [small, large] {
            for (length, count) in [(0, 401), (1, 0), (1, 401), (3, 0), (3, 401), (201, 1)] {
                let (ids, numbers) = (Numbers::up_to(length), Numbers::up_to(count));
                let response = json_array(&(), Objects { ids, object, numbers }, None).await;
                let expected: Value = (0..length).map(|id| with_numbers(object(id), count)).collect();
                assert!(complete(response).await.0 == expected, "{length} objects with {count} numbers each");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn objects_with_short_lists_share_a_chunk() {
        let (ids, numbers) = (Numbers::up_to(200), Numbers::up_to(3));
        let short = json_array(&(), Objects { ids, object: small, numbers }, None).await;
        assert_eq!(complete(short).await.1, 1);
        let long = json_array(&(), Objects { ids, object: large, numbers }, None).await;
        assert!(complete(long).await.1 >= 200);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_error_before_the_first_chunk_fails() {
        let broken = Numbers { count: 450, broken_from: 0 };
        assert!(json_array(&(), broken, None).await.is_err());
        let nested = Nested { object: small(1), key: "numbers", list: broken };
        assert!(json_object(&(), nested).await.is_err());
        let objects = Objects { ids: Numbers::up_to(3), object: small, numbers: broken };
        assert!(json_array(&(), objects, None).await.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_later_error_aborts_the_response() {
        let broken = Numbers { count: 450, broken_from: 400 };
        let array = json_array(&(), broken, None).await.unwrap();
        let nested = Nested { object: small(1), key: "numbers", list: broken };
        let object = json_object(&(), nested).await.unwrap();
        let objects = Objects { ids: Numbers::up_to(3), object: large, numbers: broken };
        let objects = json_array(&(), objects, None).await.unwrap();
        for (response, whole_chunks) in [(array, 2), (object, 2), (objects, 1)] {
            let (chunks, is_whole) = chunks_of(response).await;
            assert!(!is_whole);
            assert_eq!(chunks.len(), whole_chunks);
        }
    }
}
