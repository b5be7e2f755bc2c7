//! Adds participants to flows.

use denizen_domain::{AccountId, AccountNumber, Conflict, Error, Flow, FlowMembership, Origin, Result, Verb};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, on_backend};
use crate::queries::dialect::insert_all;
use crate::schema::flow_memberships;
use crate::types::{StoredTime, StoredUuid, stored};

/// Adds members of the workspace to a flow. Changes nothing for participants and blocked accounts.
pub(crate) async fn insert_participants(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    members: &[(AccountId, AccountNumber)],
) -> Result<()> {
    let ids: Vec<_> = members.iter().map(|(account_id, _)| stored(*account_id)).collect();
    let there = flow_memberships::table
        .filter(flow_memberships::workspace_id.eq(stored(flow.workspace_id)))
        .filter(flow_memberships::flow_id.eq(stored(flow.id)))
        .filter(flow_memberships::account_id.eq_any(ids))
        .select(flow_memberships::account_id);
    let there = on_backend!(connection, |conn| there.load::<StoredUuid>(conn).await);
    let there = there.or_error("look who is in a flow")?;
    let now = origin.source.clock.now();
    let newcomers = members.iter().filter(|(account_id, _)| !there.contains(&stored(*account_id)));
    let membership = |(account_id, number): &(AccountId, AccountNumber)| {
        let membership = FlowMembership {
            workspace_id: flow.workspace_id,
            flow_id: flow.id,
            account_id: *account_id,
            is_blocked: false,
            is_open: true,
            created_at: now,
        };
        (membership, *number)
    };
    let made: Vec<_> = newcomers.map(membership).collect();
    let rows: Vec<_> =
        made.iter().map(|(membership, number)| ParticipantRow::of(membership, *number)).collect();
    let inserted = insert_all!(
        connection,
        flow_memberships,
        &rows,
        ParticipantRow { workspace_id, flow_id, account_id, account_number, is_blocked, is_open, created_at }
    );
    if inserted.or_error("let members into a flow")? != made.len() {
        // Another request has added one of them in the meantime.
        return Err(Error::Conflict(Conflict::ConcurrentChange));
    }
    let event = |(made, _): &(FlowMembership, AccountNumber)| {
        audit_events::change_between(origin, Some(flow.workspace_id), Verb::Create, None, Some(made))
    };
    audit_events::insert_all(connection, made.iter().map(event).collect()).await
}

#[derive(Insertable)]
#[diesel(table_name = flow_memberships, treat_none_as_default_value = false)]
struct ParticipantRow {
    workspace_id: StoredUuid,
    flow_id: StoredUuid,
    account_id: StoredUuid,
    account_number: i64,
    is_blocked: bool,
    is_open: bool,
    created_at: StoredTime,
}

impl ParticipantRow {
    fn of(membership: &FlowMembership, number: AccountNumber) -> Self {
        let FlowMembership { workspace_id, flow_id, account_id, is_blocked, is_open, created_at } =
            membership;
        Self {
            workspace_id: stored(*workspace_id),
            flow_id: stored(*flow_id),
            account_id: stored(*account_id),
            account_number: number.as_i64(),
            is_blocked: *is_blocked,
            is_open: *is_open,
            created_at: (*created_at).into(),
        }
    }
}
