//! An expression that was checked: names are resolved, and macros are loops.

use super::function::Function;
use super::pattern::Pattern;

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    Literal(Literal),
    /// A variable, by its name.
    Variable(String),
    /// What a macro binds, by its place among all bound values.
    Bound(usize, String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// `of.key`
    Select(Box<Node>, String),
    /// `has(of.key)`
    Has(Box<Node>, String),
    /// `&&`, true unless an operand is false, or `||`, false unless an operand is true: the operand that decides.
    Logic {
        decisive: bool,
        operands: Vec<Node>,
    },
    Conditional(Box<[Node; 3]>),
    Loop(Loop),
    /// `matches` with a literal pattern.
    Matches(Box<Node>, Pattern),
    Call(Function, Vec<Node>),
}

/// A literal of the source.
#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Type(&'static str),
}

/// A macro over a list or the keys of a map, whose elements it binds at a place.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) range: Box<Node>,
    pub(super) place: usize,
    pub(super) kind: LoopKind,
}

/// What a loop does with each element.
#[derive(Debug)]
pub(super) enum LoopKind {
    /// `all` ends at the first false element, `exists` at the first true one.
    Quantifier { decisive: bool, condition: Box<Node> },
    /// `exists_one`
    ExistsOne(Box<Node>),
    /// `map` and `filter`: the values of those elements that fulfil the condition, if there is one.
    Map { condition: Option<Box<Node>>, value: Box<Node> },
}

impl Node {
    /// Names the part for a sentence: `data.plan`. Parts without a name are "the value".
    pub(super) fn name(&self) -> String {
        match self {
            Self::Variable(name) | Self::Bound(_, name) => name.clone(),
            Self::Select(of, key) if key.len() <= 50 => match of.name() {
                name if name == UNNAMED => key.clone(),
                name => format!("{name}.{key}"),
            },
            _ => UNNAMED.to_owned(),
        }
    }
}

const UNNAMED: &str = "the value";
