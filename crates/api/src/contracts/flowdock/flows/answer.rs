//! Flows, their users and invitations, as the Flowdock contract shows them.

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
    /// Its id, a UUID v4.
    id: Uuid,
    /// Display name.
    name: String,
    /// Its name in URLs, derived from its first name.
    parameterized_name: String,
    /// The organization that owns it.
    organization: OrganizationSummary,
    /// Unread messages that mention the caller; always 0, since the directory keeps no messages.
    unread_mentions: u32,
    /// Whether clients show it to the caller.
    open: bool,
    /// Whether the caller is in it.
    joined: bool,
    /// Its URL.
    url: String,
    /// Same as `url`, since there are no web pages.
    web_url: String,
    /// Where logged-in callers join it, with POST. Absent if the access mode is `invitation` or the flow is archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    join_url: Option<String>,
    /// How people join it.
    #[schema(value_type = AccessModeCode)]
    access_mode: &'static str,
    /// Purpose; may be empty.
    description: String,
    /// Whether it is archived.
    disabled: bool,
    /// The flow's e-mail address; always null, since the directory takes no mail.
    #[schema(required)]
    email: Option<String>,
}

/// How people join a flow.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = AccessMode)]
#[expect(dead_code, reason = "documents the type; responses hold the domain's code")]
pub(crate) enum AccessModeCode {
    /// Members are invited, or added by those with access.
    Invitation,
    /// Anyone with the link may also join.
    Link,
    /// Anyone with the link and every member of the organization may join.
    Organization,
}

/// A flow in a list.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::flow_with_users)]
// Only documents the shape; responses stream the users after the other fields.
pub(crate) struct ListedFlow {
    #[serde(flatten)]
    flow: FlowAnswer,
    /// All its users, ordered by number, including blocked ones. Only with `users=1`.
    #[schema(value_type = Vec<FlowUserAnswer>, required = false)]
    users: Option<Vec<FlowUserAnswer>>,
}

/// A flow with its users.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::flow_with_users)]
// As above.
pub(crate) struct FlowWithUsers {
    #[serde(flatten)]
    flow: FlowAnswer,
    /// All its users, ordered by number, including blocked ones.
    users: Vec<FlowUserAnswer>,
}

impl FlowAnswer {
    /// A flow of an organization with this many members.
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

    /// Like [`of`](Self::of), but counts the organization's members.
    pub(super) async fn counted(
        connection: &mut DbConnection,
        listing: &FlowListing,
        context: &RequestContext,
    ) -> Result<Self> {
        let id = listing.organization.workspace.id;
        let counts = organizations::member_counts(connection, &[id]).await?;
        Ok(Self::of(listing, counts.get(&id).copied().unwrap_or_default(), context))
    }

    /// Adds the flow's users.
    pub(super) fn with_users(self, flow: &Flow) -> Nested<Self, FlowUserList> {
        let list = FlowUserList { workspace_id: flow.workspace_id, flow_id: flow.id };
        Nested { object: self, key: "users", list }
    }
}

/// Returns the URL of a flow.
pub(super) fn url(listing: &FlowListing, context: &RequestContext) -> String {
    let FlowListing { organization, flow, .. } = listing;
    format!("{}/flows/{}/{}", context.base_url(), organization.workspace.slug, flow.slug)
}

/// A user of a flow, or blocked from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowUser, example = samples::flow_user)]
pub(crate) struct FlowUserAnswer {
    #[serde(flatten)]
    user: User,
    /// What the user is doing; always null, since the directory keeps no messages.
    #[schema(required)]
    status: Option<String>,
    /// Whether the user is blocked from the flow.
    disabled: bool,
    /// Whether the user is in the flow and not blocked.
    in_flow: bool,
    /// Time of the last activity, in milliseconds; always null, since it is not tracked.
    #[schema(required)]
    last_activity: Option<i64>,
    /// Time last seen, in milliseconds; always null, since it is not tracked.
    #[schema(required)]
    last_ping: Option<i64>,
}

impl FlowUserAnswer {
    /// A user who just joined a flow.
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

/// All users of a flow, ordered by number, including blocked ones.
pub(crate) struct FlowUserList {
    /// The workspace that owns the flow.
    pub(super) workspace_id: WorkspaceId,
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

/// An invitation to a flow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation, example = samples::invitation)]
pub(crate) struct InvitationAnswer {
    /// Its number.
    id: i64,
    /// Its state.
    #[schema(value_type = InvitationStateCode)]
    state: &'static str,
    /// The invited address.
    #[schema(format = "email")]
    email: String,
    /// The flow's id.
    flow: Uuid,
    /// Its URL.
    url: String,
}

/// State of an invitation.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = InvitationState)]
#[expect(dead_code, reason = "documents the type; responses hold the domain's code")]
pub(crate) enum InvitationStateCode {
    /// Nobody with this address is in the flow yet.
    Pending,
    /// The invited person has joined the flow.
    Accepted,
}

impl InvitationAnswer {
    /// An invitation to the flow with this URL.
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

/// Result of an import of addresses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::imported_invitations)]
pub(crate) struct ImportedInvitations {
    /// The pending invitations of these addresses, including those that already existed.
    pub(super) invitations: Vec<InvitationAnswer>,
    /// Members of the organization who were added to the flow at once.
    pub(super) added_users: Vec<FlowUserAnswer>,
    /// The other entries. Each is an object with the entry as its only key and the error as its value.
    pub(super) erroneous_emails: Vec<BTreeMap<String, String>>,
}
