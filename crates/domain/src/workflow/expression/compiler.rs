//! Turns what the parser reads into an expression whose names are known.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue, operators,
};
use cel::parser::PrattParser;

use super::function::Function;
use super::node::{Literal, Loop, LoopKind, Node, Pattern};
use super::source::{MAXIMUM_LEVELS, check_tokens, malformed, place, place_of_name};
use crate::primitives::{Reason, Violation};

/// The names of the values that an expression can use, beside those that macros bind.
pub(super) const VARIABLES: [&str; 7] = ["data", "steps", "trigger", "user", "workflow", "event", "now"];
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
/// What the parser's macros call the value that they put together.
const ACCUMULATOR: &str = "@result";

/// Parses an expression, and checks all of its names.
pub(super) fn compile(source: &str) -> Result<Node, Violation> {
    check_tokens(source)?;
    let parser = PrattParser::new()
        .max_recursion_depth(u16::try_from(MAXIMUM_LEVELS * 2).unwrap_or(u16::MAX))
        .enable_variadic_operator_asts(true)
        .enable_optional_syntax(true);
    let tree = parser.parse(source).map_err(|errors| {
        let first = errors.errors.first();
        let problem = first.map_or("it cannot be read", |error| {
            error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg)
        });
        malformed(&format!("{problem}, at {}", first.map_or((1, 1), |error| error.pos).place(source)))
    })?;
    Compiler { source, bound: Vec::new() }.node(tree)
}

/// A line and a column in bytes, as the parser reports them.
trait ParserPosition {
    /// Returns the place in words.
    fn place(self, source: &str) -> String;
}

impl ParserPosition for (isize, isize) {
    fn place(self, source: &str) -> String {
        let line = usize::try_from(self.0 - 1).unwrap_or(0);
        let column = usize::try_from(self.1 - 1).unwrap_or(0);
        let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
        place(source, before + column)
    }
}

struct Compiler<'a> {
    source: &'a str,
    /// The names that the macros around bind.
    bound: Vec<String>,
}

