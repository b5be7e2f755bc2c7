//! Checks usernames and passwords: limits failures, and reveals nothing about accounts.

use denizen_domain::{Error, Password, Result, Secret, Timestamp, Unauthenticated, Username};
use denizen_persistence::accounts::{self, LogInCandidate};
use denizen_persistence::log_in_failures::{self, Attempt};

use super::Access;
use super::client_address;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiResult;

/// Returns the account for a username and password.
///
/// Fails with [`Unauthenticated::WrongPassword`], in the same time and words whether the account exists or not; with
/// [`Unauthenticated::Disabled`] only if the password is right; with [`Error::RateLimited`] after too many failures for
/// the username or address. Limits are checked while holding a hashing turn, and again after a right password, so that
/// parallel guesses gain nothing over sequential ones.
pub(crate) async fn check(
    access: &Access,
    context: &RequestContext,
    username: &str,
    password: Password,
) -> ApiResult<LogInCandidate> {
    let attempt = attempt(access, context, username);
    let turn = access.passwords.turn().await?;
    require_below_limits(access, &attempt).await?;
    let candidate = candidate(access, username).await?;
    let hash = candidate.as_ref().and_then(|candidate| candidate.password.clone());
    let is_right = turn.is_right(password, hash).await?;
    let Some(candidate) = candidate.filter(|_| is_right) else {
        let connection = &mut access.database.write().await?;
        log_in_failures::record(connection, &access.source, &attempt).await?;
        return Err(Error::Unauthenticated(Unauthenticated::WrongPassword).into());
    };
    require_below_limits(access, &attempt).await?;
    candidate.require_in_use()?;
    Ok(candidate)
}

/// Hashes the username with a secret: people type passwords by mistake, and a plain hash could be guessed.
fn attempt(access: &Access, context: &RequestContext, username: &str) -> Attempt {
    let keyed = Secret::derive("", &access.issued_tokens_secret, username.trim().to_lowercase().as_bytes());
    Attempt {
        username_hash: *keyed.hash().as_bytes(),
        address: client_address::counted_as(context.client_address),
    }
}

/// Only an e-mail address can be a username.
async fn candidate(access: &Access, username: &str) -> Result<Option<LogInCandidate>> {
    let Ok(username) = Username::parse(username) else { return Ok(None) };
    accounts::find_for_log_in(&mut access.database.read().await?, &username).await
}

async fn require_below_limits(access: &Access, attempt: &Attempt) -> Result<()> {
    let limits = access.options.login_failures;
    let now: Timestamp = access.source.clock.now();
    let connection = &mut access.database.read().await?;
    match log_in_failures::limit_reached(connection, attempt, limits, now).await? {
        None => Ok(()),
        Some(reached) => Err(Error::RateLimited {
            limit: reached.limit,
            window: limits.window,
            retry_after: reached.until.since(now),
        }),
    }
}
