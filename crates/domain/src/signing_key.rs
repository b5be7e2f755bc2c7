//! When each of the server's keys signs access tokens, and how long its tokens are accepted.
//!
//! The next key is published long before it signs, so that no cache of the public keys is surprised by it.

use std::time::Duration;

use crate::primitives::Timestamp;

/// How long others may cache the public keys.
pub const PUBLIC_KEYS_CACHED: Duration = Duration::from_secs(30);

/// How often every server reads the keys, which another server may have changed.
pub const SIGNING_KEYS_READ_EVERY: Duration = Duration::from_secs(30);

/// How long a key is accepted beyond the lifetime of its tokens: the clocks of servers differ.
const GRACE: Duration = Duration::from_mins(1);

/// What a key is used for.
///
/// ```
/// use std::time::Duration;
/// use denizen_domain::{Clock as _, SigningKeyUse, SystemClock};
///
/// let now = SystemClock.now();
/// // Newest first: one whose time is not decided, and one that has begun.
/// let uses = SigningKeyUse::of_all(&[None, Some(now)], Duration::from_secs(3_600), now);
/// assert_eq!(uses, [SigningKeyUse::Next, SigningKeyUse::Signing]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKeyUse {
    /// It is published, and will sign.
    Next,
    /// It signs new tokens.
    Signing,
    /// It no longer signs. Its tokens are accepted until they expire.
    Accepted,
    /// Its tokens have expired.
    Retired,
}

impl SigningKeyUse {
    /// Returns the uses of all keys at this moment, from the times at which they begin to sign, newest key first. `None`
    /// is a key whose time is not decided. Of several keys whose time has come, the newest signs; if there is none, the
    /// oldest key does.
    pub fn of_all(signs_from: &[Option<Timestamp>], token_lifetime: Duration, now: Timestamp) -> Vec<Self> {
        let mut replaced_at: Option<Timestamp> = None;
        let mut uses: Vec<_> = signs_from
            .iter()
            .map(|signs_from| {
                let Some(begun) = signs_from.filter(|begin| *begin <= now) else { return Self::Next };
                match replaced_at.replace(begun) {
                    None => Self::Signing,
                    Some(end) if now < end.plus(token_lifetime).plus(GRACE) => Self::Accepted,
                    Some(_) => Self::Retired,
                }
            })
            .collect();
        if let (None, Some(oldest)) = (replaced_at, uses.last_mut()) {
            *oldest = Self::Signing;
        }
        uses
    }

    /// Returns whether others may see the key, and tokens signed with it are accepted.
    pub fn is_published(self) -> bool {
        self != Self::Retired
    }
}

/// Returns the earliest time from which the next key can sign: every server has read it, and no cached answer lacks it.
pub fn earliest_signing(created_at: Timestamp, now: Timestamp) -> Timestamp {
    let seen_everywhere = created_at.plus(SIGNING_KEYS_READ_EVERY).plus(PUBLIC_KEYS_CACHED);
    now.plus(PUBLIC_KEYS_CACHED).max(seen_everywhere)
}

#[cfg(test)]
mod tests {
    use super::SigningKeyUse::{Accepted, Next, Retired, Signing};
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_microseconds(1_700_000_000_000_000).unwrap().plus(Duration::from_secs(seconds))
    }

    fn uses(signs_from: &[Option<u64>], now: u64) -> Vec<SigningKeyUse> {
        let signs_from: Vec<_> = signs_from.iter().map(|begin| begin.map(at)).collect();
        SigningKeyUse::of_all(&signs_from, HOUR, at(now))
    }

    #[test]
    fn the_newest_key_whose_time_has_come_signs() {
        assert_eq!(uses(&[], 0), []);
        assert_eq!(uses(&[None, Some(0)], 0), [Next, Signing]);
        assert_eq!(uses(&[None, Some(30), Some(0)], 29), [Next, Next, Signing]);
        assert_eq!(uses(&[None, Some(30), Some(0)], 30), [Next, Signing, Accepted]);
        assert_eq!(uses(&[None, Some(30), Some(0)], 30 + 3_600 + 59), [Next, Signing, Accepted]);
        assert_eq!(uses(&[None, Some(30), Some(0)], 30 + 3_600 + 60), [Next, Signing, Retired]);
    }

    #[test]
    fn several_keys_are_accepted_while_their_tokens_live() {
        let keys = [None, Some(90), Some(60), Some(30), Some(0)];
        assert_eq!(uses(&keys, 90), [Next, Signing, Accepted, Accepted, Accepted]);
        assert_eq!(uses(&keys, 3_700), [Next, Signing, Accepted, Accepted, Retired]);
        assert_eq!(uses(&keys, 9_999), [Next, Signing, Retired, Retired, Retired]);
    }

    #[test]
    fn a_key_signs_even_if_the_time_of_none_has_come() {
        assert_eq!(uses(&[None, Some(30), Some(20)], 10), [Next, Next, Signing]);
        assert_eq!(uses(&[None], 10), [Signing]);
    }

    #[test]
    fn a_key_signs_once_no_cache_lacks_it() {
        assert_eq!(earliest_signing(at(0), at(1_000)), at(1_030));
        assert_eq!(earliest_signing(at(1_000), at(1_000)), at(1_060));
    }
}
