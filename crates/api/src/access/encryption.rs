//! Seals secrets that the server keeps for others, with keys that are not in the database.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use denizen_domain::{
    AuthConfigId, ConnectedAccountId, Error, IdSource, NotConfigured, RandomIds, Result, SecretHash,
    WorkspaceId,
};
use secrecy::{ExposeSecret as _, SecretString};

/// Bytes of a key.
const KEY: usize = 32;

/// Bytes of a key's id, with which everything sealed begins.
const ID: usize = 8;

/// What a secret is and whom it belongs to. A sealed secret opens only as the same.
#[derive(Debug, Clone, Copy)]
pub enum SealedAs {
    /// The key of a workspace.
    WorkspaceKey(WorkspaceId),
    /// The secret of an auth config's client.
    ClientSecret(WorkspaceId, AuthConfigId),
    /// What a connected account presents to its system.
    Credentials(WorkspaceId, ConnectedAccountId),
    /// The verifier of the code with which a browser comes back that has this state.
    CodeVerifier(WorkspaceId, SecretHash),
}

impl SealedAs {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::WorkspaceKey(id) => [b"workspace key\0", &id.as_uuid().as_bytes()[..]].concat(),
            Self::ClientSecret(workspace_id, id) => {
                [b"client secret\0", &workspace_id.as_uuid().as_bytes()[..], id.as_uuid().as_bytes()].concat()
            }
            Self::Credentials(workspace_id, id) => {
                [b"credentials\0", &workspace_id.as_uuid().as_bytes()[..], id.as_uuid().as_bytes()].concat()
            }
            Self::CodeVerifier(workspace_id, state) => {
                [b"code verifier\0", &workspace_id.as_uuid().as_bytes()[..], state.as_bytes()].concat()
            }
        }
    }
}

/// The server's encryption keys: the first seals, and all of them open. Secrets are sealed with AES-256-GCM.
pub struct EncryptionKeys(Vec<EncryptionKey>);

struct EncryptionKey {
    id: [u8; ID],
    cipher: LessSafeKey,
}

impl std::fmt::Debug for EncryptionKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "EncryptionKeys({})", self.0.len())
    }
}

impl EncryptionKeys {
    /// Generates a key: 32 random bytes, in Base64.
    pub fn generate() -> SecretString {
        STANDARD.encode(RandomIds.random_bytes()).into()
    }

    /// Reads keys, one a line: 32 bytes each, in Base64. Skips blank lines and those that begin with `#`. Fails if a line
    /// is anything else, or if there is no key.
    pub fn parse(text: &SecretString) -> Result<Self> {
        let lines = text.expose_secret().lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|(index, line)| {
            let not_a_key = || Error::Internal(format!("line {} is not 32 bytes in Base64", index + 1));
            EncryptionKey::parse(line).ok_or_else(not_a_key)
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        if keys.is_empty() { Err(Error::Internal("there is no key".to_owned())) } else { Ok(Self(keys)) }
    }

    /// Seals a secret with the first key.
    pub fn seal(&self, secret: &[u8], sealed_as: SealedAs, ids: &dyn IdSource) -> Result<Vec<u8>> {
        let key = self.0.first().ok_or(Error::NotConfigured(NotConfigured::EncryptionKey))?;
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&ids.random_bytes()[..NONCE_LEN]);
        let mut text = secret.to_vec();
        let (used, about) = (Nonce::assume_unique_for_key(nonce), Aad::from(sealed_as.bytes()));
        let sealed = key.cipher.seal_in_place_append_tag(used, about, &mut text);
        sealed.map_err(|_| Error::Internal("cannot seal a secret".to_owned()))?;
        Ok([&key.id[..], &nonce, &text].concat())
    }

