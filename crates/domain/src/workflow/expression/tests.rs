use serde_json::json;

use super::*;

fn evaluate(source: &str) -> Result<String, String> {
    evaluate_with(source, &mut Budget::default())
}

fn evaluate_with(source: &str, budget: &mut Budget) -> Result<String, String> {
    let data = Json::parse(
        r#"{"plan": "pro", "price": 10.10, "seats": 3, "large": 9007199254740993, "huge": 1e400,
            "tags": ["a", "b"], "address": {"city": "Bonn", "zip": null}, "since": "2024-02-29T12:30:15.5Z"}"#,
        9,
    );
    let data = data.unwrap();
    let steps = Json::from(json!({ "fetch": null }));
    let now = Json::from(json!("2024-01-15T10:30:00Z"));
    let variables = Variables::new().with("data", &data).with("steps", &steps).with("now", &now);
    let expression = Expression::parse(source).map_err(|violation| violation.message)?;
    let result = expression.evaluate(&variables, budget);
    result.map(|json| json.to_string()).map_err(|error| error.to_string())
}

#[test]
fn first() {
    for source in [
        "1 + 2",
        "data.price",
        "data.tags.map(t, t + '!')",
        "data.plan == 'pro' || nope",
        "data.nope",
        "[1,2].exists(x, x > 1)",
        "{'a': 1}.a",
        "data.?x.orValue(7)",
        "steps.fetch.body",
        "nope",
        "data.tags.nope()",
        "1 +",
        "duration('1h') + timestamp(now)",
        "has(data.address.city)",
        "'ab'.matches('^a')",
    ] {
        eprintln!("{source}: {:?}", evaluate(source));
    }
}
