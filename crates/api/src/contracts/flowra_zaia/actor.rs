//! Who has done something, as it is shown.

use denizen_domain::Actor;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who has done something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorAnswer {
    /// What it is: `api_key`, `account`, `external_user`, `operator` for commands on the server, or `server` for the server
    /// by itself.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its id; null for operators and the server.
    #[schema(required)]
    id: Option<Uuid>,
}

impl From<Actor> for ActorAnswer {
    fn from(actor: Actor) -> Self {
        Self { kind: actor.kind(), id: actor.id() }
    }
}
