//! Pages of lists. A page begins at a position in the list's order, not at a counted offset.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use super::secret::keyed_with;
use super::{Reason, Timestamp, Violation};

/// The direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Smallest first: oldest, or A.
    #[default]
    Ascending,
    /// Largest first: newest, or Z.
    Descending,
}

impl Direction {
    /// Returns the opposite direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// The value of one entry that orders the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// A moment.
    Time(Timestamp),
    /// A folded text.
    Text(String),
}

/// The position of one entry in the order of a list. The id breaks ties of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value that orders the list.
    pub key: SortKey,
    /// The entry's id.
    pub id: Uuid,
}

impl Position {
    /// Returns the position of an entry in a list ordered by time.
    pub const fn at(time: Timestamp, id: Uuid) -> Self {
        Self { key: SortKey::Time(time), id }
    }
}

/// A page number, from 1 to [`PageNumber::MAXIMUM`]. Cursors reach further pages, at the same cost at any depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageNumber(u32);

impl PageNumber {
    /// The largest page number.
    pub const MAXIMUM: u32 = 100_000;

    /// The first page.
    pub const FIRST: Self = Self(1);

    /// Checks a page number.
    pub fn new(number: u64) -> Result<Self, Violation> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MAXIMUM) => Ok(Self(number)),
            _ => Err(Violation::new(Reason::OutOfRange, format!("must be between 1 and {}", Self::MAXIMUM))),
        }
    }

    /// Returns the plain number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the next page number, unless this is the largest.
    pub fn next(self) -> Option<Self> {
        Self::new(u64::from(self.0) + 1).ok()
    }

    /// Returns the number of entries before the page.
    pub fn offset(self, size: u32) -> i64 {
        i64::from(self.0 - 1) * i64::from(size)
    }
}

/// The start of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The page with this number.
    Number(PageNumber),
    /// Right after this position.
    After(Position),
    /// Right before this position. The entries keep the list's order.
    Before(Position),
}

impl Default for Page {
    fn default() -> Self {
        Self::Number(PageNumber::FIRST)
    }
}

/// The part of a list that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The start.
    pub page: Page,
    /// The most entries to return, at least 1.
    pub limit: u32,
    /// The order of the list.
    pub direction: Direction,
}

impl Window {
    /// Returns the window of the first entries, in ascending order.
    pub fn first(limit: u32) -> Self {
        Self { page: Page::default(), limit, direction: Direction::Ascending }
    }
}

/// A part of a list, and whether more entries exist around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The entries, in the list's order.
    pub items: Vec<T>,
    /// Whether the list has entries before these.
    pub has_more_before: bool,
    /// Whether the list has entries after these.
    pub has_more_after: bool,
}

impl<T> Slice<T> {
    /// Cuts the entries of a window. The caller reads up to one entry more than the limit, from the window's start, and
    /// backwards for [`Page::Before`].
    pub fn cut(mut items: Vec<T>, window: &Window) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let goes_on = items.len() > limit;
        items.truncate(limit);
        match &window.page {
            Page::Number(number) => {
                Self { items, has_more_before: *number != PageNumber::FIRST, has_more_after: goes_on }
            }
            Page::After(_) => Self { items, has_more_before: true, has_more_after: goes_on },
            Page::Before(_) => {
                items.reverse();
                Self { items, has_more_before: goes_on, has_more_after: true }
            }
        }
    }
}

/// Converts positions to opaque cursors and back, and detects changed cursors. A cursor contains a position and an
/// HMAC-SHA256 over it, and belongs to one list of one workspace.
#[derive(Clone)]
pub struct CursorSeal(Hmac<Sha256>);

const SEAL_LENGTH: usize = 16;
const TIME: u8 = 0;
const TEXT: u8 = 1;

