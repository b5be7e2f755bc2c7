//! The graph of a workflow: steps, and the ways from one to the next.

use std::collections::HashMap;

use super::expression::Expression;
use super::function::Function;
use super::limits::WorkflowLimits;
use super::template::Template;
use crate::primitives::text::without_nul;
use crate::primitives::{Coded as _, Json, JsonObject, Reason, Violation, Violations};

/// A graph that can run: it has one first node, and no loop.
#[derive(Debug, Clone)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The indexes of the nodes, each after all that lead to it.
    order: Vec<usize>,
}

/// A step of a workflow.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its id, unique in the graph: 1 to 30 characters.
    pub id: String,
    /// What it does.
    pub function: Function,
    /// The fields of the function.
    pub fields: Template,
    /// The connected account of requests that name none: FlowMate's `credentials_id`.
    pub credentials: Option<String>,
}

/// A way from one step to the next.
#[derive(Debug, Clone)]
pub struct Edge {
    /// The index of the node that it leads from.
    pub source: usize,
    /// The index of the node that it leads to.
    pub target: usize,
    /// It is taken only if this holds.
    pub condition: Option<Expression>,
    /// What the target gets in place of the result of the source.
    pub mapper: Option<Template>,
}

impl Graph {
    /// Reads a graph, `{"nodes": […], "edges": […]}`, and reports everything that is wrong with it, under `graph`. Other keys,
    /// such as the place of a node on a screen, are left alone.
    pub fn parse(graph: &Json, limits: &WorkflowLimits) -> Result<Self, Violations> {
        let mut violations = Violations::new();
        let Json::Object(object) = graph else {
            return Err(Violations::of("graph", wrong_type("an object with nodes and edges")));
        };
        if graph.to_string().len() > limits.graph_bytes {
            let message = format!("must have at most {} bytes", limits.graph_bytes);
            return Err(Violations::of("graph", Violation::new(Reason::TooLarge, message)));
        }
        let nodes = list(&mut violations, object, "nodes");
        let edges = list(&mut violations, object, "edges");
        check_count(&mut violations, nodes, edges, limits);
        let nodes: Vec<_> =
            nodes.iter().enumerate().map(|(index, node)| read_node(&mut violations, index, node)).collect();
        let mut indexes = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            if let Some(id) = &node.id
                && indexes.insert(id.clone(), index).is_some()
            {
                let taken = Violation::new(Reason::Duplicate, "must be unique in the graph");
                violations.add(&format!("graph.nodes[{index}].id"), taken);
            }
        }
        let given = edges.len();
        let edges: Vec<_> = edges
            .iter()
            .enumerate()
            .filter_map(|(index, edge)| read_edge(&mut violations, index, edge, &indexes))
            .collect();
        let order = check_shape(&mut violations, &nodes, &edges, edges.len() == given);
        let nodes: Option<Vec<_>> = nodes.into_iter().map(ReadNode::complete).collect();
        match nodes {
            Some(nodes) if violations.is_empty() => Ok(Self { nodes, edges, order }),
            _ => Err(violations),
        }
    }

    /// Returns the nodes, in the order in which they were given.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the node that no edge leads to.
    pub fn first(&self) -> &Node {
        // `parse` makes sure that there is one.
        &self.nodes[self.order.first().copied().unwrap_or_default()]
    }

    /// Returns the node with an id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Returns the ways that lead on from a node, with the nodes that they lead to.
    pub fn ways_from<'a>(&'a self, id: &str) -> impl Iterator<Item = (&'a Edge, &'a Node)> {
        let source = self.nodes.iter().position(|node| node.id == id);
        let edges = self.edges.iter().filter(move |edge| Some(edge.source) == source);
        edges.map(|edge| (edge, &self.nodes[edge.target]))
    }

    /// Returns the first of some nodes on the way through the graph.
    pub fn foremost<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Option<&Node> {
        let rank = |id: &str| self.order.iter().position(|index| self.nodes[*index].id == id);
        let index = ids.filter_map(rank).min()?;
        self.order.get(index).map(|index| &self.nodes[*index])
    }

    /// Returns whether an execution may wait.
    pub fn has_waits(&self) -> bool {
        self.nodes.iter().any(|node| node.function == Function::Wait)
    }
}

