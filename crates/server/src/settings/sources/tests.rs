//! Tests the configuration file and the environment through the real command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::time::Duration;

use denizen_domain::WorkflowLimits;
use tempfile::NamedTempFile;

use crate::ServeCommand;
use crate::command_line::{Command, CommandLine};
use crate::settings::Retention;
use crate::settings::values::joined;

/// Parses `denizen serve` with a configuration file, arguments and environment variables.
fn serve(file: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<ServeCommand, String> {
    let mut config = NamedTempFile::new().unwrap();
    config.write_all(file.as_bytes()).unwrap();
    let path = config.path().to_str().unwrap();
    let arguments = ["denizen", "serve", "--config", path].into_iter().chain(arguments.iter().copied());
    let arguments: Vec<OsString> = arguments.map(OsString::from).collect();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    match CommandLine::read(&arguments, &environment) {
        Ok(CommandLine { command: Command::Serve(command), .. }) => Ok(*command),
        Ok(other) => panic!("{other:?} is another command"),
        Err(error) => Err(error.to_string().replace(path, "FILE").trim_end().to_owned()),
    }
}

fn error(file: &str) -> String {
    serve(file, &[], &[]).unwrap_err()
}

#[test]
fn flags_override_the_file_and_the_file_overrides_defaults() {
    let file = r#"
        data_dir = "/var/lib/denizen"
        max_connections = 7
        header_timeout = 5
        request_timeout = "2m"
        max_body_size = "64KiB"
        cors_origin = ["https://one.example", "https://two.example"]
        login_failures_per_account = 3
        login_cookie_lifetime = "2w"
        requests_per_second_per_address = 0
        audit_retention = "forever"
        trusted_proxy = ["10.0.0.0/8", "::1"]
        webhook_allow_network = "10.1.0.0/16, 10.2.0.1"
        workflow_graph_size = "128KiB"
        workflow_duration = "2h"
        workflow_starts_per_minute = 60
        migrate = false
    "#;
    let ServeCommand { database, serve } = serve(file, &["--max-connections=8"], &[]).unwrap();
    assert_eq!(database.location(), "/var/lib/denizen/denizen.db");
    assert_eq!(serve.max_connections, 8);
    assert_eq!(serve.header_timeout, Duration::from_secs(5));
    assert_eq!(serve.request_timeout, Duration::from_mins(2));
    assert_eq!(serve.max_body_size, 65_536);
    assert_eq!(
        joined(&serve.cors_origin),
        ["https://one.example".parse().unwrap(), "https://two.example".parse().unwrap()]
    );
    assert_eq!(serve.log_in.login_failures_per_account, 3);
    assert_eq!(serve.log_in.login_failures_per_address, 50);
    assert_eq!(serve.log_in.login_cookie_lifetime, Duration::from_hours(14 * 24));
    assert_eq!(serve.log_in.login_token_lifetime, Duration::from_hours(3));
    assert_eq!(serve.rate_limits.requests_per_second_per_address, 0);
    assert_eq!(serve.rate_limits.requests_per_second_per_caller, 1_000);
    assert_eq!(joined(&serve.trusted_proxy), ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    assert_eq!(
        joined(&serve.webhook_allow_network),
        ["10.1.0.0/16".parse().unwrap(), "10.2.0.1/32".parse().unwrap()]
    );
    assert_eq!(serve.audit_retention, Retention(None));
    let expected = WorkflowLimits {
        graph_bytes: 128 * 1_024,
        duration: Duration::from_hours(2),
        starts_per_minute: 60,
        ..WorkflowLimits::default()
    };
    assert_eq!(serve.workflows.limits(), expected);
    assert!(!serve.migrate);
    assert_eq!(serve.drain_timeout, Duration::from_secs(30));
}

#[test]
fn reads_optional_settings_from_the_file_and_hides_passwords() {
    let command =
        serve(r#"database_url = "postgres://me:secret@db.example:5433/users?sslmode=require""#, &[], &[]);
    let command = command.unwrap();
    assert_eq!(command.database.location(), "postgres://db.example:5433/users");
    assert!(!format!("{command:?}").contains("secret@"));
}

#[test]
fn a_secret_may_be_in_a_file_and_only_there() {
    let mut secret = NamedTempFile::new().unwrap();
    secret.write_all(b"postgres://me:pa55@db.example/users\n").unwrap();
    let path = secret.path().to_str().unwrap();
    let location = |command: ServeCommand| command.database.location();
    let of_file = format!("database_url_file = {path:?}");
    let (url, variable, file_variable) =
        ("postgres://other/users", "DENIZEN_DATABASE_URL", "DENIZEN_DATABASE_URL_FILE");

    for command in [
        serve("", &["--database-url-file", path], &[]),
        serve(&of_file, &[], &[]),
        serve("database_url = \"postgres://other/users\"", &["--database-url-file", path], &[]),
    ] {
        assert_eq!(location(command.unwrap()), "postgres://db.example/users");
    }
    let overridden = serve(&of_file, &["--database-url", url], &[]).unwrap();
    assert_eq!(location(overridden), "postgres://other/users");

    let both = "error: --database-url and --database-url-file exclude each other";
    let refused = serve("", &["--database-url", url, "--database-url-file", path], &[]).unwrap_err();
    assert_eq!(refused, both);
    assert_eq!(
        error(&format!("database_url = \"x\"\n{of_file}")),
        "error: database_url and database_url_file exclude each other in FILE"
    );
    let missing = serve("", &[], &[(variable, url), (file_variable, "nowhere/here")]).unwrap_err();
    assert!(missing.contains("DENIZEN_DATABASE_URL_FILE is wrong: cannot read the file: "), "{missing}");
}

#[test]
fn an_unknown_key_error_suggests_the_nearest_one() {
    assert_eq!(
        error("listn = \"x\""),
        "error: the key listn in FILE is unknown; the nearest known name is listen"
    );
    assert!(error("config = \"other.toml\"").contains("the key config in FILE is unknown"));
}

#[test]
fn a_table_is_refused_with_the_keys_that_replace_it() {
    for (file, table, key) in [
        ("[server]\nlisten = \"127.0.0.1:1\"", "server", "listen"),
        ("migrate = true\n[database]\nurl = \"x\"", "database", "database_url"),
        ("[[server]]\nmax_connections = 1", "server", "max_connections"),
        ("server.listen = \"127.0.0.1:1\"", "server", "listen"),
        ("[other]\nthing = 1", "other", "listen"),
    ] {
        assert_eq!(
            error(file),
            format!(
                "error: FILE has a table [{table}], but settings have no tables; write them above the first one, such as {key} = …"
            )
        );
    }
}

#[test]
fn a_type_error_names_file_and_key() {
    for (file, sentence) in [
        ("listen = 8080", "the key listen in FILE must be a string, not an integer"),
        ("migrate = \"false\"", "the key migrate in FILE must be a boolean, not a string"),
        (
            "max_connections = true",
            "the key max_connections in FILE must be an integer or a string, not a boolean",
        ),
        (
            "header_timeout = 1.5",
            "the key header_timeout in FILE must be an integer or a string, not a float",
        ),
        ("cors_origin = [1]", "the key cors_origin in FILE must be a list of strings, not a list"),
        ("data_dir = [\"a\"]", "the key data_dir in FILE must be a string, not a list"),
    ] {
        assert_eq!(error(file), format!("error: {sentence}"));
    }
}

#[test]
fn a_parser_error_names_file_and_key() {
    for (file, sentence) in [
        (
            "header_timeout = \"soon\"",
            "header_timeout in FILE is wrong: expected a time such as 500ms, 30s, 5m, 2h, or plain seconds",
        ),
        ("max_connections = 0", "max_connections in FILE is wrong: expected a whole number of at least 1"),
        (
            "log_format = \"xml\"",
            "log_format in FILE is wrong: invalid value 'xml' for '--log-format <FORMAT>' [possible values: auto, text, json]",
        ),
    ] {
        assert_eq!(error(file), format!("error: the key {sentence}"));
    }
}

#[test]
fn a_toml_error_names_the_line() {
    let sentence = error("listen = \"127.0.0.1:1\"\nmigrate false\n");
    assert!(sentence.starts_with("error: line 2 of FILE is not TOML: "), "{sentence}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
}

#[test]
fn rejects_unknown_or_invalid_environment_variables() {
    let refused = |name, value| serve("", &[], &[(name, value)]).unwrap_err();
    assert_eq!(
        refused("DENIZEN_DATABSE_URL", "x"),
        "error: the environment variable DENIZEN_DATABSE_URL is unknown; the nearest known name is DENIZEN_DATABASE_URL"
    );
    assert_eq!(
        refused("DENIZEN_LISTEN", "here"),
        "error: the environment variable DENIZEN_LISTEN is wrong: must be an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080"
    );
    assert!(serve("", &[], &[("DENIZEN_TEST_ANYTHING", "1"), ("DENIZENS", "1"), ("OTHER", "1")]).is_ok());
}

#[test]
fn ignores_variables_of_kubernetes_services() {
    let environment = [
        ("DENIZEN_SERVICE_HOST", "10.96.0.10"),
        ("DENIZEN_SERVICE_PORT", "8080"),
        ("DENIZEN_SERVICE_PORT_HTTP", "8080"),
        ("DENIZEN_PORT", "tcp://10.96.0.10:8080"),
        ("DENIZEN_PORT_8080_TCP", "tcp://10.96.0.10:8080"),
        ("DENIZEN_PORT_8080_TCP_PROTO", "tcp"),
        ("DENIZEN_PORT_8080_TCP_PORT", "8080"),
        ("DENIZEN_PORT_8080_TCP_ADDR", "10.96.0.10"),
        ("DENIZEN_POSTGRES_SERVICE_HOST", "10.96.0.11"),
        ("DENIZEN_POSTGRES_PORT_5432_TCP", "tcp://10.96.0.11:5432"),
    ];
    assert!(serve("", &[], &environment).is_ok());
    for name in ["DENIZEN_PORT", "DENIZEN_SERVICE", "DENIZEN_LISTEN_PORT", "DENIZEN_PORT_HTTP"] {
        assert!(serve("", &[], &[(name, "8080")]).unwrap_err().contains("is unknown"), "{name}");
    }
}

#[test]
fn ignores_empty_variables() {
    let empty = ["DENIZEN_CONFIG", "DENIZEN_LISTEN", "DENIZEN_DATABASE_URL", "DENIZEN_MISSPELT"];
    assert!(serve("", &[], &empty.map(|name| (name, ""))).is_ok());
}

#[test]
fn help_shows_values_of_the_file_without_the_password() {
    let file = "listen = \"127.0.0.1:9999\"\ndatabase_url = \"postgres://me:pa55word@db/users\"";
    let help = serve(file, &["--help"], &[]).unwrap_err();
    assert!(help.contains("[default: 127.0.0.1:9999]"), "{help}");
    assert!(!help.contains("pa55word"), "{help}");
}

#[test]
fn flags_variables_and_keys_share_their_names() {
    let command = <CommandLine as clap::CommandFactory>::command();
    let settings = super::Settings::of(&command);
    assert!(settings.arguments.len() > 15);
    for setting in settings.arguments {
        let key = setting.get_id().as_str();
        assert_eq!(setting.get_long(), Some(key.replace('_', "-").as_str()));
        assert_eq!(setting.get_env().unwrap().to_str().unwrap(), format!("DENIZEN_{}", key.to_uppercase()));
    }
}

/// The names of all arguments that take a value, of a command and of those below it.
fn names_of_values(command: &clap::Command) -> Vec<String> {
    let values = command.get_arguments().filter(|argument| argument.get_action().takes_values());
    let own = values.map(|argument| argument.get_id().to_string());
    own.chain(command.get_subcommands().flat_map(names_of_values)).collect()
}

#[test]
fn no_secret_can_only_be_given_on_the_command_line() {
    let command = <CommandLine as clap::CommandFactory>::command();
    let settings = super::Settings::of(&command);
    let secrets = settings.arguments.iter().filter(|setting| setting.is_hide_env_values_set());
    let secrets: Vec<_> = secrets.map(|setting| setting.get_id().as_str()).collect();
    assert_eq!(secrets, ["database_url", "encryption_key"]);
    for secret in secrets {
        assert!(settings.named(&format!("{secret}_file")).is_some(), "{secret} can be in no file");
    }
    // Whatever else has such a name is no secret, or names the file with it. Passwords come from standard input.
    let words = ["password", "secret", "key", "token"];
    let mut named: Vec<_> = names_of_values(&command)
        .into_iter()
        .filter(|name| words.iter().any(|word| name.contains(word)) && name != "encryption_key")
        .collect();
    named.sort();
    named.dedup();
    let harmless = [
        "access_token_lifetime",
        "encryption_key_file",
        "login_token_lifetime",
        "min_password_length",
        "password_hashing_threads",
        "signing_key_file",
        "token_issuer",
    ];
    assert_eq!(named, harmless);
}
