//! Decides which accounts see each other, join a flow, and block each other from it.
//!
//! Every decision is a pure function of two accounts' ranks in a workspace, and their places in one of its flows:
//!
//! * Outsiders learn nothing about a workspace: its objects are not found.
//! * Administrators see every flow of their workspace and have access to it. Members see the flows they are in, and flows
//!   that every member may join; they have access to the flows they are in.
//! * Blocked accounts have no access to the flow, and share it with nobody.
//! * Only administrators see an archived flow, and nobody shares it.

use super::{AccessMode, Flow};
use crate::error::{Conflict, Error, Forbidden, Resource};
use crate::primitives::{AccountId, Reason, Violation, Violations};

/// An account's rank in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Not a member.
    Outsider,
    /// A member.
    Member,
    /// A member who administers the members and flows.
    Admin,
}

impl Rank {
    /// Returns the rank of a member.
    pub const fn of_member(is_admin: bool) -> Self {
        if is_admin { Self::Admin } else { Self::Member }
    }

    /// Fails with [`Forbidden::NotAdmin`] unless the account administers the workspace.
    pub fn require_admin(self) -> Result<(), Error> {
        match self {
            Self::Admin => Ok(()),
            Self::Outsider | Self::Member => Err(Error::Forbidden(Forbidden::NotAdmin)),
        }
    }
}

/// An account's place in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Not in it.
    Absent,
    /// In it.
    Joined,
    /// Blocked from it.
    Blocked,
}

impl Place {
    /// Returns the place of an account with a flow membership.
    pub const fn of_participant(is_blocked: bool) -> Self {
        if is_blocked { Self::Blocked } else { Self::Joined }
    }
}

/// An account in relation to a flow.
///
/// ```
/// use denizen_domain::{Rank, may_look_up, may_see};
///
/// // Members see those with whom they share a flow; administrators see every member.
/// assert!(may_see(Rank::Member, Rank::Member, true) && !may_see(Rank::Member, Rank::Member, false));
/// assert!(may_see(Rank::Admin, Rank::Member, false));
/// assert!(!may_look_up(Rank::Outsider, Rank::Member));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// The account.
    pub account_id: AccountId,
    /// Its rank in the flow's workspace.
    pub rank: Rank,
    /// Its place in the flow.
    pub place: Place,
}

/// Returns whether the viewer's list of users shows another account, judged by one workspace. Administrators see every
/// member; members see those with whom they share a flow. Across workspaces, one that allows it suffices. Callers always
/// see themselves.
pub fn may_see(viewer: Rank, other: Rank, share_a_flow: bool) -> bool {
    match (viewer, other) {
        (Rank::Outsider, _) | (_, Rank::Outsider) => false,
        (Rank::Admin, Rank::Member | Rank::Admin) => true,
        (Rank::Member, Rank::Member | Rank::Admin) => share_a_flow,
    }
}

/// Returns whether the viewer may look up another account by its number, judged by one workspace.
pub fn may_look_up(viewer: Rank, other: Rank) -> bool {
    viewer != Rank::Outsider && other != Rank::Outsider
}

impl Flow {
    /// Returns whether two accounts in these places share the flow.
    pub fn is_shared(&self, one: Place, other: Place) -> bool {
        !self.is_archived && one == Place::Joined && other == Place::Joined
    }

    /// Returns whether the flow is visible to an account.
    pub fn shows_to(&self, who: Participant) -> bool {
        match who.rank {
            Rank::Outsider => false,
            Rank::Admin => true,
            Rank::Member => {
                let is_open_to_all = self.access_mode == AccessMode::Organization;
                !self.is_archived && (is_open_to_all || who.place != Place::Absent)
            }
        }
    }

    /// Returns whether an account's list contains the flow: it is visible to the account, which is not blocked from it.
    pub fn is_listed_for(&self, who: Participant) -> bool {
        self.shows_to(who) && who.place != Place::Blocked
    }

