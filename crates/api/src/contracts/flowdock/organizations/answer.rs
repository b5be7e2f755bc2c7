//! Users and organizations as the Flowdock contract shows them.

use denizen_domain::{Profile, Workspace};
use denizen_persistence::organizations::OrganizationUser;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contracts::samples;
use crate::wire::context::RequestContext;

/// A person with an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowdockUser, example = samples::flowdock_user)]
pub(crate) struct User {
    /// Its number.
    #[schema(example = 9)]
    id: i64,
    /// The e-mail address used to log in.
    #[schema(example = "jane.doe@example.com")]
    email: String,
    /// First and last name.
    #[schema(example = "Jane Doe")]
    name: String,
    /// Name in conversations; defaults to the first name.
    #[schema(example = "Jane")]
    nick: String,
    /// URL of a picture.
    #[schema(required, example = "https://example.com/avatars/jane.jpg")]
    avatar: Option<String>,
    /// URL of a website.
    #[schema(required, example = "https://example.com/")]
    website: Option<String>,
}

impl From<Profile> for User {
    fn from(profile: Profile) -> Self {
        let (name, nick) = (profile.full_name(), profile.called().to_owned());
        let Profile {
            account_id: _,
            number,
            username,
            first_name: _,
            last_name: _,
            nick: _,
            avatar,
            website,
        } = profile;
        Self {
            id: number.as_i64(),
            email: username.into_string(),
            name,
            nick,
            avatar: avatar.map(denizen_domain::Avatar::into_string),
            website: website.map(denizen_domain::Website::into_string),
        }
    }
}

/// A member of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    #[serde(flatten)]
    user: User,
    /// Whether the user is an administrator.
    admin: bool,
}

impl From<OrganizationUser> for Member {
    fn from(user: OrganizationUser) -> Self {
        let OrganizationUser { profile, is_admin } = user;
        Self { user: profile.into(), admin: is_admin }
    }
}

/// An organization, as shown with its flows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrganizationSummary {
    /// Its number.
    #[schema(example = 42)]
    id: i64,
    /// Its name in URLs.
    #[schema(example = "acme")]
    parameterized_name: String,
    /// Display name.
    #[schema(example = "Acme")]
    name: String,
    /// Maximum members; always 0, since there is no limit.
    #[schema(example = 0)]
    user_limit: i64,
    /// Number of members.
    #[schema(example = 10)]
    user_count: i64,
    /// Whether it is active. Inactive ones are not shown.
    active: bool,
    /// Its URL.
    #[schema(example = "http://127.0.0.1:8080/organizations/acme")]
    url: String,
}

impl OrganizationSummary {
    /// A workspace with this many members.
    pub(crate) fn of(workspace: &Workspace, user_count: i64, context: &RequestContext) -> Self {
        Self {
            id: workspace.number.as_i64(),
            parameterized_name: workspace.slug.to_string(),
            name: workspace.name.to_string(),
            user_limit: 0,
            user_count,
            active: workspace.status == denizen_domain::Status::Active,
            url: format!("{}/organizations/{}", context.base_url(), workspace.slug),
        }
    }
}

/// An organization with its members.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::organization)]
// Only documents the shape; responses stream the members after the other fields.
pub(crate) struct Organization {
    #[serde(flatten)]
    rest: OrganizationHead,
    /// Its members, ordered by number.
    users: Vec<Member>,
}

/// An organization without its members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationHead {
    #[serde(flatten)]
    summary: OrganizationSummary,
    subscription: Subscription,
}

impl From<OrganizationSummary> for OrganizationHead {
    fn from(summary: OrganizationSummary) -> Self {
        Self { summary, subscription: Subscription { trial: false } }
    }
}

/// An organization's subscription, always free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    /// Whether it is a trial; always false.
    #[schema(example = false)]
    trial: bool,
}

/// An empty object, returned after a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmptyObject {}
