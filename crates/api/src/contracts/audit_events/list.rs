//! Lists of audit events.

use axum::http::Uri;
use axum::response::Response;
use denizen_domain::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, Direction, Reason, Timestamp, Violation, Window,
    WorkspaceId,
};
use denizen_persistence::audit_events;
use utoipa::IntoParams;

use super::answer::AuditEventAnswer;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiResult;
use crate::wire::paging::{self, ListName};
use crate::wire::query::{FromQuery, QueryReader};

/// Maximum length of an object id; real ids are shorter.
const LONGEST_ID: usize = 100;

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListAuditEvents {
    /// The changed object's id.
    #[param(max_length = 100)]
    object_id: Option<String>,
    /// Who made the change: `operator`, `server`, or a type and an id, such as
    /// `api_key:7d444840-9dc0-41d1-b245-5ffdce74fad2`, `account:…` or `external_user:…`.
    #[param(value_type = Option<String>)]
    actor: Option<Actor>,
    /// The action, such as `external_user.update`.
    #[param(value_type = Option<String>)]
    action: Option<AuditAction>,
    /// After this time (RFC 3339), or after the start of this day, such as `2024-01-15`, in UTC. The `+` of an offset need
    /// not be encoded.
    #[param(value_type = Option<String>, format = "date-time")]
    occurred_after: Option<Timestamp>,
    /// Before this time, or before the start of this day. See `occurredAfter`.
    #[param(value_type = Option<String>, format = "date-time")]
    occurred_before: Option<Timestamp>,
    /// Sort order: `newest` or `oldest` first.
    #[param(value_type = Option<Order>, default = "newest")]
    order: Direction,
    /// The page size.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// Cursor of the next page, from `Link`.
    cursor: Option<String>,
}

/// Sort order of audit events.
#[derive(utoipa::ToSchema)]
#[schema(as = AuditOrder, rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents the values; the query reader returns the domain type")]
pub(crate) enum Order {
    /// Newest first.
    Newest,
    /// Oldest first.
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

/// Reads the id of any object. Ids are stored in lower case.
pub(crate) fn object_id(text: &str) -> Result<String, Violation> {
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

/// Responds with a page of a workspace's audit log.
pub(crate) async fn page(
    state: &AppState,
    (context, uri): (&RequestContext, &Uri),
    workspace_id: WorkspaceId,
    parameters: ListAuditEvents,
) -> ApiResult<Response> {
    let ListAuditEvents { object_id, actor, action, occurred_after, occurred_before, order, limit, cursor } =
        parameters;
    let name = ListName::new(workspace_id, &format!("audit-events/{order:?}"));
    let page = name.page(state.cursors(), cursor.as_deref(), None)?;
    let filter =
        AuditEventFilter { object_id, actor, action, after: occurred_after, before: occurred_before };
    let window = Window { page, limit, direction: order };
    let connection = &mut state.database().read().await?;
    let slice = audit_events::list(connection, Some(workspace_id), &filter, &window).await?;
    let position_of = AuditEvent::position;
    Ok(paging::answer(state.cursors(), (context, uri), &name, slice, position_of, AuditEventAnswer::from)?)
}
