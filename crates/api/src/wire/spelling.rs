//! Names of parameters and fields as clients write them: arrays, and misspelt names.

use strsim::osa_distance;

/// The longest name that is compared with known ones. Known names are much shorter.
const LONGEST: usize = 64;

/// Returns whether a key of a query string sends this parameter: its name, or its name as an array (`ids[]`, `ids[0]`),
/// as axios, qs and PHP write repeated parameters.
pub(crate) fn sends(key: &str, name: &str) -> bool {
    let Some(rest) = key.strip_prefix(name) else { return false };
    let index = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    rest.is_empty() || index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The most pieces of a key that are compared together.
const MOST_PIECES: usize = 4;

/// Returns the known name that an unknown key resembles, if any.
///
/// Names resemble each other if they differ in case, number, separators or brackets, by `id` at the end, or by a letter,
/// or two in long names; and all that begin like a known name with brackets, such as `filter[…]`.
pub(crate) fn nearest<'known>(key: &str, known: &[&'known str]) -> Option<&'known str> {
    if key.len() > LONGEST {
        return None;
    }
    let spellings: Vec<_> =
        [key.to_owned()].into_iter().chain(runs(key)).map(|it| Spelling::of(&it)).collect();
    let near = known.iter().flat_map(|name| {
        // A known `filter[status]` may be meant by `status`.
        let inner = name.split_once('[').map(|(_, rest)| Spelling::of(rest));
        let compared: Vec<_> = [Spelling::of(name)].into_iter().chain(inner).collect();
        let distance = |spelling: &Spelling| compared.iter().filter_map(|it| spelling.distance(it)).min();
        // Of equally near names, the one that comes first in the key.
        let near = spellings.iter().enumerate().filter_map(|(place, it)| Some((distance(it)?, place, *name)));
        near.chain(begins_alike(key, name).then_some((usize::MAX, 0, *name))).collect::<Vec<_>>()
    });
    near.min_by_key(|(distance, place, _)| (*distance, *place)).map(|(_, _, name)| name)
}

/// Returns what stands between the brackets of a key, alone and together: `filter[tierIds]` may mean `tierIds`, `page[size]`
/// may mean `pageSize`, and `filter[status][eq]` may mean `filter[status]`.
fn runs(key: &str) -> impl Iterator<Item = String> {
    let pieces = key.split(['[', ']']).filter(|piece| !piece.is_empty());
    let pieces: Vec<_> = pieces.take(MOST_PIECES).collect();
    let runs = (0..pieces.len()).flat_map(|start| (start + 1..=pieces.len()).map(move |end| start..end));
    runs.map(|run| pieces[run].concat()).collect::<Vec<_>>().into_iter()
}

/// Whether a known name has brackets, and a key the same in front of them.
fn begins_alike(key: &str, name: &str) -> bool {
    let head = key.split('[').next().unwrap_or_default();
    name.split_once('[').is_some_and(|(known, _)| known.eq_ignore_ascii_case(head))
}

/// A name, as it is compared.
struct Spelling {
    /// Its letters and digits in lower case.
    letters: String,
    /// The same without `s` and `id` at the end: `tierIds`, `tier_id` and `Tiers` have the same stem.
    stem: String,
}

impl Spelling {
    fn of(name: &str) -> Self {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        let mut stem = letters.clone();
        for end in ["s", "id"] {
            if stem.len() > end.len() && stem.ends_with(end) {
                stem.truncate(stem.len() - end.len());
            }
        }
        Self { letters, stem }
    }

    /// Returns by how many letters two names differ, unless these are too many for their length.
    fn distance(&self, other: &Self) -> Option<usize> {
        if self.stem == other.stem && !self.stem.is_empty() {
            return Some(0);
        }
        let (letters, stems) = (distance(&self.letters, &other.letters), distance(&self.stem, &other.stem));
        letters.into_iter().chain(stems).min()
    }
}

/// Returns by how many letters two words differ: none in the shortest, at most one or two in longer ones.
fn distance(one: &str, other: &str) -> Option<usize> {
    let length = one.chars().count().min(other.chars().count());
    let allowed = match length {
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    Some(osa_distance(one, other)).filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_sends_the_parameter_of_its_name() {
        for key in ["ids", "ids[]", "ids[0]", "ids[17]"] {
            assert!(sends(key, "ids"), "{key}");
        }
        for key in
            ["", "id", "idss", "Ids", "ids[a]", "ids[0", "ids0]", "ids[0][1]", "ids[-1]", "[ids]", "ids.0"]
        {
            assert!(!sends(key, "ids"), "{key}");
        }
        assert!(sends("page[size]", "page[size]") && sends("filter[status][]", "filter[status]"));
        assert!(!sends("page[size]", "page"));
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let known =
            ["tierIds", "created_after", "q", "isActive", "pageSize", "limit", "userId", "ids", "meta"];
        for (key, meant) in [
            ("TIERIDS", "tierIds"),
            ("tier_ids", "tierIds"),
            ("tier-id", "tierIds"),
            ("tiers", "tierIds"),
            ("tierIds[x]", "tierIds"),
            ("tierIds.0", "tierIds"),
            ("filter[tierIds]", "tierIds"),
            ("tierIds[0][id]", "tierIds"),
            ("tireIds", "tierIds"),
            ("createdAfter", "created_after"),
            ("created_afer", "created_after"),
            ("Q", "q"),
            ("q[like]", "q"),
            ("isActvie", "isActive"),
            ("page[size]", "pageSize"),
            ("limits", "limit"),
            ("user", "userId"),
            ("id", "ids"),
            ("Meta", "meta"),
            ("mata", "meta"),
            ("metta", "meta"),
        ] {
            assert_eq!(nearest(key, &known), Some(meant), "{key}");
        }
    }

    #[test]
    fn finds_the_name_with_brackets_that_was_meant() {
        let known = ["page[size]", "page[number]", "filter[status]", "filter[fromTemplate]", "sort"];
        for (key, meant) in [
            ("pageSize", "page[size]"),
            ("page[limit]", "page[number]"),
            ("PAGE[SIZE]", "page[size]"),
            ("page", "page[number]"),
            ("status", "filter[status]"),
            ("filter[status][eq]", "filter[status]"),
            ("filter[filter[status]]", "filter[status]"),
            ("filter[from_template]", "filter[fromTemplate]"),
            ("filter[sort]", "sort"),
            ("filter[owner]", "filter[fromTemplate]"),
        ] {
            let found = nearest(key, &known);
            let alike = found.is_some_and(|found| found.split('[').next() == meant.split('[').next());
            assert!(alike, "{key} may mean {meant}, not {found:?}");
        }
        assert_eq!(nearest("pages", &known), None);
    }

    #[test]
    fn other_keys_resemble_nothing() {
        let known =
            ["tierIds", "created_after", "q", "isActive", "pageSize", "limit", "userId", "ids", "meta"];
        let long = "tierIds".repeat(20);
        for key in
            ["", "_", "v", "[]", "t", "utm_source", "cb", "trace", "fields", "format", "created", &long]
        {
            assert_eq!(nearest(key, &known), None, "{key}");
        }
    }
}
