//! Checking a username and a password: how often that may fail, and what a failure tells, which is nothing.

use denizen_domain::{Error, Password, Result, Secret, Timestamp, Unauthenticated, Username};
use denizen_persistence::accounts::{self, LogInCandidate};
use denizen_persistence::log_in_failures::{self, Attempt};

use super::Access;
use super::client_address;
use crate::wire::context::RequestContext;
use crate::wire::error::ApiResult;

/// The account that a username and a password open.
///
/// Fails with [`Unauthenticated::WrongPassword`], in the same time and words whether there is such an account or not; with
/// [`Unauthenticated::Disabled`] only after the right password; with [`Error::RateLimited`] where too many attempts have
/// failed, for the username or from the address. Attempts are counted while they hold a turn to hash, and a right
/// password is counted out, too, where others failed meanwhile: many guesses at once are not more than one by one.
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

/// People type passwords where usernames belong, so that a plain hash of what they typed would be worth guessing at.
fn attempt(access: &Access, context: &RequestContext, username: &str) -> Attempt {
    let keyed = Secret::derive("", &access.issued_tokens_secret, username.to_lowercase().as_bytes());
    Attempt {
        username_hash: *keyed.hash().as_bytes(),
        address: client_address::counted_as(context.client_address),
    }
}

/// What is no e-mail address is nobody's username.
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
