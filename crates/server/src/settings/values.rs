//! Parses values of settings: times, sizes, addresses. Errors are half a sentence that states what is expected.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use denizen_api::{CorsOrigin, InvalidOrigin, IpNet};
use denizen_domain::{ApiKey, Coded, EventType, InvalidTimestamp, Password, Timestamp};
use secrecy::SecretString;

use super::Retention;

/// Maximum time of a setting: a year, with which no timer overflows.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// A day, in seconds.
const DAY: u64 = 24 * 3_600;

/// Maximum lifetime of a key or a token, in seconds: a hundred years.
const LONGEST_LIFETIME: u64 = 36_500 * DAY;

/// Parses `500ms`, `30s`, `5m`, `2h`, or plain seconds; more than zero and at most a year.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("", 1_000)];
    let milliseconds =
        with_unit(text, &units).ok_or("expected a time such as 500ms, 30s, 5m, 2h, or plain seconds")?;
    let duration = Duration::from_millis(milliseconds);
    if duration.is_zero() || duration > LONGEST {
        return Err("expected a time of more than zero and at most a year".to_owned());
    }
    Ok(duration)
}

/// Parses a time like [`duration`], or 0.
pub(super) fn duration_or_none(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { duration(text) }
}

/// Parses an access token's lifetime, like [`duration`]; at least 1s, since tokens use whole seconds.
pub(super) fn token_lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = duration(text)?;
    if lifetime < Duration::from_secs(1) {
        return Err("expected a time of at least 1s".to_owned());
    }
    Ok(lifetime)
}

/// Parses an address and port to listen on. `localhost` is 127.0.0.1.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let address = match text.strip_prefix("localhost:") {
        Some(port) => port.parse().ok().map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text.parse().ok(),
    };
    address.ok_or_else(|| {
        "must be an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080".to_owned()
    })
}

/// Parses `64KiB`, `1MiB`, `1GiB`, or plain bytes; at least one byte.
pub(super) fn size(text: &str) -> Result<usize, String> {
    size_or_none(text).ok().filter(|bytes| *bytes > 0).ok_or_else(|| EXPECTED_SIZE.to_owned())
}

/// Like [`size`], but also takes 0.
pub(super) fn size_or_none(text: &str) -> Result<usize, String> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];
    let bytes = with_unit(text, &units).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| EXPECTED_SIZE.to_owned())
}

const EXPECTED_SIZE: &str = "expected a size such as 64KiB, 1MiB, or plain bytes";

/// Parses a number of at least one.
pub(super) fn positive<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| *number >= N::from(1));
    number.ok_or_else(|| "expected a whole number of at least 1".to_owned())
}

/// Parses a limit; 0 is unlimited.
pub(crate) fn limit(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 (unlimited) to {}", u32::MAX))
}

/// Parses the minimum password length.
pub(super) fn password_length(text: &str) -> Result<usize, String> {
    let longest = Password::MAXIMUM_LENGTH;
    let length = text.parse().ok().filter(|length| (1..=longest).contains(length));
    length.ok_or_else(|| format!("expected a whole number from 1 to {longest}"))
}

/// Parses a network, such as `10.0.0.0/8`, or a single address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    let network = address.or_else(|| text.parse().ok());
    network.ok_or_else(|| "expected an address such as 10.0.0.1, or a network such as 10.0.0.0/8".to_owned())
}

/// Parses a text that must stay secret.
pub(super) fn secret(text: &str) -> Result<SecretString, String> {
    if text.is_empty() { Err("expected a non-empty text".to_owned()) } else { Ok(text.to_owned().into()) }
}

/// Reads a secret from a file, without the line break at its end.
pub(super) fn secret_file(path: &str) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read the file: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    secret(line.strip_suffix('\r').unwrap_or(line)).map_err(|_| "the file is empty".to_owned())
}

/// Parses the server's base URL: http or https, no query. Removes a trailing slash.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    match web_address(trimmed) {
        Some(address) if address.query().is_none() => Ok(trimmed.to_owned()),
        _ => Err("expected an address such as https://users.example.com".to_owned()),
    }
}

/// Parses the issuer of tokens: 1 to 255 visible ASCII characters. With a colon it must be a URI (RFC 7519, section 2),
/// such as a URL or a URN.
pub(super) fn token_issuer(text: &str) -> Result<String, String> {
    let is_short =
        (1..=255).contains(&text.len()) && text.chars().all(|character| character.is_ascii_graphic());
    let is_name_or_uri =
        text.split_once(':').is_none_or(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
    if is_short && is_name_or_uri {
        Ok(text.to_owned())
    } else {
        Err("expected a name such as denizen, or an address such as https://users.example.com".to_owned())
    }
}

/// Returns whether a text can stand before the colon of a URI.
fn is_scheme(text: &str) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_allowed)
}

/// Parses the origin of a web page, or `*` for all.
pub(super) fn origin(text: &str) -> Result<CorsOrigin, String> {
    text.parse().map_err(|error: InvalidOrigin| error.to_string())
}

