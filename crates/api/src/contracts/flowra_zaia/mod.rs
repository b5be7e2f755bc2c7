//! `/api/v1`: the Flowra contract (external users by username) and the Zaia contract (external users by channel, and
//! related objects). Both serve `/api/v1/external-users`.

mod api_keys;
mod audit_events;
mod auth_configs;
mod channels;
mod connected_accounts;
mod cursor_pages;
mod events;
mod external_user_groups;
mod external_users;
mod jobs;
mod nested;
mod profile;
mod rotation;
mod super_identities;
mod tiers;
mod webhook_endpoints;
mod workflows;

use utoipa_axum::router::OpenApiRouter;

pub use self::events::event_json;
pub use self::jobs::job_json;
pub use self::webhook_endpoints::{delivery_json, webhook_endpoint_json};
use crate::state::AppState;

/// The routes of both contracts.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(external_users::routes())
        .merge(external_user_groups::routes())
        .merge(tiers::routes())
        .merge(super_identities::routes())
        .merge(channels::routes())
        .merge(api_keys::routes())
        .merge(audit_events::routes())
        .merge(events::routes())
        .merge(webhook_endpoints::routes())
        .merge(jobs::routes())
        .merge(workflows::routes())
        .merge(auth_configs::routes())
        .merge(connected_accounts::routes())
        .merge(profile::routes())
}
