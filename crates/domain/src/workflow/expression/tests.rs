mod attacks;
mod properties;

use serde_json::json;

use super::*;

/// Returns the result as JSON, or why there is none.
fn evaluate(source: &str) -> Result<String, String> {
    evaluate_within(source, &mut Budget::default())
}

fn evaluate_within(source: &str, budget: &mut Budget) -> Result<String, String> {
    let data = Json::parse(
        r#"{"plan": "pro", "price": 10.10, "seats": 3, "large": 9007199254740993, "huge": 1e400,
            "beyond": 9223372036854775808, "tags": ["a", "b"], "address": {"city": "Bonn", "zip": null},
            "since": "2024-02-29T12:30:15.5Z"}"#,
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

fn assert_results(table: &[(&str, &str)]) {
    for (source, result) in table {
        assert_eq!(evaluate(source).as_deref(), Ok(*result), "{source}");
    }
}

fn assert_errors(table: &[(&str, &str)]) {
    for (source, error) in table {
        assert_eq!(evaluate(source).unwrap_err(), *error, "{source}");
    }
}

#[test]
fn values_pass_through_as_they_are_spelled() {
    assert_results(&[
        ("data.price", "10.10"),
        ("data.huge", "1e400"),
        ("data.large", "9007199254740993"),
        ("data.beyond", "9223372036854775808"),
        ("data.address", r#"{"city":"Bonn","zip":null}"#),
        ("[data.price, data.tags]", r#"[10.10,["a","b"]]"#),
        ("data['plan']", r#""pro""#),
        ("data.tags[1]", r#""b""#),
        ("data.tags[1.0]", r#""b""#),
        ("string(data.price)", r#""10.10""#),
    ]);
}

#[test]
fn results_become_json() {
    assert_results(&[
        ("null", "null"),
        ("true", "true"),
        ("1", "1"),
        ("18446744073709551615u", "18446744073709551615"),
        ("1.5", "1.5"),
        ("b'abc'", r#""YWJj""#),
        ("{'b': 1, 'a': [2]}", r#"{"b":1,"a":[2]}"#),
        ("{1: 'x', true: 'y', 2u: 'z'}", r#"{"1":"x","true":"y","2":"z"}"#),
        ("timestamp(data.since)", r#""2024-02-29T12:30:15.500000Z""#),
        ("duration('1m30s')", r#""90s""#),
        ("duration('-1500ms')", r#""-1.5s""#),
        ("duration('0')", r#""0s""#),
        ("type(1)", r#""int""#),
        ("data.?nope", "null"),
        ("data.?plan", r#""pro""#),
    ]);
    assert_errors(&[
        ("1.0 / 0.0", "the result is inf, which JSON cannot express"),
        ("double('NaN')", "the result is NaN, which JSON cannot express"),
        ("{1.5: 1}", "a double cannot be a key"),
        ("{'a': 1, 'a': 2}", "a map cannot have the same key twice"),
        ("{1: 1, 1u: 2}", "a map cannot have the same key twice"),
    ]);
}

#[test]
fn arithmetic_stays_within_its_types() {
    assert_results(&[
        ("1 + 2 * 3 - 4", "3"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7u % 3u", "1"),
        ("-(1 + 1)", "-2"),
        ("7 / 2.0", "3.5"),
        ("data.seats * data.price", "30.299999999999997"),
        ("9223372036854775807 - 0.0", "9.223372036854776e+18"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0x10 + 1", "17"),
        ("'a' + 'b'", r#""ab""#),
        ("b'a' + b'b'", r#""YWI=""#),
        ("[1] + data.tags", r#"[1,"a","b"]"#),
    ]);
    assert_errors(&[
        ("9223372036854775807 + 1", "the number does not fit into 64 bits"),
        ("-9223372036854775807 - 2", "the number does not fit into 64 bits"),
        ("9223372036854775807 * 2", "the number does not fit into 64 bits"),
        ("-(-9223372036854775807 - 1)", "the number does not fit into 64 bits"),
        ("(-9223372036854775807 - 1) / -1", "the number does not fit into 64 bits"),
        ("0u - 1u", "the number does not fit into 64 bits"),
        ("1 / 0", "division by zero"),
        ("1u % 0u", "division by zero"),
        ("1 + 1u", "+ is not defined for an int and a uint"),
        ("1.0 % 2.0", "% is not defined for a double and a double"),
        ("1 + 'a'", "+ is not defined for an int and a string"),
        ("-'a'", "cannot negate a string"),
    ]);
}

#[test]
fn numbers_compare_by_what_they_amount_to() {
    assert_results(&[
        ("1 == 1.0 && 1u == 1 && 1.0 == 1u", "true"),
        ("data.large == 9007199254740992.0", "false"),
        ("9007199254740993 > 9007199254740992.0", "true"),
        ("9223372036854775807 < 9223372036854775808.0", "true"),
        ("-1 < 0u && 0u > -1", "true"),
        ("18446744073709551615u < data.huge", "true"),
        ("-0.5 < 0 && 0 > -0.5 && 0.5 > 0", "true"),
        ("double('NaN') == double('NaN')", "false"),
        ("double('NaN') < 1 || double('NaN') >= 1", "false"),
        ("[1, 2.0] == [1.0, 2u]", "true"),
        ("{'a': 1, 'b': [2]} == {'b': [2.0], 'a': 1u}", "true"),
        ("{'a': 1} == {'b': 1}", "false"),
        ("data.address == {'zip': null, 'city': 'Bonn'}", "true"),
        ("1 == '1' || null == false || [] == {}", "false"),
        ("'a' < 'b' && b'a' < b'b' && false < true", "true"),
        ("1 in [2, 1.0] && !(3 in [])", "true"),
        ("'plan' in data && !('nope' in data) && !(1 in data)", "true"),
        ("{1: 'a'}[1.0]", r#""a""#),
    ]);
    assert_errors(&[
        ("1 < 'a'", "< is not defined for an int and a string"),
        ("null >= null", ">= is not defined for null and null"),
        ("1 in 'a'", "in is not defined for an int and a string"),
    ]);
}

#[test]
fn an_operand_that_decides_makes_up_for_errors() {
    assert_results(&[
        ("data.nope || true", "true"),
        ("true || data.nope", "true"),
        ("data.nope && false", "false"),
        ("1 && false", "false"),
        ("true ? 1 : data.nope", "1"),
        ("false ? data.nope : 2", "2"),
        ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 1].all(x, 1 / x == 2)", "false"),
    ]);
    assert_errors(&[
        ("data.nope || false", "no such key: nope"),
        ("data.nope && true", "no such key: nope"),
        ("1 || false", "the value is an int, not a bool"),
        ("data.seats ? 1 : 2", "data.seats is an int, not a bool"),
        ("!data.plan", "data.plan is a string, not a bool"),
        ("[0, 1].exists(x, 1 / x == 2)", "division by zero"),
        ("[1, 0].exists_one(x, 1 / x == 1)", "division by zero"),
    ]);
}

#[test]
fn macros_go_through_lists_and_keys_of_maps() {
    assert_results(&[
        ("has(data.plan) && !has(data.nope) && has(data.address.zip)", "true"),
        ("data.tags.all(t, size(t) == 1)", "true"),
        ("data.tags.exists(t, t == 'b')", "true"),
        ("data.tags.exists_one(t, t < 'c')", "false"),
        ("[].all(x, false) && ![].exists(x, true)", "true"),
        ("data.tags.map(t, t + '!')", r#"["a!","b!"]"#),
        ("[1, 2, 3].map(x, x > 1, x * 2)", "[4,6]"),
        ("[1, 2, 3].filter(x, x % 2 == 1)", "[1,3]"),
        ("data.address.map(key, key)", r#"["city","zip"]"#),
        ("data.address.filter(key, data.address[key] != null)", r#"["city"]"#),
        ("{'a': 1}.exists(key, key == 'a')", "true"),
        ("[1, 2].map(x, [3, 4].map(y, x * y))", "[[3,4],[6,8]]"),
        ("[1].map(x, [2].map(x, x))", "[[2]]"),
        ("[1].map(x, x) + [2].map(y, y)", "[1,2]"),
        ("[[1], [2, 3]].map(x, x.map(y, x.size() + y))", "[[2],[4,5]]"),
        ("[1].map(data, data)", "[1]"),
        ("data.tags.map(x, data.nope || x == 'a' || true)", "[true,true]"),
        ("[1].exists(x, [2].exists(y, y / 0 == 1) || x == 1)", "true"),
    ]);
    assert_errors(&[
        ("data.seats.all(x, true)", "data.seats is an int, not a list or a map"),
        ("[1].map(x, x, 1)", "x is an int, not a bool"),
    ]);
}

#[test]
fn what_is_missing_can_be_asked_for() {
    assert_results(&[
        ("data.?plan.orValue('free')", r#""pro""#),
        ("data.?nope.orValue('free')", r#""free""#),
        ("data.?nope.city.orValue('none')", r#""none""#),
        ("data.?address.city.orValue('none')", r#""Bonn""#),
        ("data.?address.?city.hasValue()", "true"),
        ("data.tags[?5].or(data.tags[?1]).value()", r#""b""#),
        ("has(data.?address.city) && !has(data.?nope.city)", "true"),
    ]);
    assert_errors(&[
        ("data.nope", "no such key: nope"),
        ("data['nope']", "no such key: nope"),
        ("data.tags[2]", "there is no element 2"),
        ("data.tags[-1]", "there is no element -1"),
        ("data.tags[0.5]", "there is no element at a double"),
        ("data.tags['a']", "a string is not the place of an element"),
        ("data.seats[0]", "data.seats is an int, not a list or a map"),
        ("data.address.zip.code", "data.address.zip is null, not a map"),
        ("steps.fetch.body", "steps.fetch is null, not a map"),
        ("[1].map(x, x.y)", "x is an int, not a map"),
        ("user.name", "user has no value here"),
        ("data.?nope.value()", "there is no value"),
        ("data.seats.?x", "an int has no members that could be missing"),
        ("has(data.seats.x)", "data.seats is an int, not a map"),
    ]);
}

#[test]
fn texts_have_their_functions() {
    assert_results(&[
        ("size('äöü') + size(b'abc') + size([1]) + size({'a': 1}) + 'ab'.size()", "10"),
        ("'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')", "true"),
        ("'hello'.matches('^h.l+o$') && !matches('hello', '^ell')", "true"),
        ("'äb'.matches('^.b$') && !'٣'.matches('[[:digit:]]')", "true"),
        ("data.plan.matches('p' + '.o')", "true"),
        ("'ÄhÖ'.lowerAscii() + 'aß'.upperAscii()", r#""ÄhÖAß""#),
        ("'  a b\\t\\n'.trim()", r#""a b""#),
        ("'a,b,,c'.split(',')", r#"["a","b","","c"]"#),
        ("'a,b,c'.split(',', 2)", r#"["a","b,c"]"#),
        ("'a,b,c'.split(',', -1)", r#"["a","b","c"]"#),
        ("'a,b,c'.split(',', 0)", "[]"),
        ("'aäb'.split('')", r#"["a","ä","b"]"#),
        ("''.split('')", "[]"),
        ("''.split(',')", r#"[""]"#),
        ("('a' + ',b').split(',')", r#"["a","b"]"#),
        ("['a', 'b'].join('-') + ['c', 'd'].join() + [].join(',')", r#""a-bcd""#),
        ("['', 'b'].join('-')", r#""-b""#),
        ("'banana'.replace('an', 'AN')", r#""bANANa""#),
        ("'banana'.replace('a', '', 2)", r#""bnna""#),
        ("'ab'.replace('', '-')", r#""-a-b-""#),
        ("'tacocat'.substring(4) + 'äöü'.substring(1, 2) + 'abc'.substring(3)", r#""catö""#),
        ("'äöü'.indexOf('ü') + 'abc'.indexOf('x')", "1"),
    ]);
    assert_errors(&[
        ("'abc'.substring(4)", "the string has no character 4"),
        ("'abc'.substring(-1)", "the string has no character -1"),
        ("'abc'.substring(2, 1)", "the end of a substring comes before its start"),
        ("[1].join()", "cannot join an int"),
        ("1.size()", "an int has no size"),
        ("'a'.contains(1)", "contains is not defined for a string and an int"),
        ("data.seats.trim()", "trim is not defined for an int"),
    ]);
}

#[test]
fn times_have_their_parts() {
    assert_results(&[
        ("now", r#""2024-01-15T10:30:00.000000Z""#),
        ("now - duration('1h') < now && now == timestamp(now)", "true"),
        ("timestamp(now) < timestamp('2024-01-15T10:30:00.000001Z')", "true"),
        ("timestamp(now) + duration('36h')", r#""2024-01-16T22:30:00.000000Z""#),
        ("timestamp(now) - duration('1h')", r#""2024-01-15T09:30:00.000000Z""#),
        ("timestamp(data.since) - timestamp(now)", r#""3895215.5s""#),
        ("duration('1h') + duration('30m') == duration('1h30m')", "true"),
        ("duration('1h') - duration('1.5h') < duration('0s')", "true"),
        ("timestamp(data.since).getFullYear()", "2024"),
        ("timestamp(data.since).getMonth()", "1"),
        ("timestamp(data.since).getDate()", "29"),
        ("timestamp(data.since).getDayOfMonth()", "28"),
        ("timestamp(data.since).getDayOfYear()", "59"),
        ("timestamp(data.since).getDayOfWeek()", "4"),
        ("timestamp(data.since).getHours('Europe/Berlin')", "13"),
        ("timestamp(data.since).getMinutes('-03:30')", "0"),
        ("timestamp(data.since).getSeconds()", "15"),
        ("timestamp(data.since).getMilliseconds()", "500"),
        ("duration('25h1.5s').getHours()", "25"),
        ("duration('25h1.5s').getMilliseconds()", "500"),
        ("int(timestamp(0) + duration('90s'))", "90"),
        ("type(timestamp(now)) == timestamp && type(duration('1s')) == duration", "true"),
        ("duration('1us').getSeconds() == 0 && duration('999ns') == duration('0s')", "true"),
    ]);
    assert_errors(&[
        ("timestamp('yesterday')", "the string is not a moment in RFC 3339"),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "the timestamp is outside of the years 0 to 9999",
        ),
        ("timestamp(9223372036854775807)", "the timestamp is outside of the years 0 to 9999"),
        ("duration('1 hour')", "the string is not a duration, such as 1h30m"),
        ("duration('99999999999h')", "the string is not a duration, such as 1h30m"),
        ("duration('')", "the string is not a duration, such as 1h30m"),
        ("duration('.s')", "the string is not a duration, such as 1h30m"),
        (
            "timestamp(now).getHours('Mars')",
            "the string is not an IANA time zone or an offset, such as +02:00",
        ),
        ("duration('1h').getFullYear()", "getFullYear is not defined for a duration"),
        ("data.since + duration('1h')", "+ is not defined for a string and a duration"),
    ]);
}

#[test]
fn types_convert_where_that_makes_sense() {
    assert_results(&[
        ("int('-12') + int(3.9) + int(-3.9) + int(7u)", "-5"),
        ("uint('12') + uint(3.9) + uint(1)", "16"),
        ("double('1.5') + double(2) + double(3u)", "6.5"),
        ("double(9007199254740993)", "9007199254740992.0"),
        ("string(1) + string(-2.5) + string(true) + string(3u) + string(b'x')", r#""1-2.5true3x""#),
        ("string(timestamp(0)) + string(duration('1m'))", r#""1970-01-01T00:00:00.000000Z60s""#),
        ("bool('true') && !bool('0')", "true"),
        ("bytes('ab') == b'ab'", "true"),
        ("dyn(1) == 1", "true"),
        ("type(1) == int && type(type(1)) == type && type(null) == null_type && type(data) == map", "true"),
    ]);
    assert_errors(&[
        ("int('1.5')", "the string is not an int"),
        ("int(1e30)", "the number does not fit into 64 bits"),
        ("int(9223372036854775808.0)", "the number does not fit into 64 bits"),
        ("int(double('inf'))", "the number does not fit into 64 bits"),
        ("uint(-1)", "the number does not fit into 64 bits"),
        ("int([])", "a list cannot become an int"),
        ("string(b'\\xff')", "the bytes are not UTF-8"),
        ("string([])", "a list cannot become a string"),
        ("bool('yes')", "the string is not a bool"),
    ]);
}

#[test]
fn what_is_wrong_in_the_text_is_named_with_its_place() {
    assert_errors(&[
        ("", "must be a CEL expression: mismatched input '<EOF>' expecting expression, at line 1, column 1"),
        (
            "1 +",
            "must be a CEL expression: mismatched input '<EOF>' expecting expression, at line 1, column 4",
        ),
        ("1 2", "must be a CEL expression: mismatched input '2' expecting <EOF>, at line 1, column 3"),
        ("(1", "must be a CEL expression: expected ')', at line 1, column 3"),
        ("1 +\n  ä", "must be a CEL expression: unexpected character, at line 2, column 3"),
        ("'ä' & 1", "must be a CEL expression: unexpected single '&', expected '&&', at line 1, column 5"),
        ("'abc", "must be a CEL expression: unterminated string literal, at line 1, column 1"),
        ("9223372036854775808", "must be a CEL expression: invalid int literal, at line 1, column 1"),
        (
            "nope(1)",
            "must be a CEL expression: nope is no function that expressions have, at line 1, column 1",
        ),
        (
            "'nope'.nope()",
            "must be a CEL expression: nope is no function that expressions have, at line 1, column 8",
        ),
        ("trim(' ')", "must be a CEL expression: trim is a method, not a function, at line 1, column 1"),
        ("1.int()", "must be a CEL expression: int is a function, not a method, at line 1, column 3"),
        ("size(1, 2)", "must be a CEL expression: size takes another number of values, at line 1, column 1"),
        ("has(data)", "must be a CEL expression: invalid argument to has() macro, at line 1, column 5"),
        ("[1].map(1, 2)", "must be a CEL expression: argument must be a simple name, at line 1, column 9"),
        ("data{a: 1}", "must be a CEL expression: there is no type data to create"),
        ("[?data.?a]", "must be a CEL expression: elements of lists and maps cannot be optional"),
        (
            "'a'.matches('(')",
            "must be a CEL expression: the pattern of matches cannot be used: found open group without closing ')', \
             at line 1, column 5",
        ),
        (
            "data.nope == 1 ||\n nope == 2",
            "must not use the unknown name nope, at line 2, column 2; known are data, steps, trigger, user, \
             workflow, event, now",
        ),
        (
            "[1].map(x, x) == x",
            "must not use the unknown name x, at line 1, column 9; known are data, steps, trigger, user, \
             workflow, event, now",
        ),
    ]);
    let violation = Expression::parse(&" ".repeat(4_097)).unwrap_err();
    assert_eq!(violation.reason, Reason::TooLong);
}

#[test]
fn a_condition_is_true_or_false() {
    let holds = |source| {
        let expression = Expression::parse(source).unwrap();
        expression.holds(&Variables::new(), &mut Budget::default()).map_err(|error| error.to_string())
    };
    assert_eq!(holds("1 < 2"), Ok(true));
    assert_eq!(holds("1 > 2"), Ok(false));
    assert_eq!(holds("1"), Err("the condition is an int, neither true nor false".to_owned()));
}

#[test]
fn an_expression_is_what_was_written() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let expression = Expression::parse(" 1 + 1 // two").unwrap();
    is_shared(&expression);
    assert_eq!(expression.source(), " 1 + 1 // two");
    assert_eq!(expression, expression.clone());
    assert_ne!(expression, Expression::parse("1 + 1").unwrap());
    assert_eq!(format!("{expression:?}"), r#"Expression(" 1 + 1 // two")"#);
}
