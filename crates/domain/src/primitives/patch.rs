//! A field of a change: absent, null or a value.

/// The change of one field.
///
/// ```
/// use denizen_domain::Patch;
///
/// let mut name = Some("Ada");
/// Patch::Absent.apply(&mut name);
/// assert_eq!(name, Some("Ada"));
/// Patch::Null.apply(&mut name);
/// assert_eq!(name, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field stays unchanged.
    #[default]
    Absent,
    /// The field is cleared.
    Null,
    /// The field is set to this value.
    Value(T),
}

impl<T> Patch<T> {
    /// Returns the value, if any.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Returns a view that borrows the value.
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(value),
        }
    }

    /// Converts the value with a function.
    pub fn map<U>(self, function: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(function(value)),
        }
    }

    /// Turns [`Absent`](Self::Absent) into [`Null`](Self::Null), for requests that replace a whole object.
    #[must_use]
    pub fn or_null(self) -> Self {
        match self {
            Self::Absent => Self::Null,
            given => given,
        }
    }

    /// Applies the change to a field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// Converts a field of a whole object: `None` clears it.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}