/// A node as far as it could be read.
struct ReadNode {
    id: Option<String>,
    function: Option<Function>,
    fields: Option<Template>,
    credentials: Option<String>,
}

impl ReadNode {
    fn complete(self) -> Option<Node> {
        let Self { id, function, fields, credentials } = self;
        Some(Node { id: id?, function: function?, fields: fields?, credentials })
    }
}

fn wrong_type(expected: &str) -> Violation {
    Violation::new(Reason::InvalidType, format!("must be {expected}"))
}

fn required(what: &str) -> Violation {
    Violation::new(Reason::Required, what)
}

fn list<'a>(violations: &mut Violations, graph: &'a JsonObject, name: &str) -> &'a [Json] {
    match graph.get(name) {
        Some(Json::Array(items)) => items,
        None | Some(Json::Null) => &[],
        Some(_) => {
            violations.add(&format!("graph.{name}"), wrong_type("a list"));
            &[]
        }
    }
}

fn check_count(violations: &mut Violations, nodes: &[Json], edges: &[Json], limits: &WorkflowLimits) {
    if nodes.is_empty() {
        violations.add("graph.nodes", required("must have at least one node"));
    }
    if nodes.len() > limits.nodes {
        let message = format!("must have at most {} nodes", limits.nodes);
        violations.add("graph.nodes", Violation::new(Reason::TooLarge, message));
    }
    if nodes.len() > 1 && edges.is_empty() {
        violations.add("graph.edges", required("must connect the nodes"));
    }
}

/// Returns a text under a key; a violation if it is missing or empty.
fn text<'a>(violations: &mut Violations, object: &'a JsonObject, path: &str, key: &str) -> Option<&'a str> {
    match object.get(key) {
        Some(Json::String(text)) if !text.is_empty() => {
            return violations.check(&format!("{path}.{key}"), without_nul(text).map(|()| text.as_str()));
        }
        None | Some(Json::Null | Json::String(_)) => {
            violations.add(&format!("{path}.{key}"), required("is required"));
        }
        Some(_) => violations.add(&format!("{path}.{key}"), wrong_type("a text")),
    }
    None
}

fn read_node(violations: &mut Violations, index: usize, node: &Json) -> ReadNode {
    let path = format!("graph.nodes[{index}]");
    let nothing = ReadNode { id: None, function: None, fields: None, credentials: None };
    let Json::Object(object) = node else {
        violations.add(&path, wrong_type("an object"));
        return nothing;
    };
    let id = text(violations, object, &path, "id").map(str::to_owned);
    if id.as_ref().is_some_and(|id| id.chars().count() > 30) {
        let too_long = Violation::new(Reason::TooLong, "must have 1 to 30 characters");
        violations.add(&format!("{path}.id"), too_long);
    }
    let component = text(violations, object, &path, "componentId");
    let name = text(violations, object, &path, "function");
    let function = match (component, name) {
        (Some(component), Some(name)) => find_function(violations, &path, component, name),
        _ => None,
    };
    let empty = Json::Object(JsonObject::new());
    let fields = match object.get("fields") {
        None | Some(Json::Null) => &empty,
        Some(fields) => fields,
    };
    let fields = read_fields(violations, &format!("{path}.fields"), function, fields);
    let credentials = match object.get("credentials_id") {
        None | Some(Json::Null) => None,
        Some(_) => text(violations, object, &path, "credentials_id").map(str::to_owned),
    };
    ReadNode { id, function, fields, credentials }
}

fn find_function(violations: &mut Violations, path: &str, component: &str, name: &str) -> Option<Function> {
    let found = Function::find(component, name);
    if found.is_none() {
        let names: Vec<_> = Function::ALL
            .iter()
            .filter(|known| known.component() == component)
            .map(|known| known.name())
            .collect();
        if names.is_empty() {
            let message = "must be a built-in component: see GET /api/components";
            violations.add(&format!("{path}.componentId"), Violation::new(Reason::Unknown, message));
        } else {
            let message = format!("must be one of {}", names.join(", "));
            violations.add(&format!("{path}.function"), Violation::new(Reason::Unknown, message));
        }
    }
    found
}

