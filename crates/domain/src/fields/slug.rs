//! Slugs: short names for commands and URLs.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::primitives::text::{self, text_type};
use crate::primitives::{Reason, Violation};

text_type! { @declare
    /// A name for commands and URLs: 1 to 63 of `a` to `z`, digits and inner hyphens. A workspace's slug is unique in the
    /// whole directory, a flow's in its workspace.
    Slug
}

impl Slug {
    /// The words of the paths below `/flows` and `/organizations`, where the slugs of workspaces stand, too. In the order
    /// of the alphabet.
    pub const PATH_WORDS: [&str; 6] = ["all", "find", "import", "invitations", "join", "users"];

    /// The most characters of a slug.
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

    /// Checks the slug of a new workspace, which must not be [reserved](Self::is_reserved).
    pub fn parse_new(text: &str) -> Result<Self, Violation> {
        let slug = Self::parse(text)?;
        if slug.is_reserved() {
            let words = Self::PATH_WORDS.join(", ");
            return Err(Violation::new(
                Reason::InvalidFormat,
                format!("must not be a number, nor one of {words}, which paths need"),
            ));
        }
        Ok(slug)
    }

    /// Returns whether no workspace can have this slug, because it means something else in paths: it consists of digits,
    /// like the numbers of workspaces, or is one of the [`PATH_WORDS`](Self::PATH_WORDS).
    pub fn is_reserved(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_digit()) || Self::PATH_WORDS.contains(&self.as_str())
    }

    /// Returns this slug with a number appended, for when it is taken: `my-company-2`.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Self {
        let ending = format!("-{number}");
        let kept: String = self.0.chars().take(Self::MAXIMUM - ending.len()).collect();
        Self(format!("{}{ending}", kept.trim_end_matches('-')))
    }

    /// Derives a slug from a name: `my-company` from `My Company`, `zurich` from `Zürich`. Returns `None` if no letter or
    /// digit is left.
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
    fn a_number_keeps_a_slug_within_its_limit() {
        assert_eq!(Slug::parse("acme").unwrap().numbered(2).as_str(), "acme-2");
        let long = Slug::parse(&"a".repeat(63)).unwrap().numbered(12);
        assert_eq!(long.as_str(), format!("{}-12", "a".repeat(60)));
    }

    #[test]
    fn a_workspaces_slug_is_no_number_and_no_word_of_a_path() {
        for reserved in [
            "1",
            "007",
            "2026",
            "00",
            &"9".repeat(63),
            "all",
            "find",
            "users",
            "invitations",
            "import",
            "join",
        ] {
            assert!(Slug::parse(reserved).unwrap().is_reserved(), "{reserved}");
            assert!(Slug::parse_new(reserved).is_err(), "{reserved}");
        }
        for free in ["1a", "2026-2", "1-2", "finder", "all-2", "user", "a1"] {
            assert_eq!(Slug::parse_new(free).unwrap().as_str(), free);
        }
    }

    #[test]
    fn a_slug_has_no_other_characters() {
        for wrong in ["", "-a", "a-", "A", "a b", "ü", &"a".repeat(64)] {
            assert!(Slug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
