//! Who sees whom, who is let into a flow, and who shuts whom out of it.
//!
//! Everything here is a function of what two accounts are in one workspace, and what they are in one of its flows:
//!
//! * Whoever is no member of a workspace learns nothing of it: what is in it is not found.
//! * Administrators find every flow of their workspace and have access to it. Members find the flows that they are in, and
//!   those that any member may join; they have access to those that they are in.
//! * Whoever is blocked is in the flow no more: neither has access to it, nor shares it with anybody.
//! * An archived flow is there for administrators only, and shared by nobody.

use super::{AccessMode, Flow};
use crate::error::{Conflict, Error, Forbidden, Resource};
use crate::primitives::{AccountId, Reason, Violation, Violations};

/// What an account is in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// No member.
    Outsider,
    /// A member.
    Member,
    /// A member who administers the others, and the flows.
    Admin,
}

impl Rank {
    /// What a member is.
    pub const fn of_member(is_admin: bool) -> Self {
        if is_admin { Self::Admin } else { Self::Member }
    }

    /// Fails with [`Forbidden::NotAdmin`] for whoever does not administer the workspace.
    pub fn require_admin(self) -> Result<(), Error> {
        match self {
            Self::Admin => Ok(()),
            Self::Outsider | Self::Member => Err(Error::Forbidden(Forbidden::NotAdmin)),
        }
    }
}

/// What an account is in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Not in it.
    Absent,
    /// In it.
    Joined,
    /// Shut out of it.
    Blocked,
}

impl Place {
    /// What somebody in a flow is.
    pub const fn of_participant(is_blocked: bool) -> Self {
        if is_blocked { Self::Blocked } else { Self::Joined }
    }
}

/// An account before a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// Who it is.
    pub account_id: AccountId,
    /// What it is in the flow's workspace.
    pub rank: Rank,
    /// What it is in the flow.
    pub place: Place,
}

/// Whether one account shows in another's list of users, as far as one workspace goes: administrators see every member,
/// and members those whom they share a flow with. Over several workspaces, one in which it does is enough; everybody sees
/// themselves.
pub fn may_see(viewer: Rank, other: Rank, share_a_flow: bool) -> bool {
    match (viewer, other) {
        (Rank::Outsider, _) | (_, Rank::Outsider) => false,
        (Rank::Admin, Rank::Member | Rank::Admin) => true,
        (Rank::Member, Rank::Member | Rank::Admin) => share_a_flow,
    }
}

/// Whether one account may be looked up by another that knows its number, as far as one workspace goes.
pub fn may_look_up(viewer: Rank, other: Rank) -> bool {
    viewer != Rank::Outsider && other != Rank::Outsider
}

impl Flow {
    /// Whether two that are here in this flow share it.
    pub fn is_shared(&self, one: Place, other: Place) -> bool {
        !self.is_archived && one == Place::Joined && other == Place::Joined
    }

    /// Whether somebody may know that the flow is there.
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

    /// Whether the flow is in somebody's list: it shows to them, and they are in it or could be.
    pub fn is_listed_for(&self, who: Participant) -> bool {
        self.shows_to(who) && who.place != Place::Blocked
    }

    /// Fails where somebody has no access to the flow: as if it were not there, where it does not show to them; with
    /// [`Forbidden::BlockedFromFlow`]; or with [`Forbidden::NotInFlow`] for who could join.
    pub fn require_access(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        match (who.place, who.rank) {
            (Place::Blocked, _) => Err(Error::Forbidden(Forbidden::BlockedFromFlow)),
            (Place::Joined, _) | (Place::Absent, Rank::Admin) => Ok(()),
            (Place::Absent, _) => Err(Error::Forbidden(Forbidden::NotInFlow)),
        }
    }

    /// Fails where the flow is not in somebody's list: as if it were not there, or with [`Forbidden::BlockedFromFlow`].
    pub fn require_listed(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        if self.is_listed_for(who) { Ok(()) } else { Err(Error::Forbidden(Forbidden::BlockedFromFlow)) }
    }

    /// Fails where the flow's name, description, access mode and archiving are not for somebody to change.
    pub fn require_may_administer(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        who.rank.require_admin()
    }

    /// Fails where somebody may not join by their own wish: with [`Forbidden::BlockedFromFlow`] or
    /// [`Conflict::FlowArchived`], or as if it were not there.
    pub fn require_may_join(&self, who: Participant) -> Result<(), Error> {
        self.require_shown(who)?;
        self.require_enterable(who)
    }

    /// Fails where somebody may not join by a link: as if the flow were not there, where it is not the flow's link or the
    /// flow has none; or with [`Forbidden::BlockedFromFlow`]. Whoever comes by a link need not be a member of the workspace.
    pub fn require_may_join_by_link(&self, who: Participant, code: &str) -> Result<(), Error> {
        if !self.open_join_code().is_some_and(|open| open.is(code)) {
            return Err(self.not_found());
        }
        self.require_enterable(who)
    }

    /// Fails where one may not add the other. Whom a block keeps out is not an error: it just goes on.
    pub fn require_may_add(&self, who: Participant, other: Participant) -> Result<(), Error> {
        self.require_access(who)?;
        if other.rank == Rank::Outsider {
            let violation = Violation::new(Reason::Unknown, "must be of a user of the organization");
            return Err(Error::Invalid(Violations::of("id", violation)));
        }
        self.require_in_use()
    }

    /// Fails where one may not block or unblock the other: nobody themselves ([`Forbidden::OwnBlock`]); administrators
    /// everybody; others everybody but administrators ([`Forbidden::GreaterRights`]). Whoever is not in the flow, and could
    /// not come in by themselves, is not found.
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
            // Without its id: whether there is such an account at all is not for everybody to know.
            return Err(Error::NotFound { resource: Resource::Account, id: None });
        }
        if other.rank == Rank::Admin && who.rank != Rank::Admin {
            return Err(Error::Forbidden(Forbidden::GreaterRights));
        }
        Ok(())
    }

    /// What is answered to whom the flow does not show.
    pub fn not_found(&self) -> Error {
        Error::not_found(Resource::Flow, &self.slug)
    }

    /// Fails as if the flow were not there, where it does not show to somebody.
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
