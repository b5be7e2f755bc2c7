//! The actor of a change, in responses.

use denizen_domain::Actor;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who made a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorAnswer {
    /// Actor type: `api_key`, `account`, `external_user`, `operator` (commands on the server) or `server` (the server
    /// itself).
    #[serde(rename = "type")]
    kind: &'static str,
    /// Actor id; null for `operator` and `server`.
    #[schema(required)]
    id: Option<Uuid>,
}

impl From<Actor> for ActorAnswer {
    fn from(actor: Actor) -> Self {
        Self { kind: actor.kind(), id: actor.id() }
    }
}
