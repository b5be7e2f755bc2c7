//! Sets of things that have a code on the wire: scopes of keys, permissions of accounts.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::{Reason, Violation};

/// Something with a code on the wire.
pub trait Coded: Copy + Ord + 'static {
    /// All there are, in the order in which they are listed.
    const ALL: &'static [Self];

    /// The code, without spaces.
    fn code(self) -> &'static str;

    /// The one with this code. Fails with [`Reason::Unknown`], and names all of them.
    fn from_code(code: &str) -> Result<Self, Violation> {
        Self::ALL.iter().copied().find(|known| known.code() == code).ok_or_else(|| {
            let known = Self::ALL.iter().map(|known| known.code()).collect::<Vec<_>>().join(", ");
            Violation::new(Reason::Unknown, format!("must be one of {known}"))
        })
    }
}

/// Gives a type with codes its text forms: `Display`, `FromStr` and `Serialize` are its code.
macro_rules! coded_texts {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str($crate::primitives::Coded::code(*self))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::primitives::Violation;

            fn from_str(code: &str) -> Result<Self, $crate::primitives::Violation> {
                $crate::primitives::Coded::from_code(code)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::primitives::Coded::code(*self))
            }
        }
    };
}
pub(crate) use coded_texts;

/// Some of them, each once, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet<C>(BTreeSet<C>);

impl<C: Coded> CodeSet<C> {
    /// None of them.
    pub const fn empty() -> Self {
        Self(BTreeSet::new())
    }

    /// Reads the stored form.
    pub fn from_stored(codes: &str) -> Result<Self, Violation> {
        codes.split_whitespace().map(C::from_code).collect()
    }

    /// The stored form: the codes, separated by spaces.
    pub fn to_stored(&self) -> String {
        self.iter().map(C::code).collect::<Vec<_>>().join(" ")
    }

    /// Whether one is among them.
    pub fn contains(&self, one: C) -> bool {
        self.0.contains(&one)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = C> + '_ {
        self.0.iter().copied()
    }
}

impl<C: Coded> FromIterator<C> for CodeSet<C> {
    fn from_iter<I: IntoIterator<Item = C>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}

impl<C: Coded> Serialize for CodeSet<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(C::code))
    }
}
