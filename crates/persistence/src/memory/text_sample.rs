//! Samples of what a workspace's users are called, from which searches see which way will find few rows.
//!
//! A search by index reads all users with a piece of the text; a search without one reads users in the list's order until
//! a page is full. The first takes long for a text that many users have, the second for one that few have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use denizen_domain::WorkspaceId;

/// How long a sample is used. It may be outdated, since it decides only how fast a search is.
const LIFE: Duration = Duration::from_mins(10);

/// The bytes that all samples may take.
const CAPACITY: u64 = 4 << 20;

/// A text counts as frequent if more than one in this many users has it.
const FREQUENT: usize = 100;

/// A trigram counts as rare if at most one in this many users has it.
const RARE: usize = 20;

/// How many rare trigrams in a row make a piece selective enough.
const TRIGRAMS_OF_PIECE: usize = 4;

/// The samples of workspaces that were searched lately.
pub(crate) type TextSamples = moka::sync::Cache<WorkspaceId, Arc<TextSample>>;

/// Creates an empty store of samples.
pub(super) fn text_samples() -> TextSamples {
    let weigher = |_: &WorkspaceId, sample: &Arc<TextSample>| u32::try_from(sample.bytes).unwrap_or(u32::MAX);
    moka::sync::Cache::builder().weigher(weigher).max_capacity(CAPACITY).time_to_live(LIFE).build()
}

/// Three characters of a text.
pub(crate) type Trigram = [char; 3];

/// The searchable texts of some users, with their [words marked](mark_words).
#[derive(Debug)]
pub(crate) struct TextSample {
    texts: Vec<String>,
    trigrams: HashMap<Trigram, usize>,
    bytes: usize,
    is_everyone: bool,
}

impl TextSample {
    /// Creates a sample from the searchable texts of some users, or of everyone.
    pub(crate) fn new(texts: Vec<String>, is_everyone: bool) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| mark_words(&text)).collect();
        let mut trigrams = HashMap::new();
        for text in &texts {
            let mut trigrams_of_text = trigrams_of(text);
            trigrams_of_text.sort_unstable();
            trigrams_of_text.dedup();
            for trigram in trigrams_of_text {
                *trigrams.entry(trigram).or_default() += 1;
            }
        }
        let bytes = texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>()
            + trigrams.len() * size_of::<(Trigram, usize)>() * 2;
        Self { texts, trigrams, bytes, is_everyone }
    }

    /// Returns whether so many users have a marked text that reading them in order fills a page soon, or the workspace has
    /// few users at all.
    pub(crate) fn is_frequent(&self, text: &str) -> bool {
        let is_frequent = |users: usize| users * FREQUENT > self.texts.len();
        let at_most = trigrams_of(text).iter().map(|trigram| self.users_with(trigram)).min();
        self.is_everyone
            || at_most.is_some_and(is_frequent)
                && is_frequent(self.texts.iter().filter(|sampled| sampled.contains(text)).count())
    }

    /// Returns the piece of a marked text by which an index finds few users, or the whole text if each piece is frequent.
    /// It consists of trigrams that the index can look up.
    pub(crate) fn selective_piece(&self, text: &str, can_look_up: impl Fn(&Trigram) -> bool) -> String {
        let trigrams = trigrams_of(text);
        let is_rare =
            |trigram: &Trigram| can_look_up(trigram) && self.users_with(trigram) * RARE <= self.texts.len();
        let longest_first = (1..=TRIGRAMS_OF_PIECE.min(trigrams.len())).rev();
        let rarest = longest_first
            .filter_map(|length| {
                let pieces = trigrams.windows(length).filter(|piece| piece.iter().all(is_rare));
                pieces.min_by_key(|piece| piece.iter().map(|trigram| self.users_with(trigram)).sum::<usize>())
            })
            .next();
        match rarest {
            Some([first, rest @ ..]) => first.iter().chain(rest.iter().map(|[.., last]| last)).collect(),
            _ => text.to_owned(),
        }
    }

    fn users_with(&self, trigram: &Trigram) -> usize {
        self.trigrams.get(trigram).copied().unwrap_or(0)
    }
}

/// Puts two line ends before each word, as the search index of SQLite does: that makes trigrams of its first letter and
/// of its first two letters. Words are what blanks and line ends separate.
pub(crate) fn mark_words(text: &str) -> String {
    format!("\n{text}").replace([' ', '\n'], "\n\n")
}

fn trigrams_of(text: &str) -> Vec<Trigram> {
    let characters: Vec<_> = text.chars().collect();
    characters.windows(3).filter_map(|three| three.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> TextSample {
        let texts: Vec<_> = (0..500).map(|number| format!("user_{number:05}\nada smith")).collect();
        TextSample::new(texts, false)
    }

    #[test]
    fn tells_frequent_texts_from_rare_ones() {
        let sample = sample();
        for text in ["user_", "smith", "\n\na", "\nsm", "a\n\ns", "ada\n\nsmith", "000"] {
            assert!(sample.is_frequent(text), "{text}");
        }
        for text in ["user_00123", "\n\nz", "\nmi", "ith\n\nada", "smithuser"] {
            assert!(!sample.is_frequent(text), "{text}");
        }
    }

    #[test]
    fn reads_few_users_in_order() {
        assert!(TextSample::new(vec!["jane".to_owned()], true).is_frequent("unknown"));
        assert!(TextSample::new(Vec::new(), true).is_frequent("unknown"));
    }

    #[test]
    fn chooses_a_piece_that_few_have() {
        let sample = sample();
        let piece = |text| sample.selective_piece(text, |_| true);
        assert_eq!(piece("user_00123"), "0123");
        assert_eq!(piece("unknown user"), "unknow");
        assert_eq!(piece("smith"), "smith", "each piece is frequent");
        assert_eq!(piece("xyz"), "xyz");
        let letters = |trigram: &Trigram| trigram.iter().all(|letter| letter.is_alphanumeric());
        assert_eq!(sample.selective_piece("a-bcd-efghijklm", letters), "efghij");
        assert_eq!(sample.selective_piece("a-b-c", letters), "a-b-c", "nothing can be looked up");
    }
}
