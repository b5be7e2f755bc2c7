//! Finds left-overs of unfinished work.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::none_found;
use crate::command;

/// Texts that no file may contain.
const LEFT_OVERS: [&str; 6] = ["TODO", "FIXME", "dbg!(", "#[ignore", "todo!(", "unimplemented!("];

/// The only file that must contain them.
const THIS: &str = "xtask/src/check/text.rs";

/// Fails with every line of the repository that contains a left-over.
pub(super) fn check() -> Result<()> {
    let mut complaints = Vec::new();
    for path in files()?.iter().filter(|path| *path != Path::new(THIS)) {
        // Binary files contain no text.
        let Ok(text) = std::fs::read_to_string(command::root().join(path)) else { continue };
        for (line, number) in text.lines().zip(1..) {
            if let Some(found) = left_over(line) {
                complaints.push(format!("{}:{number} contains {found}", path.display()));
            }
        }
    }
    none_found(&complaints)
}

/// Returns the repository's files, committed or not, relative to its root.
pub(super) fn files() -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    // Allow checkouts that belong to another user.
    git.args(["-c", "safe.directory=*"]).current_dir(command::root());
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    let files = command::output(&mut git)?;
    let paths = files.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from);
    // git still lists files whose deletion is not committed.
    Ok(paths.filter(|path| command::root().join(path).is_file()).collect())
}

fn left_over(line: &str) -> Option<&'static str> {
    LEFT_OVERS.into_iter().find(|found| {
        line.match_indices(found).any(|(start, _)| {
            let within_word = |letter: Option<char>| letter.is_some_and(is_word);
            let begins = !within_word(line[..start].chars().next_back());
            let ends = !found.ends_with(is_word) || !within_word(line[start + found.len()..].chars().next());
            begins && ends
        })
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::left_over;

    #[test]
    fn finds_whole_words_and_calls() {
        assert_eq!(left_over("// TODO: later"), Some("TODO"));
        assert_eq!(left_over("    todo!()"), Some("todo!("));
        assert_eq!(left_over("#[ignore = \"slow\"]"), Some("#[ignore"));
        assert_eq!(left_over("todo = \"deny\", TODOS, mastodon_todo!(x)"), None);
    }
}