    /// Opens a secret. Fails with [`NotConfigured::SealingKey`] if none of the keys sealed it.
    pub fn open(&self, sealed: &[u8], sealed_as: SealedAs) -> Result<Vec<u8>> {
        let key = self.key_of(sealed).ok_or(Error::NotConfigured(NotConfigured::SealingKey))?;
        let broken = || Error::Internal(format!("{sealed_as:?} was changed in the database"));
        let mut rest = sealed.get(ID..).unwrap_or_default().to_vec();
        let (nonce, text) = rest.split_at_mut_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let about = Aad::from(sealed_as.bytes());
        let opened = key.cipher.open_in_place(nonce, about, text).map_err(|_| broken())?;
        Ok(opened.to_vec())
    }

    /// Returns whether one of the keys sealed this.
    pub fn have_sealed(&self, sealed: &[u8]) -> bool {
        self.key_of(sealed).is_some()
    }

    /// Returns whether the first key sealed this.
    pub fn first_has_sealed(&self, sealed: &[u8]) -> bool {
        self.0.first().is_some_and(|key| sealed.starts_with(&key.id))
    }

    fn key_of(&self, sealed: &[u8]) -> Option<&EncryptionKey> {
        self.0.iter().find(|key| sealed.starts_with(&key.id))
    }
}

impl EncryptionKey {
    fn parse(line: &str) -> Option<Self> {
        let key: [u8; KEY] = STANDARD.decode(line).ok()?.try_into().ok()?;
        let hash = digest::digest(&digest::SHA256, &[&b"id of an encryption key"[..], &key].concat());
        let id = hash.as_ref().first_chunk().copied()?;
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        Some(Self { id, cipher })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keys(texts: &[&SecretString]) -> EncryptionKeys {
        let lines: Vec<_> = texts.iter().map(|text| text.expose_secret()).collect();
        EncryptionKeys::parse(&lines.join("\n").into()).unwrap()
    }

    fn of(number: u128) -> SealedAs {
        SealedAs::WorkspaceKey(WorkspaceId::from_uuid(Uuid::from_u128(number)))
    }

    #[test]
    fn a_secret_opens_only_with_its_key_and_as_the_same() {
        let (one, other) = (EncryptionKeys::generate(), EncryptionKeys::generate());
        let sealed = keys(&[&one]).seal(b"secret", of(1), &RandomIds).unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"), "the secret is readable");
        assert_eq!(keys(&[&one]).open(&sealed, of(1)).unwrap(), b"secret");
        assert!(matches!(keys(&[&one]).open(&sealed, of(2)), Err(Error::Internal(_))));
        let unknown = keys(&[&other]).open(&sealed, of(1)).unwrap_err();
        assert!(matches!(unknown, Error::NotConfigured(NotConfigured::SealingKey)));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(keys(&[&one]).open(&changed, of(1)).is_err(), "changed at {place}");
            assert!(keys(&[&one]).open(&sealed[..place], of(1)).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (EncryptionKeys::generate(), EncryptionKeys::generate());
        let (before, after) = (keys(&[&old]), keys(&[&new, &old]));
        let sealed = before.seal(b"secret", of(1), &RandomIds).unwrap();
        assert_eq!(after.open(&sealed, of(1)).unwrap(), b"secret");
        assert!(after.have_sealed(&sealed) && !after.first_has_sealed(&sealed));
        let again = after.seal(b"secret", of(1), &RandomIds).unwrap();
        assert!(after.first_has_sealed(&again) && !before.have_sealed(&again));
        assert_ne!(sealed, before.seal(b"secret", of(1), &RandomIds).unwrap(), "never the same bytes");
    }

    #[test]
    fn a_file_has_one_key_a_line() {
        let key = EncryptionKeys::generate();
        let key = key.expose_secret();
        for right in [key.to_owned(), format!("# old\n\n  {key}  \r\n{key}\n")] {
            assert!(EncryptionKeys::parse(&right.into()).is_ok());
        }
        for wrong in ["", "# none", "short", &key[1..], &format!("{key}A"), &format!("{key} {key}")] {
            assert!(EncryptionKeys::parse(&wrong.to_owned().into()).is_err(), "{wrong}");
        }
    }
}
