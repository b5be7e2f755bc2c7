//! Extractors that identify the caller and check its permissions.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use denizen_domain::{
    Account, AccountToken, Authority, BadRequest, Error, ExternalUser, ExternalUserId, Forbidden, Identifier,
    KeyHolder, Origin, Permission as Code, Reach, Reason, Resource, Right, Scope, Unauthenticated, Violation,
    Violations,
};
use denizen_persistence::account_tokens::SignedIn;
use denizen_persistence::{Asker, ExternalUserName, external_users};

use super::admission::Admission;
use crate::access::Access;
use crate::access::identity::{Identity, Person};
use crate::wire::context::{Context, RequestContext};
use crate::wire::contract::Contract;
use crate::wire::error::ApiError;
use crate::wire::query::repeated;

/// A permission that an operation requires, named in the handler.
pub(crate) trait Permission: Send + Sync {
    /// What the handler learns about the caller.
    type Holder: Send;

    /// Returns the holder, or fails.
    fn admit(identity: Identity) -> Result<Self::Holder, Error>;
}

/// A caller with the permission.
#[derive(Debug)]
pub(crate) struct Caller<P: Permission> {
    /// The contract of the request.
    pub(crate) contract: Contract,
    holder: P::Holder,
    origin: Origin,
}

impl<P: Permission> Caller<P> {
    /// Returns the origin of the caller's changes.
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

/// Scopes of keys. A key's handlers act only in its workspace.
macro_rules! scopes {
    ($($(#[$attribute:meta])* $name:ident => $scope:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl Permission for $name {
            type Holder = Arc<KeyHolder>;

            fn admit(identity: Identity) -> Result<Arc<KeyHolder>, Error> {
                require_scope(identity, Scope::$scope)
            }
        }
    )+};
}

scopes! {
    /// May read external users.
    CanReadExternalUsers => ReadExternalUsers,
    /// May create, change, block and delete external users.
    CanWriteExternalUsers => WriteExternalUsers,
    /// May issue access tokens to external users.
    CanAuthenticateExternalUsers => AuthenticateExternalUsers,
    /// May read channels, groups and tiers.
    CanReadSettings => ReadSettings,
    /// May create, change and delete channels, groups and tiers.
    CanWriteSettings => WriteSettings,
    /// May read, create, rotate and revoke keys.
    CanManageApiKeys => ManageApiKeys,
    /// May read the audit log.
    CanReadAuditEvents => ReadAuditEvents,
    /// May follow the feed of events.
    CanReadEvents => ReadEvents,
    /// May manage webhook endpoints.
    CanManageWebhooks => ManageWebhooks,
    /// May read workflows and their executions.
    CanReadWorkflows => ReadWorkflows,
    /// May create, change, start, stop and delete workflows.
    CanWriteWorkflows => WriteWorkflows,
    /// May run workflows.
    CanRunWorkflows => RunWorkflows,
    /// May read auth configs.
    CanReadAuthConfigs => ReadAuthConfigs,
    /// May create and delete auth configs.
    CanWriteAuthConfigs => WriteAuthConfigs,
    /// May read connected accounts.
    CanReadConnectedAccounts => ReadConnectedAccounts,
    /// May create, change and delete connected accounts.
    CanWriteConnectedAccounts => WriteConnectedAccounts,
    /// May get what connected accounts present.
    CanUseConnectedAccounts => UseConnectedAccounts,
    /// May see jobs.
    CanReadJobs => ReadJobs,
    /// May cancel jobs, and try them again.
    CanWriteJobs => WriteJobs,
}

/// Checks a request's credential again, for an answer that goes on for long.
pub(crate) struct Recheck<P> {
    access: Access,
    parts: Parts,
    context: Arc<RequestContext>,
    permission: PhantomData<P>,
}

impl<P: Permission> Recheck<P> {
    /// Returns the holder, or fails if the credential no longer admits it.
    pub(crate) async fn admit(&self) -> Result<P::Holder, ApiError> {
        let (identity, _) = Identity::find(&self.access, &self.parts, &self.context).await?;
        Ok(P::admit(identity)?)
    }
}

impl<S: Sync, P: Permission> FromRequestParts<S> for Recheck<P>
where
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Context(context) = Context::of(parts)?.clone();
        let access = Admission::from_ref(state).access;
        Ok(Self { access, parts: parts.clone(), context, permission: PhantomData })
    }
}

/// Tokens authenticate one user or account and never have a key's access to a workspace.
fn require_scope(identity: Identity, scope: Scope) -> Result<Arc<KeyHolder>, Error> {
    match identity {
        Identity::Key(holder) => holder.scopes.require(scope).map(|()| holder),
        Identity::ExternalUser(_) | Identity::Account(_) | Identity::Person(_) => {
            Err(Error::Forbidden(Forbidden::MissingScope(scope)))
        }
    }
}

