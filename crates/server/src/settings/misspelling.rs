//! Finds the name that a misspelt one stands for.

/// Returns the known name that is nearest to another; `None` if there are no known ones.
pub(crate) fn nearest<'known>(name: &str, known: impl Iterator<Item = &'known str>) -> Option<&'known str> {
    known.max_by(|one, other| strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, other)))
}

/// Returns the end of a sentence that names the nearest known name.
pub(crate) fn did_you_mean<'known>(name: &str, known: impl Iterator<Item = &'known str>) -> String {
    nearest(name, known).map(|nearest| format!("; the nearest known name is {nearest}")).unwrap_or_default()
}
