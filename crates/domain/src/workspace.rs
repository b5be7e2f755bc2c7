//! The workspace: the tenant, and the wall between tenants.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::text::text_type;
use crate::{Reason, Timestamp, Violation, WorkspaceId, text};

text_type! {
    /// What a workspace is called by people: 1 to 100 characters.
    WorkspaceName, 1..=100
}

text_type! { @declare
    /// What a workspace is called in commands and addresses: 1 to 63 of `a` to `z`, digits and inner hyphens.
    /// Unique in the whole directory.
    Slug
}

impl Slug {
    /// Longest slug, in characters.
    const MAXIMUM: usize = 63;

    /// Checks a slug.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        text::checked(text, &(1..=Self::MAXIMUM))?;
        let allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        };
        if !text.chars().all(allowed) || text.starts_with('-') || text.ends_with('-') {
            return Err(Violation::new(
                Reason::InvalidFormat,
                "must consist of a to z, 0 to 9 and inner hyphens",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug that a name suggests: `My Company` gives `my-company`, `Zürich` gives `zurich`. `None` where nothing is
    /// left of the name.
    pub fn suggested_by(name: &str) -> Option<Self> {
        let folded = text::fold_for_search(name);
        let without_marks: String = folded.nfd().filter(|character| !is_combining_mark(*character)).collect();
        let words = without_marks
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let slug: String = words.collect::<Vec<_>>().join("-").chars().take(Self::MAXIMUM).collect();
        Self::parse(slug.trim_end_matches('-')).ok()
    }
}

/// A tenant. Everything but workspaces themselves belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name in commands and addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: WorkspaceName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_its_slug() {
        for (name, slug) in [
            ("My Company", "my-company"),
            ("pwd/whoami", "pwd-whoami"),
            ("  Ünix 7! ", "unix-7"),
            ("Acme U\u{308}mlaut", "acme-umlaut"),
            ("Große Straße ①", "grosse-strasse-1"),
        ] {
            assert_eq!(Slug::suggested_by(name).unwrap().as_str(), slug);
        }
        assert_eq!(Slug::suggested_by("…"), None);
    }

    #[test]
    fn a_slug_is_plain() {
        for wrong in ["", "-a", "a-", "A", "a b", "ü", &"a".repeat(64)] {
            assert!(Slug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
