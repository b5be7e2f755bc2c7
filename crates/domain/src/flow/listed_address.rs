//! Lists of e-mail addresses, as people paste them.

use percent_encoding::percent_decode_str;

use crate::account::Username;
use crate::primitives::Violation;
use crate::primitives::text::is_invisible;

/// An entry of a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAddress {
    /// The address as written.
    pub text: String,
    /// The address, or why it is invalid.
    pub email: Result<Username, Violation>,
}

impl ListedAddress {
    /// Parses a list that people pasted from mail programs, tables and chats.
    ///
    /// An entry is `person@example.com`, `mailto:person@example.com`, `<person@example.com>` or
    /// `Joe Smith <person@example.com>`. Commas, semicolons, tabs and line ends separate entries, but not within quotes
    /// (`"Smith, Joe" <person@example.com>`). Spaces separate addresses. Without quotes, a word before the comma belongs to
    /// the name after it (`Smith, Joe <person@example.com>`). Invisible characters around an address do not count.
    pub fn all_in(list: &str) -> Vec<Self> {
        let mut entries = Vec::new();
        // What may be the first half of a name, up to its comma.
        let mut half_a_name = None;
        for Piece { text, ends_in_comma } in pieces(list) {
            let text = trimmed(without_quotes(trimmed(text)));
            let (name, address) = named(text).unwrap_or((text, ""));
            let continues_name = !address.is_empty() && !name.is_empty();
            entries.extend(half_a_name.take().filter(|_| !continues_name).map(Self::of));
            match (text, address) {
                ("", _) => {}
                (_, "") if ends_in_comma && !text.contains('@') => half_a_name = Some(text),
                (_, "") => entries.extend(addresses(text).into_iter().map(Self::of)),
                _ => entries.push(Self::of(address)),
            }
        }
        entries.extend(half_a_name.map(Self::of));
        entries
    }

    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), email: Username::parse(&without_scheme(text)) }
    }
}

/// A part of a list between two separators.
struct Piece<'a> {
    text: &'a str,
    ends_in_comma: bool,
}

/// Splits a list at its separators outside quotes, and after the `>` of an address. A quote ends with its line.
fn pieces(list: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (place, character) in list.char_indices() {
        let after = place + character.len_utf8();
        if ends_line(character) {
            is_quoted = false;
        } else if is_quoted {
            is_quoted = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            continue;
        }
        is_escaped = false;
        let end = match character {
            '"' => {
                is_quoted = true;
                continue;
            }
            '>' => after,
            _ if separates(character) || is_comma(character) => place,
            _ => continue,
        };
        pieces.push(Piece { text: &list[start..end], ends_in_comma: is_comma(character) });
        start = after;
    }
    pieces.push(Piece { text: &list[start..], ends_in_comma: false });
    pieces
}

fn ends_line(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Commas of Latin, Arabic and East Asian text.
fn is_comma(character: char) -> bool {
    matches!(character, ',' | '،' | '，' | '、')
}

/// Tabs, line ends, and the semicolons of Latin, Arabic and East Asian text.
fn separates(character: char) -> bool {
    ends_line(character) || matches!(character, '\t' | ';' | '؛' | '；')
}

/// Splits `Joe Smith <person@example.com>` into the name, which may be empty, and the address, which is not.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, address) = text.strip_suffix('>')?.rsplit_once('<')?;
    let (name, address) = (trimmed(name), trimmed(address));
    (!address.is_empty()).then_some((name, address))
}

/// Splits a text at its spaces if it begins with an address or contains several. Otherwise it is one entry: `joe
/// smith@example.com` more likely is a misspelt address than somebody named Joe.
fn addresses(text: &str) -> Vec<&str> {
    let words: Vec<_> = text.split_whitespace().flat_map(visible_parts).collect();
    let is_address = |word: &&str| word.contains('@');
    let is_list = words.first().is_some_and(is_address);
    if is_list || words.iter().copied().filter(is_address).count() > 1 { words } else { vec![text] }
}

/// Splits a word at its invisible characters if they separate addresses. Those within an address are part of it.
fn visible_parts(word: &str) -> Vec<&str> {
    let parts: Vec<_> = word.split(is_invisible).filter(|part| !part.is_empty()).collect();
    if parts.iter().all(|part| part.contains('@')) { parts } else { vec![word] }
}