/// Several values of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

/// Parses values separated by commas, blanks or both.
pub(super) fn list<T>(
    value: fn(&str) -> Result<T, String>,
) -> impl Fn(&str) -> Result<List<T>, String> + Clone {
    move |text| {
        let texts = text.split(|separator: char| separator == ',' || separator.is_whitespace());
        let mut texts = texts.filter(|text| !text.is_empty()).peekable();
        match texts.peek() {
            Some(_) => texts.map(value).collect::<Result<_, _>>().map(List),
            None => value("").map(|value| List(vec![value])),
        }
    }
}

/// Joins the lists of a repeated setting.
pub(crate) fn joined<T: Clone>(lists: &[List<T>]) -> Vec<T> {
    lists.iter().flat_map(|List(values)| values).cloned().collect()
}

/// Parses the lifetime of a key or a token: `90d`, `12h`, `30m`, `2w`; more than zero and at most a hundred years.
pub(crate) fn lifetime(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", DAY), ("w", 7 * DAY)];
    let seconds = with_unit(text, &units).ok_or("expected a time such as 90d, 12h or 2w")?;
    if seconds == 0 || seconds > LONGEST_LIFETIME {
        return Err("expected a time of more than zero and at most a hundred years".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}

/// Parses how long to keep data, like [`lifetime`], or `forever`.
pub(super) fn retention(text: &str) -> Result<Retention, String> {
    if text == "forever" {
        return Ok(Retention(None));
    }
    let kept = lifetime(text).map_err(|_| "expected a time such as 365d or 52w, or forever".to_owned())?;
    Ok(Retention(Some(kept)))
}

/// Parses how long old secrets of a key stay valid, like [`lifetime`], or 0; at most 30 days.
pub(crate) fn overlap(text: &str) -> Result<Duration, String> {
    let overlap = if text == "0" { Ok(Duration::ZERO) } else { lifetime(text) };
    let overlap = overlap.ok().filter(|overlap| *overlap <= ApiKey::MAXIMUM_OVERLAP);
    overlap.ok_or_else(|| "expected a time such as 1d or 12h, of at most 30d, or 0".to_owned())
}

/// Parses a time that a filter compares with, as [`Timestamp::from_filter`] does.
pub(crate) fn filter_moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_filter(text).map_err(|InvalidTimestamp| {
        "expected a time such as 2030-01-31T00:00:00Z, or a day such as 2030-01-31".to_owned()
    })
}

/// Parses an RFC 3339 time.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|InvalidTimestamp| "expected a time such as 2030-01-31T00:00:00Z".to_owned())
}

/// The types of events that a pattern stands for.
#[derive(Debug, Clone)]
pub(crate) struct EventTypes(pub(crate) Vec<EventType>);

/// Parses a pattern of types, as [`EventType::matching`] does.
pub(crate) fn event_types(text: &str) -> Result<EventTypes, String> {
    let expected = |_| {
        let types: Vec<_> = EventType::all().map(|known| known.to_string()).collect();
        format!("expected a type such as external_user.*, or one of {}", types.join(", "))
    };
    EventType::matching(text).map(EventTypes).map_err(expected)
}

/// Parses the code of a scope, an access mode and the like; the error and the help list all of them.
pub(crate) fn coded<C: Coded + Send + Sync>() -> impl TypedValueParser<Value = C> {
    PossibleValuesParser::new(C::ALL.iter().map(|known| known.code())).try_map(|code| C::from_code(&code))
}

fn web_address(text: &str) -> Option<Uri> {
    let address: Uri = text.parse().ok()?;
    let is_web = matches!(address.scheme_str(), Some("http" | "https"));
    (is_web && address.host().is_some_and(|host| !host.is_empty())).then_some(address)
}

