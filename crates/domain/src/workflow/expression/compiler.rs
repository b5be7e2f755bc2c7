//! Turns what the parser reads into an expression whose names are known.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue,
    SelectExpr, operators,
};
use cel::parser::{ParseError, PrattParser};

use super::function::Function;
use super::node::{Literal, Loop, LoopKind, Node};
use super::pattern::Pattern;
use super::source::{MAXIMUM_LEVELS, check_tokens, malformed, place, place_of_name};
use super::variables::NAMES;
use crate::primitives::{Reason, Violation};

/// The names of types.
const TYPES: [&str; 12] = [
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "timestamp",
    "duration",
    "type",
];

/// Parses an expression, and checks all of its names.
pub(super) fn compile(source: &str) -> Result<Node, Violation> {
    check_tokens(source)?;
    let parser = PrattParser::new()
        .max_recursion_depth(u16::try_from(MAXIMUM_LEVELS * 2).unwrap_or(u16::MAX))
        .enable_variadic_operator_asts(true)
        .enable_optional_syntax(true);
    let tree = parser.parse(source).map_err(|errors| unparsed(source, errors.errors.first()))?;
    Compiler { source, bound: Vec::new() }.node(&tree)
}

/// Creates the violation for what the parser found first. It counts lines and columns from 1, columns in bytes.
fn unparsed(source: &str, error: Option<&ParseError>) -> Violation {
    let Some(error) = error else { return unreadable() };
    let [line, column] = [error.pos.0, error.pos.1].map(|count| usize::try_from(count - 1).unwrap_or(0));
    let lines_before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let problem = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    malformed(&format!("{problem}, at {}", place(source, lines_before + column)))
}

struct Compiler<'a> {
    source: &'a str,
    /// The names that the macros around bind.
    bound: Vec<String>,
}

