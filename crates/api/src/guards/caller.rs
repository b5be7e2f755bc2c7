//! Who is calling, and whether they may: extractors that a handler names in its signature.

use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use denizen_domain::{
    Account, AccountToken, Authority, BadRequest, Error, ExternalUser, ExternalUserId, Forbidden, Identifier,
    KeyHolder, Origin, Permission as Code, Reach, Reason, Right, Scope, Unauthenticated, Violation,
    Violations,
};
use denizen_persistence::account_tokens::SignedIn;
use denizen_persistence::{Asker, external_users};

use super::admission::Admission;
use crate::access::Access;
use crate::access::identity::{Identity, Person};
use crate::wire::context::Context;
use crate::wire::contract::Contract;
use crate::wire::error::ApiError;
use crate::wire::query::repeated;

/// What an operation asks of its caller, as a type that its handler names.
pub(crate) trait Permission: Send + Sync {
    /// What a handler may know of whoever has it.
    type Holder: Send;

    /// The holder, where it is one.
    fn admit(identity: Identity) -> Result<Self::Holder, Error>;
}

/// Whoever calls, and has the permission.
#[derive(Debug)]
pub(crate) struct Caller<P: Permission> {
    /// The API that the request speaks.
    pub(crate) contract: Contract,
    holder: P::Holder,
    origin: Origin,
}

impl<P: Permission> Caller<P> {
    /// Where a change comes from that it makes.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl<P: Permission> Deref for Caller<P> {
    type Target = P::Holder;

    fn deref(&self) -> &P::Holder {
        &self.holder
    }
}

impl<S: Sync, P: Permission> FromRequestParts<S> for Caller<P>
where
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = Context::of(parts)?;
        let admission = Admission::from_ref(state);
        let access = &admission.access;
        let identity = admission.identify(parts, &context.0).await?;
        let mut origin = context.0.origin(&access.source, identity.actor());
        if let Identity::Key(holder) = &identity {
            origin.acting_for = acted_for(access, holder, parts).await?;
        }
        Ok(Self { contract: context.0.contract, holder: P::admit(identity)?, origin })
    }
}

/// Scopes of keys. Everything that a handler does for a key, it does in the key's workspace.
macro_rules! scopes {
    ($($(#[$attribute:meta])* $name:ident => $scope:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl Permission for $name {
            type Holder = KeyHolder;

            fn admit(identity: Identity) -> Result<KeyHolder, Error> {
                require_scope(identity, Scope::$scope)
            }
        }
    )+};
}

scopes! {
    /// May see external users.
    CanReadExternalUsers => ReadExternalUsers,
    /// May make, change, block and delete external users.
    CanWriteExternalUsers => WriteExternalUsers,
    /// May give external users access tokens.
    CanAuthenticateExternalUsers => AuthenticateExternalUsers,
    /// May see channels, groups and tiers.
    CanReadSettings => ReadSettings,
    /// May make, change and remove channels, groups and tiers.
    CanWriteSettings => WriteSettings,
    /// May see, make, rotate and revoke keys.
    CanManageApiKeys => ManageApiKeys,
    /// May see the audit log.
    CanReadAuditEvents => ReadAuditEvents,
}

/// A token stands for one user, or one account, and opens nothing of a workspace that keys open.
fn require_scope(identity: Identity, scope: Scope) -> Result<KeyHolder, Error> {
    match identity {
        Identity::Key(holder) => holder.scopes.require(scope).map(|()| holder),
        Identity::ExternalUser(_) | Identity::Account(_) | Identity::Person(_) => {
            Err(Error::Forbidden(Forbidden::MissingScope(scope)))
        }
    }
}

/// An account that is logged in, and how far the right reaches that the operation asks for.
#[derive(Debug)]
pub(crate) struct AccountHolder {
    /// Who it is.
    pub(crate) account: Account,
    /// The token that says so.
    pub(crate) token: AccountToken,
    /// What it may do.
    pub(crate) authority: Authority,
    /// Where it may do what the operation does.
    pub(crate) reach: Reach,
    /// What lets it.
    right: Right,
}

