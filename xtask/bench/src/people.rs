//! The people in the measured directory: made from a number, so that requests know them without a list.

use serde_json::{Value, json};

const FIRST_NAMES: [&str; 12] = [
    "Ada",
    "Jürgen",
    "Søren",
    "Łukasz",
    "Ωμέγα",
    "Алексей",
    "محمد",
    "נועה",
    "美咲",
    "지우",
    "Nguyễn",
    "Chloé",
];

const LAST_NAMES: [&str; 12] = [
    "Smith",
    "Müller",
    "Ångström",
    "Żółć",
    "Παπάς",
    "Иванов",
    "الفارسي",
    "כהן",
    "田中",
    "김",
    "Trần",
    "Lefèvre",
];

const LOCALES: [&str; 6] = ["en-US", "de-DE", "pl-PL", "ru-RU", "ja-JP", "ar-EG"];

const TIME_ZONES: [&str; 5] = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "Africa/Cairo", "UTC"];

const PLANS: [&str; 5] = ["free", "starter", "team", "business", "enterprise"];

/// Returns the customer's id of a user.
pub(crate) fn external_id(number: u64) -> String {
    format!("user_{number:08}")
}

/// Returns a user as `POST /admin/users/bulk` takes it, with 200 to 500 bytes of custom fields.
pub(crate) fn user(number: u64) -> Value {
    let mixed = mixed(number);
    let digits = |from: u32, count: u64| (mixed >> from) % count;
    let pick = |from: u32, texts: &[&'static str]| {
        texts[usize::try_from(digits(from, texts.len() as u64)).unwrap_or(0)]
    };
    let note =
        "Met at the fair; asked for a call back. ".repeat(usize::try_from(digits(40, 6)).unwrap_or(0) + 3);
    json!({
        "external_id": external_id(number),
        // Twenty share its beginning, for searches.
        "email": format!("person{:07}.{:02}@example{}.com", number / 20, number % 20, digits(3, 50)),
        "first_name": pick(7, &FIRST_NAMES),
        "last_name": pick(11, &LAST_NAMES),
        "locale": pick(15, &LOCALES),
        "timezone": pick(19, &TIME_ZONES),
        "phone": format!("+1415{:07}", number % 10_000_000),
        "custom_fields": {
            "plan": pick(23, &PLANS),
            "seats": digits(27, 500),
            "company": { "name": format!("Company {}", digits(31, 10_000)), "size": digits(33, 5_000) },
            "tags": [pick(35, &PLANS), pick(37, &PLANS)],
            "score": digits(38, 1_000),
            "note": note,
        },
    })
}

/// Spreads a number's bits (`SplitMix64`), so that neighbours differ.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::user;

    #[test]
    fn custom_fields_have_200_to_500_bytes() {
        for number in 0..2_000 {
            let bytes = user(number)["custom_fields"].to_string().len();
            assert!((200..=500).contains(&bytes), "{number}: {bytes}");
        }
    }

    #[test]
    fn a_number_makes_the_same_user_each_time() {
        assert_eq!(user(7), user(7));
        assert_ne!(user(7)["custom_fields"], user(8)["custom_fields"]);
    }
}
