//! `/flows`: flows, their users, invitations and join links: part of the Flowdock contract.
//!
//! The contract calls an account a user, and a workspace an organization.

mod address;
mod answer;
mod create;
mod get;
mod input;
mod invitations;
mod join;
mod list;
mod update;
mod users;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// Schemas that only fields reference; routes register those of bodies.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(answer::AccessModeCode, answer::InvitationStateCode)))]
struct FieldSchemas;

/// The routes of flows, below each base path.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(FieldSchemas::openapi())
        .routes(routes!(list::joined))
        .routes(routes!(list::all))
        .routes(routes!(get::find))
        .routes(routes!(list::of_organization, create::create))
        .routes(routes!(get::get, update::update))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::block))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::import))
        .routes(routes!(invitations::get, invitations::delete))
        .routes(routes!(join::get, join::join))
}
