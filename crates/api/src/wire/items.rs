//! Pages of a list as JSON: however much its entries hold, memory holds a page about once.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::{Error, Result};
use futures_util::stream;
use serde::Serialize;

/// Pieces of a body are about this large. A page that fits into one has a `content-length`.
const PIECE: usize = 64 * 1024;

/// Returns a response with JSON: the items with commas between them, after `head` and before `tail`. Drops each item once it
/// is written, and never copies what is written to make room for more.
pub(crate) fn json_items<T: Serialize>(
    head: &str,
    items: impl IntoIterator<Item = T>,
    tail: &str,
) -> Result<Response> {
    let mut pieces: Vec<Result<Bytes, Infallible>> = Vec::new();
    let (mut piece, mut separator) = (head.as_bytes().to_vec(), "");
    for item in items {
        piece.extend_from_slice(std::mem::replace(&mut separator, ",").as_bytes());
        serde_json::to_writer(&mut piece, &item)
            .map_err(|error| Error::Internal(format!("cannot encode an entry of a page: {error}")))?;
        if piece.len() >= PIECE {
            pieces.push(Ok(std::mem::take(&mut piece).into_boxed_slice().into()));
        }
    }
    piece.extend_from_slice(tail.as_bytes());
    let body = if pieces.is_empty() {
        Body::from(piece)
    } else {
        pieces.push(Ok(piece.into()));
        Body::from_stream(stream::iter(pieces))
    };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_page_is_complete_in_pieces_of_any_number() {
        for (count, size) in [(0, 0), (1, 3), (50, 600), (3, PIECE), (2_000, 100)] {
            let items: Vec<_> = (0..count).map(|number| json!([number, "x".repeat(size)])).collect();
            let response = json_items("{\"items\":[", items.clone(), "],\"more\":true}").unwrap();
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, json!({ "items": items, "more": true }), "{count} of {size}");
        }
    }
}
