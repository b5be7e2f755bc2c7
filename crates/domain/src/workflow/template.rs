//! JSON in which texts that begin with `=` are expressions.

use super::expression::{Budget, Expression, ExpressionError, Variables, copy};
use crate::primitives::{Json, JsonObject, Reason, Violation, Violations};

/// JSON to fill in. A string that begins with `=` is an expression, of what follows; everything else stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    path: String,
    part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// JSON without expressions.
    Literal(Json),
    /// An expression, with its path.
    Expression(String, Expression),
    List(Vec<Part>),
    Object(Vec<(String, Part)>),
}

/// Why a template cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {error}")]
pub struct TemplateError {
    /// Where the expression stands: `fields.body.name`, `fields.list[3]`. The path of the whole template if what it copies
    /// costs too much.
    pub path: String,
    /// Why it has no value.
    #[source]
    pub error: ExpressionError,
}

impl Template {
    /// Reads a template. Every broken expression is a violation under its path, which begins with the one given:
    /// `fields.body.name`, `fields.list[3]`. So is what has more than 128 levels of objects and arrays.
    pub fn parse(json: &Json, path: &str) -> Result<Self, Violations> {
        let mut violations = Violations::new();
        let part = Part::parse(json, path, Json::MAXIMUM_LEVELS, &mut violations);
        if violations.is_empty() { Ok(Self { path: path.to_owned(), part }) } else { Err(violations) }
    }

    /// Fills the template in. What it copies is paid from the budget, as what its expressions do. Fails at the first
    /// expression that has no value.
    pub fn resolve(&self, variables: &Variables<'_>, budget: &mut Budget) -> Result<Json, TemplateError> {
        Resolution { template: self, variables, budget }.part(&self.part, Json::MAXIMUM_LEVELS)
    }

    /// Returns whether it contains no expression.
    pub fn is_literal(&self) -> bool {
        self.part.is_literal()
    }
}

impl Part {
    fn parse(json: &Json, path: &str, levels: usize, violations: &mut Violations) -> Self {
        match json {
            Json::String(text) if let Some(source) = text.strip_prefix('=') => {
                match violations.check(path, Expression::parse(source)) {
                    Some(expression) => Self::Expression(path.to_owned(), expression),
                    None => Self::Literal(Json::Null),
                }
            }
            Json::Array(_) | Json::Object(_) if levels == 0 => {
                violations.add(path, too_deep());
                Self::Literal(Json::Null)
            }
            Json::Array(items) => {
                let numbered = items.iter().enumerate();
                let mut part =
                    |(index, item)| Self::parse(item, &format!("{path}[{index}]"), levels - 1, violations);
                let parts: Vec<_> = numbered.map(&mut part).collect();
                if parts.iter().all(Self::is_literal) {
                    Self::Literal(json.clone())
                } else {
                    Self::List(parts)
                }
            }
            Json::Object(members) => {
                let mut part = |(key, value): (&String, &Json)| {
                    let part = Self::parse(value, &format!("{path}.{key}"), levels - 1, violations);
                    (key.clone(), part)
                };
                let parts: Vec<_> = members.iter().map(&mut part).collect();
                let is_literal = parts.iter().all(|(_, part)| part.is_literal());
                if is_literal { Self::Literal(json.clone()) } else { Self::Object(parts) }
            }
            literal => Self::Literal(literal.clone()),
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }
}

struct Resolution<'a> {
    template: &'a Template,
    variables: &'a Variables<'a>,
    budget: &'a mut Budget,
}

impl Resolution<'_> {
    fn part(&mut self, part: &Part, levels: usize) -> Result<Json, TemplateError> {
        match part {
            Part::Literal(json) => copy(json, self.budget, levels).map_err(|error| self.copying(error)),
            Part::Expression(path, expression) => expression
                .evaluate_within(self.variables, self.budget, levels)
                .map_err(|error| TemplateError { path: path.clone(), error }),
            Part::List(parts) => {
                let items = parts.iter().map(|part| {
                    self.budget.pay(1).map_err(|error| self.copying(error))?;
                    self.part(part, levels - 1)
                });
                items.collect::<Result<_, _>>().map(Json::Array)
            }
            Part::Object(parts) => {
                let mut members = JsonObject::new();
                for (key, part) in parts {
                    self.budget.pay_text(key.len()).map_err(|error| self.copying(error))?;
                    members.insert(key.clone(), self.part(part, levels - 1)?);
                }
                Ok(Json::Object(members))
            }
        }
    }

    fn copying(&self, error: ExpressionError) -> TemplateError {
        TemplateError { path: self.template.path.clone(), error }
    }
}

