//! Creates tokens: by log-in, for oneself, and for others.

use std::time::Duration;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Account, AccountId, AccountToken, AccountTokenId, Conflict, Error, NewAccountToken, Origin, PasswordHash,
    PermissionSet, Resource, Result, Secret, SecretHash, Status, Timestamp, TokenKind, TokenLife,
    TokenRequest, Unauthenticated,
};
use diesel_async::RunQueryDsl;

use super::list::{TokenFilter, count, find_equal};
use super::revoke::delete_oldest_log_ins;
use super::row::row_of;
use super::sign_in::{SignedIn, find_signed_in, prolong};
use crate::audit_events;
use crate::connection::{DbConnection, OrError as _, in_transaction, on_backend};
use crate::people::accounts::{find as find_account, home_of, require_password};
use crate::people::asker::{Asker, Standing};
use crate::people::memberships::administered_beside;
use crate::queries::locks;
use crate::schema::account_tokens;

/// The maximum number of active personal tokens of an account.
pub const MAXIMUM_PERSONAL: i64 = 100;

/// Creates the token of a log-in. Fails with [`Unauthenticated::WrongPassword`] if the account no longer has the
/// password that was checked: a new password also stops log-ins under way. Fails with [`Unauthenticated::Disabled`] if
/// the account is no longer active.
#[boxed]
pub async fn log_in(
    connection: &mut DbConnection,
    origin: &Origin,
    account_id: AccountId,
    checked: &PasswordHash,
    lifetime: Duration,
) -> Result<NewAccountToken> {
    in_transaction!(connection, {
        locks::lock_account(connection, account_id).await?;
        require_password(connection, account_id, checked).await?;
        let account = find_account(connection, account_id).await?;
        account.as_ref().map_or(Ok(()), Account::require_active)?;
        delete_oldest_log_ins(connection, account_id).await?;
        let request = TokenRequest {
            account_id,
            description: String::new(),
            inquirer: String::new(),
            permissions: PermissionSet::empty(),
            lifetime: Some(lifetime),
        };
        let secret = Secret::generate(TokenKind::LogIn.prefix(), &*origin.source.ids);
        let new = new_token(origin, request, TokenKind::LogIn, TokenLife::Prolonged(lifetime), secret);
        insert(connection, origin, &new, None).await?;
        Ok(new)
    })
}

/// Creates a personal token for a logged-in account. Unless the account uses the token of a log-in, the new one
/// expires no later than that. Fails with [`Conflict::TooManyTokens`], and with [`Unauthenticated::UnknownToken`] if
/// the token in use was revoked in the meantime.
#[boxed]
pub async fn create_personal(
    connection: &mut DbConnection,
    origin: &Origin,
    logged_in_with: AccountTokenId,
    request: &TokenRequest,
) -> Result<NewAccountToken> {
    in_transaction!(connection, {
        locks::lock_account(connection, request.account_id).await?;
        let now = origin.source.clock.now();
        let signed_in = find_signed_in(connection, logged_in_with, now).await?;
        let SignedIn { token, .. } =
            signed_in.ok_or(Error::Unauthenticated(Unauthenticated::UnknownToken))?;
        if count_personal(connection, request.account_id, now).await? >= MAXIMUM_PERSONAL {
            return Err(Error::Conflict(Conflict::TooManyTokens));
        }
        let secret = Secret::generate(TokenKind::Personal.prefix(), &*origin.source.ids);
        let life = token.limited(request.lifetime, now);
        let new = new_token(origin, request.clone(), TokenKind::Personal, life, secret);
        insert(connection, origin, &new, None).await?;
        Ok(new)
    })
}

/// Issues a token for an account. With a server secret, equal requests share a token: later ones find the active token
/// and restart its lifetime. Without, each gets its own. A token for the caller itself expires no later than the token
/// it is logged in with, unless that is of a log-in. Fails with not found if there is no such account or it is not
/// active, and if the caller may not issue such a token.
///
/// The secret of a shared token is derived from its id and the server's secret, so that it can be returned again
/// although only its hash is stored.
#[boxed]
pub async fn issue(
    connection: &mut DbConnection,
    origin: &Origin,
    asker: Asker,
    request: &TokenRequest,
    shared: Option<&[u8; 32]>,
) -> Result<NewAccountToken> {
    let hash = request_hash(request)?;
    in_transaction!(connection, {
        locks::lock_account(connection, request.account_id).await?;
        let now = origin.source.clock.now();
        let Standing { authority, token: asking, .. } = asker.standing(connection, now).await?;
        let account = find_account(connection, request.account_id).await?;
        let account = account.filter(|account| account.status == Status::Active);
        let account = account.ok_or_else(|| Error::not_found(Resource::Account, request.account_id))?;
        let administers = administered_beside(connection, account.id, authority.account_id).await?;
        authority.require_may_stand_in_for(&account, &request.permissions, &administers)?;
        let asked = request.lifetime.map_or(TokenLife::Endless, TokenLife::Fixed);
        let asking = asking.filter(|token| token.account_id == account.id);
        let life = asking.map_or(asked, |token| token.limited(request.lifetime, now));
        // A caller that may not issue a longer-lived token does not get an existing one.
        let shared = shared.filter(|_| life == asked);
        let Some(server_secret) = shared else {
            let secret = Secret::generate(TokenKind::Issued.prefix(), &*origin.source.ids);
            let new = new_token(origin, request.clone(), TokenKind::Issued, life, secret);
            insert(connection, origin, &new, None).await?;
            return Ok(new);
        };
        if let Some(mut token) = find_equal(connection, account.id, &hash, now).await? {
            token.expires_at = life.end_after(now);
            if let Some(end) = token.expires_at {
                prolong(connection, token.id, end).await?;
            }
            let secret = derived_secret(server_secret, token.id);
            return Ok(NewAccountToken { token, secret });
        }
        let mut new = new_token(origin, request.clone(), TokenKind::Issued, life, Secret::presented(""));
        new.secret = derived_secret(server_secret, new.token.id);
        new.token.ending = ending_of(&new.secret);
        insert(connection, origin, &new, Some(hash)).await?;
        Ok(new)
    })
}

fn new_token(
    origin: &Origin,
    request: TokenRequest,
    kind: TokenKind,
    life: TokenLife,
    secret: Secret,
) -> NewAccountToken {
    let now = origin.source.clock.now();
    let TokenRequest { account_id, description, inquirer, permissions, lifetime: _ } = request;
    let token = AccountToken {
        id: AccountTokenId::from_uuid(origin.source.ids.uuid()),
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
    origin: &Origin,
    new: &NewAccountToken,
    request_hash: Option<SecretHash>,
) -> Result<()> {
    let row = row_of(new, request_hash);
    on_backend!(connection, |conn| diesel::insert_into(account_tokens::table)
        .values(&row)
        .execute(conn)
        .await)
    .or_error("insert a token")?;
    let home = home_of(connection, new.token.account_id).await?;
    audit_events::created(connection, origin, home, &new.token).await
}

async fn count_personal(connection: &mut DbConnection, account_id: AccountId, now: Timestamp) -> Result<i64> {
    let filter = TokenFilter {
        account_id: Some(account_id),
        kind: Some(TokenKind::Personal),
        ..TokenFilter::default()
    };
    count(connection, &filter, now).await
}
