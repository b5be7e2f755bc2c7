//! Languages, in the spellings of the web, of POSIX and of Java.

use oxilangtag::LanguageTag;

use crate::primitives::text::{checked, text_type};
use crate::primitives::{Reason, Violation};

text_type! { @declare
    /// A language, as a well-formed BCP 47 tag of at most 64 characters in the case that RFC 5646 recommends (section 2.1.1):
    /// `en-US`, `zh-Hans-CN`.
    Locale
}

impl Locale {
    /// Checks a language in any case, and returns its tag. Also reads underscores (`en_US`), and what POSIX and Java append:
    /// the encoding (`en_US.UTF-8`) and `@euro` are dropped, a script becomes the tag's (`sr_RS@latin` and `sr_RS_#Latn` are
    /// `sr-Latn-RS`). `C` and `POSIX` are no languages.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = checked(text, &(1..=64))?;
        let tag = tag_of(&text.replace('_', "-")).filter(|tag| !tag.eq_ignore_ascii_case("posix"));
        match tag.map(|tag| LanguageTag::parse_and_normalize(&tag)) {
            Some(Ok(tag)) => Ok(Self(tag.into_inner())),
            Some(Err(_)) | None => {
                Err(Violation::new(Reason::InvalidFormat, "must be a BCP 47 language tag, such as en-US"))
            }
        }
    }
}

/// The modifiers of POSIX that say how a language is written, with the script's code; an empty one says nothing of it.
const MODIFIERS: [(&str, &str); 5] =
    [("", ""), ("cyrillic", "Cyrl"), ("devanagari", "Deva"), ("euro", ""), ("latin", "Latn")];

/// Returns a language without what POSIX and Java append. `None` if that has no place in a tag.
fn tag_of(text: &str) -> Option<String> {
    if let Some((language, script)) = text.split_once("-#") {
        let is_script = script.len() == 4 && script.bytes().all(|byte| byte.is_ascii_alphabetic());
        return is_script.then(|| with_script(language.trim_end_matches('-'), script));
    }
    let (language, modifier) = text.split_once('@').unwrap_or((text, ""));
    let (_, script) = MODIFIERS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(modifier))?;
    let language = language.split_once('.').map_or(language, |(language, _encoding)| language);
    Some(if script.is_empty() { language.to_owned() } else { with_script(language, script) })
}

fn with_script(tag: &str, script: &str) -> String {
    match tag.split_once('-') {
        None => format!("{tag}-{script}"),
        Some((language, rest)) => format!("{language}-{script}-{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_the_case_of_its_tag() {
        for (text, tag) in [
            ("en", "en"),
            ("EN", "en"),
            ("en-us", "en-US"),
            ("en_US", "en-US"),
            ("zh_hans_cn", "zh-Hans-CN"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("sl-ROZAJ-biske", "sl-rozaj-biske"),
            ("en-u-CA-gregory", "en-u-ca-gregory"),
            ("en_US.UTF-8", "en-US"),
            ("pt_BR.iso88591", "pt-BR"),
            ("de_DE@euro", "de-DE"),
            ("de_DE.ISO-8859-15@euro", "de-DE"),
            ("sr_RS@latin", "sr-Latn-RS"),
            ("uz_UZ.utf8@cyrillic", "uz-Cyrl-UZ"),
            ("zh_TW_#Hant", "zh-Hant-TW"),
            ("sr__#Latn", "sr-Latn"),
        ] {
            assert_eq!(Locale::parse(text).unwrap().as_str(), tag, "{text}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "",
            "e",
            "en-",
            "-en",
            "en-US-",
            "en__US",
            "en US",
            "C",
            "POSIX",
            "C.UTF-8",
            "c",
            "posix",
            "@euro",
            ".UTF-8",
            "ca_ES@valencia",
            "english (US)",
            "en_US_#Latin",
            "日本語",
        ] {
            assert!(Locale::parse(text).is_err(), "{text}");
        }
    }
}