/// The functions call each other as deep as an expression is nested: loops instead of iterators keep their frames small.
impl Compiler<'_> {
    fn node(&mut self, tree: &IdedExpr) -> Result<Node, Violation> {
        match &tree.expr {
            Expr::Literal(literal) => Ok(Node::Literal(literal_of(literal))),
            Expr::Ident(name) => self.name(name),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(&map.entries),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(object) => Err(no_type(&object.type_name)),
            Expr::Unspecified => Err(unreadable()),
        }
    }

    fn nodes(&mut self, trees: &[IdedExpr]) -> Result<Vec<Node>, Violation> {
        let mut nodes = Vec::with_capacity(trees.len());
        for tree in trees {
            nodes.push(self.node(tree)?);
        }
        Ok(nodes)
    }

    fn boxed(&mut self, tree: &IdedExpr) -> Result<Box<Node>, Violation> {
        self.node(tree).map(Box::new)
    }

    fn name(&self, name: &str) -> Result<Node, Violation> {
        if let Some(place) = self.bound.iter().rposition(|bound| bound == name) {
            return Ok(Node::Bound(place, name.to_owned()));
        }
        if NAMES.contains(&name) {
            return Ok(Node::Variable(name.to_owned()));
        }
        if let Some(known) = TYPES.into_iter().find(|known| *known == name) {
            return Ok(Node::Literal(Literal::Type(known)));
        }
        let place = place_of_name(self.source, name, false);
        let known = NAMES.join(", ");
        let rule =
            format!("must not use the unknown name {}, at {place}; known are {known}", shortened(name));
        Err(Violation::new(Reason::Unknown, rule))
    }

    fn list(&mut self, list: &ListExpr) -> Result<Node, Violation> {
        if list.optional_indices.is_empty() {
            self.nodes(&list.elements).map(Node::List)
        } else {
            Err(no_optional())
        }
    }

    fn map(&mut self, entries: &[IdedEntryExpr]) -> Result<Node, Violation> {
        let mut nodes = Vec::with_capacity(entries.len());
        for entry in entries {
            match &entry.expr {
                EntryExpr::MapEntry(entry) if !entry.optional => {
                    nodes.push((self.node(&entry.key)?, self.node(&entry.value)?));
                }
                EntryExpr::MapEntry(_) | EntryExpr::StructField(_) => return Err(no_optional()),
            }
        }
        Ok(Node::Map(nodes))
    }

    fn select(&mut self, select: &SelectExpr) -> Result<Node, Violation> {
        let of = self.boxed(&select.operand)?;
        let key = select.field.clone();
        Ok(if select.test { Node::Has(of, key) } else { Node::Select(of, key) })
    }

    fn call(&mut self, call: &CallExpr) -> Result<Node, Violation> {
        match call.func_name.as_str() {
            operators::LOGICAL_AND => self.logic(false, &call.args),
            operators::LOGICAL_OR => self.logic(true, &call.args),
            operators::CONDITIONAL => self.conditional(&call.args),
            name => {
                let values = usize::from(call.target.is_some()) + call.args.len();
                let function = Function::find(name, call.target.is_some(), values)
                    .map_err(|problem| self.unknown_function(name, problem))?;
                let mut nodes = Vec::with_capacity(values);
                for tree in call.target.as_deref().into_iter().chain(&call.args) {
                    nodes.push(self.node(tree)?);
                }
                self.strict(function, nodes)
            }
        }
    }

    fn logic(&mut self, decisive: bool, operands: &[IdedExpr]) -> Result<Node, Violation> {
        Ok(Node::Logic { decisive, operands: self.nodes(operands)? })
    }

    fn conditional(&mut self, operands: &[IdedExpr]) -> Result<Node, Violation> {
        let operands: Result<Box<[Node; 3]>, _> = self.nodes(operands)?.into_boxed_slice().try_into();
        operands.map(Node::Conditional).map_err(|_| unreadable())
    }

    fn strict(&self, function: Function, mut values: Vec<Node>) -> Result<Node, Violation> {
        match (function, values.as_slice()) {
            (Function::Matches, [_, Node::Literal(Literal::Text(pattern))]) => {
                let pattern = Pattern::compile(pattern).map_err(|problem| {
                    let place = place_of_name(self.source, "matches", true);
                    malformed(&format!("the pattern of matches {problem}, at {place}"))
                })?;
                Ok(Node::Matches(Box::new(values.swap_remove(0)), pattern))
            }
            _ => Ok(Node::Call(function, values)),
        }
    }

    fn unknown_function(&self, name: &str, problem: &str) -> Violation {
        let place = place_of_name(self.source, name, true);
        let rule = format!("must be a CEL expression: {} {problem}, at {place}", shortened(name));
        Violation::new(Reason::Unknown, rule)
    }

    fn comprehension(&mut self, tree: &ComprehensionExpr) -> Result<Node, Violation> {
        let range = self.boxed(&tree.iter_range)?;
        let place = self.bound.len();
        self.bound.push(tree.iter_var.clone());
        let kind = self.loop_kind(&tree.accu_init.expr, &tree.loop_step.expr);
        self.bound.truncate(place);
        Ok(Node::Loop(Loop { range, place, kind: kind? }))
    }

    /// Reads what the parser made of a macro: the value it begins with, and what it does with each element.
    fn loop_kind(&mut self, begins_with: &Expr, step: &Expr) -> Result<LoopKind, Violation> {
        let Expr::Call(CallExpr { func_name: name, args, .. }) = step else { return Err(unreadable()) };
        match (begins_with, name.as_str(), args.as_slice()) {
            (Expr::Literal(LiteralValue::Boolean(begins_with)), _, [_, condition]) => {
                let decisive = !*begins_with.inner();
                Ok(LoopKind::Quantifier { decisive, condition: self.boxed(condition)? })
            }
            (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, [condition, ..]) => {
                self.boxed(condition).map(LoopKind::ExistsOne)
            }
            (Expr::List(_), operators::ADD, [_, list]) => {
                let value = self.boxed(only_element(list)?)?;
                Ok(LoopKind::Map { condition: None, value })
            }
            (Expr::List(_), operators::CONDITIONAL, [condition, list, _]) => {
                let condition = Some(self.boxed(condition)?);
                let value = self.boxed(only_element(list)?)?;
                Ok(LoopKind::Map { condition, value })
            }
            _ => Err(unreadable()),
        }
    }
}

/// Returns `x` of `[x]`, or of `@result + [x]`, which is what the parser calls a list that grows.
fn only_element(tree: &IdedExpr) -> Result<&IdedExpr, Violation> {
    let list = match &tree.expr {
        Expr::Call(call) => call.args.last().map(|last| &last.expr),
        list => Some(list),
    };
    match list {
        Some(Expr::List(list)) => list.elements.last().ok_or_else(unreadable),
        Some(_) | None => Err(unreadable()),
    }
}

fn literal_of(literal: &LiteralValue) -> Literal {
    match literal {
        LiteralValue::Null => Literal::Null,
        LiteralValue::Boolean(flag) => Literal::Bool(*flag.inner()),
        LiteralValue::Int(number) => Literal::Int(*number.inner()),
        LiteralValue::UInt(number) => Literal::Uint(*number.inner()),
        LiteralValue::Double(number) => Literal::Double(*number.inner()),
        LiteralValue::String(text) => Literal::Text(text.inner().to_owned()),
        LiteralValue::Bytes(bytes) => Literal::Bytes(bytes.inner().to_owned()),
    }
}

fn no_optional() -> Violation {
    malformed("elements of lists and maps cannot be optional")
}

fn no_type(name: &str) -> Violation {
    malformed(&format!("there is no type {} to create", shortened(name)))
}

fn unreadable() -> Violation {
    malformed("it cannot be read")
}

fn shortened(name: &str) -> &str {
    name.get(..60).unwrap_or(name)
}
