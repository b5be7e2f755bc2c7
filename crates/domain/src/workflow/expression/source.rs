//! What is checked in the text of an expression before it is parsed, and where in it something stands.

use cel::parser::pratt_parser::{Lexer, TokenKind};

use crate::primitives::{Reason, Violation};

/// The most levels of an expression: brackets and operators, each inside or after another. Chains of `&&` and of `||` are
/// one level. So neither the parser nor the evaluation recurses deeper than a thread's stack allows.
pub(super) const MAXIMUM_LEVELS: usize = 100;

/// Checks that the text consists of tokens, and that its levels are few.
pub(super) fn check_tokens(source: &str) -> Result<(), Violation> {
    let mut lexer = Lexer::new(source);
    let mut open = vec![Level::default()];
    let mut previous = TokenKind::TokComma;
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokError => {
                let message = lexer.get_error().map_or("unexpected character", |error| &error.message);
                return Err(malformed(&format!("{message}, at {}", place(source, token.start))));
            }
            TokenKind::TokEnd => break,
            TokenKind::TokWhitespace | TokenKind::TokComment => continue,
            kind => read(kind, previous, &mut open),
        }
        previous = token.kind;
        if open.iter().rev().fold(0, |inside, level| level.levels_around(inside)) > MAXIMUM_LEVELS {
            return Err(too_deep(&place(source, token.start)));
        }
    }
    Ok(())
}

/// What stands between two brackets. Its parts are separated by commas, and those by `&&`, `||`, `?` and `:`.
#[derive(Debug, Default)]
struct Level {
    /// The level of the brackets themselves, unless they are an operator's or a function's.
    own: usize,
    /// The levels of the deepest part that has ended.
    ended: usize,
    /// The levels of the deepest piece of this part that has ended.
    pieces: usize,
    /// The operators of this piece, each of which puts a level around those before it.
    operators: usize,
    /// The levels of the deepest brackets in this piece.
    brackets: usize,
    /// The conditional operators of this part.
    conditions: usize,
}

impl Level {
    /// Returns the most levels that the tree of its content can have, with brackets of this many levels at its end.
    fn levels_around(&self, inside: usize) -> usize {
        self.own + self.ended.max(self.part_around(inside))
    }

    fn part_around(&self, inside: usize) -> usize {
        self.conditions + self.pieces.max(self.piece_around(inside))
    }

    fn piece_around(&self, inside: usize) -> usize {
        self.operators + self.brackets.max(inside)
    }

    fn end_piece(&mut self) {
        self.pieces = self.pieces.max(self.piece_around(0));
        (self.operators, self.brackets) = (0, 0);
    }

    fn end_part(&mut self) {
        let ended = self.ended.max(self.part_around(0));
        *self = Self { own: self.own, ended, ..Self::default() };
    }
}

fn read(kind: TokenKind, previous: TokenKind, open: &mut Vec<Level>) {
    let Some(level) = open.last_mut() else { return };
    match kind {
        TokenKind::TokLeftParen | TokenKind::TokLeftBracket | TokenKind::TokLeftBrace => {
            let follows_operand = matches!(
                previous,
                TokenKind::TokIdent
                    | TokenKind::TokString
                    | TokenKind::TokRightParen
                    | TokenKind::TokRightBracket
                    | TokenKind::TokRightBrace
            );
            level.operators += usize::from(follows_operand);
            open.push(Level { own: usize::from(!follows_operand), ..Level::default() });
        }
        TokenKind::TokRightParen | TokenKind::TokRightBracket | TokenKind::TokRightBrace => close(open),
        TokenKind::TokComma => level.end_part(),
        TokenKind::TokQuestion => {
            level.end_piece();
            level.conditions += 1;
        }
        TokenKind::TokColon | TokenKind::TokLogicalAnd | TokenKind::TokLogicalOr => level.end_piece(),
        TokenKind::TokDot
        | TokenKind::TokMinus
        | TokenKind::TokPlus
        | TokenKind::TokAsterisk
        | TokenKind::TokSlash
        | TokenKind::TokPercent
        | TokenKind::TokExclamation
        | TokenKind::TokEqualEqual
        | TokenKind::TokExclamationEqual
        | TokenKind::TokLess
        | TokenKind::TokLessEqual
        | TokenKind::TokGreater
        | TokenKind::TokGreaterEqual
        | TokenKind::TokIn => level.operators += 1,
        _ => {}
    }
}

fn close(open: &mut Vec<Level>) {
    // The parser reports a bracket that closes nothing.
    if open.len() > 1
        && let Some(closed) = open.pop()
        && let Some(level) = open.last_mut()
    {
        level.brackets = level.brackets.max(closed.levels_around(0));
    }
}

/// Returns where a byte of the source stands, in words.
pub(super) fn place(source: &str, offset: usize) -> String {
    let before = source.get(..offset).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// Returns where the source first uses a name, in words: as a function's, or as another one. Names after a dot count only as
/// functions.
pub(super) fn place_of_name(source: &str, name: &str, is_function: bool) -> String {
    let mut lexer = Lexer::new(source);
    let mut candidate = None;
    let mut follows_dot = false;
    loop {
        let token = lexer.lex();
        let calls = token.kind == TokenKind::TokLeftParen;
        match (candidate.take(), token.kind) {
            (found, TokenKind::TokWhitespace | TokenKind::TokComment) => candidate = found,
            (Some(offset), _) if calls == is_function => return place(source, offset),
            (_, TokenKind::TokEnd | TokenKind::TokError) => return place(source, 0),
            (_, kind) => {
                let is_name = kind == TokenKind::TokIdent && (is_function || !follows_dot);
                let named = is_name && source.get(token.start..token.end) == Some(name);
                candidate = named.then_some(token.start);
                follows_dot = kind == TokenKind::TokDot;
            }
        }
    }
}

/// Creates the violation for what is no expression.
pub(super) fn malformed(problem: &str) -> Violation {
    Violation::new(Reason::InvalidFormat, format!("must be a CEL expression: {problem}"))
}

fn too_deep(place: &str) -> Violation {
    let rule = format!("must have at most {MAXIMUM_LEVELS} levels of brackets and operators, up to {place}");
    Violation::new(Reason::TooDeep, rule)
}
