//! Access tokens of external users: JSON Web Tokens, signed with Ed25519, which others can verify with
//! `/.well-known/jwks.json`.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use denizen_domain::{
    ChannelId, Error, ExternalId, ExternalUser, ExternalUserId, Result, SigningKeyUse, Source, Timestamp,
    WorkspaceId,
};
use denizen_persistence::server_secrets::signing_keys::{self, SigningKey};
use denizen_persistence::{Database, DbConnection};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::options::AppOptions;

/// Minimum time between reloads of the keys caused by tokens that name an unknown key.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Generates a private key to sign access tokens, as PKCS #8.
pub fn generate_signing_key() -> Result<Vec<u8>> {
    let failed = |_| Error::Internal("cannot generate an Ed25519 key".to_owned());
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let document = pair.to_pkcs8v1().map_err(failed)?;
    Ok(document.as_ref().to_vec())
}

/// Returns the id (`kid`) of a private key in tokens and `/.well-known/jwks.json`. Fails if the bytes are not an
/// Ed25519 key in PKCS #8.
pub fn signing_key_id(pkcs8: &[u8]) -> Result<String> {
    Ok(jwk_of(&public_key_of(pkcs8)?).kid)
}

/// Checks configured private keys. Fails if the text is not Ed25519 keys in PKCS #8, in PEM.
pub fn check_signing_key(pem: &SecretString) -> Result<()> {
    configured_keys(pem).map(|_| ())
}

/// The claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The issuer that the operator set: see [`AppOptions::token_issuer`].
    pub(crate) iss: String,
    /// The external user.
    pub(crate) sub: ExternalUserId,
    /// The workspace.
    pub(crate) aud: WorkspaceId,
    /// Time of issue, in seconds since 1970.
    pub(crate) iat: i64,
    /// Time of expiry, in seconds since 1970.
    pub(crate) exp: i64,
    /// A unique id of the token.
    pub(crate) jti: Uuid,
    /// The user's channel.
    pub(crate) channel_id: ChannelId,
    /// The customer's id for the user.
    pub(crate) external_id: Option<String>,
    /// See [`ExternalUser::token_generation`]; `None` in tokens of earlier versions.
    #[serde(default)]
    pub(crate) generation: Option<i64>,
}

/// The public half of a signing key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Jwk {
    /// The key type.
    #[schema(example = "OKP")]
    kty: &'static str,
    /// The curve.
    #[schema(example = "Ed25519")]
    crv: &'static str,
    /// The key's use.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    usage: &'static str,
    /// The algorithm.
    #[schema(example = "EdDSA")]
    alg: &'static str,
    /// The key's id, which tokens carry.
    #[schema(example = "k1mFd0mBTqBzn4pD")]
    kid: String,
    /// The public key.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

impl Jwk {
    /// The algorithm that signs all tokens.
    pub(crate) const ALGORITHM: &'static str = "EdDSA";
}

/// The keys that sign and verify tokens. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Tokens {
    keys: Arc<RwLock<Arc<Keys>>>,
    is_configured: bool,
    issuer: String,
    lifetime: Duration,
    last_look: Arc<Mutex<Instant>>,
}

/// All keys, newest first.
struct Keys(Vec<Key>);

struct Key {
    jwk: Jwk,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// See [`SigningKey::signs_from`].
    signs_from: Option<Timestamp>,
}

impl Tokens {
    /// Loads the keys, and creates missing ones. Configured keys replace those of the database.
    pub(crate) async fn load(database: &Database, source: &Source, options: &AppOptions) -> Result<Self> {
        let keys = if let Some(pem) = &options.signing_key {
            configured_keys(pem)?
        } else {
            let connection = &mut database.write().await?;
            signing_keys::ensure(connection, source, generate_signing_key).await?;
            stored_keys(connection).await?
        };
        Ok(Self {
            keys: Arc::new(RwLock::new(Arc::new(keys))),
            is_configured: options.signing_key.is_some(),
            issuer: options.issuer().to_owned(),
            lifetime: options.access_token_lifetime,
            last_look: Arc::new(Mutex::new(Instant::now())),
        })
    }

