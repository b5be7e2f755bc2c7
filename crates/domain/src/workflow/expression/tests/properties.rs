//! Whatever an expression is, it ends within its budget.

use proptest::prelude::*;

use super::*;

/// How values of each kind can be written, separated by semicolons. `N` stands for a number, `T` for a text, `L` for a list
/// of texts, `B` for a bool and `A` for anything. The first ones contain no others.
const FORMS: [(char, &str); 5] = [
    (
        'N',
        "1; -2; 1.5; data.seats; data.price; data.large; 9223372036854775807; (N + N); (N - N); \
         (N * N); (N / N); (N % N); -(N); size(T); L.size(); int(N); double(N); (T).indexOf(T); \
         timestamp(now).getHours(); (duration('1h') + duration('90s')).getSeconds(); (B ? N : N)",
    ),
    (
        'T',
        "'a'; 'äöü,b'; data.plan; data.since; x; '(a|b)*c'; (T + T); (T).trim(); L.join(T); \
         (T).replace(T, T); (T).substring(1); string(A); L[N]; (B ? T : T); data.?nope.orValue(T)",
    ),
    (
        'L',
        "[]; ['a', 'b']; data.tags; data.address.map(x, x); [T, T, T]; (L + L); (T).split(T); \
         L.map(x, T); L.map(x, B, T); L.filter(x, B); (B ? L : L)",
    ),
    (
        'B',
        "true; has(data.nope); B && B; (B || B); !(B); (N < N); (T >= T); (A == A); (T in L); \
         L.all(x, B); L.exists(x, B); L.exists_one(x, B); (T).contains(T); (T).startsWith(T); \
         (T).matches(T); (type(A) == int); (data.nope == A || B)",
    ),
    (
        'A',
        "null; data; b'x'; 3u; duration('1h'); now; timestamp(data.since); data.?nope; int; N; T; L; B; {T: A}; \
         [A, A]; (A)[A]; (A).a; (A).?a; has((A).a); (A + A); (A in A); (A).map(x, A)",
    ),
];

/// Writes an expression of a kind, as random numbers choose. Now and then, a part is of another kind.
fn write(kind: char, choices: &mut impl Iterator<Item = u8>, text: &mut String) {
    let wrong = choices.next().is_some_and(|choice| choice > 245);
    let forms = FORMS.iter().find(|(known, _)| *known == if wrong { 'A' } else { kind }).unwrap().1;
    let forms: Vec<&str> = forms.split("; ").collect();
    let form = choices.next().map_or(0, |choice| usize::from(choice) % forms.len());
    for character in forms[form].chars() {
        match character {
            'N' | 'T' | 'L' | 'B' | 'A' => write(character, choices, text),
            other => text.push(other),
        }
    }
}

fn expression() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..120).prop_map(|choices| {
        let mut text = String::new();
        write('A', &mut choices.into_iter(), &mut text);
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_passes_its_budget(body in expression()) {
        const WORK: u64 = 20_000;
        let source = format!("[1, 'a', data].map(x, {body})");
        let mut budget = Budget::new(WORK);
        let result = evaluate_within(&source, &mut budget);
        let paid = WORK - budget.left();
        // A unit pays for 16 bytes of text, or for one element, number or time.
        let size = result.as_ref().map_or(0, String::len);
        prop_assert!(u64::try_from(size).unwrap() <= 64 * paid, "{source} has {size} bytes for {paid}");
        // What was paid suffices, and nothing makes up for a budget that does not.
        prop_assert_eq!(&result, &evaluate_within(&source, &mut Budget::new(paid)));
        if budget.left() > 0 && paid > 0 {
            prop_assert_eq!(evaluate_within(&source, &mut Budget::new(paid - 1)), Err(attacks::TOO_EXPENSIVE.to_owned()));
        }
    }

    #[test]
    fn whatever_is_nested_fits_into_a_small_stack(forms in prop::collection::vec(0..AROUND.len(), 30..110)) {
        let mut source = "1".to_owned();
        for form in forms {
            let (before, after) = AROUND[form];
            source = format!("{before}{source}{after}");
        }
        let _ = attacks::on_a_small_stack(|| evaluate(&source));
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

/// Ways to put an expression into another one.
const AROUND: [(&str, &str); 30] = [
    ("(", ")"),
    ("[", "]"),
    ("[1, ", ", 2][1]"),
    ("{'a': ", "}"),
    ("{'a': ", "}.a"),
    ("{'a': ", "}.?a"),
    ("[", "].map(x, x)"),
    ("[1].map(x, ", ")"),
    ("[1].map(x, true, ", ")"),
    ("[1].filter(x, ", ")"),
    ("[1].all(x, ", ")"),
    ("[1].exists(x, ", ")"),
    ("[1].exists_one(x, ", ")"),
    ("dyn(", ")"),
    ("string(", ")"),
    ("'a'.contains(", ")"),
    ("(", ").trim()"),
    ("!", ""),
    ("-", ""),
    ("1 + ", ""),
    ("", " * 2"),
    ("1 == ", ""),
    ("true && ", ""),
    ("", " || false"),
    ("false || true && (", ")"),
    ("true ? (", ") : 1"),
    ("false ? 1 : ", ""),
    ("data.tags[", "]"),
    ("", ".a"),
    ("has((", ").a)"),
];

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