fn read_fields(
    violations: &mut Violations,
    path: &str,
    function: Option<Function>,
    fields: &Json,
) -> Option<Template> {
    let Json::Object(object) = fields else {
        violations.add(path, wrong_type("an object"));
        return None;
    };
    if let Some(function) = function {
        let is_open = |value: &Json| matches!(value, Json::String(text) if text.starts_with('='));
        let broken = function.check(object, is_open);
        violations.append(broken.renamed(|name| format!("{path}.{name}")));
    }
    Template::parse(fields, path).map_err(|broken| violations.append(broken)).ok()
}

fn read_edge(
    violations: &mut Violations,
    index: usize,
    edge: &Json,
    nodes: &HashMap<String, usize>,
) -> Option<Edge> {
    let path = format!("graph.edges[{index}]");
    let Json::Object(object) = edge else {
        violations.add(&path, wrong_type("an object"));
        return None;
    };
    let mut end = |key| {
        let id = text(violations, object, &path, key)?;
        let node = nodes.get(id).copied();
        if node.is_none() {
            let unknown = Violation::new(Reason::Unknown, "must be the id of a node");
            violations.add(&format!("{path}.{key}"), unknown);
        }
        node
    };
    let (source, target) = (end("source"), end("target"));
    let (condition, mapper) = match object.get("config") {
        None | Some(Json::Null) => (None, None),
        Some(Json::Object(config)) => read_config(violations, &format!("{path}.config"), config),
        Some(_) => {
            violations.add(&format!("{path}.config"), wrong_type("an object"));
            (None, None)
        }
    };
    Some(Edge { source: source?, target: target?, condition, mapper })
}

fn read_config(
    violations: &mut Violations,
    path: &str,
    config: &JsonObject,
) -> (Option<Expression>, Option<Template>) {
    let condition = match config.get("condition") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => {
            let source = text.strip_prefix('=').unwrap_or(text);
            violations.check(&format!("{path}.condition"), Expression::parse(source))
        }
        Some(_) => {
            violations.add(&format!("{path}.condition"), wrong_type("an expression"));
            None
        }
    };
    let mapper = config.get("mapper").filter(|mapper| **mapper != Json::Null);
    let mapper = mapper.and_then(|mapper| {
        Template::parse(mapper, &format!("{path}.mapper")).map_err(|broken| violations.append(broken)).ok()
    });
    (condition, mapper)
}