/// A logged-in account and the reach of its right to the operation.
#[derive(Debug)]
pub(crate) struct AccountHolder {
    /// The account.
    pub(crate) account: Account,
    /// The token it used.
    pub(crate) token: AccountToken,
    /// Its permissions.
    pub(crate) authority: Authority,
    /// Where it may perform the operation.
    pub(crate) reach: Reach,
    /// The right it used.
    right: Right,
}

impl AccountHolder {
    /// The caller for writes, which check its rights again.
    pub(crate) fn asker(&self) -> Asker {
        Asker::LoggedIn { token_id: self.token.id, right: Some(self.right) }
    }
}

/// Rights of accounts: a permission that allows an operation everywhere, and optionally one that allows it in the own
/// workspace.
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
    /// May read accounts.
    CanReadAccounts => either(Code::IamAccountRead, Code::TenantAccountRead),
    /// May create accounts.
    CanCreateAccounts => either(Code::IamAccountCreate, Code::TenantAccountCreate),
    /// May change accounts.
    CanUpdateAccounts => either(Code::IamAccountUpdate, Code::TenantAccountUpdate),
    /// May delete accounts.
    CanDeleteAccounts => everywhere(Code::IamAccountDelete),
    /// May remove members from a workspace.
    CanRemoveMembers => either(Code::IamAccountDelete, Code::TenantAccountDelete),
    /// May read roles.
    CanReadRoles => either(Code::All, Code::TenantRolesRead),
    /// May create roles.
    CanCreateRoles => either(Code::All, Code::TenantRolesCreate),
    /// May change roles.
    CanUpdateRoles => either(Code::All, Code::TenantRolesUpdate),
    /// May delete roles.
    CanDeleteRoles => either(Code::All, Code::TenantRolesDelete),
    /// May read all workspaces.
    CanReadWorkspaces => everywhere(Code::IamTenantRead),
    /// May create workspaces.
    CanCreateWorkspaces => everywhere(Code::IamTenantCreate),
    /// May read a workspace's profile.
    CanReadProfile => either(Code::IamTenantRead, Code::TenantProfileRead),
    /// May change a workspace's profile.
    CanUpdateProfile => either(Code::IamTenantUpdate, Code::TenantProfileUpdate),
    /// May delete workspaces.
    CanDeleteWorkspaces => everywhere(Code::IamTenantDelete),
    /// May create API keys of a workspace.
    CanCreateApiKeys => either(Code::IamApiKeyCreate, Code::TenantApiKeyCreate),
    /// May read API keys of a workspace.
    CanReadApiKeys => either(Code::IamApiKeyRead, Code::TenantApiKeyRead),
    /// May revoke API keys of a workspace.
    CanDeleteApiKeys => either(Code::IamApiKeyDelete, Code::TenantApiKeyDelete),
    /// May read the audit log of a workspace.
    CanReadWorkspaceAudit => either(Code::IamAuditRead, Code::TenantAuditRead),
    /// May read the external users of a workspace.
    CanReadWorkspaceUsers => either(Code::IamExternalUserRead, Code::TenantExternalUserRead),
    /// May store keys of workspaces.
    CanCreateKeys => everywhere(Code::IamKeyCreate),
    /// May read keys of workspaces.
    CanReadKeys => everywhere(Code::IamKeyRead),
    /// May delete keys of workspaces.
    CanDeleteKeys => everywhere(Code::IamKeyDelete),
    /// May read flows.
    CanReadFlows => either(Code::All, Code::FlowsRead),
    /// May create, change and delete flows.
    CanWriteFlows => either(Code::All, Code::FlowsWrite),
    /// May start and stop flows.
    CanControlFlows => either(Code::All, Code::FlowsControl),
    /// May change many flows at once.
    CanChangeManyFlows => either(Code::All, Code::FlowsBulk),
    /// May read templates.
    CanReadTemplates => either(Code::All, Code::TemplatesRead),
    /// May create, change and delete templates.
    CanWriteTemplates => either(Code::All, Code::TemplatesWrite),
    /// May read all tokens.
    CanReadTokens => everywhere(Code::All),
    /// May issue tokens for accounts.
    CanCreateTokens => everywhere(Code::IamTokenCreate),
    /// May introspect tokens.
    CanIntrospectTokens => everywhere(Code::IamTokenIntrospect),
    /// May revoke all tokens.
    CanDeleteTokens => everywhere(Code::IamTokenDelete),
}

/// A right that one permission grants everywhere and another in the own workspace.
const fn either(everywhere: Code, at_home: Code) -> Right {
    Right { everywhere, at_home: Some(at_home) }
}

/// A right that is only granted everywhere.
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