    /// Fails if an account has no access to the flow: as not found if it is not visible, with
    /// [`Forbidden::BlockedFromFlow`], or with [`Forbidden::NotInFlow`] if the account could join.
    pub fn require_access(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        match (who.place, who.rank) {
            (Place::Blocked, _) => Err(Error::Forbidden(Forbidden::BlockedFromFlow)),
            (Place::Joined, _) | (Place::Absent, Rank::Admin) => Ok(()),
            (Place::Absent, _) => Err(Error::Forbidden(Forbidden::NotInFlow)),
        }
    }

    /// Fails if an account's list does not contain the flow: as not found, or with [`Forbidden::BlockedFromFlow`].
    pub fn require_listed(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        if self.is_listed_for(who) { Ok(()) } else { Err(Error::Forbidden(Forbidden::BlockedFromFlow)) }
    }

    /// Fails if an account may not change the flow's name, description, access mode and archiving.
    pub fn require_may_administer(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        who.rank.require_admin()
    }

    /// Fails if an account may not join on its own: with [`Forbidden::BlockedFromFlow`] or [`Conflict::FlowArchived`], or
    /// as not found.
    pub fn require_may_join(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        self.require_enterable(who)
    }

    /// Fails if an account may not join by a link: as not found if the link is wrong or the flow has none, or with
    /// [`Forbidden::BlockedFromFlow`]. The account need not be a member of the workspace.
    pub fn require_may_join_by_link(&self, who: Participant, code: &str) -> Result<(), Error> {
        if !self.open_join_code().is_some_and(|open| open.is(code)) {
            return Err(self.not_found());
        }
        self.require_enterable(who)
    }

    /// Fails if one account may not add the other. Adding a blocked account is not an error; the block stays.
    pub fn require_may_add(&self, who: Participant, other: Participant) -> Result<(), Error> {
        self.require_access(who)?;
        if other.rank == Rank::Outsider {
            let violation = Violation::new(Reason::Unknown, "must identify a user of the organization");
            return Err(Error::Invalid(Violations::of("id", violation)));
        }
        self.require_in_use()
    }

    /// Fails if one account may not block or unblock the other. Accounts cannot block themselves
    /// ([`Forbidden::OwnBlock`]), and only administrators can block administrators ([`Forbidden::GreaterRights`]). The
    /// other account is not found if it is not in the flow and could not join on its own.
    pub fn require_may_block(&self, who: Participant, other: Participant) -> Result<(), Error> {
        self.require_access(who)?;
        if who.account_id == other.account_id {
            return Err(Error::Forbidden(Forbidden::OwnBlock));
        }
        let is_open_to = match other.rank {
            Rank::Outsider => false,
            Rank::Member => self.access_mode == AccessMode::Organization,
            Rank::Admin => true,
        };
        if other.rank == Rank::Outsider || (other.place == Place::Absent && !is_open_to) {
            // Without the id, since not every caller may learn whether the account exists.
            return Err(Error::NotFound { resource: Resource::Account, id: None });
        }
        if other.rank == Rank::Admin && who.rank != Rank::Admin {
            return Err(Error::Forbidden(Forbidden::GreaterRights));
        }
        Ok(())
    }

    /// Returns the error for accounts to which the flow is not visible.
    pub fn not_found(&self) -> Error {
        Error::not_found(Resource::Flow, &self.slug)
    }

    /// Fails as not found if the flow is not visible to an account.
    pub fn require_shown(&self, who: Participant) -> Result<(), Error> {
        if self.shows_to(who) { Ok(()) } else { Err(self.not_found()) }
    }

    fn require_enterable(&self, who: Participant) -> Result<(), Error> {
        if who.place == Place::Blocked {
            return Err(Error::Forbidden(Forbidden::BlockedFromFlow));
        }
        self.require_in_use()
    }

    fn require_in_use(&self) -> Result<(), Error> {
        if self.is_archived { Err(Error::Conflict(Conflict::FlowArchived)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
