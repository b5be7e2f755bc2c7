//! Functions of texts. Places in a text count its characters, from 0.

use super::super::budget::{Budget, ExpressionError};
use super::super::function::Function;
use super::super::pattern::Pattern;
use super::super::value::{List, Text, Value};
use super::undefined;

type Returned<'a> = Result<Value<'a>, ExpressionError>;

/// What it costs to compile a pattern that is no literal.
const COMPILATION: usize = 1_000;

/// Calls a method of a text. Its texts are paid for.
pub(super) fn call<'a>(
    function: Function,
    target: &Text<'a>,
    others: &[Value<'a>],
    budget: &mut Budget,
) -> Returned<'a> {
    match (function, others) {
        (Function::Contains, [Value::Text(part)]) => Ok(Value::Bool(target.contains(&**part))),
        (Function::StartsWith, [Value::Text(part)]) => Ok(Value::Bool(target.starts_with(&**part))),
        (Function::EndsWith, [Value::Text(part)]) => Ok(Value::Bool(target.ends_with(&**part))),
        (Function::Matches, [Value::Text(pattern)]) => matches(target, pattern, budget),
        (Function::IndexOf, [Value::Text(part)]) => Ok(index_of(target, part)),
        (Function::Substring, [Value::Int(from)]) => substring(target, *from, None),
        (Function::Substring, [Value::Int(from), Value::Int(to)]) => substring(target, *from, Some(*to)),
        (Function::Replace, [Value::Text(from), Value::Text(to)]) => {
            replace(target, from, to, usize::MAX, budget)
        }
        (Function::Replace, [Value::Text(from), Value::Text(to), Value::Int(most)]) => {
            replace(target, from, to, limit(*most), budget)
        }
        (Function::Split, [Value::Text(separator)]) => split(target, separator, usize::MAX, budget),
        (Function::Split, [Value::Text(separator), Value::Int(most)]) => {
            split(target, separator, limit(*most), budget)
        }
        (Function::LowerAscii, []) => Ok(Value::text(target.to_ascii_lowercase())),
        (Function::UpperAscii, []) => Ok(Value::text(target.to_ascii_uppercase())),
        (Function::Trim, []) => Ok(target.part(str::trim)),
        (function, others) => {
            let target = [Value::Text(target.clone())];
            Err(undefined(function, &[&target, others].concat()))
        }
    }
}

/// Joins texts, with a text between them if one is given.
pub(super) fn join<'a>(list: &List<'a>, separator: &[Value<'a>], budget: &mut Budget) -> Returned<'a> {
    let separator = match separator {
        [] => "",
        [Value::Text(separator)] => &**separator,
        others => return Err(undefined(Function::Join, others)),
    };
    let mut joined = String::new();
    for index in 0..list.len() {
        budget.pay(1)?;
        match list.get(index, budget)? {
            Some(Value::Text(part)) => {
                budget.pay_text(separator.len() + part.len())?;
                joined.push_str(if index == 0 { "" } else { separator });
                joined.push_str(&part);
            }
            Some(other) => {
                return Err(ExpressionError::failed(format!("cannot join {}", other.kind())));
            }
            None => {}
        }
    }
    budget.pay_text(joined.len())?;
    Ok(Value::text(joined))
}

fn matches<'a>(target: &str, pattern: &str, budget: &mut Budget) -> Returned<'a> {
    budget.pay(COMPILATION)?;
    let pattern = Pattern::compile(pattern)
        .map_err(|problem| ExpressionError::failed(format!("the pattern of matches {problem}")))?;
    pattern.matches(target, budget).map(Value::Bool)
}

fn index_of<'a>(target: &str, part: &str) -> Value<'a> {
    let found = target.find(part).and_then(|offset| target.get(..offset));
    let place = found.and_then(|before| i64::try_from(before.chars().count()).ok());
    Value::Int(place.unwrap_or(-1))
}

fn substring<'a>(target: &Text<'a>, from: i64, to: Option<i64>) -> Returned<'a> {
    let start = offset_of(target, from)?;
    let end = to.map_or(Ok(target.len()), |to| offset_of(target, to))?;
    if start > end {
        return Err(ExpressionError::failed("the end of a substring comes before its start"));
    }
    Ok(target.part(|text| text.get(start..end).unwrap_or_default()))
}

fn offset_of(text: &str, place: i64) -> Result<usize, ExpressionError> {
    let mut offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
    let offset = usize::try_from(place).ok().and_then(|place| offsets.nth(place));
    offset.ok_or_else(|| ExpressionError::failed(format!("the string has no character {place}")))
}

fn replace<'a>(target: &str, from: &str, to: &str, most: usize, budget: &mut Budget) -> Returned<'a> {
    let found = target.matches(from).take(most).count();
    budget.pay(found)?;
    budget.pay_text(target.len().saturating_add(found.saturating_mul(to.len())))?;
    Ok(Value::text(target.replacen(from, to, found)))
}

/// Splits a text into at most this many parts; without separator, into characters.
fn split<'a>(target: &Text<'a>, separator: &str, most: usize, budget: &mut Budget) -> Returned<'a> {
    let mut parts = Vec::new();
    let mut rest = 0;
    while parts.len() < most {
        let text = target.get(rest..).unwrap_or_default();
        let end = if separator.is_empty() {
            text.chars().next().map(char::len_utf8).filter(|end| *end < text.len())
        } else {
            text.find(separator)
        };
        let is_last = end.is_none() || parts.len() + 1 == most;
        let end = if is_last { text.len() } else { end.unwrap_or(text.len()) };
        budget.pay_text(end)?;
        if !(separator.is_empty() && text.is_empty()) {
            parts.push(target.part(|whole| whole.get(rest..rest + end).unwrap_or_default()));
        }
        if is_last {
            break;
        }
        rest += end + separator.len();
    }
    Value::list(parts)
}

/// Returns how many times something may be done: as often as possible if the number is negative.
fn limit(most: i64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}
