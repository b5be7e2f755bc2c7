//! Versions: short texts that tell whether something is still what it was.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A text of 22 characters that is another one whenever what is shown of something is.
pub(crate) fn version_of(shown: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(shown)[..16])
}
