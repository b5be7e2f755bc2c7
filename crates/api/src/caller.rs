//! Who is calling, and whether they may: extractors that a handler names in its signature.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use denizen_domain::{
    BadRequest, Error, ExternalUser, Forbidden, Identifier, KeyHolder, Reason, Scope, ScopeSet,
    Unauthenticated, Violation, Violations, WorkspaceId,
};
use denizen_persistence::{api_keys, external_users};

use crate::app::App;
use crate::contract::Contract;
use crate::credentials::Credential;
use crate::error::ApiError;
use crate::request::Context;

/// A scope, as a type.
pub(crate) trait Permission: Send + Sync {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($(#[$attribute:meta])* $name:ident => $scope:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl Permission for $name {
            const SCOPE: Scope = Scope::$scope;
        }
    )+};
}

permissions! {
    /// May see external users.
    CanReadExternalUsers => ReadExternalUsers,
    /// May make, change, block and delete external users.
    CanWriteExternalUsers => WriteExternalUsers,
    /// May give external users access tokens.
    CanAuthenticateExternalUsers => AuthenticateExternalUsers,
    /// May see channels.
    CanReadSettings => ReadSettings,
    /// May make, change and remove channels.
    CanWriteSettings => WriteSettings,
}

/// The holder of a key that has a scope. Everything a handler does, it does in this workspace.
#[derive(Debug)]
pub(crate) struct Caller<P> {
    /// The workspace that the key opens.
    pub(crate) workspace_id: WorkspaceId,
    /// What else the key may do.
    pub(crate) scopes: ScopeSet,
    /// The API that the request speaks.
    pub(crate) contract: Contract,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<App> for Caller<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = Context::of(parts)?;
        let contract = context.0.contract;
        match authenticate(app, &parts.headers, &context).await? {
            Identity::Key(holder) => {
                holder.scopes.require(P::SCOPE)?;
                let KeyHolder { workspace_id, scopes, .. } = holder;
                Ok(Self { workspace_id, scopes, contract, permission: PhantomData })
            }
            // A token stands for one user and opens nothing of the workspace.
            Identity::ExternalUser(_) => Err(Error::Forbidden(Forbidden::MissingScope(P::SCOPE)).into()),
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

impl FromRequestParts<App> for ActingUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = Context::of(parts)?;
        let user = match authenticate(app, &parts.headers, &context).await? {
            Identity::ExternalUser(user) => *user,
            Identity::Key(holder) => {
                holder.scopes.require(Scope::ReadExternalUsers)?;
                let username = username(&parts.headers)?;
                named(app, holder.workspace_id, &holder.scopes, &username).await?
            }
        };
        user.require_unblocked()?;
        Ok(Self { user, contract: context.0.contract })
    }
}

/// Whoever a credential belongs to.
enum Identity {
    Key(KeyHolder),
    ExternalUser(Box<ExternalUser>),
}

const UNKNOWN_KEY: Error = Error::Unauthenticated(Unauthenticated::UnknownKey);
const VOID_TOKEN: Error = Error::Unauthenticated(Unauthenticated::VoidToken);

async fn authenticate(app: &App, headers: &HeaderMap, context: &Context) -> Result<Identity, ApiError> {
    let identity = match Credential::of(headers, context.0.contract)? {
        Credential::Secret(secret) => {
            let connection = &mut app.database().read().await?;
            let holder = api_keys::authenticate(connection, &secret, app.source().clock.now()).await?;
            Identity::Key(holder.ok_or(UNKNOWN_KEY)?)
        }
        Credential::Pair { public_key, secret } => {
            let connection = &mut app.database().read().await?;
            let holder = api_keys::authenticate(connection, &secret, app.source().clock.now()).await?;
            Identity::Key(holder.filter(|holder| holder.public_key.matches(&public_key)).ok_or(UNKNOWN_KEY)?)
        }
        Credential::AccessToken(token) => {
            Identity::ExternalUser(Box::new(holder_of_token(app, &token).await?))
        }
    };
    match &identity {
        Identity::Key(holder) => {
            app.key_usage().note(holder, app.source().clock.now());
            context.0.set_caller(holder.workspace_id, format!("key {}", holder.key_id));
        }
        Identity::ExternalUser(user) => {
            context.0.set_caller(user.workspace_id, format!("external user {}", user.id));
        }
    }
    Ok(identity)
}

/// The user of a token that is genuine, in force, and not cut by blocking or deletion.
async fn holder_of_token(app: &App, token: &str) -> Result<ExternalUser, ApiError> {
    let claims = app.tokens().verify(app, token).await?.ok_or(VOID_TOKEN)?;
    let connection = &mut app.database().read().await?;
    let user = external_users::find(connection, claims.aud, claims.sub).await?;
    Ok(user.filter(|user| user.accepts_token_of(claims.iat)).ok_or(VOID_TOKEN)?)
}

async fn named(
    app: &App,
    workspace_id: WorkspaceId,
    scopes: &ScopeSet,
    username: &Identifier,
) -> Result<ExternalUser, ApiError> {
    {
        let connection = &mut app.database().read().await?;
        if let Some(user) =
            external_users::find_by_username(connection, workspace_id, username.as_str()).await?
        {
            return Ok(user);
        }
    }
    // Acting for somebody never widens what the key may do, and that includes making them.
    scopes.require(Scope::WriteExternalUsers)?;
    let connection = &mut app.database().write().await?;
    let (user, _) =
        external_users::find_or_create_by_username(connection, app.source(), workspace_id, username).await?;
    Ok(user)
}

fn username(headers: &HeaderMap) -> Result<Identifier, Error> {
    let invalid =
        |violation| Error::BadRequest(BadRequest::InvalidParameters(Violations::of("x-username", violation)));
    let missing = || invalid(Violation::new(Reason::Required, "must name the external user to act for"));
    let not_text = |_| invalid(Violation::new(Reason::InvalidCharacters, "must be UTF-8"));
    let value = headers.get("x-username").ok_or_else(missing)?;
    let text = std::str::from_utf8(value.as_bytes()).map_err(not_text)?;
    Identifier::parse(text).map_err(invalid)
}
