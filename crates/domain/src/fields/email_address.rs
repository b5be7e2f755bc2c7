//! E-mail addresses of all scripts.

use std::net::IpAddr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization as _;
use validator::ValidateEmail as _;

use crate::primitives::text::{checked, is_blank, text_type};
use crate::primitives::{Reason, Violation, fold};

text_type! { @declare
    /// An e-mail address of at most 254 bytes, with letters of any script (RFC 6531).
    ///
    /// **Before the `@`** stand at most 64 bytes: letters and digits of any script, ``!#$%&'*+-/=?^_`{|}~``, and single dots
    /// inside. Invisible characters and quotes (`"jane doe"@example.com`) are rejected. Accents are composed (Unicode's
    /// NFC), the rest is stored as entered.
    ///
    /// **The domain** is a domain name, which may have one label only (`localhost`), or an IP address in brackets. Names of
    /// other scripts are mapped by UTS 46, which drops invisible characters, and stored in the form that people read:
    /// `xn--bcher-kva.example`, `BÜCHER.example` and `bücher。example` all become `bücher.example`. The case of ASCII letters
    /// stays as entered.
    ///
    /// Like every text type, it also comes from a string by `parse`, `try_from` and serde, with the same rule:
    ///
    /// ```
    /// use denizen_domain::EmailAddress;
    ///
    /// let address: EmailAddress = " jane@xn--bcher-kva.example".parse()?;
    /// assert_eq!(address.as_str(), "jane@bücher.example");
    /// assert_eq!(EmailAddress::try_from("jane").unwrap_err().to_string(), "must be an e-mail address");
    ///
    /// let read: EmailAddress = serde_json::from_str(r#""jane@example.com""#)?;
    /// assert_eq!(serde_json::to_string(&read)?, r#""jane@example.com""#);
    /// let error = serde_json::from_str::<EmailAddress>(r#""jane""#).unwrap_err().to_string();
    /// assert!(error.starts_with("EmailAddress must be an e-mail address"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    EmailAddress
}

impl EmailAddress {
    /// The most bytes of an address, as mail servers accept.
    const MAXIMUM_BYTES: usize = 254;

    /// The most bytes before the `@`.
    const MAXIMUM_LOCAL_BYTES: usize = 64;

    /// Checks an e-mail address, and drops blanks around it, which keyboards of phones add.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = checked(text.trim(), &(1..=Self::MAXIMUM_BYTES))?;
        let (local, entered) = text.rsplit_once('@').ok_or_else(malformed)?;
        let local: String = local.nfc().collect();
        let domain = Domain::parse(entered).ok_or_else(malformed)?;
        if !is_local_part(&local) || !in_ascii(&local, &domain.ascii).validate_email() {
            return Err(malformed());
        }
        let is_as_read = domain.readable.eq_ignore_ascii_case(entered);
        let address = format!("{local}@{}", if is_as_read { entered } else { &domain.readable });
        if local.len() > Self::MAXIMUM_LOCAL_BYTES || address.len() > Self::MAXIMUM_BYTES {
            return Err(Violation::new(
                Reason::TooLong,
                "must have at most 64 bytes before the @, and 254 in all",
            ));
        }
        Ok(Self(address))
    }

    /// Returns every form in which the address of this text may be stored, without duplicates: as entered, as
    /// [`parse`](Self::parse) returns it, and with its domain in ASCII. Older versions stored addresses as entered, also
    /// those that are rejected today. Empty if the text was never an address.
    pub(crate) fn stored_forms(text: &str) -> Vec<String> {
        let text = text.trim();
        if checked(text, &(1..=Self::MAXIMUM_BYTES)).is_err() {
            return Vec::new();
        }
        let address = Self::parse(text).ok().map(Self::into_string);
        let in_ascii = address.as_deref().and_then(with_ascii_domain);
        without_duplicates([Some(text.to_owned()), address, in_ascii].into_iter().flatten())
    }

    /// Like [`fold`], for every form in which the address of this text may be stored.
    pub fn folded_forms(text: &str) -> Vec<String> {
        without_duplicates(Self::stored_forms(text).iter().map(|form| fold(form)))
    }
}

/// A domain in its two forms.
struct Domain {
    /// In the form that people read.
    readable: String,
    /// In the form that the domain name system knows.
    ascii: String,
}

impl Domain {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[') {
            address.strip_suffix(']')?.parse::<IpAddr>().ok()?;
            return Some(Self { readable: text.to_owned(), ascii: text.to_owned() });
        }
        let (uts46, hyphens) = (Uts46::new(), Hyphens::CheckFirstLast);
        let ascii = uts46.to_ascii(text.as_bytes(), AsciiDenyList::STD3, hyphens, DnsLength::Verify).ok()?;
        let (readable, outcome) = uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, hyphens);
        outcome.ok()?;
        Some(Self { readable: readable.into_owned(), ascii: ascii.into_owned() })
    }
}