    /// Reloads the keys: another server may have changed them.
    pub(crate) async fn reload(&self, database: &Database) -> Result<()> {
        if self.is_configured {
            return Ok(());
        }
        let keys = Arc::new(stored_keys(&mut database.read().await?).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Issues a token for a user that is not blocked.
    pub(crate) fn issue(&self, source: &Source, user: &ExternalUser) -> Result<String> {
        let now = source.clock.now();
        user.require_unblocked(now)?;
        let iat = now.unix_seconds();
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: user.id,
            aud: user.workspace_id,
            iat,
            exp: iat.saturating_add(i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX)),
            jti: source.ids.uuid(),
            channel_id: user.channel_id,
            external_id: user.external_id.as_ref().map(ExternalId::to_string),
            generation: Some(user.token_generation()),
        };
        let keys = self.current();
        let key = keys.signing(self.lifetime, now)?;
        let header = Header { kid: Some(key.jwk.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.signing)
            .map_err(|error| Error::Internal(format!("cannot sign a token: {error}")))
    }

    /// Returns the claims of a token if it is genuine and not expired.
    pub(crate) async fn verify(
        &self,
        database: &Database,
        now: Timestamp,
        token: &str,
    ) -> Result<Option<Claims>> {
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
            return Ok(None);
        };
        if !self.current().knows(&kid) {
            self.look_again(database, &kid).await?;
        }
        let keys = self.current();
        let Some(key) = keys.accepted(&kid, self.lifetime, now) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        // The audience is the workspace, which the caller looks up along with the user.
        validation.validate_aud = false;
        // Expiry is checked below with the server's clock.
        validation.validate_exp = false;
        let Ok(data) = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation) else {
            return Ok(None);
        };
        Ok(Some(data.claims).filter(|claims| now.unix_seconds() < claims.exp))
    }

    /// Returns the public keys: the current one, the next, then earlier ones whose tokens are accepted.
    pub(crate) fn public_keys(&self, now: Timestamp) -> Vec<Jwk> {
        let keys = self.current();
        let mut published: Vec<_> =
            keys.with_uses(self.lifetime, now).filter(|(_, usage)| usage.is_published()).collect();
        published.sort_by_key(|(_, usage)| *usage != SigningKeyUse::Signing);
        published.into_iter().map(|(key, _)| key.jwk.clone()).collect()
    }

    /// Reloads the keys for one that this server does not know: another server may have made it. At most every two
    /// seconds, because anyone can send tokens with made-up key ids. Requests at the same time wait for the same reload.
    async fn look_again(&self, database: &Database, kid: &str) -> Result<()> {
        let mut last_look = self.last_look.lock().await;
        if !self.current().knows(kid) && last_look.elapsed() >= BETWEEN_LOOKS {
            self.reload(database).await?;
            *last_look = Instant::now();
        }
        Ok(())
    }

    fn current(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Keys {
    /// Returns each key with its use.
    fn with_uses(
        &self,
        token_lifetime: Duration,
        now: Timestamp,
    ) -> impl Iterator<Item = (&Key, SigningKeyUse)> {
        let signs_from: Vec<_> = self.0.iter().map(|key| key.signs_from).collect();
        self.0.iter().zip(SigningKeyUse::of_all(&signs_from, token_lifetime, now))
    }

    fn signing(&self, token_lifetime: Duration, now: Timestamp) -> Result<&Key> {
        let mut keys = self.with_uses(token_lifetime, now);
        let found = keys.find(|(_, usage)| *usage == SigningKeyUse::Signing);
        found.map(|(key, _)| key).ok_or_else(|| Error::Internal("there is no signing key".to_owned()))
    }

    fn accepted(&self, kid: &str, token_lifetime: Duration, now: Timestamp) -> Option<&Key> {
        let mut keys = self.with_uses(token_lifetime, now);
        keys.find(|(key, usage)| usage.is_published() && key.jwk.kid == kid).map(|(key, _)| key)
    }

    fn knows(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.jwk.kid == kid)
    }
}

impl Key {
    fn new(private_key: &[u8], signs_from: Option<Timestamp>) -> Result<Self> {
        let public_key = public_key_of(private_key)?;
        Ok(Self {
            jwk: jwk_of(&public_key),
            signing: EncodingKey::from_ed_der(private_key),
            verifying: DecodingKey::from_ed_der(&public_key),
            signs_from,
        })
    }
}

async fn stored_keys(connection: &mut DbConnection) -> Result<Keys> {
    let keys = signing_keys::list(connection).await?.into_iter();
    let keys = keys.map(|SigningKey { private_key, signs_from, .. }| Key::new(&private_key, signs_from));
    keys.collect::<Result<_>>().map(Keys)
}

