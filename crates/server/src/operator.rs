//! Who runs a command.

use std::fs::read_to_string;

use denizen_domain::{Origin, Source};

/// The login id of a process that nobody has logged in for.
const NOBODY: u32 = u32::MAX;

/// Returns the origin of this command's changes, with the user and the machine that run it.
pub(crate) fn origin() -> Origin {
    Origin { operator: Some(name()), ..Origin::operator(Source::system()) }
}

/// Returns the user and the machine: `jane@db1`, or `jane as denizen@db1` if she became another user after she logged in.
fn name() -> String {
    let users = read_to_string("/etc/passwd").unwrap_or_default();
    // The kernel keeps it through `su` and `sudo`.
    let login = read_to_string("/proc/self/loginuid").ok().and_then(|id| id.trim().parse().ok());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user(&users, rustix::process::getuid().as_raw(), login))
}

/// Names a user by the lines of `/etc/passwd`, or by the number.
fn user(users: &str, id: u32, login: Option<u32>) -> String {
    let name_of = |id: u32| {
        let number = id.to_string();
        let named = users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == number).then(|| name.to_owned())
        });
        named.unwrap_or(number)
    };
    match login.filter(|login| *login != id && *login != NOBODY) {
        Some(login) => format!("{} as {}", name_of(login), name_of(id)),
        None => name_of(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_who_runs_a_command_and_who_logged_in() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nbroken\njane:x:1000:1000::/home/jane:/bin/sh\n";
        for (id, login, named) in [
            (1000, None, "jane"),
            (1000, Some(1000), "jane"),
            (0, Some(1000), "jane as root"),
            (0, Some(NOBODY), "root"),
            (1001, None, "1001"),
            (0, Some(1001), "1001 as root"),
        ] {
            assert_eq!(user(users, id, login), named);
        }
    }

    #[test]
    fn every_machine_has_a_name() {
        let name = name();
        let (user, host) = name.rsplit_once('@').unwrap();
        assert!(!user.is_empty() && !host.is_empty(), "{name}");
    }
}
