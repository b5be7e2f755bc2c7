//! Tokens of accounts, and the way from a secret to whoever is logged in with it.

use std::time::Duration;

use denizen_domain::{
    Account, AccountId, AccountToken, AccountTokenId, Authority, Coded as _, Conflict, Error,
    NewAccountToken, PasswordHash, PermissionSet, Resource, Result, Secret, SecretHash, Slice, Source,
    Timestamp, TokenKind, TokenLife, TokenRequest, Unauthenticated, Window,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::accounts::{self as account_functions, AccountRow, is_in_use, with_roles};
use crate::error::{OrError as _, broken_row};
use crate::keyset::load_window;
use crate::schema::{account_tokens, accounts, workspaces};
use crate::transaction::in_transaction;
use crate::types::{StoredTime, StoredUuid, stored};
use crate::{DbConnection, dialect, on_backend};

/// The most personal tokens of an account that are in force.
pub const MAXIMUM_PERSONAL: i64 = 100;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = account_tokens)]
struct TokenRow {
    secret_hash: Vec<u8>,
    id: StoredUuid,
    account_id: StoredUuid,
    kind: String,
    ending: String,
    description: String,
    inquirer: String,
    permissions: String,
    request_hash: Option<Vec<u8>>,
    life_seconds: Option<i64>,
    is_prolonged: bool,
    expires_at: Option<StoredTime>,
    created_at: StoredTime,
}

impl TryFrom<TokenRow> for AccountToken {
    type Error = Error;

    fn try_from(row: TokenRow) -> Result<Self> {
        let TokenRow {
            secret_hash: _,
            id,
            account_id,
            kind,
            ending,
            description,
            inquirer,
            permissions,
            request_hash: _,
            life_seconds,
            is_prolonged,
            expires_at,
            created_at,
        } = row;
        let broken = |column, problem| broken_row("account_tokens", column, id, problem);
        Ok(Self {
            id: id.into(),
            account_id: account_id.into(),
            kind: TokenKind::from_code(&kind).map_err(|problem| broken("kind", problem))?,
            ending,
            description,
            inquirer,
            permissions: PermissionSet::from_stored(&permissions)
                .map_err(|problem| broken("permissions", problem))?,
            life: life_of(life_seconds, is_prolonged),
            expires_at: expires_at.map(Into::into),
            created_at: created_at.into(),
        })
    }
}

fn life_of(seconds: Option<i64>, is_prolonged: bool) -> TokenLife {
    let life = seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    match life {
        None => TokenLife::Endless,
        Some(life) if is_prolonged => TokenLife::Prolonged(life),
        Some(life) => TokenLife::Fixed(life),
    }
}

fn row_of(new: &NewAccountToken, request_hash: Option<SecretHash>) -> TokenRow {
    let NewAccountToken { token, secret } = new;
    let AccountToken {
        id,
        account_id,
        kind,
        ending,
        description,
        inquirer,
        permissions,
        life,
        expires_at,
        created_at,
    } = token;
    let (life, is_prolonged) = match life {
        TokenLife::Endless => (None, false),
        TokenLife::Fixed(life) => (Some(life), false),
        TokenLife::Prolonged(life) => (Some(life), true),
    };
    TokenRow {
        secret_hash: secret.hash().as_bytes().to_vec(),
        id: stored(*id),
        account_id: stored(*account_id),
        kind: kind.to_string(),
        ending: ending.clone(),
        description: description.clone(),
        inquirer: inquirer.clone(),
        permissions: permissions.to_stored(),
        request_hash: request_hash.map(|hash| hash.as_bytes().to_vec()),
        life_seconds: life.map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX)),
        is_prolonged,
        expires_at: expires_at.map(Into::into),
        created_at: (*created_at).into(),
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub account: Account,
    /// The token that says so.
    pub token: AccountToken,
}

impl SignedIn {
    /// What they may do.
    pub fn authority(&self) -> Authority {
        Authority::of(&self.account, &self.token.permissions)
    }
}