/// Checks that there is no loop and, if all edges are known, one first node. Returns the nodes in order.
fn check_shape(violations: &mut Violations, nodes: &[ReadNode], edges: &[Edge], are_all: bool) -> Vec<usize> {
    let name = |index: usize| {
        let id = nodes.get(index).and_then(|node| node.id.clone());
        id.unwrap_or_else(|| format!("nodes[{index}]"))
    };
    let mut missing = vec![0_usize; nodes.len()];
    for edge in edges {
        missing[edge.target] += 1;
    }
    let firsts: Vec<_> = (0..nodes.len()).filter(|index| missing[*index] == 0).collect();
    if firsts.len() > 1 && !edges.is_empty() && are_all {
        let names: Vec<_> = firsts.iter().map(|index| name(*index)).collect();
        let message = format!("must leave one node that none leads to, not {}", names.join(", "));
        violations.add("graph.edges", Violation::new(Reason::Mismatch, message));
    }
    let (mut order, mut next) = (Vec::with_capacity(nodes.len()), firsts);
    while let Some(index) = next.pop() {
        order.push(index);
        for edge in edges.iter().filter(|edge| edge.source == index) {
            missing[edge.target] -= 1;
            if missing[edge.target] == 0 {
                next.push(edge.target);
            }
        }
    }
    let in_loop: Vec<_> = (0..nodes.len()).filter(|index| missing[*index] > 0).map(name).collect();
    if !in_loop.is_empty() {
        let message = format!("must not form a loop, as among {}", in_loop.join(", "));
        violations.add("graph.edges", Violation::new(Reason::Mismatch, message));
    }
    order
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(graph: Value) -> Result<Graph, Vec<String>> {
        let told = |violations: Violations| {
            violations.fields().iter().map(|fault| format!("{} {}", fault.field, fault.message)).collect()
        };
        Graph::parse(&Json::from(graph), &WorkflowLimits::default()).map_err(told)
    }

    fn log(id: &str) -> Value {
        json!({ "id": id, "componentId": "log", "function": "write", "fields": { "message": "hello" } })
    }

    fn edges(pairs: &[(&str, &str)]) -> Value {
        pairs.iter().map(|(source, target)| json!({ "source": source, "target": target })).collect()
    }

    #[test]
    fn a_graph_leads_from_its_first_node_to_the_others() {
        let nodes = json!([log("end"), log("left"), log("begin"), log("right")]);
        let ways = [("begin", "left"), ("left", "end"), ("begin", "right"), ("right", "end")];
        let graph = parse(json!({ "nodes": nodes, "edges": edges(&ways) })).unwrap();
        assert_eq!(graph.first().id, "begin");
        let next: Vec<_> = graph.ways_from("begin").map(|(_, node)| node.id.as_str()).collect();
        assert_eq!(next, ["left", "right"]);
        assert_eq!(graph.foremost(["end", "right"].into_iter()).unwrap().id, "right");
        assert!(graph.ways_from("end").next().is_none() && graph.ways_from("nowhere").next().is_none());
        assert!(parse(json!({ "nodes": [log("alone")] })).is_ok());
    }

    #[test]
    fn everything_that_is_wrong_with_a_graph_is_told_at_once() {
        let nodes = json!([
            log("a"), log("a"), { "id": "b" }, 7, log(&"x".repeat(31)),
            { "id": "c", "componentId": "mail", "function": "send" },
            { "id": "d", "componentId": "log", "function": "read", "fields": [] },
            { "id": "e", "componentId": "data", "function": "split", "fields": { "list": "=data.", "n": 1 } },
        ]);
        let edges = json!([
            { "source": "a" }, { "source": "a", "target": "nobody" },
            { "source": "c", "target": "d", "config": { "condition": "1 +", "mapper": { "x": "=(" } } },
            { "source": "d", "target": "c" },
        ]);
        let faults = parse(json!({ "nodes": nodes, "edges": edges })).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
        assert_eq!(
            fields,
            [
                "graph.nodes[2].componentId",
                "graph.nodes[2].function",
                "graph.nodes[3]",
                "graph.nodes[4].id",
                "graph.nodes[5].componentId",
                "graph.nodes[6].function",
                "graph.nodes[6].fields",
                "graph.nodes[7].fields.n",
                "graph.nodes[7].fields.list",
                "graph.nodes[1].id",
                "graph.edges[0].target",
                "graph.edges[1].target",
                "graph.edges[2].config.condition",
                "graph.edges[2].config.mapper.x",
                "graph.edges",
            ]
        );
        assert_eq!(faults.last().unwrap(), "graph.edges must not form a loop, as among c, d");
    }

    #[test]
    fn graphs_of_other_shapes_are_refused() {
        for (graph, fault) in [
            (json!(null), "graph must be an object with nodes and edges"),
            (json!({}), "graph.nodes must have at least one node"),
            (json!({ "nodes": {} }), "graph.nodes must be a list"),
            (json!({ "nodes": [log("a"), log("b")] }), "graph.edges must connect the nodes"),
            (
                json!({ "nodes": [log("a"), log("b"), log("c")], "edges": edges(&[("a", "c"), ("b", "c")]) }),
                "graph.edges must leave one node that none leads to, not a, b",
            ),
            (
                json!({ "nodes": [log("a"), log("b")], "edges": edges(&[("a", "b"), ("b", "a")]) }),
                "graph.edges must not form a loop, as among a, b",
            ),
            (
                json!({ "nodes": [log("a")], "edges": edges(&[("a", "a")]) }),
                "graph.edges must not form a loop, as among a",
            ),
        ] {
            assert_eq!(parse(graph).unwrap_err().first().map(String::as_str), Some(fault));
        }
        let many: Vec<_> = (0..51).map(|number| log(&number.to_string())).collect();
        assert!(parse(json!({ "nodes": many })).unwrap_err()[0].contains("at most 50 nodes"));
        let large = json!({ "nodes": [log("a")], "more": "x".repeat(65_536) });
        assert_eq!(parse(large).unwrap_err(), ["graph must have at most 65536 bytes"]);
    }
}
