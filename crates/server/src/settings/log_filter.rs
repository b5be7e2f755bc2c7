//! Checks log filters, in which a misspelt word silences the whole log.

use tracing_subscriber::EnvFilter;

use super::misspelling::{did_you_mean, nearest};

/// The levels, as words. They also have numbers, from 0 to 5.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The crates of the server and of its dependencies, under whose names they log.
const CRATES: &[&str] = &include!(concat!(env!("OUT_DIR"), "/crates.rs"));

/// The beginning of the names of the server's own crates, and the target of the lines about requests.
const OURS: &str = "denizen";

/// Checks a filter, and removes blanks around its directives.
///
/// Fails with the nearest known name if a directive is a single word that is neither a level nor a crate, or has an
/// unknown level.
pub(crate) fn check(text: &str) -> Result<String, String> {
    let directives: Vec<&str> = text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
    directives.iter().try_for_each(|directive| check_directive(directive))?;
    let filter = directives.join(",");
    EnvFilter::try_new(&filter).map_err(|error| error.to_string())?;
    Ok(filter)
}

/// A target of a filter under which nothing is logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownTarget<'filter> {
    /// The target.
    pub(crate) name: &'filter str,
    /// The known crate with the nearest name.
    pub(crate) nearest: &'static str,
}

/// Returns the targets of a filter that begin with no known crate.
pub(crate) fn unknown_targets(filter: &str) -> Vec<UnknownTarget<'_>> {
    let targets = filter.split(',').filter_map(|directive| Directive::of(directive.trim()).target);
    let unknown = targets.filter(|target| !is_known(target));
    unknown
        .filter_map(|name| {
            let krate = name.split("::").next().unwrap_or(name);
            Some(UnknownTarget { name, nearest: nearest(krate, crates())? })
        })
        .collect()
}

/// The parts of `target[span]=level`, each of which may be absent, or of a single word.
#[derive(Debug, Clone, Copy, Default)]
struct Directive<'text> {
    /// A level or a target.
    word: Option<&'text str>,
    target: Option<&'text str>,
    level: Option<&'text str>,
}

impl<'text> Directive<'text> {
    fn of(text: &'text str) -> Self {
        let (before, level) = match text.rsplit_once(']') {
            Some((before, after)) => (before, after.strip_prefix('=')),
            None => text.split_once('=').map_or((text, None), |(before, level)| (before, Some(level))),
        };
        if before == text {
            return Self { word: Some(text), ..Self::default() };
        }
        let target = before.split('[').next().filter(|target| !target.is_empty());
        Self { word: None, target, level }
    }
}

fn check_directive(text: &str) -> Result<(), String> {
    let Directive { word, level, .. } = Directive::of(text);
    if let Some(word) = word.filter(|word| !is_level(word) && !is_crate(word)) {
        let known = LEVELS.into_iter().chain(crates().filter(|krate| krate.starts_with(OURS)));
        return Err(format!("{word} is neither a level nor a crate{}", did_you_mean(word, known)));
    }
    if let Some(level) = level.filter(|level| !is_level(level)) {
        return Err(format!("{level} in {text} is no level{}", did_you_mean(level, LEVELS.into_iter())));
    }
    Ok(())
}

fn is_level(text: &str) -> bool {
    let is_number = matches!(text, "0" | "1" | "2" | "3" | "4" | "5");
    is_number || LEVELS.iter().any(|level| text.eq_ignore_ascii_case(level))
}

/// Returns whether a target is a crate or a module of one.
fn is_crate(target: &str) -> bool {
    let krate = target.split("::").next().unwrap_or(target);
    crates().any(|known| known == krate)
}

/// Returns whether a target is the beginning of known ones, as filters compare them.
fn is_known(target: &str) -> bool {
    is_crate(target) || crates().any(|krate| krate.starts_with(target))
}

fn crates() -> impl Iterator<Item = &'static str> {
    std::iter::once(OURS).chain(CRATES.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_levels_crates_and_modules() {
        for filter in [
            "off",
            "INFO",
            "2",
            "",
            "info,denizen_server=debug",
            "denizen=debug",
            "denizen_api",
            "denizen_api::router=trace",
            "warn,tokio_postgres=info,hyper=0",
            "[request{id=5}]=debug",
            "denizen_api[request]=debug",
            "info,denizen_api[request]",
        ] {
            assert_eq!(check(filter).as_deref(), Ok(filter));
            assert_eq!(unknown_targets(filter), [], "{filter}");
        }
        assert_eq!(check(" info, denizen_api=debug ,").as_deref(), Ok("info,denizen_api=debug"));
    }

    #[test]
    fn a_misspelt_word_or_level_is_refused_with_the_nearest_name() {
        for (filter, sentence) in [
            ("inof", "inof is neither a level nor a crate; the nearest known name is info"),
            ("info,debugg", "debugg is neither a level nor a crate; the nearest known name is debug"),
            ("warning", "warning is neither a level nor a crate; the nearest known name is warn"),
            (
                "denizen_sever",
                "denizen_sever is neither a level nor a crate; the nearest known name is denizen_server",
            ),
            ("info,denizen_api=inof", "inof in denizen_api=inof is no level; the nearest known name is info"),
            ("[request]=dbug", "dbug in [request]=dbug is no level; the nearest known name is debug"),
        ] {
            assert_eq!(check(filter), Err(sentence.to_owned()));
        }
        assert!(check("info,[request").is_err());
    }

    #[test]
    fn names_targets_under_which_nothing_is_logged() {
        let filter =
            "info,denizen_serer=debug,tokio_postgress::query=warn,denizen_=warn,elsewhere[request]=off";
        assert_eq!(check(filter).as_deref(), Ok(filter));
        let named: Vec<_> =
            unknown_targets(filter).into_iter().map(|target| (target.name, target.nearest)).collect();
        assert_eq!(
            named[..2],
            [("denizen_serer", "denizen_server"), ("tokio_postgress::query", "tokio_postgres")]
        );
        assert_eq!(named[2..].iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["elsewhere"]);
    }
}
