//! Generated directories.

use std::fmt;

use denizen_domain::{AccessMode, Place, Rank};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// More flows than any list in these tests has.
const ALL_ON_ONE_PAGE: u32 = 1000;

/// A generated directory. Organizations, flows and people are identified by their indexes in these lists.
#[derive(Clone)]
pub(crate) struct Directory {
    /// At most 5.
    pub(crate) organizations: Vec<State>,
    /// At most 20.
    pub(crate) flows: Vec<FlowOf>,
    /// At least one, and at most 50.
    pub(crate) people: Vec<Person>,
    /// The page size of lists of flows.
    pub(crate) page: u32,
}

/// Whether members can use an organization.
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

/// An account's rank in each organization and place in each flow.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) ranks: Vec<Rank>,
    pub(crate) places: Vec<Place>,
}

impl Directory {
    /// Returns all memberships: person, organization and rank.
    pub(crate) fn members(&self) -> impl Iterator<Item = (usize, usize, Rank)> {
        let of = move |person: usize| {
            let ranks = self.people[person].ranks.iter().enumerate();
            ranks.map(move |(organization, rank)| (person, organization, *rank))
        };
        (0..self.people.len()).flat_map(of).filter(|(_, _, rank)| *rank != Rank::Outsider)
    }

    /// Returns everyone who is in a flow or blocked from it: person, flow and place.
    pub(crate) fn participants(&self) -> impl Iterator<Item = (usize, usize, Place)> {
        let of = move |person: usize| {
            let places = self.people[person].places.iter().enumerate();
            places.map(move |(flow, place)| (person, flow, *place))
        };
        (0..self.people.len()).flat_map(of).filter(|(_, _, place)| *place != Place::Absent)
    }
}

/// One item per line, so that failures are readable.
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

/// Generates directories of all sizes, mostly small ones. Failures shrink towards the first alternatives.
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
    // Names that test sorting without case, beyond ASCII, and by id if they are equal.
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

/// Generates a person's ranks and places for the maximum number of organizations and flows.
fn person() -> impl Strategy<Value = Person> {
    let rank = prop_oneof![3 => Just(Rank::Outsider), 4 => Just(Rank::Member), 1 => Just(Rank::Admin)];
    let place = prop_oneof![5 => Just(Place::Absent), 3 => Just(Place::Joined), 1 => Just(Place::Blocked)];
    (vec(rank, 5), vec(place, 20)).prop_map(|(ranks, places)| Person { ranks, places })
}

/// Builds the directory without the missing organizations and flows. They keep their indexes until here, so that
/// shrinking does not change people's ranks and places in the others.
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
