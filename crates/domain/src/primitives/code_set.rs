//! Values with a wire code, such as scopes of keys and permissions of accounts, and sets of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Reason, Violation};

/// A value with a wire code.
pub trait Coded: Copy + Ord + 'static {
    /// All values, in listing order.
    const ALL: &'static [Self];

    /// Returns the code, which contains no spaces.
    fn code(self) -> &'static str;

    /// Returns the value with this code. Fails with [`Reason::Unknown`] and a list of all codes.
    fn from_code(code: &str) -> Result<Self, Violation> {
        Self::ALL.iter().copied().find(|known| known.code() == code).ok_or_else(|| {
            let known = Self::ALL.iter().map(|known| known.code()).collect::<Vec<_>>().join(", ");
            Violation::new(Reason::Unknown, format!("must be one of {known}"))
        })
    }
}

/// Implements `Display`, `FromStr`, `Serialize`, and what [`from_text`](super::from_text) gives, with the wire code.
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

        $crate::primitives::from_text!($name);
    };
}
pub(crate) use coded_texts;

/// A set of coded values, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet<C>(BTreeSet<C>);

impl<C: Coded> CodeSet<C> {
    /// Creates an empty set.
    pub const fn empty() -> Self {
        Self(BTreeSet::new())
    }

    /// Parses the stored form.
    pub fn from_stored(codes: &str) -> Result<Self, Violation> {
        codes.split_whitespace().map(C::from_code).collect()
    }

    /// Returns the stored form: the codes, separated by spaces.
    pub fn to_stored(&self) -> String {
        self.iter().map(C::code).collect::<Vec<_>>().join(" ")
    }

    /// Returns whether the set contains a value.
    pub fn contains(&self, one: C) -> bool {
        self.0.contains(&one)
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the values, in their order.
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

impl<'de, C: Coded + Deserialize<'de>> Deserialize<'de> for CodeSet<C> {
    /// Reads an array of codes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<C>::deserialize(deserializer).map(Self::from_iter)
    }
}
