//! Whatever an expression is, it ends within its budget.

use proptest::prelude::*;

use super::*;

/// Expressions of a small grammar. Most of them do not fit their values, as those of people may not.
fn expression() -> impl Strategy<Value = String> {
    let leaves = prop::sample::select(vec![
        "1",
        "-2",
        "3u",
        "1.5",
        "'a'",
        "'äöü,b'",
        "b'x'",
        "true",
        "null",
        "[]",
        "{}",
        "[1, 'a']",
        "{'a': [2]}",
        "data",
        "data.plan",
        "data.tags",
        "data.seats",
        "data.price",
        "data.address",
        "data.since",
        "data.nope",
        "data.?nope",
        "now",
        "timestamp(now)",
        "duration('1h')",
        "int",
        "x",
        "'(a|b)*c'",
    ]);
    leaves.prop_map(str::to_owned).prop_recursive(6, 64, 4, |inner| {
        let infix = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let global = prop::sample::select(vec![
            "size",
            "int",
            "uint",
            "double",
            "string",
            "bool",
            "bytes",
            "timestamp",
            "duration",
            "type",
            "dyn",
            "!",
            "-",
        ]);
        let method = prop::sample::select(vec![
            "size",
            "trim",
            "lowerAscii",
            "upperAscii",
            "join",
            "getHours",
            "getDate",
            "value",
            "hasValue",
        ]);
        let binary = prop::sample::select(vec![
            "contains",
            "startsWith",
            "endsWith",
            "matches",
            "indexOf",
            "substring",
            "split",
            "join",
            "getHours",
            "orValue",
            "or",
        ]);
        let loops = prop::sample::select(vec!["map", "filter", "all", "exists", "exists_one"]);
        prop_oneof![
            (inner.clone(), infix, inner.clone()).prop_map(|(a, name, b)| format!("({a} {name} {b})")),
            (global, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            (inner.clone(), method).prop_map(|(a, name)| format!("({a}).{name}()")),
            (inner.clone(), binary, inner.clone()).prop_map(|(a, name, b)| format!("({a}).{name}({b})")),
            (inner.clone(), loops, inner.clone()).prop_map(|(a, name, b)| format!("({a}).{name}(x, {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a}).replace({b}, {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[?{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
            inner.clone().prop_map(|a| format!("({a}).city")),
            inner.clone().prop_map(|a| format!("has(({a}).a)")),
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_passes_its_budget(body in expression(), work in 1_u64..20_000) {
        let source = format!("[1, 'a', data].map(x, {body})");
        let mut budget = Budget::new(work);
        if let Ok(result) = evaluate_within(&source, &mut budget) {
            // A unit pays for 16 bytes of text, or for one element, number or time.
            let paid = usize::try_from(work - budget.left()).unwrap();
            prop_assert!(result.len() <= 64 * paid, "{source} has {} bytes for {paid}", result.len());
        }
        let again = evaluate_within(&source, &mut Budget::new(work));
        prop_assert_eq!(again, evaluate_within(&source, &mut Budget::new(work)));
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(tokens in prop::collection::vec(token(), 0..60)) {
        let _ = evaluate_within(&tokens.concat(), &mut Budget::new(1_000));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = evaluate_within(&text, &mut Budget::new(1_000));
        let _ = evaluate_within(&format!("'{text}'"), &mut Budget::new(1_000));
    }
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "?",
        ":",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "<",
        ">=",
        "&&",
        "||",
        " in ",
        " ",
        "\n",
        "1",
        "2u",
        "1e3",
        ".5",
        "0x",
        "'a'",
        "r'\\'",
        "b\"x\"",
        "'''",
        "\"",
        "`a`",
        "//",
        "data",
        "x",
        "has",
        "map",
        "all",
        "exists_one",
        "filter",
        "matches",
        "null",
        "true",
        "if",
        "_",
        "ä",
        "@",
        "\\u00e4",
        "'\\x",
        "'\\777'",
        "'\\U00110000'",
    ])
}