/// Parses a whole number and a unit. Units are tried in order, so a unit must precede its own suffixes.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    digits.trim_end().parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_duration_defaults_to_seconds() {
        for (text, milliseconds) in
            [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("7", 7_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in [
            "",
            "s",
            "0",
            "-1s",
            "1.5s",
            "1d",
            "soon",
            "9999h",
            "99999999999999999999",
            "18446744073709551615h",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(duration_or_none("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_secret_of_a_file_ends_before_its_last_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        for (content, read) in [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a\n\n", "a\n")] {
            std::fs::write(path, content).unwrap();
            assert_eq!(secret_file(path).unwrap().expose_secret(), read);
        }
        for empty in ["", "\n"] {
            std::fs::write(path, empty).unwrap();
            assert_eq!(secret_file(path).unwrap_err(), "the file is empty");
        }
        assert!(secret_file("nowhere/here").unwrap_err().starts_with("cannot read the file: "));
    }

    #[test]
    fn access_tokens_last_at_least_a_second() {
        assert_eq!(token_lifetime("1s"), Ok(Duration::from_secs(1)));
        for wrong in ["999ms", "1ms", "0"] {
            assert!(token_lifetime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_listen_address_needs_a_port() {
        for (text, address) in
            [("127.0.0.1:8080", "127.0.0.1:8080"), ("[::]:0", "[::]:0"), ("localhost:8080", "127.0.0.1:8080")]
        {
            assert_eq!(listen_address(text).unwrap().to_string(), address);
        }
        for wrong in ["", "8080", ":8080", "localhost", "localhost:", "localhost:x", "::1:8080", "here:1"] {
            assert!(listen_address(wrong).unwrap_err().contains("such as 127.0.0.1:8080"), "{wrong}");
        }
    }

    #[test]
    fn a_size_defaults_to_bytes() {
        for (text, bytes) in [("64KiB", 65_536), ("1MiB", 1_048_576), ("2 GiB", 2_147_483_648), ("10", 10)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "0", "1MB", "MiB", "-1", "1.5MiB", "99999999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_positive_and_fits() {
        assert_eq!(positive::<usize>("10"), Ok(10));
        assert_eq!(positive::<u32>("4294967295"), Ok(u32::MAX));
        for wrong in ["", "0", "-1", "1.5", "many", "4294967296"] {
            assert!(positive::<u32>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_may_be_zero() {
        assert_eq!((limit("0"), limit("4294967295")), (Ok(0), Ok(u32::MAX)));
        for wrong in ["", "-1", "1.5", "none", "4294967296"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_minimum_password_length_is_1_to_1000() {
        assert_eq!((password_length("1"), password_length("1000")), (Ok(1), Ok(1000)));
        for wrong in ["", "0", "1001", "eight"] {
            assert!(password_length(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_may_be_a_single_address() {
        for (text, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), read);
        }
        for wrong in ["", "10.0.0", "10.0.0.0/33", "proxy.example.com", "10.0.0.1:80"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_lifetime_needs_a_unit() {
        for (text, seconds) in
            [("90d", 7_776_000), ("12h", 43_200), ("2w", 1_209_600), ("30m", 1_800), ("1s", 1)]
        {
            assert_eq!(lifetime(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert!(lifetime("36500d").is_ok());
        for wrong in ["", "90", "d", "0d", "-1d", "1.5d", "36501d", "1y", "99999999999999999999d"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_filter_takes_a_day() {
        let moment = |text| filter_moment(text).map(|moment| moment.to_string());
        assert_eq!(moment("2030-01-31").as_deref(), Ok("2030-01-31T00:00:00.000000Z"));
        assert_eq!(moment("2030-01-31T01:30:00+01:30").as_deref(), Ok("2030-01-31T00:00:00.000000Z"));
        for wrong in ["", "tomorrow", "2030-02-31", "2030-01-31T00:00:00"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_needs_an_offset() {
        let moment = |text| moment(text).map(|moment| moment.to_string());
        assert_eq!(moment("2030-01-31T00:00:00Z").as_deref(), Ok("2030-01-31T00:00:00.000000Z"));
        assert_eq!(moment("2030-01-31T01:30:00+01:30").as_deref(), Ok("2030-01-31T00:00:00.000000Z"));
        for wrong in ["", "tomorrow", "2030-01-31", "2030-01-31T00:00:00", "2030-02-31T00:00:00Z"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_retention_may_be_forever() {
        assert_eq!(retention("365d"), Ok(Retention(Some(Duration::from_hours(365 * 24)))));
        assert_eq!(retention("forever"), Ok(Retention(None)));
        for wrong in ["", "0", "0d", "never", "365", "Forever"] {
            assert!(retention(wrong).unwrap_err().contains("or forever"), "{wrong}");
        }
    }

    #[test]
    fn an_overlap_may_be_zero() {
        for (text, seconds) in [("0", 0), ("1d", 86_400), ("30d", 2_592_000), ("90s", 90)] {
            assert_eq!(overlap(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "31d", "1", "-1d", "soon"] {
            assert!(overlap(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_is_separated_by_commas_or_blanks() {
        let numbers = list(limit);
        for text in ["1,2,3", "1 2 3", "1, 2,\t3", " 1 ,2\n3, "] {
            assert_eq!(numbers(text), Ok(List(vec![1, 2, 3])), "{text}");
        }
        assert_eq!(joined(&[numbers("1,2").unwrap(), numbers("3").unwrap()]), [1, 2, 3]);
        for wrong in ["", " ", ",", "1;2", "1, two"] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_issuer_is_a_name_or_a_uri() {
        for right in ["denizen", "users.example.com", "https://users.example.com/", "urn:example:users"] {
            assert_eq!(token_issuer(right).as_deref(), Ok(right));
        }
        for wrong in ["", "two words", "müller", ":8080", "https:", "1st:user", &"a".repeat(256)] {
            assert!(token_issuer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn trims_a_public_urls_last_slash() {
        assert_eq!(public_url("https://example.com/users/").as_deref(), Ok("https://example.com/users"));
        for wrong in ["", "/", "example.com", "https://", "https://a?b=c", "ftp://a"] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }
}
