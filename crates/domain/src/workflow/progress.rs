//! How an execution goes on after a step.

use super::execution::{NewStep, Step};
use super::expression::{Budget, Variables};
use super::function::Function;
use super::graph::Graph;
use super::limits::WorkflowLimits;
use crate::primitives::{Json, JsonObject};

/// What a step comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOutcome {
    /// It goes on with this.
    Result(Json),
    /// It goes on once for each of these.
    Items(Vec<Json>),
    /// Its branch ends here.
    Ends,
}

impl StepOutcome {
    /// Returns what is stored as the result of a step with this data, or why it cannot be: it is too large, and not just what has
    /// come to the step.
    pub fn result(&self, data: &Json) -> Result<Json, String> {
        let result = match self {
            Self::Result(result) => result.clone(),
            Self::Items(items) => Json::Array(items.clone()),
            Self::Ends => Json::Bool(false),
        };
        if result == *data {
            return Ok(result);
        }
        let size = result.to_string().len();
        if size > WorkflowLimits::MAXIMUM_RESULT {
            return Err(format!(
                "The result has {size} bytes, and at most {} are kept.",
                WorkflowLimits::MAXIMUM_RESULT
            ));
        }
        Ok(result)
    }
}

/// What expressions of an execution can name, beside `data`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionScope {
    /// The results of the steps before, by the ids of their nodes.
    pub steps: Json,
    /// What started the execution.
    pub trigger: Json,
    /// The external user in whose name it runs, or null.
    pub user: Json,
    /// The workflow and the execution: `id`, `name`, `executionId`.
    pub workflow: Json,
    /// The present moment, in RFC 3339.
    pub now: Json,
}

impl ExecutionScope {
    /// Returns the variables of an expression to which this data comes.
    pub fn with<'a>(&'a self, data: &'a Json) -> Variables<'a> {
        let mut variables = Variables::new()
            .with("data", data)
            .with("steps", &self.steps)
            .with("trigger", &self.trigger)
            .with("user", &self.user)
            .with("workflow", &self.workflow)
            .with("now", &self.now);
        if let Json::Object(trigger) = &self.trigger
            && let Some(event) = trigger.get("event")
        {
            variables = variables.with("event", event);
        }
        variables
    }

    /// Adds the result of a step.
    pub fn add_result(&mut self, node_id: &str, result: Json) {
        if !matches!(self.steps, Json::Object(_)) {
            self.steps = Json::Object(JsonObject::new());
        }
        if let Json::Object(steps) = &mut self.steps {
            steps.insert(node_id.to_owned(), result);
        }
    }
}

/// Returns the steps that come up after one, on each way whose condition holds. Fails with a sentence if a condition or a mapper
/// does, or if there are too many.
pub fn next_steps(
    graph: &Graph,
    step: &Step,
    outcome: &StepOutcome,
    scope: &ExecutionScope,
) -> Result<Vec<NewStep>, String> {
    let single;
    let items = match outcome {
        StepOutcome::Result(result) => {
            single = [result.clone()];
            &single[..]
        }
        StepOutcome::Items(items) => items,
        StepOutcome::Ends => &[],
    };
    let (mut steps, mut budget) = (Vec::new(), Budget::default());
    let lineage: Vec<_> = step.lineage.iter().copied().chain([step.number]).collect();
    for item in items {
        let variables = scope.with(item);
        for (edge, node) in graph.ways_from(&step.node_id) {
            let way = || format!("On the way from {} to {}: ", step.node_id, node.id);
            if let Some(condition) = &edge.condition
                && !condition
                    .holds(&variables, &mut budget)
                    .map_err(|error| format!("{}the condition: {error}", way()))?
            {
                continue;
            }
            let data = match &edge.mapper {
                None => item.clone(),
                Some(mapper) => mapper
                    .resolve(&variables, &mut budget)
                    .map_err(|error| format!("{}the mapper: {error}", way()))?,
            };
            if steps.len() >= WorkflowLimits::MAXIMUM_ITEMS {
                return Err(format!("More than {} steps would follow.", WorkflowLimits::MAXIMUM_ITEMS));
            }
            let is_gathered = node.function == Function::Merge;
            steps.push(NewStep { node_id: node.id.clone(), is_gathered, lineage: lineage.clone(), data });
        }
    }
    Ok(steps)
}

