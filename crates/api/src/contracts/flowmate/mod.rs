//! `/login`, `/logout` and, at `/api` and `/api/v1`, accounts with their roles, permissions, tenants and tokens, and flows with
//! their templates and components: the FlowMate contract, which includes that of the Open Integration Hub.
//!
//! The contract calls an account a user, a workspace a tenant, and a workflow a flow.

mod answer;
mod components;
mod executions;
mod flows;
mod incoming;
mod input;
mod log_in;
mod log_out;
mod meta;
mod pages;
mod permissions;
mod roles;
mod templates;
mod tenants;
mod tokens;
mod users;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::incoming::routes as webhook_routes;
use crate::state::AppState;

/// Schemas that only fields reference; routes register those of bodies.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(answer::StatusCode)))]
struct FieldSchemas;

/// Login and logout, at the root.
pub(crate) fn sign_in_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(FieldSchemas::openapi())
        .routes(routes!(log_in::log_in))
        .routes(routes!(log_out::log_out))
}

/// The other routes of this contract, below each base path.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(roles::routes())
        .merge(tenants::routes())
        .merge(tokens::routes())
        .merge(executions::routes())
        .merge(flows::routes())
        .merge(templates::routes())
        .routes(routes!(components::list))
        .routes(routes!(permissions::list))
}
