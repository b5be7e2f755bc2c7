//! Flows, who is in them, and invitations, as the Flowdock contract shows them.

use std::collections::BTreeMap;

use denizen_domain::{
    AccountNumber, Coded as _, Flow, FlowId, Invitation, Place, Profile, Result, WorkspaceId,
};
use denizen_persistence::flows::{self, FlowListing, FlowUser};
use denizen_persistence::{DbConnection, organizations};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contracts::flowdock::organizations::answer::{OrganizationSummary, User};
use crate::contracts::samples;
use crate::state::AppState;
use crate::wire::context::RequestContext;
use crate::wire::stream::{self, Batch, Batches, Nested};

/// A flow, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flow, example = samples::flow)]
pub(crate) struct FlowAnswer {
    /// Its id, a UUID of version 4.
    id: Uuid,
    /// Its name for people.
    name: String,
    /// Its name in addresses, made of the first name that it had.
    parameterized_name: String,
    /// The organization that it belongs to.
    organization: OrganizationSummary,
    /// How many unread messages mention the caller; 0, since the directory keeps no messages.
    unread_mentions: u32,
    /// Whether programs show it to the caller.
    open: bool,
    /// Whether the caller is in it.
    joined: bool,
    /// Its address.
    url: String,
    /// The same, since there are no pages for people.
    web_url: String,
    /// Where whoever is logged in joins it, with POST. Absent where its access mode is `invitation`, and where it is
    /// archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    join_url: Option<String>,
    /// How people come into it.
    #[schema(value_type = AccessModeCode)]
    access_mode: &'static str,
    /// What it is for; may be empty.
    description: String,
    /// Whether it is archived.
    disabled: bool,
    /// The address that mail to it goes to; null, since the directory takes no mail.
    #[schema(required)]
    email: Option<String>,
}

/// How people come into a flow.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = AccessMode)]
#[expect(dead_code, reason = "what the document shows; the answer holds the domain's own code")]
pub(crate) enum AccessModeCode {
    /// They are invited, or added by those who have access.
    Invitation,
    /// Whoever has the link may join, too.
    Link,
    /// Whoever has the link may join, and so may every member of the organization.
    Organization,
}

/// A flow in a list.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::flow_with_users)]
// What the document shows; answers send the users while they are read, behind the rest.
pub(crate) struct ListedFlow {
    #[serde(flatten)]
    flow: FlowAnswer,
    /// Everybody in it, the blocked among them, by their numbers. Only with `users=1`.
    #[schema(value_type = Vec<FlowUserAnswer>, required = false)]
    users: Option<Vec<FlowUserAnswer>>,
}

/// A flow, and everybody in it.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::flow_with_users)]
// The same.
pub(crate) struct FlowWithUsers {
    #[serde(flatten)]
    flow: FlowAnswer,
    /// Everybody in it, the blocked among them, by their numbers.
    users: Vec<FlowUserAnswer>,
}

impl FlowAnswer {
    /// A flow of an organization with so many members.
    pub(super) fn of(listing: &FlowListing, user_count: i64, context: &RequestContext) -> Self {
        let FlowListing { organization, flow, place, is_open } = listing;
        let url = url(listing, context);
        let join_url = flow.open_join_code().map(|code| format!("{url}/join/{}", code.expose()));
        let Flow {
            id,
            workspace_id: _,
            slug,
            name,
            description,
            access_mode,
            is_archived,
            join_code: _,
            created_at: _,
            updated_at: _,
        } = flow;
        Self {
            id: id.as_uuid(),
            name: name.to_string(),
            parameterized_name: slug.to_string(),
            organization: OrganizationSummary::of(&organization.workspace, user_count, context),
            unread_mentions: 0,
            open: *is_open,
            joined: *place == Place::Joined,
            web_url: url.clone(),
            url,
            join_url,
            access_mode: access_mode.code(),
            description: description.to_string(),
            disabled: *is_archived,
            email: None,
        }
    }

    /// A flow of an organization whose members are still to be counted.
    pub(super) async fn counted(
        connection: &mut DbConnection,
        listing: &FlowListing,
        context: &RequestContext,
    ) -> Result<Self> {
        let id = listing.organization.workspace.id;
        let counts = organizations::member_counts(connection, &[id]).await?;
        Ok(Self::of(listing, counts.get(&id).copied().unwrap_or_default(), context))
    }