/// Requires a logged-in account; grants access to itself only.
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

/// Requires a person: an account that sent one of its tokens, or its username and password. Its rights depend on the
/// organization or flow of the request.
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

/// The external user that a request acts as: the owner of its token, or the user that a key names with `x-username`.
/// Creates the user if the name is new and the key may create users.
#[derive(Debug)]
pub(crate) struct ActingUser {
    /// The user, never blocked.
    pub(crate) user: Arc<ExternalUser>,
    /// The contract of the request.
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
            Identity::ExternalUser(user) => user,
            Identity::Key(holder) => {
                holder.scopes.require(Scope::ReadExternalUsers)?;
                named(access, &origin, &holder, username(&parts.headers)?).await?
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

/// The external user in whose context a key runs work: the one that it names with `x-username`, if it sends the header.
pub(crate) struct NamedUser {
    access: Access,
    origin: Origin,
    named_by: Option<(Arc<KeyHolder>, String)>,
}

impl NamedUser {
    /// Returns the user, if the request names one. Fails if there is none.
    pub(crate) async fn find(&self) -> Result<Option<Arc<ExternalUser>>, ApiError> {
        let Some((holder, username)) = &self.named_by else { return Ok(None) };
        let name = ExternalUserName::Username(username.clone());
        let user = self.access.cache.external_user(holder.workspace_id, name).await?;
        Ok(Some(user.ok_or_else(|| Error::not_found(Resource::ExternalUser, username))?))
    }

    /// Returns the user, never blocked. Creates it if the name is new and the key may create users.
    pub(crate) async fn find_or_create(&self) -> Result<Option<Arc<ExternalUser>>, ApiError> {
        let Some((holder, username)) = &self.named_by else { return Ok(None) };
        holder.scopes.require(Scope::ReadExternalUsers)?;
        let user = named(&self.access, &self.origin, holder, username).await?;
        user.require_unblocked(self.access.source.clock.now())?;
        Ok(Some(user))
    }
}

impl<S: Sync> FromRequestParts<S> for NamedUser
where
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let context = Context::of(parts)?;
        let admission = Admission::from_ref(state);
        let identity = admission.identify(parts, &context.0).await?;
        let origin = context.0.origin(&admission.access.source, identity.actor());
        let named_by = match identity {
            Identity::Key(holder) if parts.headers.contains_key(&USERNAME) => {
                Some((holder, username(&parts.headers)?.to_owned()))
            }
            _ => None,
        };
        Ok(Self { access: admission.access, origin, named_by })
    }
}

/// Returns the external user on whose behalf a key writes, if it exists. It does not change the key's rights, and is
/// recorded with its actions.
async fn acted_for(
    access: &Access,
    holder: &KeyHolder,
    parts: &Parts,
) -> Result<Option<ExternalUserId>, ApiError> {
    if parts.method.is_safe() || !parts.headers.contains_key(&USERNAME) {
        return Ok(None);
    }
    let Ok(username) = username(&parts.headers) else { return Ok(None) };
    let name = ExternalUserName::Username(username.to_owned());
    let user = access.cache.external_user(holder.workspace_id, name).await?;
    Ok(user.map(|user| user.id))
}

async fn named(
    access: &Access,
    origin: &Origin,
    holder: &KeyHolder,
    username: &str,
) -> Result<Arc<ExternalUser>, ApiError> {
    let workspace_id = holder.workspace_id;
    let name = ExternalUserName::Username(username.to_owned());
    if let Some(user) = access.cache.external_user(workspace_id, name).await? {
        return Ok(user);
    }
    // External ids and older identifiers have fewer rules than the identifier of a new user.
    let username = &Identifier::parse(username).map_err(invalid_username)?;
    // Acting for a user never adds rights, including the right to create one.
    holder.scopes.require(Scope::WriteExternalUsers)?;
    let connection = &mut access.database.write_by_key().await?;
    let (user, _) =
        external_users::find_or_create_by_username(connection, origin, workspace_id, username).await?;
    Ok(Arc::new(user))
}

/// The header that names the external user to act for.
pub(crate) const USERNAME: HeaderName = HeaderName::from_static("x-username");

fn username(headers: &HeaderMap) -> Result<&str, Error> {
    let missing =
        || invalid_username(Violation::new(Reason::Required, "must name the external user to act for"));
    let not_text = |_| invalid_username(Violation::new(Reason::InvalidCharacters, "must be UTF-8"));
    let mut values = headers.get_all(&USERNAME).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(invalid_username(repeated()));
    }
    std::str::from_utf8(value.as_bytes()).map_err(not_text)
}

fn invalid_username(violation: Violation) -> Error {
    Error::BadRequest(BadRequest::InvalidParameters(Violations::of("x-username", violation)))
}