/// Returns a text without the quotes around all of it, as tables and mail programs write them.
fn without_quotes(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote).filter(|text| !text.contains(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// Returns the address of a `mailto:` link, or the text.
fn without_scheme(text: &str) -> String {
    const SCHEME: &str = "mailto:";
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            let address = rest.split('?').next().unwrap_or(rest);
            percent_decode_str(address).decode_utf8_lossy().into_owned()
        }
        _ => text.to_owned(),
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts the addresses of a list, and the texts that are none.
    #[track_caller]
    fn check(list: &str, addresses: &[&str], others: &[&str]) {
        let (mut found, mut erroneous) = (Vec::new(), Vec::new());
        for ListedAddress { text, email } in ListedAddress::all_in(list) {
            match email {
                Ok(email) => found.push(email.into_string()),
                Err(_) => erroneous.push(text),
            }
        }
        assert_eq!(found, addresses, "{list:?}");
        assert_eq!(erroneous, others, "{list:?}");
    }

    #[test]
    fn a_list_parses_as_people_type_it() {
        let list = "someone@example.com, \"Smith, Joe\" <Person@Example.com>\r\nnobody,,\n <x@example.com>, <>, \"open";
        let found = ["someone@example.com", "person@example.com", "x@example.com"];
        check(list, &found, &["nobody", "<>", "\"open"]);
    }

    #[test]
    fn an_unclosed_quote_ends_with_its_line() {
        check("\"a, b\nc@example.com, d@example.com", &["c@example.com", "d@example.com"], &["\"a, b"]);
    }

    #[test]
    fn every_separator_that_programs_write_separates() {
        let both = ["a@example.com", "b@example.com"];
        for separator in [
            ",",
            ";",
            "; ",
            "\t",
            " ",
            "\u{A0}",
            "\r",
            "\n",
            "\r\n",
            "\n\n",
            "\u{2028}",
            "\u{B}",
            "\u{FEFF}",
            "\u{200B}",
            "，",
            "；",
            "、",
            "،",
            " ;\r\n\t,",
            "\u{200B} ",
        ] {
            check(&format!("a@example.com{separator}b@example.com"), &both, &[]);
            check(&format!("\u{FEFF}a@example.com{separator}b@example.com{separator}"), &both, &[]);
        }
    }

    #[test]
    fn an_entry_may_have_a_name() {
        for list in [
            "a@example.com",
            "<a@example.com>",
            "mailto:a@example.com",
            "MAILTO:a@example.com?subject=Hello",
            "<mailto:%61@example.com>",
            "Doe, Jane <a@example.com>",
            "\"Doe, Jane\" <a@example.com>",
            "'Doe, Jane' <a@example.com>",
            "“Doe, Jane” <a@example.com>",
            "\"Doe, \\\"JD\\\" Jane\" <a@example.com>;",
            "Jane Doe<a@example.com>",
            "\"Jane Doe <a@example.com>\"",
            "\"a@example.com\"",
            "'a@example.com' <a@example.com>",
            "a@example.com <mailto:a@example.com>",
            "山田 太郎 <a@example.com>",
            "\u{200E}a@example.com\u{200E}",
            "a@exam\u{200B}ple.com",
        ] {
            check(list, &["a@example.com"], &[]);
        }
    }

    #[test]
    fn names_do_not_hide_their_neighbours() {
        let both = ["a@example.com", "b@example.com"];
        check("Doe, Jane <a@example.com>, Roe, Rick <b@example.com>", &both, &[]);
        check("Doe, Jane <a@example.com>; Roe, Rick <b@example.com>;", &both, &[]);
        check("Jane <a@example.com> Rick <b@example.com>", &both, &[]);
        check("a@example.com, Roe, Rick <b@example.com>", &both, &[]);
        check("nobody; Jane <a@example.com>\nnobody else\nb@example.com", &both, &["nobody", "nobody else"]);
        check("nobody, Doe, Jane <a@example.com>, <b@example.com>, last", &both, &["nobody", "last"]);
        check("nobody, <a@example.com>, Jane <none>, b@example.com", &both, &["nobody", "none"]);
    }

    #[test]
    fn a_misspelt_address_is_not_split() {
        for text in ["joe smith@example.com", "joe @example.com", "@", "joe@", "Joe Smith"] {
            check(text, &[], &[text]);
        }
        check("a@example.com nobody b@example.com", &["a@example.com", "b@example.com"], &["nobody"]);
    }
}
