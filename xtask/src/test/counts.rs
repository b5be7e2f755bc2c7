//! Counts tests from the output of `cargo test`.

use std::fmt;
use std::ops::Add;

/// Test counts by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    broken: Broken,
}

/// A failure that no test program counts; it counts as one failed test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Broken {
    #[default]
    No,
    /// A test program aborted, or was not built.
    Ended,
    /// No test ran.
    Empty,
}

impl Counts {
    /// Adds the counts of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; ignores others.
    pub(super) fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|result| result.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, name)) = count.split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match name {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Adds a failure if the programs failed without counting one.
    pub(super) fn with_outcome(self, success: bool) -> Self {
        if success || self.failed > 0 { self } else { Self { failed: 1, broken: Broken::Ended, ..self } }
    }

    /// Adds a failure if no test ran.
    pub(super) fn or_nothing_ran(self) -> Self {
        if self.passed + self.failed > 0 { self } else { Self { failed: 1, broken: Broken::Empty, ..self } }
    }

    /// Returns whether all passed.
    pub(super) fn all_passed(self) -> bool {
        self.failed == 0
    }

    /// Formats the counts, ignored tests, and other failures.
    pub(super) fn detailed(self) -> String {
        let ignored = if self.ignored == 0 { String::new() } else { format!(", {} ignored", self.ignored) };
        let broken = match self.broken {
            Broken::No => "",
            Broken::Ended => " (a test program broke off)",
            Broken::Empty => " (not one test ran)",
        };
        format!("{self}{ignored}{broken}")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
            broken: if self.broken == Broken::No { other.broken } else { self.broken },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    fn counted(lines: &[&str]) -> Counts {
        let mut counts = Counts::default();
        for line in lines {
            counts.add_line(line);
        }
        counts
    }

    #[test]
    fn sums_the_results_of_all_programs() {
        let counts = counted(&[
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            "test a::b ... ok",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s",
        ]);
        assert_eq!(counts.to_string(), "13 passed, 2 failed");
        assert_eq!(counts.detailed(), "13 passed, 2 failed, 1 ignored");
        assert!(!counts.all_passed());
    }

    #[test]
    fn an_aborted_program_counts_as_a_failure() {
        let counts = counted(&["test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured"]);
        assert_eq!(counts.with_outcome(true).detailed(), "3 passed, 0 failed");
        assert_eq!(counts.with_outcome(false).detailed(), "3 passed, 1 failed (a test program broke off)");
    }

    #[test]
    fn running_no_tests_is_a_failure() {
        assert_eq!(counted(&[]).or_nothing_ran().detailed(), "0 passed, 1 failed (not one test ran)");
    }
}
