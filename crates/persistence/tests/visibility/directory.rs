//! Made-up directories.

use std::fmt;

use denizen_domain::{AccessMode, Place, Rank};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// More flows than any list here holds.
const ALL_ON_ONE_PAGE: u32 = 1000;

/// A made-up directory. Organizations, flows and people are known by where they stand in these lists.
#[derive(Clone)]
pub(crate) struct Directory {
    /// At most 5.
    pub(crate) organizations: Vec<State>,
    /// At most 20.
    pub(crate) flows: Vec<FlowOf>,
    /// At least one, and at most 50.
    pub(crate) people: Vec<Person>,
    /// How many flows a page of a list has.
    pub(crate) page: u32,
}

/// Whether an organization is there for its members.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    InUse,
    Pending,
    Disabled,
    Deleted,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowOf {
    pub(crate) organization: usize,
    pub(crate) name: &'static str,
    pub(crate) access_mode: AccessMode,
    pub(crate) is_archived: bool,
}

/// What somebody is in each organization and in each flow.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) ranks: Vec<Rank>,
    pub(crate) places: Vec<Place>,
}

impl Directory {
    /// Who is a member of which organization, and as what.
    pub(crate) fn members(&self) -> impl Iterator<Item = (usize, usize, Rank)> {
        let of = move |person: usize| {
            let ranks = self.people[person].ranks.iter().enumerate();
            ranks.map(move |(organization, rank)| (person, organization, *rank))
        };
        (0..self.people.len()).flat_map(of).filter(|(_, _, rank)| *rank != Rank::Outsider)
    }

    /// Who is in which flow, or blocked.
    pub(crate) fn participants(&self) -> impl Iterator<Item = (usize, usize, Place)> {
        let of = move |person: usize| {
            let places = self.people[person].places.iter().enumerate();
            places.map(move |(flow, place)| (person, flow, *place))
        };
        (0..self.people.len()).flat_map(of).filter(|(_, _, place)| *place != Place::Absent)
    }
}

/// One thing a line, so that a failure can be read.
impl fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { organizations, flows, people, page } = self;
        writeln!(formatter, "organizations: {organizations:?}; flows in pages of {page}")?;
        for (index, flow) in flows.iter().enumerate() {
            writeln!(formatter, "flow {index}: {flow:?}")?;
        }
        for (index, person) in people.iter().enumerate() {
            writeln!(formatter, "person {index}: {person:?}")?;
        }
        Ok(())
    }
}

/// Directories of all sizes, small ones more often. What comes first is what a failure is reduced to.
pub(crate) fn any() -> impl Strategy<Value = Directory> {
    let organizations = vec(weighted(0.95, state()), 1..=5);
    let flows = vec(weighted(0.95, flow()), 0..=20);
    let people = prop_oneof![3 => vec(person(), 1..=12), 1 => vec(person(), 1..=50)];
    let page = select(vec![ALL_ON_ONE_PAGE, 4, 3, 2, 1]);
    (organizations, flows, people, page)
        .prop_map(|(organizations, flows, people, page)| settled(&organizations, &flows, &people, page))
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        6 => Just(State::InUse),
        1 => Just(State::Pending),
        1 => Just(State::Disabled),
        1 => Just(State::Deleted),
    ]
}

fn flow() -> impl Strategy<Value = FlowOf> {
    // Names that are ordered without case, beyond ASCII, and by something else where they are the same.
    let names = select(vec!["alpha", "Alpha", "beta", "Zulu", "zulu", "Älter", "ßeta"]);
    let modes = select(vec![AccessMode::Invitation, AccessMode::Link, AccessMode::Organization]);
    (0..5_usize, names, modes, prop::bool::weighted(0.2)).prop_map(
        |(organization, name, access_mode, is_archived)| FlowOf {
            organization,
            name,
            access_mode,
            is_archived,
        },
    )
}

/// Somebody in as many organizations and flows as there can be.
fn person() -> impl Strategy<Value = Person> {
    let rank = prop_oneof![3 => Just(Rank::Outsider), 4 => Just(Rank::Member), 1 => Just(Rank::Admin)];
    let place = prop_oneof![5 => Just(Place::Absent), 3 => Just(Place::Joined), 1 => Just(Place::Blocked)];
    (vec(rank, 5), vec(place, 20)).prop_map(|(ranks, places)| Person { ranks, places })
}

/// The directory of what there is. What there is not keeps its place until here: so, when a failure is reduced,
/// everybody stays what they are in all that is left.
fn settled(
    organizations: &[Option<State>],
    flows: &[Option<FlowOf>],
    people: &[Person],
    page: u32,
) -> Directory {
    let kept: Vec<_> = (0..organizations.len()).filter(|index| organizations[*index].is_some()).collect();
    let flow = |(index, flow): (usize, &Option<FlowOf>)| {
        let drawn = flow.as_ref()?;
        let organization = kept.iter().position(|kept| *kept == drawn.organization % organizations.len())?;
        Some((index, FlowOf { organization, ..*drawn }))
    };
    let flows: Vec<_> = flows.iter().enumerate().filter_map(flow).collect();
    // Only members of an organization are in its flows.
    let person = |Person { ranks, places }: &Person| {
        let ranks: Vec<_> = kept.iter().map(|index| ranks[*index]).collect();
        let place = |(index, flow): &(usize, FlowOf)| match ranks[flow.organization] {
            Rank::Outsider => Place::Absent,
            Rank::Member | Rank::Admin => places[*index],
        };
        Person { places: flows.iter().map(place).collect(), ranks }
    };
    Directory {
        people: people.iter().map(person).collect(),
        organizations: organizations.iter().copied().flatten().collect(),
        flows: flows.into_iter().map(|(_, flow)| flow).collect(),
        page,
    }
}