impl AccountHolder {
    /// Who asks, for changes, which look at its rights again.
    pub(crate) fn asker(&self) -> Asker {
        Asker::LoggedIn { token_id: self.token.id, right: Some(self.right) }
    }
}

/// Rights of accounts: a permission that lets an operation be done everywhere, and one that lets it be done in the own
/// workspace, where there is such a one.
macro_rules! rights {
    ($($(#[$attribute:meta])* $name:ident => $right:expr),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl Permission for $name {
            type Holder = AccountHolder;

            fn admit(identity: Identity) -> Result<AccountHolder, Error> {
                require_right(identity, $right)
            }
        }
    )+};
}

rights! {
    /// May see accounts.
    CanReadAccounts => either(Code::IamAccountRead, Code::TenantAccountRead),
    /// May make accounts.
    CanCreateAccounts => either(Code::IamAccountCreate, Code::TenantAccountCreate),
    /// May change accounts.
    CanUpdateAccounts => either(Code::IamAccountUpdate, Code::TenantAccountUpdate),
    /// May delete accounts.
    CanDeleteAccounts => everywhere(Code::IamAccountDelete),
    /// May take members out of a workspace.
    CanRemoveMembers => either(Code::IamAccountDelete, Code::TenantAccountDelete),
    /// May see roles.
    CanReadRoles => either(Code::All, Code::TenantRolesRead),
    /// May make roles.
    CanCreateRoles => either(Code::All, Code::TenantRolesCreate),
    /// May change roles.
    CanUpdateRoles => either(Code::All, Code::TenantRolesUpdate),
    /// May delete roles.
    CanDeleteRoles => either(Code::All, Code::TenantRolesDelete),
    /// May see every workspace.
    CanReadWorkspaces => everywhere(Code::IamTenantRead),
    /// May make workspaces.
    CanCreateWorkspaces => everywhere(Code::IamTenantCreate),
    /// May see a workspace itself.
    CanReadProfile => either(Code::IamTenantRead, Code::TenantProfileRead),
    /// May change a workspace itself.
    CanUpdateProfile => either(Code::IamTenantUpdate, Code::TenantProfileUpdate),
    /// May delete workspaces.
    CanDeleteWorkspaces => everywhere(Code::IamTenantDelete),
    /// May see everybody's tokens.
    CanReadTokens => everywhere(Code::All),
    /// May make tokens for accounts.
    CanCreateTokens => everywhere(Code::IamTokenCreate),
    /// May look up whose a token is.
    CanIntrospectTokens => everywhere(Code::IamTokenIntrospect),
    /// May revoke everybody's tokens.
    CanDeleteTokens => everywhere(Code::IamTokenDelete),
}

/// A right that one permission gives everywhere, and another one in the own workspace.
const fn either(everywhere: Code, at_home: Code) -> Right {
    Right { everywhere, at_home: Some(at_home) }
}

/// A right that reaches everywhere or not at all.
const fn everywhere(permission: Code) -> Right {
    Right { everywhere: permission, at_home: None }
}

fn require_right(identity: Identity, right: Right) -> Result<AccountHolder, Error> {
    let Identity::Account(signed_in) = identity else {
        let missing = right.at_home.unwrap_or(right.everywhere);
        return Err(Error::Forbidden(Forbidden::MissingPermission(missing)));
    };
    let authority = signed_in.authority();
    let reach = authority.reach(right)?;
    let SignedIn { account, token, .. } = *signed_in;
    Ok(AccountHolder { account, token, authority, reach, right })
}

/// Is logged in, whatever it may do. Reaches nothing but itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsLoggedIn;

impl Permission for IsLoggedIn {
    type Holder = Box<SignedIn>;

    fn admit(identity: Identity) -> Result<Box<SignedIn>, Error> {
        match identity {
            Identity::Account(signed_in) => Ok(signed_in),
            Identity::Key(_) | Identity::ExternalUser(_) | Identity::Person(_) => {
                Err(Error::Unauthenticated(Unauthenticated::NotLoggedIn))
            }
        }
    }
}

