//! Expressions that are written to cost much: none of them gets time, memory or stack.

use std::fmt::Write as _;
use std::thread;

use super::super::source::MAXIMUM_LEVELS;
use super::*;

pub(super) const TOO_EXPENSIVE: &str = "the expression does more work than allowed";

/// Runs on a quarter of the stack that threads of the server have.
pub(super) fn on_a_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        thread::Builder::new().stack_size(512 * 1_024).spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Returns a text in which the innermost part stands between repeated ones.
fn nested(before: &str, inside: &str, after: &str, times: usize) -> String {
    format!("{}{inside}{}", before.repeat(times), after.repeat(times))
}

#[test]
fn what_is_nested_too_deep_is_refused_before_it_is_parsed() {
    for source in [
        "(".repeat(2_000),
        "[".repeat(4_096),
        "{".repeat(2_000),
        "{1:".repeat(1_300),
        nested("(", "1", ")", 2_000),
        nested("[", "1", "]", 2_000),
        nested("dyn(", "1", ")", 800),
        nested("{1:", "1", "}", 1_000),
        nested("[1].map(x,", "1", ")", 300),
        nested("true ? 1 : ", "1", "", 370),
        nested("true ? ", "1", ": 1", 370),
        nested("true?", "1", "", 800),
        nested("!-", "1", "", 2_000),
        nested("1 - ", "1", "", 1_000),
        nested("1 == ", "1", "", 800),
        format!("data{}", ".a".repeat(2_000)),
        format!("data{}", "[0]".repeat(1_300)),
        format!("data{}", ".trim()".repeat(500)),
        format!("data{}", ".map(x,x)".repeat(400)),
        format!("data{}", ".?a".repeat(1_300)),
        format!("[0].map(x,x)[{}", "0][".repeat(1_000)),
    ] {
        let violation = on_a_small_stack(|| Expression::parse(&source)).unwrap_err();
        assert_eq!(violation.reason, Reason::TooDeep, "{source}");
    }
}

#[test]
fn the_deepest_expressions_fit_into_a_small_stack() {
    let half = MAXIMUM_LEVELS / 2;
    for (source, result) in [
        (nested("(", "1", ")", MAXIMUM_LEVELS), "1".to_owned()),
        (nested("[", "1", "]", MAXIMUM_LEVELS), nested("[", "1", "]", MAXIMUM_LEVELS)),
        (nested("{1:", "1", "}", MAXIMUM_LEVELS), nested("{\"1\":", "1", "}", MAXIMUM_LEVELS)),
        (nested("dyn(", "1", ")", MAXIMUM_LEVELS), "1".to_owned()),
        (nested("[1].map(x,", "1", ")", half - 1), nested("[", "1", "]", half - 1)),
        (nested("[1].all(x, [1].exists(y, y == x && ", "true", "))", 24), "true".to_owned()),
        (nested("true || true && (", "true", ")", MAXIMUM_LEVELS - 1), "true".to_owned()),
        (nested("false || true && (", "true", ")", MAXIMUM_LEVELS - 1), "true".to_owned()),
        (nested("false ? 1 : ", "1", "", MAXIMUM_LEVELS), "1".to_owned()),
        (nested("true ? (", "1", ") : 1", half), "1".to_owned()),
        (nested("!-", "1", "", half), "!".to_owned()),
        (nested("1 + ", "1", "", MAXIMUM_LEVELS), "101".to_owned()),
        (format!("data.tags{}", ".map(x,x)".repeat(half - 1)), r#"["a","b"]"#.to_owned()),
        (format!("data.plan{}", ".trim()".repeat(half - 1)), r#""pro""#.to_owned()),
        (format!("data{}.a", ".?a".repeat(MAXIMUM_LEVELS - 1)), "null".to_owned()),
    ] {
        let found = on_a_small_stack(|| evaluate(&source));
        match result.as_str() {
            "!" => assert_eq!(found, Err("the value is an int, not a bool".to_owned()), "{source}"),
            result => assert_eq!(found.as_deref(), Ok(result), "{source}"),
        }
    }
}

#[test]
fn long_chains_of_conditions_are_one_level() {
    for (operand, operator, result) in
        [("0", "||", "the value is an int, not a bool"), ("true", "&&", "true"), ("false", "||", "false")]
    {
        let source = vec![operand; 4_090 / (operand.len() + operator.len())].join(operator);
        let found = on_a_small_stack(|| evaluate(&source)).unwrap_or_else(|error| error);
        assert_eq!(found, result);
    }
    let mixed = vec!["false && true || data.seats == 3 && false"; 90].join(" || ");
    assert_eq!(on_a_small_stack(|| evaluate(&mixed)).as_deref(), Ok("false"));
    let list = format!("[{}].size()", vec!["1+1*1"; 600].join(","));
    assert_eq!(evaluate(&list).as_deref(), Ok("600"));
}

#[test]
fn values_of_too_many_levels_are_refused() {
    let deeper = format!("[data]{}", ".map(x,[[[x]]])".repeat(44));
    let found = on_a_small_stack(|| evaluate(&deeper));
    assert_eq!(found, Err("the value has more than 128 levels of lists and maps".to_owned()));
    let data = Json::parse(&nested("[", "1", "]", 128), 128).unwrap();
    let variables = Variables::new().with("data", &data);
    let evaluate = |source| {
        let expression = Expression::parse(source).unwrap();
        on_a_small_stack(|| expression.evaluate(&variables, &mut Budget::default()))
    };
    assert!(evaluate("data").is_ok());
    assert!(evaluate("[data]").is_err());
    assert_eq!(evaluate("[data] == [data]"), Ok(Json::Bool(true)));
}

#[test]
fn what_grows_ends_with_the_budget() {
    let numbers = "[0,1,2,3,4,5,6,7,8,9]";
    let mut loops = String::new();
    for level in 0..12 {
        write!(loops, "{numbers}.map(x{level}, ").unwrap();
    }
    for source in [
        format!("{loops}1{}", ")".repeat(12)),
        format!("['aaaa']{}", ".map(s, s + s)".repeat(40)),
        format!("[b'aaaa']{}", ".map(s, s + s)".repeat(40)),
        format!("[[1]]{}", ".map(s, s + s)".repeat(40)),
        format!("[[1]]{}", ".map(s, [s, s])".repeat(30)),
        format!("['aaaa']{}", ".map(s, [s, s].join(s))".repeat(24)),
        format!("['aaaa']{}", ".map(s, s.replace('a', s))".repeat(20)),
        format!("['aaaa']{}", ".map(s, (s + s).split('').join())".repeat(20)),
        format!(
            "{numbers}.all(a, {numbers}.all(b, {numbers}.all(c, {numbers}.all(d, {numbers}.all(e,
            {numbers}.all(f, data.nope || true))))))"
        ),
        format!("{numbers}.map(a, {numbers}.map(b, {numbers}.map(c, 'a'.matches(string(a) + '+b?'))))"),
    ] {
        assert_eq!(on_a_small_stack(|| evaluate(&source)), Err(TOO_EXPENSIVE.to_owned()), "{source}");
    }
}

