//! The rows of memberships.

use denizen_domain::Membership;
use diesel::prelude::*;

use crate::schema::memberships;
use crate::types::{StoredTime, StoredUuid};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
pub(super) struct MembershipRow {
    pub(super) workspace_id: StoredUuid,
    pub(super) account_id: StoredUuid,
    pub(super) is_admin: bool,
    pub(super) created_at: StoredTime,
    pub(super) account_number: Option<i64>,
    pub(super) is_vouched_for: bool,
}

impl From<MembershipRow> for Membership {
    fn from(row: MembershipRow) -> Self {
        let MembershipRow {
            workspace_id,
            account_id,
            is_admin,
            created_at,
            account_number: _,
            is_vouched_for,
        } = row;
        Self {
            workspace_id: workspace_id.into(),
            account_id: account_id.into(),
            is_admin,
            is_vouched_for,
            created_at: created_at.into(),
        }
    }
}
