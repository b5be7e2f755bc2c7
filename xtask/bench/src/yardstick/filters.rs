//! The filters of a list.

use clap::Args;
use uuid::Uuid;

/// Groups and tiers whose users are listed.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Filters {
    /// Groups
    #[arg(long = "group", value_name = "ID")]
    pub(crate) groups: Vec<Uuid>,
    /// Tiers
    #[arg(long = "tier", value_name = "ID")]
    pub(crate) tiers: Vec<Uuid>,
}

impl Filters {
    /// As parameters of Zaia's list.
    pub(crate) fn query(&self) -> String {
        let groups = self.groups.iter().map(|id| format!("&externalUserGroupIds={id}"));
        groups.chain(self.tiers.iter().map(|id| format!("&tierIds={id}"))).collect()
    }

    /// As arguments of a yardstick.
    pub(super) fn arguments(&self) -> impl Iterator<Item = String> {
        let groups = self.groups.iter().map(|id| format!("--group={id}"));
        groups.chain(self.tiers.iter().map(|id| format!("--tier={id}")))
    }
}
