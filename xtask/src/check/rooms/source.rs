//! Reads from a source's tokens which modules it uses: macros and attributes contain paths, too.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path that starts with `crate`, `self` or `super`, or that of a `pub use`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Its segments. The last one may be `*`.
    pub(super) segments: Vec<String>,
    /// The line where it starts.
    pub(super) line: usize,
}

/// Content of a source.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its imports and other paths.
    pub(super) paths: Vec<Path>,
    /// Its re-exports: paths whose last segment is the name.
    pub(super) exports: Vec<Path>,
    /// The macros it defines.
    pub(super) macros: Vec<String>,
    /// The modules only for tests.
    pub(super) test_modules: Vec<String>,
}

impl Source {
    /// Reads a source. Ignores invalid code: the compiler reports it.
    pub(super) fn read(code: &str) -> Self {
        let mut source = Self::default();
        source.add(&code.parse::<TokenStream>().unwrap_or_default().into_iter().collect::<Vec<_>>());
        source
    }

    fn add(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if is_for_tests(rest) {
                at += self.skip_item(rest);
                continue;
            }
            if is_word(rest, 0, &["macro_rules"]) {
                self.macros.extend(word(rest, 2));
            }
            if is_word(rest, 0, &["pub"])
                && let Some(start) = (1..=2).find(|&start| is_word(rest, start, &["use"]))
            {
                self.exports.extend(tree(&rest[start + 1..], &[]));
            }
            let follows_path = at > 0 && matches!(&tokens[at - 1], TokenTree::Punct(p) if p.as_char() == ':');
            if is_word(rest, 0, &["crate", "self", "super"]) && is_joined(rest, 1) && !follows_path {
                self.paths.extend(tree(rest, &[]));
            }
            if let TokenTree::Group(group) = &tokens[at] {
                self.add(&group.stream().into_iter().collect::<Vec<_>>());
            }
            at += 1;
        }
    }

    /// Counts the tokens of an item with attributes.
    fn skip_item(&mut self, tokens: &[TokenTree]) -> usize {
        let ends = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        let end = tokens.iter().position(ends).unwrap_or(tokens.len() - 1);
        let named = (0..end).find(|&at| is_word(tokens, at, &["mod"]));
        self.test_modules.extend(named.and_then(|at| word(tokens, at + 1)));
        end + 1
    }
}

/// Whether `#[cfg(test)]` starts here.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    match tokens {
        [TokenTree::Punct(hash), TokenTree::Group(group), ..] if hash.as_char() == '#' => {
            group.stream().to_string().replace(' ', "") == "cfg(test)"
        }
        _ => false,
    }
}

fn is_word(tokens: &[TokenTree], at: usize, words: &[&str]) -> bool {
    word(tokens, at).is_some_and(|word| words.contains(&word.as_str()))
}

fn word(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at)? {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

/// Returns whether `::` is here.
fn is_joined(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon =
        |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(at) && is_colon(at + 1)
}

/// Expands a tree such as `crate::{a, b::{c, d}}`.
fn tree(tokens: &[TokenTree], before: &[String]) -> Vec<Path> {
    let mut segments = before.to_vec();
    let mut at = 0;
    let line = tokens.first().map_or(0, |token| token.span().start().line);
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => segments.push(ident.to_string()),
            Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => segments.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
                let branches = inner.split(is_comma).filter(|branch| !branch.is_empty());
                return branches.flat_map(|branch| tree(branch, &segments)).collect();
            }
            _ => break,
        }
        if !is_joined(tokens, at + 1) {
            break;
        }
        at += 3;
    }
    // `{self, …}` is the module itself.
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    if segments.is_empty() { Vec::new() } else { vec![Path { segments, line }] }
}