/// Returns whether the dots are single and inside, and all characters beyond ASCII visible.
fn is_local_part(local: &str) -> bool {
    local.split('.').all(|part| !part.is_empty())
        && local.chars().all(|character| character.is_ascii() || !is_blank(character))
}

/// Returns an address with a letter of ASCII for each of another script, to check the rest of it.
fn in_ascii(local: &str, domain: &str) -> String {
    let letter = |character: char| if character.is_ascii() { character } else { 'x' };
    format!("{}@{domain}", local.chars().map(letter).collect::<String>())
}

fn with_ascii_domain(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    Some(format!("{local}@{}", Domain::parse(domain)?.ascii))
}

fn without_duplicates(forms: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = Vec::new();
    for form in forms {
        if !known.contains(&form) {
            known.push(form);
        }
    }
    known
}

fn malformed() -> Violation {
    Violation::new(Reason::InvalidFormat, "must be an e-mail address")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_all_scripts_are_stored_as_entered() {
        let longest = format!("{}@example.com", "x".repeat(64));
        for text in [
            "jane.doe@example.com",
            "Jane.Doe@Example.COM",
            "a+b@example.co.uk",
            "o'brien@example.com",
            "tëst@example.com",
            "用户@例子.广告",
            "медведь@с-балалайкой.рф",
            "अजय@डाटा.भारत",
            "θσερ@εχαμπλε.ψομ",
            "علي@مثال.إختبار",
            "jane@straße.example",
            "admin@localhost",
            "root@[127.0.0.1]",
            "🙂@example.com",
            &longest,
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "",
            "jane",
            "jane@",
            "@example.com",
            "jane doe@example.com",
            "a@b@example.com",
            "a\0@example.com",
            "user..x@example.com",
            "user.@example.com",
            ".user@example.com",
            "\"jane doe\"@example.com",
            "ja\u{200B}ne@example.com",
            "ja\u{AD}ne@example.com",
            "ja\u{202E}ne@example.com",
            "ja\u{A0}ne@example.com",
            "jane@example..com",
            "jane@example.com.",
            "jane@-example.com",
            "jane@exa_mple.com",
            "jane@exam\u{202E}ple.com",
            "jane@\u{200B}",
            "jane@xn--a",
            "jane@x[127.0.0.1]",
            "jane@[127.0.0.1",
            "jane@[x[127.0.0.1]",
            "jane＠example.com",
            &format!("{}@example.com", "x".repeat(65)),
            &format!("{}@example.com", "ü".repeat(33)),
            &format!("jane@{}.com", "x".repeat(64)),
            &format!("jane@{}com", "abcdefghi.".repeat(26)),
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_domain_has_one_form() {
        for (text, stored) in [
            ("jane@xn--mller-kva.de", "jane@müller.de"),
            ("jane@XN--MLLER-KVA.de", "jane@müller.de"),
            ("jane@MÜLLER.de", "jane@müller.de"),
            ("jane@mu\u{308}ller.de", "jane@müller.de"),
            ("jane@exam\u{200B}ple.com", "jane@example.com"),
            ("jane@ex\u{AD}ample.com", "jane@example.com"),
            ("jane@example\u{2060}.com", "jane@example.com"),
            ("jane@example。com", "jane@example.com"),
            ("jane@example．com", "jane@example.com"),
            ("jane@ｅｘａｍｐｌｅ.com", "jane@example.com"),
            ("te\u{301}st@example.com", "tést@example.com"),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap().as_str(), stored, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_found_in_every_form_that_was_ever_stored() {
        for (text, forms) in [
            ("jane@example.com", &["jane@example.com"][..]),
            ("jane@müller.de", &["jane@müller.de", "jane@xn--mller-kva.de"]),
            ("jane@xn--mller-kva.de", &["jane@xn--mller-kva.de", "jane@müller.de"]),
            ("jane@example。com", &["jane@example。com", "jane@example.com"]),
            ("user..x@example.com", &["user..x@example.com"]),
            (" user.@example.com\t", &["user.@example.com"]),
            ("", &[]),
            ("jane\0@example.com", &[]),
        ] {
            assert_eq!(EmailAddress::stored_forms(text), forms, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(text in "[\\PC]{1,12}@([a-zA-Zäß。Ωσ日]{1,8}[.]){0,2}[a-zA-Zé]{1,5}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
