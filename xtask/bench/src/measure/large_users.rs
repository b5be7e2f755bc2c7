//! Memory for users with as many custom fields as one may have.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::whole_list::{download, users_in};
use super::{Bench, MOST_MEGABYTES};
use crate::directory::{Key, send};
use crate::progress;
use crate::report::Report;

/// The most such users.
const USERS: u64 = 2_000;

/// As many as fit in a request of 1 MiB.
const BULK: u64 = 15;

/// A little less than the 64 KiB that all custom fields of a user may take.
const TEXT: usize = 65_000;

impl Bench<'_> {
    /// Creates such users in a workspace of their own, and asks for a page of a thousand, and for all.
    pub(super) async fn large_users(&mut self, report: &mut Report) -> Result<()> {
        let database = self.directory.database;
        let key = self.new_workspace().await?;
        let users = USERS.min(self.filling.users / 25).max(1);
        let numbers: Vec<_> = (0..users).collect();
        for numbers in numbers.chunks(usize::try_from(BULK)?) {
            progress::show(&format!("{database}: large users, {} of {users}", numbers[0]));
            let batch = numbers.iter().copied().map(large_user).collect();
            send(&self.directory, &key.notiflows(), batch).await?;
        }

        self.directory.restart().await?;
        self.directory.peak_memory()?;
        progress::show(&format!("{database}: a page of large users"));
        let page = self.directory.ask("GET", "/admin/users?limit=1000", &key.notiflows(), None).await?;
        let on_page = page["items"].as_array().map_or(0, Vec::len);
        let what = format!("memory for a page of {on_page} users of 64 KiB");
        report.bounds.push(self.memory_bound(&what, self.directory.peak_memory()?, MOST_MEGABYTES));

        self.directory.restart().await?;
        self.directory.peak_memory()?;
        progress::show(&format!("{database}: the whole list of large users"));
        let file = self.arguments.folder.join("large-users.json");
        download(&self.directory, &key, &file).await?;
        ensure!(u64::from(users_in(&file)?) == users, "the list of large users is not whole");
        std::fs::remove_file(file)?;
        let what = format!("memory for the list of {users} users of 64 KiB");
        report.bounds.push(self.memory_bound(&what, self.directory.peak_memory()?, MOST_MEGABYTES));
        progress::say(&format!("{database:10}  listed {users} users of 64 KiB"));
        Ok(())
    }

    async fn new_workspace(&self) -> Result<Key> {
        self.directory.command(&["workspaces", "create", "--slug", "large", "Large"]).await?;
        let key =
            self.directory.command(&["keys", "create", "--workspace", "large", "--name", "bench"]).await?;
        let text = |name: &str| key[name].as_str().map(str::to_owned).context("a new key is printed");
        Ok(Key { public: text("publicKey")?, secret: text("secretKey")? })
    }
}

fn large_user(number: u64) -> Value {
    json!({ "external_id": format!("large_{number:04}"), "custom_fields": { "text": "a".repeat(TEXT) } })
}