/// Whoever is logged in with this secret; `None` where it is unknown, revoked or has ended. Fails with
/// [`Unauthenticated::Disabled`] where the account, or its home, is not in use.
pub async fn authenticate(
    connection: &mut DbConnection,
    presented: &Secret,
    now: Timestamp,
) -> Result<Option<SignedIn>> {
    let hash = presented.hash();
    let row = on_backend!(connection, |conn| {
        account_tokens::table
            .inner_join(accounts::table.on(accounts::id.eq(account_tokens::account_id)))
            .left_join(workspaces::table.on(workspaces::id.nullable().eq(accounts::home_workspace_id)))
            .filter(account_tokens::secret_hash.eq(hash.as_bytes().to_vec()))
            .select((TokenRow::as_select(), AccountRow::as_select(), workspaces::status.nullable()))
            .first::<(TokenRow, AccountRow, Option<String>)>(conn)
            .await
            .optional()
    });
    let Some((token, account, home_status)) = row.or_error("look up a token")? else { return Ok(None) };
    let is_same = SecretHash::from_bytes(&token.secret_hash) == Some(hash);
    let token = AccountToken::try_from(token)?;
    if !is_same || !token.is_in_force(now) {
        return Ok(None);
    }
    let Some(account) = with_roles(connection, vec![account]).await?.pop() else { return Ok(None) };
    account.require_active()?;
    if !is_in_use(home_status.as_deref()) {
        return Err(Error::Unauthenticated(Unauthenticated::Disabled));
    }
    Ok(Some(SignedIn { account, token }))
}

/// Moves the end of a token on that is prolonged by use.
pub async fn prolong(connection: &mut DbConnection, id: AccountTokenId, end: Timestamp) -> Result<()> {
    let end = StoredTime::from(end);
    // Of several servers that saw a use, the one that saw the latest wins.
    let token = account_tokens::table
        .filter(account_tokens::id.eq(stored(id)))
        .filter(account_tokens::expires_at.lt(end));
    let change = account_tokens::expires_at.eq(Some(end));
    on_backend!(connection, |conn| diesel::update(token).set(change).execute(conn).await)
        .or_error("prolong a token")?;
    Ok(())
}

/// Makes the token of a log-in. Fails with [`Unauthenticated::WrongPassword`] where the password that was checked is no
/// longer the account's, so that a new password shuts out whoever was just logging in with the old one.
pub async fn log_in(
    connection: &mut DbConnection,
    source: &Source,
    account_id: AccountId,
    checked: &PasswordHash,
    lifetime: Duration,
) -> Result<NewAccountToken> {
    in_transaction!(connection, {
        dialect::lock_account(connection, account_id).await?;
        let current = accounts::table
            .filter(accounts::id.eq(stored(account_id)))
            .filter(accounts::password_hash.eq(checked.as_stored()))
            .select(accounts::id);
        let current = on_backend!(connection, |conn| current.first::<StoredUuid>(conn).await.optional());
        if current.or_error("check that a password still stands")?.is_none() {
            return Err(Error::Unauthenticated(Unauthenticated::WrongPassword));
        }
        let request = TokenRequest {
            account_id,
            description: String::new(),
            inquirer: String::new(),
            permissions: PermissionSet::empty(),
            lifetime: Some(lifetime),
        };
        let secret = Secret::generate(TokenKind::LogIn.prefix(), &*source.ids);
        let new = new_token(source, request, TokenKind::LogIn, TokenLife::Prolonged(lifetime), secret);
        insert(connection, &new, None).await?;
        Ok(new)
    })
}

/// Makes a personal token for an account that is logged in with another one. Fails with [`Conflict::TooManyTokens`], and
/// with [`Unauthenticated::UnknownToken`] where the other one has been revoked meanwhile.
pub async fn create_personal(
    connection: &mut DbConnection,
    source: &Source,
    logged_in_with: AccountTokenId,
    request: &TokenRequest,
) -> Result<NewAccountToken> {
    in_transaction!(connection, {
        dialect::lock_account(connection, request.account_id).await?;
        if find(connection, logged_in_with).await?.is_none() {
            return Err(Error::Unauthenticated(Unauthenticated::UnknownToken));
        }
        if count_personal(connection, request.account_id, source.clock.now()).await? >= MAXIMUM_PERSONAL {
            return Err(Error::Conflict(Conflict::TooManyTokens));
        }
        let secret = Secret::generate(TokenKind::Personal.prefix(), &*source.ids);
        let life = request.lifetime.map_or(TokenLife::Endless, TokenLife::Fixed);
        let new = new_token(source, request.clone(), TokenKind::Personal, life, secret);
        insert(connection, &new, None).await?;
        Ok(new)
    })
}

