//! Users and organizations as the Flowdock contract shows them.

use denizen_domain::{Profile, Workspace};
use denizen_persistence::organizations::OrganizationUser;
use serde::Serialize;
use utoipa::ToSchema;

use crate::contracts::samples;
use crate::wire::context::RequestContext;

/// A person who logs in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowdockUser, example = samples::flowdock_user)]
pub(crate) struct User {
    /// Its number.
    #[schema(example = 9)]
    id: i64,
    /// The address that it logs in with.
    #[schema(example = "jane.doe@example.com")]
    email: String,
    /// First and last name.
    #[schema(example = "Jane Doe")]
    name: String,
    /// What it is called in conversations; the first name where it has chosen nothing.
    #[schema(example = "Jane")]
    nick: String,
    /// The address of a picture.
    #[schema(required, example = "https://example.com/avatars/jane.jpg")]
    avatar: Option<String>,
    /// The address of its own page.
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
    /// Whether it administers the organization.
    admin: bool,
}

impl From<OrganizationUser> for Member {
    fn from(user: OrganizationUser) -> Self {
        let OrganizationUser { profile, is_admin } = user;
        Self { user: profile.into(), admin: is_admin }
    }
}

/// An organization, as its flows show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrganizationSummary {
    /// Its number.
    #[schema(example = 42)]
    id: i64,
    /// Its name in addresses.
    #[schema(example = "acme")]
    parameterized_name: String,
    /// Its name for people.
    #[schema(example = "Acme")]
    name: String,
    /// The most members that it may have; 0, since there is no such limit.
    #[schema(example = 0)]
    user_limit: i64,
    /// How many members it has.
    #[schema(example = 10)]
    user_count: i64,
    /// Whether it is in use. One that is not does not show.
    active: bool,
    /// Its address.
    #[schema(example = "http://127.0.0.1:8080/organizations/acme")]
    url: String,
}

impl OrganizationSummary {
    /// A workspace with so many members.
    pub(crate) fn of(workspace: &Workspace, user_count: i64, context: &RequestContext) -> Self {
        Self {
            id: workspace.number.as_i64(),
            parameterized_name: workspace.slug.to_string(),
            name: workspace.name.to_string(),
            user_limit: 0,
            user_count,
            active: workspace.status == denizen_domain::Status::Active,
            url: format!("{}/organizations/{}", context.base_url, workspace.slug),
        }
    }
}

/// An organization, with its members.
#[derive(Serialize, ToSchema)]
#[schema(example = samples::organization)]
// What the document shows; answers send the members while they are read, behind the rest.
pub(crate) struct Organization {
    #[serde(flatten)]
    rest: OrganizationHead,
    /// Its members, by their numbers.
    users: Vec<Member>,
}

/// An organization, without its members.
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

/// What an organization pays for, which is nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    /// Whether it is being tried out. It never is.
    #[schema(example = false)]
    trial: bool,
}

/// The answer to what was done: an empty object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmptyObject {}
