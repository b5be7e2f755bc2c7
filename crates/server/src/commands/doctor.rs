//! `denizen doctor`: checks that a server has all it needs.

mod database;
mod machine;

use anyhow::ensure;
use clap::Args;
use denizen_domain::Source;
use serde::Serialize;

use crate::output::Output;
use crate::settings::{DatabaseSettings, EncryptionSettings, SigningKeySettings};

/// Check the database, the keys, the clock and the machine, without changes
///
/// Exits with 1 if a check fails. Warnings need attention but exit with 0.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  denizen doctor --json")]
pub(crate) struct DoctorCommand {
    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    database: DatabaseSettings,

    #[command(flatten)]
    signing_key: SigningKeySettings,

    #[command(flatten)]
    encryption: EncryptionSettings,
}

/// The result of a check, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warning,
    Failed,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A check's result and explanation.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    status: Status,
    message: String,
}

impl Finding {
    fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    message: String,
}

impl Check {
    /// A check that cannot run fails.
    fn new(name: &'static str, finding: anyhow::Result<Finding>) -> Self {
        let finding = finding.unwrap_or_else(|error| Finding::new(Status::Failed, format!("{error:#}")));
        Self { name, status: finding.status, message: finding.message }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    /// The worst result.
    status: Status,
    checks: &'a [Check],
}

impl DoctorCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self { output, database: settings, signing_key, encryption } = self;
        let mut checks = database::check(&settings, &encryption, &*Source::system().clock).await;
        checks.extend(signing_key_file(&signing_key));
        checks.extend(machine::check(&settings, encryption.file(&settings)));
        show(output, &checks)?;
        let failed = checks.iter().filter(|check| check.status == Status::Failed).count();
        ensure!(failed == 0, "{failed} of {} checks failed", checks.len());
        Ok(())
    }
}

/// Checks the configured key, which replaces the database's for signing.
fn signing_key_file(settings: &SigningKeySettings) -> Option<Check> {
    let file = settings.signing_key_file.as_ref()?.display();
    let message = format!("the key in {file} can sign access tokens");
    Some(Check::new("signing key file", settings.read().map(|_| Finding::new(Status::Ok, message))))
}

fn show(output: Output, checks: &[Check]) -> anyhow::Result<()> {
    if output.json {
        let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok);
        return output.object(&Report { status, checks }, &[]);
    }
    output.list(checks, &["CHECK", "STATUS", "FINDING"], |Check { name, status, message }| {
        vec![(*name).to_owned(), status.name().to_owned(), message.clone()]
    })
}
