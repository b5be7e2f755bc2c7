//! Regular expressions of bounded size.

use regex_lite::RegexBuilder;

use super::node::Pattern;

/// The most bytes of a pattern.
const MAXIMUM_LENGTH: usize = 512;
/// The sizes of compiled patterns, in bytes. The first one that suffices tells what a match can cost.
const SIZES: [usize; 5] = [1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14];
/// How many bytes of a compiled pattern a match can visit for each byte of the text, for one unit of work.
const BYTES_FOR_ONE: usize = 128;

impl Pattern {
    /// Compiles a pattern. Of the size of the result, the time of a match depends: it is at most proportional to the
    /// product of that size and the length of the text. Fails with a sentence that begins with the pattern.
    pub(super) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAXIMUM_LENGTH {
            return Err(format!("is longer than {MAXIMUM_LENGTH} bytes"));
        }
        let mut problem = String::new();
        for size in SIZES {
            match RegexBuilder::new(pattern).size_limit(size).nest_limit(20).build() {
                Ok(regex) => return Ok(Self { regex, cost: size / BYTES_FOR_ONE }),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(format!("cannot be used: {problem}"))
    }
}
