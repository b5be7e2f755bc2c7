//! The exact filters of lists.

use denizen_domain::{ExternalUserFilter, Reason, Violation};
use utoipa::IntoParams;

use crate::wire::query::{FromQuery, QueryReader};

/// The longest value of an exact filter, in characters: no name is longer.
const MAXIMUM_LENGTH: usize = 255;

/// Query parameters that select users by a name.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ExactFilters {
    /// Both: the whole e-mail address, ignoring case.
    #[param(value_type = Option<String>, min_length = 1, max_length = 255)]
    email: Option<String>,
    /// Both: the whole external id.
    #[param(value_type = Option<String>, min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// Both: the whole identifier, ignoring case.
    #[param(value_type = Option<String>, min_length = 1, max_length = 255)]
    identifier: Option<String>,
}

impl FromQuery for ExactFilters {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            email: parameters.one("email", name),
            external_id: parameters.one("externalId", name),
            identifier: parameters.one("identifier", name),
        }
    }
}

/// Checks a name. An empty one is refused: a client that has none would otherwise get everybody, or nobody.
fn name(text: &str) -> Result<String, Violation> {
    if text.contains('\0') {
        return Err(Violation::new(Reason::InvalidCharacters, "must not contain the character U+0000"));
    }
    match text.chars().count() {
        0 => Err(Violation::new(Reason::TooShort, "must have at least one character")),
        1..=MAXIMUM_LENGTH => Ok(text.to_owned()),
        _ => Err(Violation::new(Reason::TooLong, format!("must have at most {MAXIMUM_LENGTH} characters"))),
    }
}

impl ExactFilters {
    /// The names of the parameters.
    pub(crate) const NAMES: [&str; 3] = ["email", "externalId", "identifier"];

    /// Adds these conditions to a filter.
    pub(crate) fn added_to(self, filter: ExternalUserFilter) -> ExternalUserFilter {
        let Self { email, external_id, identifier } = self;
        ExternalUserFilter { email, external_id, identifier, ..filter }
    }
}
