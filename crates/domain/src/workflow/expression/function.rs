//! The operators and functions of expressions: their names, and how many values they take.

use std::ops::RangeInclusive;

use cel::common::ast::operators;

/// An operator or a function whose values are all evaluated first. The first one is the target of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Not,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Index,
    OptionalIndex,
    OptionalSelect,
    Value,
    HasValue,
    OrValue,
    Or,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    IndexOf,
    Substring,
    Replace,
    Split,
    Join,
    LowerAscii,
    UpperAscii,
    Trim,
    ToInt,
    ToUint,
    ToDouble,
    ToText,
    ToBool,
    ToBytes,
    ToTimestamp,
    ToDuration,
    TypeOf,
    Dyn,
    Time(TimePart),
}

/// A part of a timestamp or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePart {
    FullYear,
    Month,
    /// The day of the month, from 1.
    Date,
    /// The day of the month, from 0.
    DayOfMonth,
    DayOfYear,
    DayOfWeek,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// How a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Operator,
    /// `size(list)`
    Global,
    /// `list.size()`
    Method,
}

/// A function's name, how it is written, and how many values it takes, its target included.
type Signature = (&'static str, Style, RangeInclusive<usize>, Function);

const SIGNATURES: &[Signature] = &[
    (operators::LOGICAL_NOT, Style::Operator, 1..=1, Function::Not),
    (operators::NEGATE, Style::Operator, 1..=1, Function::Negate),
    (operators::ADD, Style::Operator, 2..=2, Function::Add),
    (operators::SUBSTRACT, Style::Operator, 2..=2, Function::Subtract),
    (operators::MULTIPLY, Style::Operator, 2..=2, Function::Multiply),
    (operators::DIVIDE, Style::Operator, 2..=2, Function::Divide),
    (operators::MODULO, Style::Operator, 2..=2, Function::Remainder),
    (operators::EQUALS, Style::Operator, 2..=2, Function::Equal),
    (operators::NOT_EQUALS, Style::Operator, 2..=2, Function::NotEqual),
    (operators::LESS, Style::Operator, 2..=2, Function::Less),
    (operators::LESS_EQUALS, Style::Operator, 2..=2, Function::LessOrEqual),
    (operators::GREATER, Style::Operator, 2..=2, Function::Greater),
    (operators::GREATER_EQUALS, Style::Operator, 2..=2, Function::GreaterOrEqual),
    (operators::IN, Style::Operator, 2..=2, Function::In),
    (operators::INDEX, Style::Operator, 2..=2, Function::Index),
    (operators::OPT_INDEX, Style::Operator, 2..=2, Function::OptionalIndex),
    (operators::OPT_SELECT, Style::Operator, 2..=2, Function::OptionalSelect),
    ("value", Style::Method, 1..=1, Function::Value),
    ("hasValue", Style::Method, 1..=1, Function::HasValue),
    ("orValue", Style::Method, 2..=2, Function::OrValue),
    ("or", Style::Method, 2..=2, Function::Or),
    ("size", Style::Global, 1..=1, Function::Size),
    ("size", Style::Method, 1..=1, Function::Size),
    ("contains", Style::Method, 2..=2, Function::Contains),
    ("startsWith", Style::Method, 2..=2, Function::StartsWith),
    ("endsWith", Style::Method, 2..=2, Function::EndsWith),
    ("matches", Style::Global, 2..=2, Function::Matches),
    ("matches", Style::Method, 2..=2, Function::Matches),
    ("indexOf", Style::Method, 2..=2, Function::IndexOf),
    ("substring", Style::Method, 2..=3, Function::Substring),
    ("replace", Style::Method, 3..=4, Function::Replace),
    ("split", Style::Method, 2..=3, Function::Split),
    ("join", Style::Method, 1..=2, Function::Join),
    ("lowerAscii", Style::Method, 1..=1, Function::LowerAscii),
    ("upperAscii", Style::Method, 1..=1, Function::UpperAscii),
    ("trim", Style::Method, 1..=1, Function::Trim),
    ("int", Style::Global, 1..=1, Function::ToInt),
    ("uint", Style::Global, 1..=1, Function::ToUint),
    ("double", Style::Global, 1..=1, Function::ToDouble),
    ("string", Style::Global, 1..=1, Function::ToText),
    ("bool", Style::Global, 1..=1, Function::ToBool),
    ("bytes", Style::Global, 1..=1, Function::ToBytes),
    ("timestamp", Style::Global, 1..=1, Function::ToTimestamp),
    ("duration", Style::Global, 1..=1, Function::ToDuration),
    ("type", Style::Global, 1..=1, Function::TypeOf),
    ("dyn", Style::Global, 1..=1, Function::Dyn),
    ("getFullYear", Style::Method, 1..=2, Function::Time(TimePart::FullYear)),
    ("getMonth", Style::Method, 1..=2, Function::Time(TimePart::Month)),
    ("getDate", Style::Method, 1..=2, Function::Time(TimePart::Date)),
    ("getDayOfMonth", Style::Method, 1..=2, Function::Time(TimePart::DayOfMonth)),
    ("getDayOfYear", Style::Method, 1..=2, Function::Time(TimePart::DayOfYear)),
    ("getDayOfWeek", Style::Method, 1..=2, Function::Time(TimePart::DayOfWeek)),
    ("getHours", Style::Method, 1..=2, Function::Time(TimePart::Hours)),
    ("getMinutes", Style::Method, 1..=2, Function::Time(TimePart::Minutes)),
    ("getSeconds", Style::Method, 1..=2, Function::Time(TimePart::Seconds)),
    ("getMilliseconds", Style::Method, 1..=2, Function::Time(TimePart::Milliseconds)),
];

impl Function {
    /// Finds a function by its name. The message of the error continues a sentence that begins with the name.
    pub(super) fn find(name: &str, is_method: bool, values: usize) -> Result<Self, &'static str> {
        let style = if is_method { Style::Method } else { Style::Global };
        let named = || SIGNATURES.iter().filter(|(known, ..)| *known == name);
        let written = || named().filter(|(_, known, ..)| *known == style || *known == Style::Operator);
        match written().find(|(_, _, accepted, _)| accepted.contains(&values)) {
            Some((.., function)) => Ok(*function),
            None if written().next().is_some() => Err("takes another number of values"),
            None if named().next().is_some() && is_method => Err("is a function, not a method"),
            None if named().next().is_some() => Err("is a method, not a function"),
            None => Err("is no function that expressions have"),
        }
    }

    /// Returns the name, as expressions spell it.
    pub(super) fn name(self) -> &'static str {
        let signature = SIGNATURES.iter().find(|(.., function)| *function == self);
        let name = signature.map_or("", |(name, ..)| *name);
        name.trim_matches(['_', '@'])
    }
}
