//! Evaluates expressions within a budget.

use super::arithmetic::{compute, negate, undefined};
use super::budget::{Budget, ExpressionError};
use super::comparison::{equal, look_up, look_up_text, order};
use super::function::Function;
use super::functions::call;
use super::node::{Literal, Loop, LoopKind, Node};
use super::number::whole_part;
use super::pattern::Pattern;
use super::value::{Text, Value};
use super::variables::{NOW, Variables};

type Evaluated<'a> = Result<Value<'a>, ExpressionError>;

/// Evaluates an expression.
pub(super) fn evaluate<'a>(
    node: &'a Node,
    variables: &'a Variables<'a>,
    budget: &mut Budget,
) -> Evaluated<'a> {
    Evaluator { variables, budget, bound: Vec::new() }.value(node)
}

struct Evaluator<'a, 'b> {
    variables: &'a Variables<'a>,
    budget: &'b mut Budget,
    /// The elements that the loops around have bound.
    bound: Vec<Value<'a>>,
}

/// The functions call each other as deep as an expression is nested: loops instead of iterators keep their frames small.
impl<'a> Evaluator<'a, '_> {
    fn value(&mut self, node: &'a Node) -> Evaluated<'a> {
        self.budget.pay(1)?;
        match node {
            Node::Literal(literal) => self.literal(literal),
            Node::Variable(name) => self.variable(name),
            Node::Bound(place, name) => self.bound.get(*place).cloned().ok_or_else(|| unset(name)),
            Node::List(nodes) => Value::list(self.values(nodes)?),
            Node::Map(entries) => self.map(entries),
            Node::Select(of, key) => self.select(of, key),
            Node::Has(of, key) => self.has(of, key),
            Node::Logic { decisive, operands } => self.logic(*decisive, operands),
            Node::Conditional(operands) => self.conditional(operands),
            Node::Loop(repeated) => self.repeat(repeated),
            Node::Matches(text, pattern) => self.matches(text, pattern),
            Node::Call(function, nodes) => self.call(*function, nodes),
        }
    }

    fn values(&mut self, nodes: &'a [Node]) -> Result<Vec<Value<'a>>, ExpressionError> {
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            values.push(self.value(node)?);
        }
        Ok(values)
    }

    fn literal(&mut self, literal: &'a Literal) -> Evaluated<'a> {
        Ok(match literal {
            Literal::Null => Value::Null,
            Literal::Bool(flag) => Value::Bool(*flag),
            Literal::Int(number) => Value::Int(*number),
            Literal::Uint(number) => Value::Uint(*number),
            Literal::Double(number) => Value::double(*number),
            Literal::Text(text) => Value::Text(Text::Borrowed(text)),
            Literal::Bytes(bytes) => {
                self.budget.pay_text(bytes.len())?;
                Value::Bytes(bytes.as_slice().into())
            }
            Literal::Type(name) => Value::Type(name),
        })
    }

    fn variable(&mut self, name: &str) -> Evaluated<'a> {
        let json = self.variables.get(name).ok_or_else(|| unset(name))?;
        let value = Value::of_json(json, self.budget)?;
        match &value {
            Value::Text(text) if name == NOW => Ok(text.parse().map_or(value, Value::Timestamp)),
            _ => Ok(value),
        }
    }

    fn map(&mut self, entries: &'a [(Node, Node)]) -> Evaluated<'a> {
        let mut items: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.value(key)?;
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Text(_)) {
                return Err(ExpressionError::failed(format!("{} cannot be a key", key.kind())));
            }
            for (known, _) in &items {
                if equal(known, &key, self.budget)? {
                    return Err(ExpressionError::failed("a map cannot have the same key twice"));
                }
            }
            items.push((key, self.value(value)?));
        }
        Value::map(items)
    }

    fn select(&mut self, of: &'a Node, key: &str) -> Evaluated<'a> {
        let container = self.value(of)?;
        match &container {
            Value::Map(map) => look_up_text(map, key, self.budget)?.ok_or_else(|| no_such_key(key)),
            Value::Optional(_) => optional_member(&container, &Value::Text(Text::Borrowed(key)), self.budget),
            other => Err(not_a(of, other, "a map")),
        }
    }

    fn has(&mut self, of: &'a Node, key: &str) -> Evaluated<'a> {
        let container = self.value(of)?;
        let inside = match &container {
            Value::Optional(None) => return Ok(Value::Bool(false)),
            Value::Optional(Some(value)) => value,
            other => other,
        };
        match inside {
            Value::Map(map) => Ok(Value::Bool(look_up_text(map, key, self.budget)?.is_some())),
            other => Err(not_a(of, other, "a map")),
        }
    }

    /// An operand that decides makes up for others that fail.
    fn logic(&mut self, decisive: bool, operands: &'a [Node]) -> Evaluated<'a> {
        let mut failure = None;
        for operand in operands {
            match self.condition(operand) {
                Ok(flag) if flag == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(ExpressionError::TooExpensive) => return Err(ExpressionError::TooExpensive),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn condition(&mut self, node: &'a Node) -> Result<bool, ExpressionError> {
        match self.value(node)? {
            Value::Bool(flag) => Ok(flag),
            other => Err(not_a(node, &other, "a bool")),
        }
    }

    fn conditional(&mut self, operands: &'a [Node; 3]) -> Evaluated<'a> {
        let [condition, if_true, if_false] = operands;
        if self.condition(condition)? { self.value(if_true) } else { self.value(if_false) }
    }

    fn repeat(&mut self, repeated: &'a Loop) -> Evaluated<'a> {
        let range = self.value(&repeated.range)?;
        let outside = self.bound.len();
        let result = match &repeated.kind {
            LoopKind::Quantifier { decisive, condition } => {
                self.quantify(repeated, &range, *decisive, condition)
            }
            LoopKind::ExistsOne(condition) => self.count(repeated, &range, condition),
            LoopKind::Map { condition, value } => self.collect(repeated, &range, condition.as_deref(), value),
        };
        self.bound.truncate(outside);
        result
    }

    /// Binds the element of a range. Returns `false` beyond its end.
    fn bind(&mut self, repeated: &Loop, range: &Value<'a>, index: usize) -> Result<bool, ExpressionError> {
        self.budget.pay(1)?;
        let element = match range {
            Value::List(list) => list.get(index, self.budget)?,
            Value::Map(map) => map.key(index),
            other => return Err(not_a(&repeated.range, other, "a list or a map")),
        };
        self.bound.truncate(repeated.place);
        let bound = element.is_some();
        self.bound.extend(element);
        Ok(bound)
    }

    fn quantify(
        &mut self,
        repeated: &Loop,
        range: &Value<'a>,
        decisive: bool,
        condition: &'a Node,
    ) -> Evaluated<'a> {
        let mut failure = None;
        let mut index = 0;
        while self.bind(repeated, range, index)? {
            match self.condition(condition) {
                Ok(flag) if flag == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(ExpressionError::TooExpensive) => return Err(ExpressionError::TooExpensive),
                Err(error) => failure = failure.or(Some(error)),
            }
            index += 1;
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn count(&mut self, repeated: &Loop, range: &Value<'a>, condition: &'a Node) -> Evaluated<'a> {
        let (mut index, mut found) = (0, 0);
        while self.bind(repeated, range, index)? {
            found += usize::from(self.condition(condition)?);
            index += 1;
        }
        Ok(Value::Bool(found == 1))
    }

    fn collect(
        &mut self,
        repeated: &Loop,
        range: &Value<'a>,
        condition: Option<&'a Node>,
        value: &'a Node,
    ) -> Evaluated<'a> {
        let mut items = Vec::new();
        let mut index = 0;
        while self.bind(repeated, range, index)? {
            let wanted = condition.map_or(Ok(true), |condition| self.condition(condition))?;
            if wanted {
                items.push(self.value(value)?);
            }
            index += 1;
        }
        Value::list(items)
    }

    fn matches(&mut self, text: &'a Node, pattern: &Pattern) -> Evaluated<'a> {
        match self.value(text)? {
            Value::Text(content) => pattern.matches(&content, self.budget).map(Value::Bool),
            other => Err(not_a(text, &other, "a string")),
        }
    }

    fn call(&mut self, function: Function, nodes: &'a [Node]) -> Evaluated<'a> {
        let values = self.values(nodes)?;
        match (function, values.as_slice()) {
            (Function::Not, [Value::Bool(flag)]) => Ok(Value::Bool(!flag)),
            (Function::Not, [other]) => Err(not_a(&nodes[0], other, "a bool")),
            (Function::Negate, [value]) => negate(value),
            (Function::Equal, [one, other]) => Ok(Value::Bool(equal(one, other, self.budget)?)),
            (Function::NotEqual, [one, other]) => Ok(Value::Bool(!equal(one, other, self.budget)?)),
            (Function::In, [element, container]) => self.is_in(element, container),
            (Function::Index, [container, index]) => self.index(&nodes[0], container, index),
            (Function::OptionalIndex | Function::OptionalSelect, [container, index]) => {
                optional_member(container, index, self.budget)
            }
            (Function::Dyn, [value]) => Ok(value.clone()),
            (
                Function::Add
                | Function::Subtract
                | Function::Multiply
                | Function::Divide
                | Function::Remainder,
                [one, other],
            ) => compute(function, one, other, self.budget),
            (
                Function::Less | Function::LessOrEqual | Function::Greater | Function::GreaterOrEqual,
                [one, other],
            ) => self.compare(function, one, other),
            (function, values) => call(function, values, self.budget),
        }
    }

    fn compare(&mut self, function: Function, one: &Value<'a>, other: &Value<'a>) -> Evaluated<'a> {
        let order = order(one, other, self.budget)?;
        match (order, one, other) {
            (Some(order), ..) => Ok(Value::Bool(match function {
                Function::Less => order.is_lt(),
                Function::LessOrEqual => order.is_le(),
                Function::Greater => order.is_gt(),
                _ => order.is_ge(),
            })),
            (None, Value::Double(..), Value::Double(..) | Value::Int(_) | Value::Uint(_))
            | (None, Value::Int(_) | Value::Uint(_), Value::Double(..)) => Ok(Value::Bool(false)),
            (None, ..) => Err(undefined(function, one, other)),
        }
    }

    fn is_in(&mut self, element: &Value<'a>, container: &Value<'a>) -> Evaluated<'a> {
        match container {
            Value::List(list) => {
                for index in 0..list.len() {
                    if let Some(item) = list.get(index, self.budget)?
                        && equal(&item, element, self.budget)?
                    {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            Value::Map(map) => Ok(Value::Bool(look_up(map, element, self.budget)?.is_some())),
            other => Err(undefined(Function::In, element, other)),
        }
    }

    fn index(&mut self, node: &Node, container: &Value<'a>, index: &Value<'a>) -> Evaluated<'a> {
        match member(container, index, self.budget) {
            Some(found) => found?.ok_or_else(|| absent(index)),
            None if matches!(container, Value::Optional(_)) => optional_member(container, index, self.budget),
            None if matches!(container, Value::List(_)) => {
                Err(ExpressionError::failed(format!("{} is not the place of an element", index.kind())))
            }
            None => Err(not_a(node, container, "a list or a map")),
        }
    }
}

/// Returns the member of a list or a map; `None` for other values, and for what cannot be a place in a list.
fn member<'a>(
    container: &Value<'a>,
    index: &Value<'_>,
    budget: &mut Budget,
) -> Option<Result<Option<Value<'a>>, ExpressionError>> {
    match (container, index) {
        (Value::Map(map), key) => Some(look_up(map, key, budget)),
        (Value::List(list), Value::Int(_) | Value::Uint(_) | Value::Double(..)) => {
            let found = position(index).map(|position| list.get(position, budget)).transpose();
            Some(found.map(Option::flatten))
        }
        _ => None,
    }
}

/// Returns a number as the place of an element. `None` if no list is that long.
fn position(index: &Value<'_>) -> Option<usize> {
    match index {
        Value::Int(number) => usize::try_from(*number).ok(),
        Value::Uint(number) => usize::try_from(*number).ok(),
        Value::Double(number, _) if number.fract() == 0.0 => usize::try_from(whole_part(*number)?).ok(),
        _ => None,
    }
}

/// Returns the member of a value that may be missing.
fn optional_member<'a>(container: &Value<'a>, index: &Value<'_>, budget: &mut Budget) -> Evaluated<'a> {
    let container = match container {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(value)) => value,
        other => other,
    };
    let message = || format!("{} has no members that could be missing", container.kind());
    let found = member(container, index, budget).ok_or_else(|| ExpressionError::failed(message()))?;
    Ok(Value::Optional(found?.map(Into::into)))
}

fn unset(name: &str) -> ExpressionError {
    ExpressionError::failed(format!("{name} has no value here"))
}

fn no_such_key(key: &str) -> ExpressionError {
    let end = key.char_indices().nth(60).map_or(key.len(), |(end, _)| end);
    ExpressionError::failed(format!("no such key: {}", &key[..end]))
}

fn absent(index: &Value<'_>) -> ExpressionError {
    match index {
        Value::Text(key) => no_such_key(key),
        Value::Int(number) => ExpressionError::failed(format!("there is no element {number}")),
        Value::Uint(number) => ExpressionError::failed(format!("there is no element {number}")),
        other => ExpressionError::failed(format!("there is no element at {}", other.kind())),
    }
}

fn not_a(node: &Node, value: &Value<'_>, expected: &str) -> ExpressionError {
    ExpressionError::failed(format!("{} is {}, not {expected}", node.name(), value.kind()))
}
