//! How other programs get the crate's types from text: with `parse`, `try_from`, or serde. All of them check the text with the
//! same rule.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Implements `FromStr` for a type with a function `parse`, and all that [`from_text`] gives.
macro_rules! checked_text {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::primitives::Violation;

            /// Checks the text like [`parse`](Self::parse).
            fn from_str(text: &str) -> Result<Self, $crate::primitives::Violation> {
                Self::parse(text)
            }
        }

        $crate::primitives::from_text!($name);
    };
}
pub(crate) use checked_text;

/// Implements `TryFrom<&str>`, `TryFrom<String>` and `Deserialize` with `FromStr`; after `@try_from`, without `Deserialize`.
macro_rules! from_text {
    (@try_from $name:ident) => {
        impl TryFrom<&str> for $name {
            type Error = <Self as std::str::FromStr>::Err;

            /// Checks the text like `from_str`.
            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = <Self as std::str::FromStr>::Err;

            /// Checks the text like `from_str`.
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
    ($name:ident) => {
        $crate::primitives::from_text!(@try_from $name);

        impl<'de> serde::Deserialize<'de> for $name {
            /// Reads a string, and checks it like `from_str`. The error names the type and the broken rule.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::primitives::deserialize_text(deserializer, stringify!($name))
            }
        }
    };
}
pub(crate) use from_text;

/// Reads a string, and parses it as the type with this name.
pub(crate) fn deserialize_text<'de, D, T>(deserializer: D, name: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    deserializer.deserialize_str(TextVisitor { name, result: PhantomData })
}

struct TextVisitor<T> {
    name: &'static str,
    result: PhantomData<T>,
}

impl<T: FromStr<Err: Display>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} as a string", self.name)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|problem| E::custom(format_args!("{} {problem}", self.name)))
    }
}