/// Issues a token for an account. An equal request finds the token that is in force already, and begins its life anew,
/// unless a new one is wanted. Fails with not found where there is no such account.
///
/// Its secret is derived from its id with the server's own secret, so that the same one can be answered again although
/// only its hash is stored.
pub async fn issue(
    connection: &mut DbConnection,
    source: &Source,
    server_secret: &[u8; 32],
    request: &TokenRequest,
    wants_new: bool,
) -> Result<NewAccountToken> {
    let request_hash = request_hash(request)?;
    let life = request.lifetime.map_or(TokenLife::Endless, TokenLife::Fixed);
    in_transaction!(connection, {
        dialect::lock_account(connection, request.account_id).await?;
        if account_functions::find(connection, request.account_id).await?.is_none() {
            return Err(Error::not_found(Resource::Account, request.account_id));
        }
        let now = source.clock.now();
        let equal = if wants_new {
            None
        } else {
            find_equal(connection, request.account_id, &request_hash, now).await?
        };
        if let Some(mut token) = equal {
            token.expires_at = life.end_after(now);
            if let Some(end) = token.expires_at {
                prolong(connection, token.id, end).await?;
            }
            let secret = derived_secret(server_secret, token.id);
            return Ok(NewAccountToken { token, secret });
        }
        let mut new = new_token(source, request.clone(), TokenKind::Issued, life, Secret::presented(""));
        new.secret = derived_secret(server_secret, new.token.id);
        new.token.ending = ending_of(&new.secret);
        insert(connection, &new, Some(request_hash)).await?;
        Ok(new)
    })
}

/// Which tokens a list holds. The conditions narrow each other down.
#[derive(Debug, Clone, Default)]
pub struct TokenFilter {
    /// Those of this account.
    pub account_id: Option<AccountId>,
    /// Those of this kind.
    pub kind: Option<TokenKind>,
    /// The one with this secret.
    pub secret: Option<Secret>,
}

macro_rules! filtered {
    ($filter:expr, $now:expr) => {{
        let filter: &TokenFilter = $filter;
        let mut query = account_tokens::table
            .filter(
                account_tokens::expires_at
                    .is_null()
                    .or(account_tokens::expires_at.gt(StoredTime::from($now))),
            )
            .into_boxed();
        if let Some(account_id) = filter.account_id {
            query = query.filter(account_tokens::account_id.eq(stored(account_id)));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(account_tokens::kind.eq(kind.code()));
        }
        if let Some(secret) = &filter.secret {
            query = query.filter(account_tokens::secret_hash.eq(secret.hash().as_bytes().to_vec()));
        }
        query
    }};
}

/// A page of the tokens that are in force, by the moment they were made.
pub async fn list(
    connection: &mut DbConnection,
    filter: &TokenFilter,
    now: Timestamp,
    window: &Window,
) -> Result<Slice<AccountToken>> {
    let rows = load_window!(
        connection,
        filtered!(filter, now),
        account_tokens::created_at,
        account_tokens::id,
        window,
        StoredTime,
        TokenRow
    );
    let tokens =
        rows.or_error("list tokens")?.into_iter().map(AccountToken::try_from).collect::<Result<_>>()?;
    Ok(Slice::cut(tokens, window))
}

/// How many tokens in force a filter lets through.
pub async fn count(connection: &mut DbConnection, filter: &TokenFilter, now: Timestamp) -> Result<i64> {
    on_backend!(connection, |conn| filtered!(filter, now).count().get_result(conn).await)
        .or_error("count tokens")
}

/// The token of this id, in force or not.
pub async fn find(connection: &mut DbConnection, id: AccountTokenId) -> Result<Option<AccountToken>> {
    let query = account_tokens::table.filter(account_tokens::id.eq(stored(id)));
    let row = on_backend!(connection, |conn| query.first::<TokenRow>(conn).await.optional());
    row.or_error("find a token")?.map(AccountToken::try_from).transpose()
}

/// Revokes a token: from the next request on, its secret opens nothing. `false` where there is no such token.
pub async fn revoke(connection: &mut DbConnection, id: AccountTokenId) -> Result<bool> {
    let token = account_tokens::table.filter(account_tokens::id.eq(stored(id)));
    let revoked = on_backend!(connection, |conn| diesel::delete(token).execute(conn).await);
    Ok(revoked.or_error("revoke a token")? > 0)
}

/// Revokes the personal tokens of an account, or the one of this id among them. How many there were.
pub async fn revoke_personal(
    connection: &mut DbConnection,
    account_id: AccountId,
    id: Option<AccountTokenId>,
) -> Result<usize> {
    let tokens = account_tokens::table
        .filter(account_tokens::account_id.eq(stored(account_id)))
        .filter(account_tokens::kind.eq(TokenKind::Personal.code()));
    match id {
        Some(id) => {
            let token = tokens.filter(account_tokens::id.eq(stored(id)));
            on_backend!(connection, |conn| diesel::delete(token).execute(conn).await)
        }
        None => on_backend!(connection, |conn| diesel::delete(tokens).execute(conn).await),
    }
    .or_error("revoke personal tokens")
}

