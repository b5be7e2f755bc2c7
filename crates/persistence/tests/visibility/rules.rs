//! Applies the rules of `denizen-domain` to a directory of several organizations.

use denizen_domain::{Flow, Participant, Place, Rank, may_look_up, may_see};
use denizen_persistence::flows::{FlowListing, ListedFlows};

use crate::directory::State;
use crate::stored::Stored;

/// A flow in a list: its index in the directory, if it has one, and the viewer's rank in the organization and place in
/// the flow.
pub(crate) type Listed = (Option<usize>, Rank, Place);

impl Stored<'_> {
    /// Returns the people that a person sees, in order.
    pub(crate) fn seen_by(&self, viewer: usize) -> Vec<i64> {
        (0..self.people.len())
            .filter(|other| self.sees(viewer, *other))
            .map(|other| self.place_of(self.number(other)))
            .collect()
    }

    fn sees(&self, viewer: usize, other: usize) -> bool {
        let sees_in = |organization: usize| {
            let share_a_flow = (0..self.flows.len())
                .filter(|flow| self.directory.flows[*flow].organization == organization)
                .any(|flow| self.flows[flow].is_shared(self.place(viewer, flow), self.place(other, flow)));
            may_see(self.rank(viewer, organization), self.rank(other, organization), share_a_flow)
        };
        viewer == other || (0..self.organizations.len()).any(sees_in)
    }

    /// Returns whether a person can look up another.
    pub(crate) fn looks_up(&self, viewer: usize, other: usize) -> bool {
        let looks_up_in = |organization: usize| {
            may_look_up(self.rank(viewer, organization), self.rank(other, organization))
        };
        viewer == other || (0..self.organizations.len()).any(looks_up_in)
    }

    /// Returns the lists of flows to compare for a person. One of them is restricted to one organization, a different
    /// one for each person in turn.
    pub(crate) fn lists_of(&self, viewer: usize) -> Vec<(String, ListedFlows)> {
        let mut lists = vec![
            ("the joined flows".to_owned(), ListedFlows::Joined),
            ("all flows".to_owned(), ListedFlows::All),
        ];
        let of_one = self.organizations.iter().enumerate().cycle().nth(viewer);
        lists.extend(
            of_one.map(|(index, id)| (format!("the flows in organization {index}"), ListedFlows::AllOf(*id))),
        );
        lists
    }

    /// Returns a list of a person's flows, sorted by name.
    pub(crate) fn list(&self, viewer: usize, listed: ListedFlows) -> Vec<Listed> {
        let mut listings: Vec<_> = (0..self.flows.len())
            .map(|index| (index, &self.flows[index], self.participant(viewer, index)))
            .filter(|(_, flow, who)| is_listed(flow, *who, listed))
            .collect();
        listings.sort_by_key(|(_, flow, _)| (flow.name.folded(), flow.id));
        listings.into_iter().map(|(index, _, who)| (Some(index), who.rank, who.place)).collect()
    }

    /// Converts a query's result for comparison with the rules.
    pub(crate) fn listed_of(&self, listing: &FlowListing) -> Listed {
        let FlowListing { organization, flow, place, is_open } = listing;
        assert_eq!(organization.workspace.id, flow.workspace_id);
        assert_eq!(*is_open, *place == Place::Joined);
        (self.flows.iter().position(|known| known == flow), organization.rank, *place)
    }

    /// Returns a person's rank in an organization. In one that its members cannot use, everyone is an outsider.
    fn rank(&self, person: usize, organization: usize) -> Rank {
        match self.directory.organizations[organization] {
            State::InUse => self.directory.people[person].ranks[organization],
            State::Pending | State::Disabled | State::Deleted => Rank::Outsider,
        }
    }

    fn place(&self, person: usize, flow: usize) -> Place {
        self.directory.people[person].places[flow]
    }

    fn participant(&self, person: usize, flow: usize) -> Participant {
        Participant {
            account_id: self.people[person],
            rank: self.rank(person, self.directory.flows[flow].organization),
            place: self.place(person, flow),
        }
    }
}

fn is_listed(flow: &Flow, who: Participant, listed: ListedFlows) -> bool {
    match listed {
        ListedFlows::Joined => who.rank != Rank::Outsider && who.place == Place::Joined && !flow.is_archived,
        ListedFlows::All => flow.is_listed_for(who),
        ListedFlows::AllOf(id) => flow.workspace_id == id && flow.is_listed_for(who),
    }
}
