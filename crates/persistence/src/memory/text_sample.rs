//! Samples of what a workspace's users are called, from which searches see which way will find few rows.
//!
//! A search by index reads all users with a piece of the text; a search without one reads users in the list's order until
//! a page is full. The first takes long for a text that many users have, the second for one that few have.

use std::cmp::Reverse;
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

/// What it costs to read a user and compare its texts, relative to an entry of a trigram in the index.
const COST_OF_USER: usize = 400;

/// A trigram counts as rare if at most one in this many users has it.
const RARE: usize = 20;

/// A piece with more characters is not worth more trigrams.
const LONGEST_PIECE: usize = 8;

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
    /// Which of the texts have a trigram.
    trigrams: HashMap<Trigram, Vec<u16>>,
    bytes: usize,
    is_everyone: bool,
    has_most_users: bool,
}

impl TextSample {
    /// Creates a sample from the searchable texts of all users of a workspace.
    pub(crate) fn of_everyone(texts: Vec<String>) -> Self {
        Self { is_everyone: true, ..Self::new(texts, false) }
    }

    /// Creates a sample from the searchable texts of some users, at most 65,536, of a workspace that has most users of all,
    /// or not.
    pub(crate) fn new(texts: Vec<String>, has_most_users: bool) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| mark_words(&text)).collect();
        let mut trigrams: HashMap<_, Vec<_>> = HashMap::new();
        for (number, text) in (0..).zip(&texts) {
            for trigram in trigrams_of(text) {
                let numbers = trigrams.entry(trigram).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        let bytes_of_texts: usize = texts.iter().map(|text| size_of::<String>() + text.len()).sum();
        let bytes_of_numbers: usize = trigrams.values().map(|numbers| size_of_val(numbers.as_slice())).sum();
        let bytes =
            bytes_of_texts + 2 * (trigrams.len() * size_of::<(Trigram, Vec<u16>)>() + bytes_of_numbers);
        Self { texts, trigrams, bytes, is_everyone: false, has_most_users }
    }

    /// Returns whether the workspace has most users of all workspaces.
    pub(crate) fn has_most_users(&self) -> bool {
        self.has_most_users
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

    /// Returns the piece of a text by which an index finds few users, or the whole text if no piece will do. It consists of
    /// trigrams that the index can look up: each costs the index all who have it, and spares the users who do not.
    pub(crate) fn selective_piece(&self, text: &str, can_look_up: impl Fn(&Trigram) -> bool) -> String {
        let trigrams = trigrams_of(text);
        let usable = |index: usize| trigrams.get(index).filter(|trigram| can_look_up(trigram));
        let rarest = (0..trigrams.len())
            .filter_map(|index| usable(index).map(|trigram| (self.users_with(trigram), index)))
            .min();
        let Some((_, rarest)) = rarest else { return text.to_owned() };
        let mut piece =
            Piece { first: rarest, last: rarest, having: self.having(&trigrams[rarest]).to_vec() };
        while piece.last - piece.first + 3 < LONGEST_PIECE {
            let before = piece.first.checked_sub(1).filter(|index| usable(*index).is_some());
            let after = Some(piece.last + 1).filter(|index| usable(*index).is_some());
            let longer =
                before.into_iter().chain(after).filter_map(|index| self.longer(&trigrams, &piece, index));
            let Some((_, longer)) = longer.max_by_key(|(gain, _)| *gain) else { break };
            piece = longer;
        }
        let has_few = piece.having.len() * COST_OF_USER <= trigrams.len() * self.texts.len();
        if has_few { text_of(&trigrams[piece.first..=piece.last]) } else { text.to_owned() }
    }

    /// Adds the trigram before or after a piece, if that spares more than it costs or costs little. Returns what it spares,
    /// then what it costs.
    fn longer(
        &self,
        trigrams: &[Trigram],
        piece: &Piece,
        index: usize,
    ) -> Option<((usize, Reverse<usize>), Piece)> {
        let (first, last) = (piece.first.min(index), piece.last.max(index));
        let text = text_of(&trigrams[first..=last]);
        let has_text = |number: &&u16| self.texts[usize::from(**number)].contains(&text);
        let having: Vec<_> = piece.having.iter().filter(has_text).copied().collect();
        let cost = self.users_with(&trigrams[index]);
        let spared = (piece.having.len() - having.len()) * COST_OF_USER;
        let is_cheap = cost * RARE <= self.texts.len();
        (spared > cost || is_cheap).then_some(((spared, Reverse(cost)), Piece { first, last, having }))
    }

    fn having(&self, trigram: &Trigram) -> &[u16] {
        self.trigrams.get(trigram).map_or(&[], Vec::as_slice)
    }

    fn users_with(&self, trigram: &Trigram) -> usize {
        self.having(trigram).len()
    }
}

/// Consecutive trigrams of a text, and which sampled texts have them in a row.
struct Piece {
    first: usize,
    last: usize,
    having: Vec<u16>,
}

/// Returns the text of consecutive trigrams.
fn text_of(trigrams: &[Trigram]) -> String {
    let Some((first, rest)) = trigrams.split_first() else { return String::new() };
    first.iter().chain(rest.iter().map(|[.., last]| last)).collect()
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
        assert!(TextSample::of_everyone(vec!["jane".to_owned()]).is_frequent("unknown"));
        assert!(TextSample::of_everyone(Vec::new()).is_frequent("unknown"));
    }

    #[test]
    fn chooses_a_piece_that_few_have() {
        let sample = sample();
        let piece = |text| sample.selective_piece(text, |_| true);
        assert_eq!(piece("user_00123"), "0123", "123 has few, 0123 one, and 00123 no fewer");
        assert_eq!(piece("unknown user"), "unknown ");
        assert_eq!(piece("xyz"), "xyz");
        assert_eq!(piece("smith"), "smith", "everyone has each piece");
        let letters = |trigram: &Trigram| trigram.iter().all(|letter| letter.is_alphanumeric());
        assert_eq!(sample.selective_piece("a-efghijklmnop", letters), "efghijkl");
        assert_eq!(sample.selective_piece("a-b-c", letters), "a-b-c", "nothing can be looked up");
    }
}
