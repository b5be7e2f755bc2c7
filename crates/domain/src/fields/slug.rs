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
    fn a_slug_has_no_other_characters() {
        for wrong in ["", "-a", "a-", "A", "a b", "ü", &"a".repeat(64)] {
            assert!(Slug::parse(wrong).is_err(), "{wrong}");
        }
    }
}
