//! The rows of invitations.

use denizen_domain::{Coded as _, Error, Invitation, InvitationNumber, InvitationState, Result, Username};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::invitations;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations, treat_none_as_default_value = false)]
pub(super) struct InvitationRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) number: i64,
    pub(super) flow_id: StoredUuid,
    pub(super) email: String,
    pub(super) state: String,
    pub(super) created_at: StoredTime,
    pub(super) updated_at: StoredTime,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        let InvitationRow { workspace_id, number, flow_id, email, state, created_at, updated_at } = row;
        Ok(Self {
            number: InvitationNumber::from_stored(number),
            workspace_id: workspace_id.into(),
            flow_id: flow_id.into(),
            email: Username::from_stored(email),
            state: InvitationState::from_code(&state)
                .map_err(|problem| broken_row("invitations", "state", number, problem))?,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Invitation> for InvitationRow {
    fn from(invitation: &Invitation) -> Self {
        let Invitation { number, workspace_id, flow_id, email, state, created_at, updated_at } = invitation;
        Self {
            workspace_id: stored(*workspace_id),
            number: number.as_i64(),
            flow_id: stored(*flow_id),
            email: email.to_string(),
            state: state.to_string(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// Selects the invitations to a flow.
macro_rules! into {
    ($workspace_id:expr, $flow_id:expr) => {
        $crate::schema::invitations::table
            .filter($crate::schema::invitations::workspace_id.eq($crate::types::stored($workspace_id)))
            .filter($crate::schema::invitations::flow_id.eq($crate::types::stored($flow_id)))
    };
}
pub(super) use into;
