//! Seals responses, which may hold new keys and tokens, with secrets that only the sender knows.
//!
//! All keys are derived with HMAC-SHA256 from the secret of the presented credential and from the idempotency key. The
//! database holds at most hashes of both, so nobody who reads only the database can read responses or guess requests.
//! Responses are sealed with AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use denizen_domain::{Error, IdSource, Result};

/// Bytes of a code.
const CODE: usize = 32;

/// Seals and opens the response to a request.
pub(super) struct Seal {
    /// Identifies the credential.
    credential: [u8; CODE],
    /// Identifies the request.
    request: [u8; CODE],
    key: [u8; CODE],
    /// Binds the response to its record.
    record: [u8; CODE],
}

impl Seal {
    /// Creates the seal for a request's digest, a secret and an idempotency key.
    pub(super) fn new(
        secret: &[u8],
        idempotency_key: &str,
        record: &[u8; CODE],
        request: &[u8; CODE],
    ) -> Self {
        let root = code(secret, &["idempotency".as_bytes(), record, idempotency_key.as_bytes()]);
        Self {
            credential: code(&root, &[b"credential"]),
            request: code(&root, &[b"request", request]),
            key: code(&root, &[b"answer", request]),
            record: *record,
        }
    }

    /// Returns the stored code that identifies credential and request. It reveals nothing without the secret.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        [self.credential, self.request].concat()
    }

    /// Returns whether a fingerprint was made with the same credential.
    pub(super) fn is_of_credential(&self, fingerprint: &[u8]) -> bool {
        let credential = fingerprint.get(..CODE).unwrap_or_default();
        verify_slices_are_equal(credential, &self.credential).is_ok()
    }

    /// Seals a response.
    pub(super) fn close(&self, mut answer: Vec<u8>, ids: &dyn IdSource) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&ids.random_bytes()[..NONCE_LEN]);
        let failed = |_| Error::Internal("cannot seal a response".to_owned());
        let key = self.cipher().ok_or_else(|| Error::Internal("a response has no key".to_owned()))?;
        let (used, about) = (Nonce::assume_unique_for_key(nonce), Aad::from(self.record));
        key.seal_in_place_append_tag(used, about, &mut answer).map_err(failed)?;
        Ok([&nonce[..], &answer].concat())
    }

    /// Opens a response. `None` if another seal closed it.
    pub(super) fn open(&self, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, answer) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(self.record), answer).ok()?;
        Some(opened.to_vec())
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.key).ok().map(LessSafeKey::new)
    }
}

/// A hash of several length-delimited parts.
pub(super) struct Digest(digest::Context);

impl Digest {
    /// An empty hash.
    pub(super) fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds a part.
    pub(super) fn add(&mut self, thing: impl AsRef<[u8]>) -> &mut Self {
        let thing = thing.as_ref();
        self.0.update(&(thing.len() as u64).to_be_bytes());
        self.0.update(thing);
        self
    }

    /// Returns the hash.
    pub(super) fn finish(self) -> [u8; CODE] {
        bytes(self.0.finish().as_ref())
    }
}

fn code(key: &[u8], things: &[&[u8]]) -> [u8; CODE] {
    let mut code = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for thing in things {
        code.update(&(thing.len() as u64).to_be_bytes());
        code.update(thing);
    }
    bytes(code.sign().as_ref())
}

fn bytes(code: &[u8]) -> [u8; CODE] {
    let mut bytes = [0; CODE];
    bytes.copy_from_slice(code);
    bytes
}

#[cfg(test)]
mod tests {
    use denizen_domain::RandomIds;

    use super::*;

    fn seal(secret: &str, key: &str, record: u8, request: u8) -> Seal {
        Seal::new(secret.as_bytes(), key, &[record; CODE], &[request; CODE])
    }

    #[test]
    fn a_response_opens_only_with_the_same_secret_and_context() {
        let answer = b"a new key".to_vec();
        let sealed = seal("sk_a", "key", 1, 1).close(answer.clone(), &RandomIds).unwrap();
        assert!(!sealed.windows(answer.len()).any(|part| part == answer), "the response is readable");
        assert_eq!(seal("sk_a", "key", 1, 1).open(sealed.clone()), Some(answer));
        for other in [
            seal("sk_b", "key", 1, 1),
            seal("sk_a", "other", 1, 1),
            seal("sk_a", "key", 2, 1),
            seal("sk_a", "key", 1, 2),
        ] {
            assert_eq!(other.open(sealed.clone()), None);
        }
    }

    #[test]
    fn rejects_changed_or_truncated_data() {
        let seal = seal("sk_a", "key", 1, 1);
        let sealed = seal.close(b"a new key".to_vec(), &RandomIds).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal.open(changed), None, "changed at {place}");
            assert_eq!(seal.open(sealed[..place].to_vec()), None, "cut at {place}");
        }
    }

    #[test]
    fn sealing_the_same_response_twice_gives_other_bytes() {
        let seal = seal("sk_a", "key", 1, 1);
        let close = || seal.close(b"a new key".to_vec(), &RandomIds).unwrap();
        assert_ne!(close(), close());
    }

    #[test]
    fn a_fingerprint_distinguishes_requests_and_credentials() {
        let of = |secret, request| seal(secret, "key", 1, request);
        let fingerprint = of("sk_a", 1).fingerprint();
        assert_eq!(of("sk_a", 1).fingerprint(), fingerprint);
        assert_ne!(of("sk_a", 2).fingerprint(), fingerprint);
        assert!(of("sk_a", 2).is_of_credential(&fingerprint));
        assert!(!of("sk_b", 1).is_of_credential(&fingerprint));
        assert!(!of("sk_a", 1).is_of_credential(&[]));
    }

    #[test]
    fn a_digest_separates_parts() {
        let digest = |things: &[&str]| {
            let mut digest = Digest::new();
            for thing in things {
                digest.add(thing);
            }
            digest.finish()
        };
        assert_eq!(digest(&["a", "b"]), digest(&["a", "b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["ab"]));
        assert_ne!(digest(&["a", ""]), digest(&["a"]));
    }
}
