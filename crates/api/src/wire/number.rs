//! Whole numbers in bodies, forms and query strings.

/// Returns the whole number that a decimal text denotes: `5`, `5.0`, `5e0` and `50e-1` are 5, as serializers of some
/// languages write it. `None` if it has a fraction or more than 64 bits, or the text is no number.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let (decimal, exponent) = match text.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (sign, decimal) = match decimal.strip_prefix('-') {
        Some(decimal) => ("-", decimal),
        None => ("", decimal.strip_prefix('+').unwrap_or(decimal)),
    };
    let (whole, fraction) = match decimal.split_once('.') {
        Some((_, "")) => return None,
        Some(halves) => halves,
        None => (decimal, ""),
    };
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros_cut = digits.len() - digits.trim_end_matches('0').len();
    let zeros = i64::try_from(zeros_cut).ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let zeros = usize::try_from(zeros.checked_add(exponent)?).ok().filter(|zeros| *zeros <= LONGEST)?;
    format!("{sign}{significant}{}", "0".repeat(zeros)).parse().ok()
}

/// The most digits of a number of 64 bits.
const LONGEST: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_any_notation() {
        for text in ["5", "5.0", "5.00", "5e0", "5E0", "50e-1", "0.5e1", "0.05E+2", "500.0e-2", "+5", "005"] {
            assert_eq!(whole_number(text), Some(5), "{text}");
        }
        for text in ["0", "-0", "0.0", "0e7", "-0.0e-7", "0e400"] {
            assert_eq!(whole_number(text), Some(0), "{text}");
        }
        assert_eq!(whole_number("-9223372036854775808.0"), Some(i64::MIN));
        assert_eq!(whole_number("9007199254740993.0"), Some(9_007_199_254_740_993));
        assert_eq!(whole_number("1e18"), Some(1_000_000_000_000_000_000));
    }

    #[test]
    fn nothing_else_is_a_whole_number() {
        for text in [
            "",
            " ",
            "-",
            "+",
            ".",
            "e",
            "5.5",
            "5e-1",
            "1e400",
            "1e19",
            "1e99999999999999999999",
            "9223372036854775808",
            "5.",
            ".5",
            "5e",
            "e5",
            "5 ",
            " 5",
            "0x5",
            "5_0",
            "--5",
            "+-5",
            "5.0.0",
            "5e1e1",
            "NaN",
            "Infinity",
            "\u{664}",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }

    #[test]
    fn every_notation_of_a_number_is_that_number() {
        for number in [0, 1, -1, 7, 10, -1_000, 86_400, 9_007_199_254_740_993, i64::MAX, i64::MIN] {
            for count in 0..9_usize {
                let zeros = "0".repeat(count);
                assert_eq!(whole_number(&format!("{number}.0{zeros}")), Some(number));
                assert_eq!(whole_number(&format!("{number}{zeros}e-{count}")), Some(number));
                assert_eq!(whole_number(&format!("{number}{zeros}.0E-0{count}")), Some(number));
            }
        }
    }
}
