//! Versions: short texts that change whenever an object does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Returns a text of 22 characters that changes whenever the shown text does.
pub(crate) fn version_of(shown: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(shown)[..16])
}