/// The first key of a file signs. Others are published and accepted, like the next one and those before.
fn configured_keys(pem: &SecretString) -> Result<Keys> {
    let mut signs_from = Timestamp::from_unix_microseconds(0);
    let keys = private_keys_of(pem)?.into_iter().map(|key| Key::new(&key, signs_from.take()));
    let mut keys = keys.collect::<Result<Vec<_>>>()?;
    keys.reverse();
    Ok(Keys(keys))
}

fn public_key_of(pkcs8: &[u8]) -> Result<Vec<u8>> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
        .map_err(|_| Error::Internal("a signing key is not an Ed25519 key in PKCS #8".to_owned()))?;
    Ok(pair.public_key().as_ref().to_vec())
}

fn jwk_of(public_key: &[u8]) -> Jwk {
    let x = URL_SAFE_NO_PAD.encode(public_key);
    // A prefix of a random public key is unique enough, and the same on every server.
    let kid = x.chars().take(16).collect();
    Jwk { kty: "OKP", crv: "Ed25519", usage: "sig", alg: Jwk::ALGORITHM, kid, x }
}

/// Reads the private keys of a PEM file, which other programs write in either version of PKCS #8, and among other text.
fn private_keys_of(pem: &SecretString) -> Result<Vec<Vec<u8>>> {
    let keys = PrivateKeyDer::pem_slice_iter(pem.expose_secret().as_bytes());
    let keys = keys.map(|key| private_key_of(&key.map_err(|_| unusable("the file is not PEM"))?));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    if keys.is_empty() { Err(unusable("the file has no BEGIN PRIVATE KEY")) } else { Ok(keys) }
}

fn private_key_of(key: &PrivateKeyDer<'_>) -> Result<Vec<u8>> {
    let PrivateKeyDer::Pkcs8(key) = key else {
        return Err(unusable("it is not in PKCS #8; `openssl pkcs8 -topk8 -nocrypt` converts it"));
    };
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
    let pair = pair.map_err(|_| unusable("it is not an Ed25519 key"))?;
    let document = pair.to_pkcs8v1().map_err(|_| unusable("it cannot be copied"))?;
    Ok(document.as_ref().to_vec())
}

fn unusable(reason: &str) -> Error {
    Error::Internal(format!("the signing key is not usable: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 and version 2, which also has the public key (RFC 8410, section 10.3).
    const KEYS: [&str; 2] = [
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
        "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
         oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
         Z9w7lshQhqowtrbLDFw4rXAxZuE=",
    ];

    fn pem(key: &str) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n")
    }

    fn kid_of(pem: &str) -> Result<String> {
        signing_key_id(&private_keys_of(&SecretString::from(pem))?[0])
    }

    #[test]
    fn reads_keys_as_other_programs_write_them() {
        let kid = "Gb9ECWmEzf6FQbrB";
        for key in KEYS.map(pem) {
            for text in [
                key.clone(),
                key.replace('\n', "\r\n"),
                key.trim_end().to_owned(),
                format!("\n\n{key}\n\n"),
                format!("Bag Attributes\n    friendlyName: users\nKey Attributes: <No Attributes>\n{key}"),
                format!("# the key\n{key}# its end"),
                format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{key}"),
            ] {
                assert_eq!(kid_of(&text).unwrap(), kid, "{text}");
                check_signing_key(&SecretString::from(text)).unwrap();
            }
        }
    }

    #[test]
    fn an_error_says_why_a_key_is_not_usable() {
        for (text, reason) in [
            ("", "the file has no BEGIN PRIVATE KEY"),
            (KEYS[0], "the file has no BEGIN PRIVATE KEY"),
            (&pem(KEYS[0]).replace("PRIVATE", "ENCRYPTED PRIVATE"), "the file has no BEGIN PRIVATE KEY"),
            (&pem(KEYS[0]).replace("PRIVATE", "PUBLIC"), "the file has no BEGIN PRIVATE KEY"),
            (&pem(KEYS[0]).replace("PRIVATE", "EC PRIVATE"), "it is not in PKCS #8"),
            (&pem("MAA="), "it is not an Ed25519 key"),
        ] {
            let error = kid_of(text).unwrap_err();
            assert!(error.context().contains(reason), "{text}: {error:?}");
        }
    }
}
