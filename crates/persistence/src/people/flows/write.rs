//! Creates and changes flows.

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    AccountId, Conflict, Error, Flow, FlowChanges, FlowId, FlowMembership, JoinCode, NewFlow, Origin, Rank,
    Result, Slug, Timestamp, WorkspaceId,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::entry::insert_participants;
use super::find::find_locked;
use super::participants::{find_membership, own_row, participant};
use super::row::FlowRow;
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::find as find_account;
use crate::people::asker::Asker;
use crate::people::organizations::{rank_of, require_kept};
use crate::people::workspaces::next_number;
use crate::schema::{flow_memberships, flows};
use crate::types::stored;

/// The maximum number of unarchived flows of a workspace.
pub const MAXIMUM_PER_WORKSPACE: i64 = 10_000;

/// Creates a flow with the first free slug for its name: `my-flow`, or else `my-flow-2`, and so on. Its creator joins
/// it. `None` if the caller is not a member of the workspace. Fails with [`Conflict::TooManyFlows`].
#[boxed]
pub async fn create(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    new: &NewFlow,
) -> Result<Option<Flow>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let maker = asker.standing(connection, now).await?.authority.account_id;
        if rank_of(connection, workspace_id, maker).await? == Rank::Outsider {
            return Ok(None);
        }
        require_kept(connection, workspace_id).await?;
        require_room(connection, workspace_id).await?;
        let flow = insert(connection, origin, workspace_id, new, now).await?;
        if let Some(maker) = maker
            && let Some(account) = find_account(connection, maker).await?
        {
            insert_participants(connection, origin, &flow, &[(maker, account.number)]).await?;
        }
        Ok(Some(flow))
    })
}

/// Changes a flow, and sets whether it is open for the caller, who joins it by opening it. `None` if there is no such
/// flow. Fails if the caller may not make the changes ([`Flow::require_may_administer`]) or join the flow
/// ([`Flow::require_may_join`]).
#[boxed]
pub async fn change(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    workspace_id: WorkspaceId,
    flow_id: FlowId,
    (changes, is_open): (&FlowChanges, Option<bool>),
) -> Result<Option<Flow>> {
    in_transaction!(connection, {
        let now = origin.source.clock.now();
        let asking = asker.standing(connection, now).await?.authority.account_id;
        let Some(mut flow) = find_locked(connection, workspace_id, flow_id).await? else { return Ok(None) };
        let who = participant(connection, &flow, asking).await?;
        let before = flow.clone();
        changes.clone().apply_to(&mut flow, &*origin.source.ids, now);
        let is_changed = flow != before;
        if is_changed {
            before.require_may_administer(who)?;
            let row = FlowRow::from(&flow);
            let changed = flows::table
                .filter(flows::workspace_id.eq(stored(workspace_id)))
                .filter(flows::id.eq(stored(flow_id)));
            on_backend!(connection, |conn| diesel::update(changed).set(&row).execute(conn).await)
                .or_error("change a flow")?;
            audit_events::updated(connection, origin, workspace_id, &before, &flow).await?;
        }
        match is_open {
            Some(true) => flow.require_may_join(who)?,
            Some(false) | None if is_changed => {}
            Some(false) | None => flow.require_listed(who)?,
        }
        if let (Some(is_open), Some(account_id)) = (is_open, asking) {
            if is_open && let Some(account) = find_account(connection, account_id).await? {
                insert_participants(connection, origin, &flow, &[(account_id, account.number)]).await?;
            }
            store_open(connection, origin, &flow, account_id, is_open).await?;
        }
        Ok(Some(flow))
    })
}

/// Sets whether a participant's clients show a flow.
async fn store_open(
    connection: &mut DbConnection,
    origin: &Origin,
    flow: &Flow,
    account_id: AccountId,
    is_open: bool,
) -> Result<()> {
    let Some(before) = find_membership(connection, flow, account_id).await? else {
        return Ok(());
    };
    let own = own_row!(flow, account_id);
    let change = flow_memberships::is_open.eq(is_open);
    on_backend!(connection, |conn| diesel::update(own).set(change).execute(conn).await)
        .or_error("open a flow")?;
    let after = FlowMembership { is_open, ..before.clone() };
    audit_events::updated(connection, origin, flow.workspace_id, &before, &after).await
}

async fn insert(
    connection: &mut DbConnection,
    origin: &Origin,
    workspace_id: WorkspaceId,
    new: &NewFlow,
    now: Timestamp,
) -> Result<Flow> {
    let NewFlow { name, description, access_mode } = new.clone();
    let wanted = Slug::suggested_by(name.as_str()).unwrap_or(Slug::from_stored("flow".to_owned()));
    let mut flow = Flow {
        id: FlowId::from_uuid(origin.source.ids.uuid()),
        workspace_id,
        slug: wanted.clone(),
        name,
        description,
        access_mode,
        is_archived: false,
        join_code: JoinCode::generate(&*origin.source.ids),
        created_at: now,
        updated_at: now,
    };
    let mut number = 1;
    loop {
        let row = FlowRow::from(&flow);
        let inserted = on_backend!(connection, |conn| {
            diesel::insert_into(flows::table).values(&row).on_conflict_do_nothing().execute(conn).await
        });
        if inserted.or_error("insert a flow")? == 1 {
            audit_events::created(connection, origin, workspace_id, &flow).await?;
            return Ok(flow);
        }
        number = next_number(number, origin);
        flow.slug = wanted.numbered(number);
    }
}

async fn require_room(connection: &mut DbConnection, workspace_id: WorkspaceId) -> Result<()> {
    let existing = flows::table
        .filter(flows::workspace_id.eq(stored(workspace_id)))
        .filter(flows::is_archived.eq(false))
        .count();
    let existing: i64 =
        on_backend!(connection, |conn| existing.get_result(conn).await).or_error("count flows")?;
    if existing < MAXIMUM_PER_WORKSPACE { Ok(()) } else { Err(Error::Conflict(Conflict::TooManyFlows)) }
}
