//! The command line: commands and the sources of their settings.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    AccountsCommand, AuditCommand, CompletionsCommand, ConfigCommand, DoctorCommand, EncryptionKeysCommand,
    EventsCommand, ExternalUsersCommand, FlowsCommand, JobsCommand, KeysCommand, ManCommand, MigrateCommand,
    OpenapiCommand, SchemaCommand, ServeCommand, SigningKeysCommand, TokensCommand, WebhooksCommand,
    WorkflowsCommand, WorkspacesCommand,
};
use crate::settings::sources;

/// A user directory for platforms whose customers bring their own users
#[derive(Debug, Parser)]
#[command(name = "denizen", version, subcommand_required = true, arg_required_else_help = true)]
#[command(max_term_width = 110)]
#[command(
    after_help = "Every setting is a flag, an environment variable or a key of the configuration file, in this \
    order. The key is the flag's name with underscores: --data-dir is data_dir."
)]
pub(crate) struct CommandLine {
    /// Configuration file, in TOML
    #[arg(long, global = true, env = sources::CONFIG_VARIABLE, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<ServeCommand>),

    /// Create, list and limit workspaces, the tenants of the directory, and manage their members
    #[command(subcommand)]
    Workspaces(WorkspacesCommand),

    /// Create, list, rotate and revoke keys, which authenticate callers
    #[command(subcommand)]
    Keys(KeysCommand),

    /// Create, list, disable and enable accounts, with which people log in, and set their passwords
    #[command(subcommand)]
    Accounts(AccountsCommand),

    /// Create, list and revoke the tokens of accounts
    #[command(subcommand)]
    Tokens(TokensCommand),

    /// Create and list flows, which members of a workspace join, and manage their users
    #[command(subcommand)]
    Flows(FlowsCommand),

    /// List and find external users
    #[command(subcommand)]
    ExternalUsers(ExternalUsersCommand),

    /// List changes in the audit log
    #[command(subcommand)]
    Audit(AuditCommand),

    /// Follow the changes of a workspace
    #[command(subcommand)]
    Events(EventsCommand),

    /// List, enable and disable the endpoints to which events are sent, and see what became of them
    #[command(subcommand)]
    Webhooks(WebhooksCommand),

    /// List, start, stop and run workflows, and see what became of their executions
    #[command(subcommand)]
    Workflows(WorkflowsCommand),

    /// List, retry and cancel work that outlives a request
    #[command(subcommand)]
    Jobs(JobsCommand),

    /// List and rotate the keys that sign access tokens
    #[command(subcommand)]
    SigningKeys(SigningKeysCommand),

    /// Generate keys that encrypt secrets kept for others, and encrypt these again
    #[command(subcommand)]
    #[command(visible_alias = "sealing-keys")]
    EncryptionKeys(EncryptionKeysCommand),

    /// Show the settings of the server
    #[command(subcommand)]
    Config(ConfigCommand),

    Migrate(MigrateCommand),
    Doctor(DoctorCommand),
    Openapi(OpenapiCommand),
    Completions(CompletionsCommand),
    Man(ManCommand),

    #[command(hide = true)]
    Schema(SchemaCommand),
}

impl CommandLine {
    /// Parses the command line with the environment and the configuration file.
    ///
    /// Fails with clap's output: one sentence about the error, or the requested help.
    pub(crate) fn read(
        arguments: &[OsString],
        environment: &[(OsString, OsString)],
    ) -> Result<Self, clap::Error> {
        let applied = sources::apply(Self::command(), arguments, environment)?;
        let (matches, settings) = applied.parse(arguments).map_err(without_urls)?;
        let mut command_line = Self::from_arg_matches(&matches)?;
        if let Command::Config(ConfigCommand::Print(command)) = &mut command_line.command {
            command.settings = settings;
        }
        Ok(command_line)
    }
}

/// Removes what follows the scheme of a URL in the wrong place, which may contain a password.
fn without_urls(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && let Some((scheme, _)) = text.split_once("://")
        {
            let shown = ContextValue::String(format!("{scheme}://…"));
            error.insert(kind, shown);
        }
    }
    error
}