/// Returns what a node gets that has waited for these steps, and which steps led to all of them.
pub fn gathered(arrived: &[Step]) -> (Json, Vec<i64>) {
    let list = arrived.iter().map(|step| step.data.clone()).collect();
    let common = match arrived.split_first() {
        None => Vec::new(),
        Some((first, others)) => {
            let is_common = |number: &i64| others.iter().all(|step| step.lineage.contains(number));
            first.lineage.iter().copied().filter(is_common).collect()
        }
    };
    (Json::Array(list), common)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::primitives::Timestamp;
    use crate::workflow::execution::StepState;

    fn graph() -> Graph {
        let node = |id: &str, component: &str, function: &str, fields: Value| json!({ "id": id, "componentId": component, "function": function, "fields": fields });
        let graph = json!({
            "nodes": [
                node("split", "data", "split", json!({ "list": "=data.users" })),
                node("vip", "data", "map", json!({})),
                node("all", "data", "merge", json!({})),
            ],
            "edges": [
                {
                    "source": "split", "target": "vip",
                    "config": { "condition": "data.score > 5", "mapper": { "name": "=data.name", "by": "=trigger.by" } },
                },
                { "source": "split", "target": "all" }, { "source": "vip", "target": "all" },
            ],
        });
        Graph::parse(&Json::from(graph), &WorkflowLimits::default()).unwrap()
    }

    fn step(number: i64, node_id: &str, lineage: &[i64], data: Value) -> Step {
        let moment = Timestamp::from_unix_microseconds(0).unwrap();
        Step {
            number,
            node_id: node_id.to_owned(),
            state: StepState::Pending,
            attempts: 1,
            due_at: None,
            lineage: lineage.to_vec(),
            data: data.into(),
            result: None,
            message: None,
            created_at: moment,
            updated_at: moment,
        }
    }

    #[test]
    fn each_item_goes_on_each_way_whose_condition_holds() {
        let scope = ExecutionScope { trigger: json!({ "by": "hand" }).into(), ..ExecutionScope::default() };
        let items =
            vec![json!({ "name": "a", "score": 9 }).into(), json!({ "name": "b", "score": 1 }).into()];
        let split = step(3, "split", &[1, 2], json!(null));
        let next = next_steps(&graph(), &split, &StepOutcome::Items(items), &scope).unwrap();
        let told: Vec<_> =
            next.iter().map(|step| format!("{} {} {}", step.node_id, step.is_gathered, step.data)).collect();
        assert_eq!(
            told,
            [
                r#"vip false {"name":"a","by":"hand"}"#,
                r#"all true {"name":"a","score":9}"#,
                r#"all true {"name":"b","score":1}"#,
            ]
        );
        assert!(next.iter().all(|step| step.lineage == [1, 2, 3]));
        assert_eq!(next_steps(&graph(), &split, &StepOutcome::Ends, &scope), Ok(vec![]));
    }

    #[test]
    fn a_condition_that_fails_says_on_which_way() {
        let split = step(1, "split", &[], json!(null));
        let outcome = StepOutcome::Result(json!({ "name": "a" }).into());
        let error = next_steps(&graph(), &split, &outcome, &ExecutionScope::default()).unwrap_err();
        assert!(error.starts_with("On the way from split to vip: the condition: "), "{error}");
    }

    #[test]
    fn what_is_gathered_comes_from_the_steps_that_led_to_all() {
        let arrived = [step(4, "all", &[1, 2], json!("a")), step(6, "all", &[1, 3, 5], json!("b"))];
        assert_eq!(gathered(&arrived), (json!(["a", "b"]).into(), vec![1]));
        assert_eq!(gathered(&[]), (json!([]).into(), vec![]));
    }

    #[test]
    fn a_result_has_a_limit() {
        let large = StepOutcome::Result(Json::String("x".repeat(WorkflowLimits::MAXIMUM_RESULT)));
        assert!(large.result(&Json::Null).unwrap_err().contains("1048578 bytes"));
        let StepOutcome::Result(data) = &large else { panic!("not a result") };
        assert_eq!(large.result(data).as_ref(), Ok(data), "what has come in goes on");
        assert_eq!(StepOutcome::Ends.result(&Json::Null), Ok(Json::Bool(false)));
    }
}