impl Compiler<'_> {
    fn node(&mut self, tree: IdedExpr) -> Result<Node, Violation> {
        match tree.expr {
            Expr::Literal(literal) => Ok(Node::Literal(literal_of(literal))),
            Expr::Ident(name) => self.name(name),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map.entries),
            Expr::Select(select) => {
                let of = Box::new(self.node(*select.operand)?);
                Ok(if select.test { Node::Has(of, select.field) } else { Node::Select(of, select.field) })
            }
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(*comprehension),
            Expr::Struct(object) => {
                let problem = format!("there is no type {} to create", shortened(&object.type_name));
                Err(malformed(&problem))
            }
            Expr::Unspecified => Err(malformed("it cannot be read")),
        }
    }

    fn nodes(&mut self, trees: Vec<IdedExpr>) -> Result<Vec<Node>, Violation> {
        trees.into_iter().map(|tree| self.node(tree)).collect()
    }

    fn name(&mut self, name: String) -> Result<Node, Violation> {
        if let Some(place) = self.bound.iter().rposition(|bound| *bound == name) {
            return Ok(Node::Bound(place, name));
        }
        if VARIABLES.contains(&name.as_str()) {
            return Ok(Node::Variable(name));
        }
        if let Some(known) = TYPES.into_iter().find(|known| *known == name) {
            return Ok(Node::Literal(Literal::Type(known)));
        }
        let place = place_of_name(self.source, &name, false);
        let known = VARIABLES.join(", ");
        let rule =
            format!("must not use the unknown name {}, at {place}; known are {known}", shortened(&name));
        Err(Violation::new(Reason::Unknown, rule))
    }

    fn list(&mut self, list: ListExpr) -> Result<Node, Violation> {
        if list.optional_indices.is_empty() {
            self.nodes(list.elements).map(Node::List)
        } else {
            no_optional()
        }
    }

    fn map(&mut self, entries: Vec<IdedEntryExpr>) -> Result<Node, Violation> {
        let mut nodes = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.expr {
                EntryExpr::MapEntry(entry) if !entry.optional => {
                    nodes.push((self.node(entry.key)?, self.node(entry.value)?));
                }
                EntryExpr::MapEntry(_) | EntryExpr::StructField(_) => return no_optional(),
            }
        }
        Ok(Node::Map(nodes))
    }

    fn call(&mut self, call: CallExpr) -> Result<Node, Violation> {
        let CallExpr { func_name: name, target, args } = call;
        let is_method = target.is_some();
        let values: Vec<IdedExpr> = target.map(|target| *target).into_iter().chain(args).collect();
        match name.as_str() {
            operators::LOGICAL_AND => Ok(Node::Logic { decisive: false, operands: self.nodes(values)? }),
            operators::LOGICAL_OR => Ok(Node::Logic { decisive: true, operands: self.nodes(values)? }),
            operators::CONDITIONAL => {
                let operands = self.nodes(values)?.try_into();
                operands.map(|operands| Node::Conditional(Box::new(operands))).map_err(|_| unreadable())
            }
            _ => {
                let function = Function::find(&name, is_method, values.len())
                    .map_err(|problem| self.unknown_function(&name, problem))?;
                let nodes = self.nodes(values)?;
                self.strict(function, nodes)
            }
        }
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

    fn comprehension(&mut self, tree: ComprehensionExpr) -> Result<Node, Violation> {
        let range = self.node(tree.iter_range)?;
        let place = self.bound.len();
        self.bound.push(tree.iter_var);
        let kind = self.loop_kind(&tree.accu_init.expr, tree.loop_step.expr);
        self.bound.truncate(place);
        Ok(Node::Loop(Box::new(Loop { range, place, kind: kind? })))
    }

    /// Reads what the parser made of a macro: the value it begins with, and what it does with each element.
    fn loop_kind(&mut self, begins_with: &Expr, step: Expr) -> Result<LoopKind, Violation> {
        let Expr::Call(CallExpr { func_name: name, args: mut values, .. }) = step else {
            return Err(unreadable());
        };
        values.retain(|value| !matches!(&value.expr, Expr::Ident(name) if name == ACCUMULATOR));
        match (begins_with, name.as_str(), values.len()) {
            (Expr::Literal(LiteralValue::Boolean(begins_with)), _, 1) => {
                let decisive = !*begins_with.inner();
                Ok(LoopKind::Quantifier { decisive, condition: self.node(values.swap_remove(0))? })
            }
            (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, 2) => {
                Ok(LoopKind::ExistsOne(self.node(values.swap_remove(0))?))
            }
            (Expr::List(_), operators::ADD, 1) => {
                let value = self.node(only_element(values.swap_remove(0))?)?;
                Ok(LoopKind::Map { condition: None, value })
            }
            (Expr::List(_), operators::CONDITIONAL, 2) => {
                let condition = Some(self.node(values.swap_remove(0))?);
                let value = self.node(only_element(values.swap_remove(0))?)?;
                Ok(LoopKind::Map { condition, value })
            }
            _ => Err(unreadable()),
        }
    }
}

/// Returns `x` of `[x]`, or of `@result + [x]`.
fn only_element(tree: IdedExpr) -> Result<IdedExpr, Violation> {
    match tree.expr {
        Expr::List(mut list) => list.elements.pop().ok_or_else(unreadable),
        Expr::Call(mut call) => match call.args.pop().map(|last| last.expr) {
            Some(Expr::List(mut list)) => list.elements.pop().ok_or_else(unreadable),
            Some(_) | None => Err(unreadable()),
        },
        _ => Err(unreadable()),
    }
}

fn literal_of(literal: LiteralValue) -> Literal {
    match literal {
        LiteralValue::Null => Literal::Null,
        LiteralValue::Boolean(flag) => Literal::Bool(flag.into_inner()),
        LiteralValue::Int(number) => Literal::Int(number.into_inner()),
        LiteralValue::UInt(number) => Literal::Uint(number.into_inner()),
        LiteralValue::Double(number) => Literal::Double(number.into_inner()),
        LiteralValue::String(text) => Literal::Text(text.into_inner()),
        LiteralValue::Bytes(bytes) => Literal::Bytes(bytes.into_inner()),
    }
}

fn no_optional() -> Result<Node, Violation> {
    Err(malformed("elements of lists and maps cannot be optional"))
}

fn unreadable() -> Violation {
    malformed("it cannot be read")
}

fn shortened(name: &str) -> &str {
    name.get(..60).unwrap_or(name)
}
