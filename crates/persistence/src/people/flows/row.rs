//! The rows of flows.

use denizen_domain::{
    AccessMode, Coded as _, Error, Flow, FlowDescription, FlowName, JoinCode, Result, Slug,
};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::flows;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = flows, treat_none_as_default_value = false)]
pub(super) struct FlowRow {
    workspace_id: StoredUuid,
    pub(super) id: StoredUuid,
    slug: String,
    name: String,
    name_folded: String,
    description: String,
    access_mode: String,
    is_archived: bool,
    join_code: String,
    created_at: StoredTime,
    updated_at: StoredTime,
}

impl TryFrom<FlowRow> for Flow {
    type Error = Error;

    fn try_from(row: FlowRow) -> Result<Self> {
        let FlowRow {
            workspace_id,
            id,
            slug,
            name,
            name_folded: _,
            description,
            access_mode,
            is_archived,
            join_code,
            created_at,
            updated_at,
        } = row;
        Ok(Self {
            id: id.into(),
            workspace_id: workspace_id.into(),
            slug: Slug::from_stored(slug),
            name: FlowName::from_stored(name),
            description: FlowDescription::from_stored(description),
            access_mode: AccessMode::from_code(&access_mode)
                .map_err(|problem| broken_row("flows", "access_mode", id, problem))?,
            is_archived,
            join_code: JoinCode::from_stored(join_code),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        })
    }
}

impl From<&Flow> for FlowRow {
    fn from(flow: &Flow) -> Self {
        let Flow {
            id,
            workspace_id,
            slug,
            name,
            description,
            access_mode,
            is_archived,
            join_code,
            created_at,
            updated_at,
        } = flow;
        Self {
            workspace_id: stored(*workspace_id),
            id: stored(*id),
            slug: slug.to_string(),
            name: name.to_string(),
            name_folded: name.folded(),
            description: description.to_string(),
            access_mode: access_mode.to_string(),
            is_archived: *is_archived,
            join_code: join_code.expose().to_owned(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}
