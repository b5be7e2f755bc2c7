//! What is measured in its own way, and the order of everything.

use std::str::FromStr;

use clap::ValueEnum;

use crate::cases::Case;

/// What is not one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Study {
    /// Creating users in bulks of 1,000
    Bulk,
    /// GET of all users
    WholeList,
    /// Look-ups while accounts log in
    LogIn,
    /// Requests a second over 1 to 256 connections
    Throughput,
    /// Start, and memory without requests
    Idle,
    /// Memory for users with 64 KiB of custom fields each
    LargeUsers,
}

/// A case or a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measurement {
    Case(Case),
    Study(Study),
}

impl Measurement {
    /// Returns all, in the order in which they are measured: the copies while the bulks are fresh, what starts the server
    /// again or leaves large users behind at the end.
    pub(crate) fn all() -> Vec<Self> {
        let reads_and_writes = Case::value_variants().iter().copied().map(Self::Case);
        let last = [Study::WholeList, Study::LogIn, Study::Throughput, Study::Idle, Study::LargeUsers]
            .map(Self::Study);
        std::iter::once(Self::Study(Study::Bulk)).chain(reads_and_writes).chain(last).collect()
    }

    /// Its name, as on the command line.
    pub(crate) fn name(self) -> String {
        let value = match self {
            Self::Case(case) => case.to_possible_value(),
            Self::Study(study) => study.to_possible_value(),
        };
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl FromStr for Measurement {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::all().into_iter().find(|measurement| measurement.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().into_iter().map(Self::name).collect();
            format!("one of {}", names.join(", "))
        })
    }
}

/// Returns those that are cases, creating last.
pub(crate) fn cases_of(measurements: &[Measurement]) -> Vec<Case> {
    let all = Case::value_variants().iter().copied();
    all.filter(|case| measurements.contains(&Measurement::Case(*case))).collect()
}

#[cfg(test)]
mod tests {
    use super::Measurement;

    #[test]
    fn each_is_found_by_its_name() {
        for measurement in Measurement::all() {
            assert_eq!(measurement.name().parse(), Ok(measurement));
        }
        assert!("get-nothing".parse::<Measurement>().is_err());
    }
}