impl CursorSeal {
    /// Creates a seal with the server's secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(keyed_with(secret))
    }

    /// Returns the cursor for a position. The list's name is unique among all lists.
    pub fn seal(&self, list: &str, position: &Position) -> String {
        let mut bytes = encode(position);
        let seal = self.tag(list, &bytes);
        bytes.extend_from_slice(&seal);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the position in a cursor. Fails if the text is not a cursor, was changed, or belongs to another list.
    pub fn open(&self, list: &str, cursor: &str) -> Result<Position, Violation> {
        self.try_open(list, cursor)
            .ok_or_else(|| Violation::new(Reason::InvalidFormat, "must be a cursor that this list returned"))
    }

    fn try_open(&self, list: &str, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL_LENGTH)?)?;
        self.mac(list, position).verify_truncated_left(seal).ok()?;
        decode(position)
    }

    fn tag(&self, list: &str, position: &[u8]) -> [u8; SEAL_LENGTH] {
        let whole = self.mac(list, position).finalize().into_bytes();
        std::array::from_fn(|index| whole[index])
    }

    fn mac(&self, list: &str, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&(list.len() as u64).to_be_bytes());
        mac.update(list.as_bytes());
        mac.update(position);
        mac
    }
}

impl std::fmt::Debug for CursorSeal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CursorSeal(…)")
    }
}

fn encode(position: &Position) -> Vec<u8> {
    let mut bytes = position.id.as_bytes().to_vec();
    match &position.key {
        SortKey::Time(time) => {
            bytes.push(TIME);
            bytes.extend_from_slice(&time.unix_microseconds().to_be_bytes());
        }
        SortKey::Text(text) => {
            bytes.push(TEXT);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (id, rest) = bytes.split_at_checked(16)?;
    let key = match rest.split_first()? {
        (&TIME, time) => {
            SortKey::Time(Timestamp::from_unix_microseconds(i64::from_be_bytes(time.try_into().ok()?))?)
        }
        (&TEXT, text) => SortKey::Text(String::from_utf8(text.to_vec()).ok()?),
        _ => return None,
    };
    Some(Position { key, id: Uuid::from_slice(id).ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn positions() -> impl Strategy<Value = Position> {
        let times = (0..i64::from(u32::MAX) * 1_000_000)
            .prop_map(|time| SortKey::Time(Timestamp::from_unix_microseconds(time).unwrap()));
        let texts = "\\PC*".prop_map(SortKey::Text);
        (prop_oneof![times, texts], any::<u128>())
            .prop_map(|(key, id)| Position { key, id: Uuid::from_u128(id) })
    }

    proptest! {
        #[test]
        fn a_cursor_returns_its_position(position in positions(), secret: [u8; 32]) {
            let seal = CursorSeal::new(&secret);
            prop_assert_eq!(seal.open("users", &seal.seal("users", &position)), Ok(position));
        }

        #[test]
        fn a_cursor_with_any_change_is_rejected(
            position in positions(), at: prop::sample::Index, letter in "[A-Za-z0-9_-]",
        ) {
            let seal = CursorSeal::new(&[7; 32]);
            let cursor = seal.seal("users", &position);
            let at = at.index(cursor.len());
            let changed = format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..]);
            prop_assume!(changed != cursor);
            prop_assert!(seal.open("users", &changed).is_err());
        }

        #[test]
        fn any_other_text_is_rejected(text in "\\PC*") {
            prop_assert!(CursorSeal::new(&[7; 32]).open("users", &text).is_err());
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_rejected() {
        let seal = CursorSeal::new(&[7; 32]);
        let cursor = seal.seal("users", &Position { key: SortKey::Text("a".into()), id: Uuid::nil() });
        assert!(seal.open("channels", &cursor).is_err());
    }

    #[test]
    fn a_page_number_has_limits() {
        assert_eq!(PageNumber::new(3).unwrap().offset(10), 20);
        for wrong in [0, 100_001, 1_000_000_000, u64::MAX] {
            assert_eq!(PageNumber::new(wrong).unwrap_err().reason, Reason::OutOfRange);
        }
    }
}
