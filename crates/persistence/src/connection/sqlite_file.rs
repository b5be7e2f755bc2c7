//! The file of a SQLite database, and the URL that names it.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

const SCHEME: &str = "sqlite://";

/// The characters of a path with a meaning of their own in a URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Returns the URL of a database file, whatever characters its path contains.
pub fn sqlite_url(file: &Path) -> String {
    format!("{SCHEME}{}", percent_encode(file.as_os_str().as_bytes(), ENCODED))
}

/// Returns the file that a `sqlite://` URL names, decoded and without parameters (`?mode=rwc`), which other programs
/// take. `None` for other URLs, and if it names no file.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix(SCHEME)?.split(['?', '#']).next()?;
    let path = PathBuf::from(OsString::from_vec(percent_decode_str(path).collect()));
    (!path.as_os_str().is_empty() && path.as_os_str() != ":memory:").then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_file_it_was_made_of() {
        for path in ["data/denizen.db", "/a?b=c/d#e/100%/%41.db", "ü/😀 x.db", "file:a.db", "a\nb.db", "-"]
        {
            assert_eq!(sqlite_file(&sqlite_url(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
        let path = PathBuf::from(OsString::from_vec(b"/caf\xE9.db".to_vec()));
        assert_eq!(sqlite_file(&sqlite_url(&path)), Some(path));
    }

    #[test]
    fn a_url_may_be_encoded_and_have_parameters() {
        for (url, path) in [
            ("sqlite://denizen.db", "denizen.db"),
            ("sqlite:///var/lib/denizen.db?mode=rwc", "/var/lib/denizen.db"),
            ("sqlite:///my%20data/a.db", "/my data/a.db"),
            ("sqlite:///my data/a.db", "/my data/a.db"),
            ("sqlite:///100%/a.db", "/100%/a.db"),
        ] {
            assert_eq!(sqlite_file(url).as_deref(), Some(Path::new(path)), "{url}");
        }
        for wrong in
            ["sqlite://", "sqlite://?mode=rwc", "sqlite://:memory:", "postgres://localhost/a", "a.db"]
        {
            assert_eq!(sqlite_file(wrong), None, "{wrong}");
        }
    }
}
