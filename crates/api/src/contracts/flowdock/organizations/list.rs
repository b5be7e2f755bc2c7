//! Listing organizations.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{AccountId, Result, Workspace, WorkspaceNumber};
use denizen_persistence::organizations;

use super::answer::{Organization, OrganizationHead};
use super::get::nested;
use super::members::MemberList;
use crate::guards::caller::{Caller, IsPerson};
use crate::state::AppState;
use crate::wire::context::{Context, RequestContext};
use crate::wire::error::ApiResult;
use crate::wire::stream::{self, Batch, Batches, Nested};

/// Lists organizations
///
/// Streams the organizations of which the caller is a member, ordered by number, each with all its members.
#[utoipa::path(get, path = "/organizations", operation_id = "organizations.list", tag = "Organizations",
    responses((status = 200, body = Vec<Organization>)),
    security(("basic" = []), ("account_token" = [])))]
pub(crate) async fn list(
    caller: Caller<IsPerson>,
    State(state): State<AppState>,
    Context(context): Context,
) -> ApiResult<Response> {
    let list = OrganizationList { account_id: caller.account.id, context };
    Ok(stream::json_array(&state, list, None).await?)
}

/// The organizations that an account is a member of.
struct OrganizationList {
    account_id: AccountId,
    context: Arc<RequestContext>,
}

impl Batches for OrganizationList {
    type Item = Nested<OrganizationHead, MemberList>;
    type Shared = AppState;
    type Place = WorkspaceNumber;

    async fn read(
        &self,
        state: &AppState,
        after: Option<WorkspaceNumber>,
    ) -> Result<Batch<Self::Item, WorkspaceNumber>> {
        let connection = &mut state.database().read().await?;
        let found = organizations::list(connection, self.account_id, after, stream::READ).await?;
        let slice = stream::cut(found);
        let ids: Vec<_> = slice.items.iter().map(|found| found.workspace.id).collect();
        let counts = organizations::member_counts(connection, &ids).await?;
        let count = |workspace: &Workspace| counts.get(&workspace.id).copied().unwrap_or_default();
        Ok(Batch::of(
            slice,
            |found| found.workspace.number,
            |found| nested(&found.workspace, count(&found.workspace), &self.context),
        ))
    }
}