    /// With everybody in it.
    pub(super) fn with_users(self, flow: &Flow) -> Nested<Self, FlowUserList> {
        let list = FlowUserList { workspace_id: flow.workspace_id, flow_id: flow.id };
        Nested { object: self, key: "users", list }
    }
}

/// The address of a flow.
pub(super) fn url(listing: &FlowListing, context: &RequestContext) -> String {
    let FlowListing { organization, flow, .. } = listing;
    format!("{}/flows/{}/{}", context.base_url, organization.workspace.slug, flow.slug)
}

/// Somebody in a flow, or blocked from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowUser, example = samples::flow_user)]
pub(crate) struct FlowUserAnswer {
    #[serde(flatten)]
    user: User,
    /// What they say that they are doing; null, since the directory keeps no messages.
    #[schema(required)]
    status: Option<String>,
    /// Whether they are blocked from the flow.
    disabled: bool,
    /// Whether they are in the flow: all but the blocked.
    in_flow: bool,
    /// When they last did something, in milliseconds; null, since the directory does not watch.
    #[schema(required)]
    last_activity: Option<i64>,
    /// When they were last there, in milliseconds; null, since the directory does not watch.
    #[schema(required)]
    last_ping: Option<i64>,
}

impl FlowUserAnswer {
    /// Somebody who just came into a flow.
    pub(super) fn added(profile: Profile) -> Self {
        Self::from(FlowUser { profile, is_blocked: false })
    }
}

impl From<FlowUser> for FlowUserAnswer {
    fn from(user: FlowUser) -> Self {
        let FlowUser { profile, is_blocked } = user;
        Self {
            user: profile.into(),
            status: None,
            disabled: is_blocked,
            in_flow: !is_blocked,
            last_activity: None,
            last_ping: None,
        }
    }
}

/// Everybody in a flow, the blocked among them, by their numbers.
pub(crate) struct FlowUserList {
    /// The workspace that the flow belongs to.
    pub(super) workspace_id: WorkspaceId,
    /// The flow.
    pub(super) flow_id: FlowId,
}

impl Batches for FlowUserList {
    type Item = FlowUserAnswer;
    type Shared = AppState;
    type Place = AccountNumber;

    async fn read(
        &self,
        state: &AppState,
        after: Option<AccountNumber>,
    ) -> Result<Batch<FlowUserAnswer, AccountNumber>> {
        let connection = &mut state.database().read().await?;
        let users =
            flows::list_users(connection, self.workspace_id, self.flow_id, after, stream::READ).await?;
        let slice = stream::cut(users);
        Ok(Batch::of(slice, |user| user.profile.number, FlowUserAnswer::from))
    }
}

/// An invitation into a flow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation, example = samples::invitation)]
pub(crate) struct InvitationAnswer {
    /// Its number.
    id: i64,
    /// How far it has come.
    #[schema(value_type = InvitationStateCode)]
    state: &'static str,
    /// The address that was invited.
    #[schema(format = "email")]
    email: String,
    /// The id of the flow.
    flow: Uuid,
    /// Its address.
    url: String,
}

/// How far an invitation has come.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = InvitationState)]
#[expect(dead_code, reason = "what the document shows; the answer holds the domain's own code")]
pub(crate) enum InvitationStateCode {
    /// Nobody with this address is in the flow yet.
    Pending,
    /// Whoever was invited has come into the flow.
    Accepted,
}

impl InvitationAnswer {
    /// An invitation into the flow of this address.
    pub(super) fn of(invitation: Invitation, flow_url: &str) -> Self {
        let Invitation { number, workspace_id: _, flow_id, email, state, created_at: _, updated_at: _ } =
            invitation;
        Self {
            id: number.as_i64(),
            state: state.code(),
            email: email.into_string(),
            flow: flow_id.as_uuid(),
            url: format!("{flow_url}/invitations/{number}"),
        }
    }
}

/// What came of a list of addresses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::imported_invitations)]
pub(crate) struct ImportedInvitations {
    /// The pending invitations of the addresses, those among them that were there before.
    pub(super) invitations: Vec<InvitationAnswer>,
    /// Those who are members of the organization, and came into the flow at once.
    pub(super) added_users: Vec<FlowUserAnswer>,
    /// The other entries, each an object with the entry as its only key, and what is wrong with it.
    pub(super) erroneous_emails: Vec<BTreeMap<String, String>>,
}