/// Revokes all tokens of an account but one.
pub(crate) async fn delete_all_of(
    connection: &mut DbConnection,
    account_id: AccountId,
    kept: Option<AccountTokenId>,
) -> Result<()> {
    // No token has the id of nothing.
    let kept = kept.map_or(StoredUuid::from_uuid(uuid::Uuid::nil()), stored);
    let tokens = account_tokens::table
        .filter(account_tokens::account_id.eq(stored(account_id)))
        .filter(account_tokens::id.ne(kept));
    on_backend!(connection, |conn| diesel::delete(tokens).execute(conn).await)
        .or_error("revoke the tokens of an account")?;
    Ok(())
}

/// Revokes the tokens of an account that add permissions to its own: they were given to it where it was at home then.
pub(crate) async fn delete_privileged_of(connection: &mut DbConnection, account_id: AccountId) -> Result<()> {
    let tokens = account_tokens::table
        .filter(account_tokens::account_id.eq(stored(account_id)))
        .filter(account_tokens::permissions.ne(""));
    on_backend!(connection, |conn| diesel::delete(tokens).execute(conn).await)
        .or_error("revoke the tokens of an account that add permissions")?;
    Ok(())
}

/// Deletes tokens that have ended, at most so many. How many there were.
pub async fn sweep(connection: &mut DbConnection, now: Timestamp, limit: u32) -> Result<usize> {
    let ended = account_tokens::table
        .filter(account_tokens::expires_at.le(StoredTime::from(now)))
        .select(account_tokens::id)
        .limit(i64::from(limit));
    let ids = on_backend!(connection, |conn| ended.load::<StoredUuid>(conn).await);
    let ids = ids.or_error("look for tokens that have ended")?;
    if ids.is_empty() {
        return Ok(0);
    }
    // One that was prolonged in the meantime stays.
    let deleted = account_tokens::table
        .filter(account_tokens::id.eq_any(ids))
        .filter(account_tokens::expires_at.le(StoredTime::from(now)));
    on_backend!(connection, |conn| diesel::delete(deleted).execute(conn).await)
        .or_error("delete tokens that have ended")
}

fn new_token(
    source: &Source,
    request: TokenRequest,
    kind: TokenKind,
    life: TokenLife,
    secret: Secret,
) -> NewAccountToken {
    let now = source.clock.now();
    let TokenRequest { account_id, description, inquirer, permissions, lifetime: _ } = request;
    let token = AccountToken {
        id: AccountTokenId::from_uuid(source.ids.uuid()),
        account_id,
        kind,
        ending: ending_of(&secret),
        description,
        inquirer,
        permissions,
        life,
        expires_at: life.end_after(now),
        created_at: now,
    };
    NewAccountToken { token, secret }
}

fn ending_of(secret: &Secret) -> String {
    let text = secret.expose();
    text[text.len().saturating_sub(4)..].to_owned()
}

fn derived_secret(server_secret: &[u8; 32], id: AccountTokenId) -> Secret {
    Secret::derive(TokenKind::Issued.prefix(), server_secret, id.as_uuid().as_bytes())
}

fn request_hash(request: &TokenRequest) -> Result<SecretHash> {
    let text = serde_json::to_string(request)
        .map_err(|error| Error::Internal(format!("write a token's request: {error}")))?;
    Ok(Secret::presented(&text).hash())
}

async fn insert(
    connection: &mut DbConnection,
    new: &NewAccountToken,
    request_hash: Option<SecretHash>,
) -> Result<()> {
    let row = row_of(new, request_hash);
    on_backend!(connection, |conn| diesel::insert_into(account_tokens::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("insert a token")?;
    Ok(())
}

/// The newest token in force that was issued for an equal request.
async fn find_equal(
    connection: &mut DbConnection,
    account_id: AccountId,
    request_hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<AccountToken>> {
    let filter = TokenFilter { account_id: Some(account_id), ..TokenFilter::default() };
    let row = on_backend!(connection, |conn| {
        filtered!(&filter, now)
            .filter(account_tokens::request_hash.eq(Some(request_hash.as_bytes().to_vec())))
            .order((account_tokens::created_at.desc(), account_tokens::id.desc()))
            .first::<TokenRow>(conn)
            .await
            .optional()
    });
    row.or_error("find an equal token")?.map(AccountToken::try_from).transpose()
}

async fn count_personal(connection: &mut DbConnection, account_id: AccountId, now: Timestamp) -> Result<i64> {
    let filter = TokenFilter {
        account_id: Some(account_id),
        kind: Some(TokenKind::Personal),
        ..TokenFilter::default()
    };
    count(connection, &filter, now).await
}
