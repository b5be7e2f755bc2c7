//! The feed as server-sent events.

use std::time::Duration;

use async_stream::stream;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use denizen_domain::Event;
use denizen_persistence::events::Start;
use tokio::time::timeout;

use super::reading::Reading;
use crate::feeds::{EventAnswer, Follower};
use crate::guards::caller::{CanReadEvents, Recheck};
use crate::wire::error::ApiResult;

/// How often the credential is looked at again while nothing happens.
const RECHECKED_EVERY: Duration = Duration::from_secs(1);

/// Answers with a stream of all events from a position on. Fails like a page of events. Ends when the server stops, and
/// when the credential no longer admits the caller.
pub(super) async fn answer(
    reading: Reading,
    start: Start,
    recheck: Recheck<CanReadEvents>,
) -> ApiResult<Response> {
    let follower = reading.follow()?;
    let first = reading.read(start).await?;
    let messages = stream! {
        let (mut page, mut follower) = (first, follower);
        loop {
            let position = page.position;
            for event in page.events {
                yield message(event);
            }
            if !page.has_more && !goes_on(&mut follower, &recheck).await || recheck.admit().await.is_err() {
                return;
            }
            // A client that connects again is answered with the error, or goes on where it was.
            let Ok(next) = reading.read(Start::After(position)).await else { return };
            page = next;
        }
    };
    Ok(Sse::new(messages).keep_alive(KeepAlive::new()).into_response())
}

fn message(event: Event) -> Result<Message, axum::Error> {
    let message = Message::default().id(event.position.to_string()).event(event.kind.to_string());
    message.json_data(EventAnswer::from(event))
}

/// Waits until the feed goes on. Returns `false` if the stream must end.
async fn goes_on(follower: &mut Follower, recheck: &Recheck<CanReadEvents>) -> bool {
    loop {
        match timeout(RECHECKED_EVERY, follower.news()).await {
            Ok(goes_on) => return goes_on,
            Err(_) if recheck.admit().await.is_err() => return false,
            Err(_) => {}
        }
    }
}
