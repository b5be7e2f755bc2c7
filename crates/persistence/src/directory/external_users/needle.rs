//! The text that a search is for.

/// Texts with fewer characters are found only at the beginning of a word.
const ANYWHERE: usize = 3;

/// A folded text to find.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Needle {
    /// Anywhere.
    Part(String),
    /// At the beginning of a word.
    Beginning(String),
}

impl Needle {
    /// Returns `None` for a text of one or two blanks, which finds everyone.
    pub(super) fn new(text: &str) -> Option<Self> {
        if text.chars().count() >= ANYWHERE {
            return Some(Self::Part(text.to_owned()));
        }
        let word = text.trim_matches([' ', '\n']);
        (!word.is_empty()).then(|| Self::Beginning(word.to_owned()))
    }

    /// Returns what a text without blanks is compared with: words begin after a line end.
    pub(super) fn compared(&self) -> String {
        match self {
            Self::Part(text) => text.clone(),
            Self::Beginning(text) => format!("\n{text}"),
        }
    }

    /// Returns it as it stands in a text with [marked words](crate::memory::TextSample).
    pub(super) fn marked(&self) -> String {
        match self {
            Self::Part(text) => text.replace([' ', '\n'], "\n\n"),
            // A trigram.
            Self::Beginning(text) if text.chars().count() == 1 => format!("\n\n{text}"),
            Self::Beginning(text) => format!("\n{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::mark_words;

    #[test]
    fn short_texts_are_found_at_the_beginning_of_words() {
        let beginning = |text: &str| Some(Needle::Beginning(text.to_owned()));
        assert_eq!(Needle::new("a"), beginning("a"));
        assert_eq!(Needle::new("ab"), beginning("ab"));
        assert_eq!(Needle::new(" b"), beginning("b"));
        assert_eq!(Needle::new("  "), None);
        assert_eq!(Needle::new("abc"), Some(Needle::Part("abc".to_owned())));
        assert_eq!(Needle::new(" bc"), Some(Needle::Part(" bc".to_owned())));
    }

    #[test]
    fn finds_texts_with_marked_words() {
        let text = mark_words("jane doe\nj@example.com");
        for (needle, is_found) in [
            ("j", true),
            ("ja", true),
            ("do", true),
            ("ne", false),
            ("ane", true),
            ("e do", true),
            ("e d", true),
        ] {
            assert_eq!(text.contains(&Needle::new(needle).unwrap().marked()), is_found, "{needle}");
        }
    }
}