fn too_deep() -> Violation {
    let most = Json::MAXIMUM_LEVELS;
    Violation::new(Reason::TooDeep, format!("must have at most {most} levels of objects and arrays"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolved(template: serde_json::Value) -> Result<String, String> {
        let data = Json::from(json!({ "name": "Ada", "tags": ["a", "b"], "count": 3 }));
        let variables = Variables::new().with("data", &data);
        let template = Template::parse(&template.into(), "fields").map_err(|broken| broken.to_string())?;
        let json = template.resolve(&variables, &mut Budget::default());
        json.map(|json| json.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_with_an_equals_sign_are_filled_in() {
        for (template, json) in [
            (json!({ "a": "=data.name", "b": "data.name" }), r#"{"a":"Ada","b":"data.name"}"#),
            (json!({ "list": [1, "= data.count + 1", ["=data.tags"]] }), r#"{"list":[1,4,[["a","b"]]]}"#),
            (json!("='=' + data.name"), r#""=Ada""#),
            (json!({ "=data.name": " =data.name" }), r#"{"=data.name":" =data.name"}"#),
            (json!([null, true, 1.50, "", {}, []]), r#"[null,true,1.5,"",{},[]]"#),
        ] {
            assert_eq!(resolved(template), Ok(json.to_owned()));
        }
    }

    #[test]
    fn every_broken_expression_is_named_with_its_path() {
        let template = json!({ "body": { "name": "=nope", "other": "=data.x" }, "list": [0, { "x": "=1 +" }], "y": "=" });
        let violations = Template::parse(&template.into(), "fields").unwrap_err();
        let paths: Vec<_> = violations.fields().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(paths, ["fields.body.name", "fields.list[1].x", "fields.y"]);
    }

    #[test]
    fn an_expression_without_value_is_named_with_its_path() {
        let missing = resolved(json!({ "body": { "list": [1, "=data.nope"] } }));
        assert_eq!(missing, Err("fields.body.list[1]: no such key: nope".to_owned()));
    }

    #[test]
    fn a_template_without_expression_is_literal() {
        for (template, is_literal) in
            [(json!({ "a": [1, " =x"] }), true), (json!("=1"), false), (json!([[{ "a": "=1" }]]), false)]
        {
            assert_eq!(Template::parse(&template.into(), "fields").unwrap().is_literal(), is_literal);
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let data = Json::Array(vec![Json::Null; 1_000]);
        let variables = Variables::new().with("data", &data);
        let resolve = |template: &Json, work| {
            Template::parse(template, "fields").unwrap().resolve(&variables, &mut Budget::new(work))
        };
        let copies = Json::Array(vec![Json::String("=data".to_owned()); 10]);
        assert!(resolve(&copies, 11_000).is_ok());
        let error = resolve(&copies, 5_500).unwrap_err();
        assert_eq!((error.path.as_str(), error.error), ("fields[5]", ExpressionError::TooExpensive));
        let literal = resolve(&Json::String("a".repeat(2_000)), 100).unwrap_err();
        assert_eq!((literal.path.as_str(), literal.error), ("fields", ExpressionError::TooExpensive));

        let nested = |inside: &str, levels| {
            let text = format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels));
            Json::parse(&text, levels).unwrap()
        };
        assert!(resolve(&nested("\"=[1]\"", 127), 1_000).is_ok());
        assert!(resolve(&nested("\"=[1]\"", 128), 1_000).is_err());
        assert!(resolve(&nested("", 128), 1_000).is_ok());
        assert!(Template::parse(&nested("", 129), "fields").is_err());
    }
}
