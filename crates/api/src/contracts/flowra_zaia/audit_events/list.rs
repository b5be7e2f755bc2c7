//! Listing what has been changed.

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use denizen_domain::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, Direction, Reason, Timestamp, Violation, Window,
};
use denizen_persistence::audit_events;
use utoipa::IntoParams;

use super::answer::AuditEventAnswer;
use crate::guards::caller::{Caller, CanReadAuditEvents};
use crate::state::AppState;
use crate::wire::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, Query, QueryReader};

/// The most characters of an object's id: more than any has.
const LONGEST_ID: usize = 100;

/// What the list takes.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListAuditEvents {
    /// Of the object with this id.
    #[param(max_length = 100)]
    object_id: Option<String>,
    /// Of changes that this actor has made: `operator`, `server`, or a type and an id, such as
    /// `api_key:7d444840-9dc0-41d1-b245-5ffdce74fad2`, `account:…` or `external_user:…`.
    #[param(value_type = Option<String>)]
    actor: Option<Actor>,
    /// Of this kind of change, such as `external_user.update`.
    #[param(value_type = Option<String>)]
    action: Option<AuditAction>,
    /// After this moment.
    #[param(value_type = Option<String>, format = "date-time")]
    occurred_after: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = "date-time")]
    occurred_before: Option<Timestamp>,
    /// Which come first: the `newest`, or the `oldest`.
    #[param(value_type = Option<Order>, default = "newest")]
    order: Direction,
    /// The size of a page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// Where to go on, from a `Link` header.
    cursor: Option<String>,
}

/// Which end of the log comes first.
#[derive(utoipa::ToSchema)]
#[schema(as = AuditOrder, rename_all = "camelCase")]
#[expect(dead_code, reason = "what the document shows; the query reader gives the domain's own type")]
pub(crate) enum Order {
    /// What was changed last.
    Newest,
    /// What was changed first.
    Oldest,
}

impl FromQuery for ListAuditEvents {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            object_id: parameters.one("objectId", object_id),
            actor: parameters.one("actor", str::parse),
            action: parameters.one("action", str::parse),
            occurred_after: parameters.time("occurredAfter"),
            occurred_before: parameters.time("occurredBefore"),
            order: parameters.one("order", order).unwrap_or(Direction::Descending),
            limit: parameters.number("limit", 1, 100).unwrap_or(25),
            cursor: parameters.one("cursor", |text| Ok(text.to_owned())),
        }
    }
}

/// Ids are noted in lower case.
fn object_id(text: &str) -> Result<String, Violation> {
    let fits = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_ascii_lowercase())
        .ok_or_else(|| Violation::new(Reason::InvalidFormat, "must be the id of an object"))
}

fn order(text: &str) -> Result<Direction, Violation> {
    match text {
        "newest" => Ok(Direction::Descending),
        "oldest" => Ok(Direction::Ascending),
        _ => Err(Violation::new(Reason::Unknown, "must be newest or oldest")),
    }
}

/// List who has changed what
///
/// What has been changed in the workspace, by whom, when and from where. All conditions hold together. The log is kept for
/// as long as the server is set to. Whoever follows it with `order=oldest` should begin a little before the last event that
/// it has seen: a change appears when it is complete, which may be after one that began later.
#[utoipa::path(get, path = "/api/v1/audit-events", operation_id = "auditEvents.list", tag = "Audit log", params(ListAuditEvents),
    responses((status = 200, body = Vec<AuditEventAnswer>, headers(
        ("link" = String, description = "`rel=\"next\"`, where the list goes on")))),
    security(("authorization" = ["audit:read"]), ("api_key" = ["audit:read"]), ("bearer" = ["audit:read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadAuditEvents>,
    State(state): State<AppState>,
    Context(context): Context,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<ListAuditEvents>,
) -> ApiResult<Response> {
    let ListAuditEvents { object_id, actor, action, occurred_after, occurred_before, order, limit, cursor } =
        parameters;
    let name = ListName::new(caller.workspace_id, &format!("audit-events/{order:?}"));
    let page = name.page(state.cursors(), cursor.as_deref(), None)?;
    let filter =
        AuditEventFilter { object_id, actor, action, after: occurred_after, before: occurred_before };
    let window = Window { page, limit, direction: order };
    let connection = &mut state.database().read().await?;
    let slice = audit_events::list(connection, Some(caller.workspace_id), &filter, &window).await?;
    Ok(paging::answer(
        state.cursors(),
        (&context, &uri),
        &name,
        slice,
        AuditEvent::position,
        AuditEventAnswer::from,
    ))
}