/// Is a person, whatever it may do: has an account, and has sent a token of it, or its username and password. What it may
/// do depends on the organization or the flow that the request is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsPerson;

impl Permission for IsPerson {
    type Holder = Person;

    fn admit(identity: Identity) -> Result<Person, Error> {
        match identity {
            Identity::Account(signed_in) => Ok(Person::from(*signed_in)),
            Identity::Person(person) => Ok(*person),
            Identity::Key(_) | Identity::ExternalUser(_) => {
                Err(Error::Unauthenticated(Unauthenticated::NoBasicCredential))
            }
        }
    }
}

/// The external user in whose context a request runs: the one whose token it carries, or the one that a key names with
/// `x-username`, made where the name is new and the key may make users.
#[derive(Debug)]
pub(crate) struct ActingUser {
    /// The user; never a blocked one.
    pub(crate) user: ExternalUser,
    /// The API that the request speaks.
    pub(crate) contract: Contract,
}

impl<S: Sync> FromRequestParts<S> for ActingUser
where
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = Context::of(parts)?;
        let admission = Admission::from_ref(state);
        let access = &admission.access;
        let identity = admission.identify(parts, &context.0).await?;
        let origin = context.0.origin(&access.source, identity.actor());
        let user = match identity {
            Identity::ExternalUser(user) => *user,
            Identity::Key(holder) => {
                holder.scopes.require(Scope::ReadExternalUsers)?;
                named(access, &origin, &holder, &username(&parts.headers)?).await?
            }
            Identity::Account(_) | Identity::Person(_) => {
                let missing = Forbidden::MissingScope(Scope::ReadExternalUsers);
                return Err(Error::Forbidden(missing).into());
            }
        };
        user.require_unblocked(access.source.clock.now())?;
        Ok(Self { user, contract: context.0.contract })
    }
}

/// The external user in whose context a key says that it writes, where there is one of this name. It changes nothing of what
/// the key may do, and is noted with what it does.
async fn acted_for(
    access: &Access,
    holder: &KeyHolder,
    parts: &Parts,
) -> Result<Option<ExternalUserId>, ApiError> {
    if parts.method.is_safe() || !parts.headers.contains_key(&USERNAME) {
        return Ok(None);
    }
    let Ok(username) = username(&parts.headers) else { return Ok(None) };
    let connection = &mut access.database.read().await?;
    let user = external_users::find_by_username(connection, holder.workspace_id, username.as_str()).await?;
    Ok(user.map(|user| user.id))
}

async fn named(
    access: &Access,
    origin: &Origin,
    holder: &KeyHolder,
    username: &Identifier,
) -> Result<ExternalUser, ApiError> {
    let workspace_id = holder.workspace_id;
    {
        let connection = &mut access.database.read().await?;
        if let Some(user) =
            external_users::find_by_username(connection, workspace_id, username.as_str()).await?
        {
            return Ok(user);
        }
    }
    // Acting for somebody never widens what the key may do, and that includes making them.
    holder.scopes.require(Scope::WriteExternalUsers)?;
    let connection = &mut access.database.write().await?;
    let (user, _) =
        external_users::find_or_create_by_username(connection, origin, workspace_id, username).await?;
    Ok(user)
}

/// The header that names the external user to act for.
pub(crate) const USERNAME: HeaderName = HeaderName::from_static("x-username");

fn username(headers: &HeaderMap) -> Result<Identifier, Error> {
    let invalid =
        |violation| Error::BadRequest(BadRequest::InvalidParameters(Violations::of("x-username", violation)));
    let missing = || invalid(Violation::new(Reason::Required, "must name the external user to act for"));
    let not_text = |_| invalid(Violation::new(Reason::InvalidCharacters, "must be UTF-8"));
    let mut values = headers.get_all(&USERNAME).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(invalid(repeated()));
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(not_text)?;
    Identifier::parse(text).map_err(invalid)
}