#[test]
fn large_values_are_paid_for_before_they_are_read() {
    let text = Json::String("a".repeat(1_000_000));
    let list = Json::Array(vec![Json::Null; 100_000]);
    let number = Json::parse(&"1".repeat(1_000_000), 1).unwrap();
    let long_key = Json::Object([("k".repeat(1_000_000), Json::Null)].into_iter().collect());
    for (data, source) in [
        (&text, "data"),
        (&text, "data == data"),
        (&text, "data < data"),
        (&text, "size(data)"),
        (&text, "data + ''"),
        (&text, "data.contains('b')"),
        (&text, "data.matches('b')"),
        (&text, "'a'.matches(data)"),
        (&text, "data.split(',')"),
        (&text, "data.replace('b', 'c')"),
        (&text, "{data: 1}[data]"),
        (&text, "int(data)"),
        (&text, "timestamp(data)"),
        (&text, "duration(data)"),
        (&text, "bytes(data)"),
        (&text, "timestamp(0).getHours(data)"),
        (&list, "data"),
        (&list, "data == data"),
        (&list, "data + data"),
        (&list, "1 in data"),
        (&list, "data.exists(x, false)"),
        (&list, "data.map(x, 1)"),
        (&number, "data"),
        (&number, "data == 1"),
        (&long_key, "data"),
        (&long_key, "data.map(key, size(key))"),
    ] {
        let expression = Expression::parse(source).unwrap();
        let variables = Variables::new().with("data", data);
        let mut budget = Budget::new(10_000);
        let result = expression.evaluate(&variables, &mut budget);
        assert_eq!(result, Err(ExpressionError::TooExpensive), "{source}");
        assert_eq!(budget, Budget::new(0), "what cannot be paid leaves nothing");
    }
    let variables = Variables::new().with("data", &list);
    let mut budget = Budget::new(100);
    let size = Expression::parse("size(data)").unwrap().evaluate(&variables, &mut budget);
    assert_eq!(size.unwrap().to_string(), "100000", "naming a large value costs nothing");
}

#[test]
fn patterns_are_small() {
    for pattern in [
        "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\\\.[A-Za-z0-9-]+)*\\\\.[A-Za-z]{2,63}$",
        "(?i)^https?://([a-z0-9-]{1,63}\\\\.)+[a-z]{2,}(:[0-9]{1,5})?(/[^ ]*)?$",
    ] {
        assert_eq!(evaluate(&format!("data.plan.matches('{pattern}')")).as_deref(), Ok("false"), "{pattern}");
    }
    for pattern in [
        "((a{99}){99}){99}",
        "(a{1,200}){1,200}",
        "(((((((((((((((((((((a)))))))))))))))))))))",
        "[",
        "\\\\q",
    ] {
        let violation = Expression::parse(&format!("'a'.matches('{pattern}')")).unwrap_err();
        assert!(violation.message.contains("the pattern of matches cannot be used"), "{violation}");
        let error = evaluate(&format!("'a'.matches('{pattern}' + '')")).unwrap_err();
        assert!(error.starts_with("the pattern of matches cannot be used"), "{error}");
    }
    let long = format!("'a'.matches('{}')", "a".repeat(513));
    assert!(Expression::parse(&long).unwrap_err().message.contains("is longer than 512 bytes"));
    let monster = format!("'{}'.matches('^(a+)+(a|aa)*((a*)*)*b$')", "a".repeat(3_000));
    assert_eq!(evaluate(&monster).as_deref(), Ok("false"));
}
