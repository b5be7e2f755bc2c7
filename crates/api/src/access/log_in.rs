//! Checks usernames and passwords: limits failures, and reveals nothing about accounts.

use denizen_domain::{Error, Password, PasswordMatch, Result, Secret, Timestamp, Unauthenticated, Username};
use denizen_persistence::accounts::{self, LogInCandidate};
use denizen_persistence::log_in_failures::{self, Attempt};

use super::Access;
use super::client_address;
use super::passwords::Turn;
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
    let Some((candidate, is_outdated)) = holder(access, &turn, username, &password).await? else {
        let connection = &mut access.database.write().await?;
        log_in_failures::record(connection, &access.source, &attempt).await?;
        return Err(Error::Unauthenticated(Unauthenticated::WrongPassword).into());
    };
    require_below_limits(access, &attempt).await?;
    candidate.require_in_use()?;
    if is_outdated {
        return Ok(renewed(access, &turn, candidate, username, password).await?);
    }
    Ok(candidate)
}

/// Returns the account with this username and password, and whether its hash should be replaced. Hashes as often for a
/// missing account.
async fn holder(
    access: &Access,
    turn: &Turn,
    username: &str,
    password: &Password,
) -> Result<Option<(LogInCandidate, bool)>> {
    let candidate = candidate(access, username).await?;
    let hash = candidate.as_ref().and_then(|candidate| candidate.password.clone());
    let is_outdated = match turn.check(password.clone(), hash).await? {
        PasswordMatch::Wrong => return Ok(None),
        PasswordMatch::Right => false,
        PasswordMatch::Outdated => true,
    };
    Ok(candidate.map(|candidate| (candidate, is_outdated)))
}

/// Replaces the hash of an account whose password was right. If another log-in does the same first, or the password
/// changes, the stored one counts.
async fn renewed(
    access: &Access,
    turn: &Turn,
    candidate: LogInCandidate,
    username: &str,
    password: Password,
) -> Result<LogInCandidate> {
    let renewed = turn.hash(&access.source, password.clone()).await?;
    let (id, old) = (candidate.account_id, candidate.password.as_ref());
    if let Some(old) = old
        && accounts::renew_password(&mut access.database.write().await?, id, old, &renewed).await?
    {
        return Ok(LogInCandidate { password: Some(renewed), ..candidate });
    }
    let holder = holder(access, turn, username, &password).await?;
    holder.map(|(candidate, _)| candidate).ok_or(Error::Unauthenticated(Unauthenticated::WrongPassword))
}

/// Hashes the username with a secret: people type passwords by mistake, and a plain hash could be guessed. All forms of one
/// address count together.
fn attempt(access: &Access, context: &RequestContext, username: &str) -> Attempt {
    let counted =
        Username::parse(username).map_or_else(|_| username.trim().to_lowercase(), Username::into_string);
    let keyed = Secret::derive("", &access.issued_tokens_secret, counted.as_bytes());
    Attempt {
        username_hash: *keyed.hash().as_bytes(),
        address: client_address::counted_as(context.client_address),
    }
}

/// Only an e-mail address can be a username, including those that only older versions accepted.
async fn candidate(access: &Access, username: &str) -> Result<Option<LogInCandidate>> {
    let forms = Username::stored_forms(username);
    accounts::find_for_log_in(&mut access.database.read().await?, &forms).await
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
