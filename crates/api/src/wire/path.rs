//! Path parameters.

use std::str::FromStr;

use axum::extract::{FromRequestParts, MatchedPath, Path};
use axum::http::request::Parts;
use denizen_domain::{
    AccountId, AccountNumber, AccountTokenId, ApiKeyId, AuthConfigId, ChannelId, ConnectedAccountId, Error,
    ExecutionId, ExternalUserGroupId, ExternalUserId, InvitationNumber, JobId, Reason, Resource, RoleId,
    SuperIdentityId, TierId, Violation, WebhookEndpointId, WorkflowId, WorkflowTemplateId, WorkspaceId,
};

use super::error::{self, ApiError};

/// All parameters of a path in order, percent-decoded. Invalid UTF-8 and NUL are bad requests.
pub(crate) struct PathTexts<const COUNT: usize>(pub(crate) [String; COUNT]);

impl<S: Send + Sync, const COUNT: usize> FromRequestParts<S> for PathTexts<COUNT> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<Vec<String>>::from_request_parts(parts, state).await {
            Ok(Path(texts)) if !texts.iter().any(|text| text.contains('\0')) => {
                let miscounted =
                    |texts: Vec<_>| Error::Internal(format!("the path has {} parameters", texts.len()));
                Ok(Self(texts.try_into().map_err(miscounted)?))
            }
            Ok(_) | Err(_) => Err(unreadable(parts).into()),
        }
    }
}

/// The only parameter of a path. If the route has none because it is fixed, like `/users/bulk` beside `/users/{id}`,
/// this is its last segment.
pub(crate) struct PathText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(text) = parts.extensions.get::<MatchedPath>().and_then(fixed_text) {
            return Ok(Self(text));
        }
        let PathTexts([text]) = PathTexts::from_request_parts(parts, state).await?;
        Ok(Self(text))
    }
}

/// The last segment of a route without parameters.
fn fixed_text(path: &MatchedPath) -> Option<String> {
    let path = path.as_str();
    if path.contains('{') { None } else { path.rsplit('/').next().map(str::to_owned) }
}

/// An id in a path. Anything but a UUID is not found.
pub(crate) struct PathId<I>(pub(crate) I);

/// An id or number in paths.
pub(crate) trait AddressedId: FromStr + Send {
    /// The resource it names.
    const RESOURCE: Resource;
}

impl AddressedId for ExternalUserId {
    const RESOURCE: Resource = Resource::ExternalUser;
}

impl AddressedId for JobId {
    const RESOURCE: Resource = Resource::Job;
}

impl AddressedId for AuthConfigId {
    const RESOURCE: Resource = Resource::AuthConfig;
}

impl AddressedId for ConnectedAccountId {
    const RESOURCE: Resource = Resource::ConnectedAccount;
}

impl AddressedId for WebhookEndpointId {
    const RESOURCE: Resource = Resource::WebhookEndpoint;
}

impl AddressedId for ExternalUserGroupId {
    const RESOURCE: Resource = Resource::ExternalUserGroup;
}

impl AddressedId for TierId {
    const RESOURCE: Resource = Resource::Tier;
}

impl AddressedId for SuperIdentityId {
    const RESOURCE: Resource = Resource::SuperIdentity;
}

impl AddressedId for ChannelId {
    const RESOURCE: Resource = Resource::Channel;
}

impl AddressedId for ApiKeyId {
    const RESOURCE: Resource = Resource::ApiKey;
}

impl AddressedId for AccountId {
    const RESOURCE: Resource = Resource::Account;
}

impl AddressedId for AccountNumber {
    const RESOURCE: Resource = Resource::Account;
}

impl AddressedId for AccountTokenId {
    const RESOURCE: Resource = Resource::AccountToken;
}

impl AddressedId for RoleId {
    const RESOURCE: Resource = Resource::Role;
}

impl AddressedId for WorkspaceId {
    const RESOURCE: Resource = Resource::Workspace;
}

impl AddressedId for WorkflowId {
    const RESOURCE: Resource = Resource::Workflow;
}

impl AddressedId for ExecutionId {
    const RESOURCE: Resource = Resource::Execution;
}

impl AddressedId for WorkflowTemplateId {
    const RESOURCE: Resource = Resource::WorkflowTemplate;
}

impl AddressedId for InvitationNumber {
    const RESOURCE: Resource = Resource::Invitation;
}

impl<S: Send + Sync, I: AddressedId> FromRequestParts<S> for PathId<I> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        Ok(Self(addressed(&text)?))
    }
}

/// Two ids in a path: an object and one within it.
pub(crate) struct PathIds<I, J>(pub(crate) I, pub(crate) J);

impl<S: Send + Sync, I: AddressedId, J: AddressedId> FromRequestParts<S> for PathIds<I, J> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let PathTexts([outer, inner]) = PathTexts::from_request_parts(parts, state).await?;
        Ok(Self(addressed(&outer)?, addressed(&inner)?))
    }
}

/// Parses an id or number in a path. Invalid ones are not found.
pub(crate) fn addressed<I: AddressedId>(text: &str) -> Result<I, Error> {
    text.parse().map_err(|_| Error::not_found(I::RESOURCE, text))
}

fn unreadable(parts: &Parts) -> Error {
    let pattern = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // With several, the invalid one is unknown.
    let name = match pattern.split(['{', '}']).collect::<Vec<_>>()[..] {
        [_, name, _] => name,
        _ => "path",
    };
    error::invalid(
        name,
        Violation::new(Reason::InvalidCharacters, "must be UTF-8, percent-encoded, without NUL"),
    )
}
