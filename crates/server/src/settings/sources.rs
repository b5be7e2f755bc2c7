//! Feeds the configuration file and the environment to the command-line parser, and finds misspelt names.

use std::any::TypeId;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{ArgPredicate, Resettable};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use toml::{Table, Value};

use super::misspelling::did_you_mean;

#[cfg(test)]
mod tests;

/// The variable that names the configuration file.
pub(crate) const CONFIG_VARIABLE: &str = "DENIZEN_CONFIG";

/// The prefix of all variables.
const PREFIX: &str = "DENIZEN_";

/// The prefix of variables for the project's tests.
const TEST_PREFIX: &str = "DENIZEN_TEST_";

/// The suffix of settings that name a file with the value of the setting without it.
const FILE_SUFFIX: &str = "_file";

/// A command line with the settings outside it.
pub(crate) struct Applied {
    command: Command,
    file: Option<ConfigFile>,
}

/// The configuration file.
struct ConfigFile {
    path: PathBuf,
    values: Vec<FileValue>,
}

/// Applies the settings outside the command line: checks the environment's names and values, reads the configuration
/// file, and makes its values the defaults of their commands, as help shows.
///
/// Empty variables count as absent: Compose files and charts omit settings that way.
///
/// Fails with one sentence on an unknown name, with the nearest known one, and on a value of the wrong type.
pub(crate) fn apply(
    command: Command,
    arguments: &[OsString],
    environment: &[(OsString, OsString)],
) -> Result<Applied, clap::Error> {
    let settings = Settings::of(&command);
    settings.check_environment(environment).map_err(usage_error)?;
    let command = without_empty_variables(command, environment);
    let Some(path) = config_file(arguments, environment) else {
        return Ok(Applied { command, file: None });
    };
    let values = settings.read_file(&path).map_err(usage_error)?;
    Ok(Applied { command: with_defaults(command, &values), file: Some(ConfigFile { path, values }) })
}

/// A setting as a command uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Effective {
    /// The key in the configuration file.
    name: String,
    /// The value in command-line form; `***` for secrets, `None` if there is none.
    value: Option<String>,
    /// The flag, the variable, the configuration file, or `default`.
    source: String,
}

impl Effective {
    /// Returns name, value and source, for a table.
    pub(crate) fn cells(&self) -> Vec<String> {
        let value = self.value.clone().unwrap_or_else(|| "-".to_owned());
        vec![self.name.clone(), value, self.source.clone()]
    }
}

impl Applied {
    /// Parses the arguments. Returns the matches, and the settings of the command that they name.
    ///
    /// Fails with clap's output: one sentence about the error, or the requested help.
    pub(crate) fn parse(
        mut self,
        arguments: &[OsString],
    ) -> Result<(ArgMatches, Vec<Effective>), clap::Error> {
        let matches = self.command.try_get_matches_from_mut(arguments)?;
        let (mut command, mut innermost) = (&self.command, &matches);
        while let Some((name, below)) = innermost.subcommand() {
            let Some(named) = command.find_subcommand(name) else { break };
            (command, innermost) = (named, below);
        }
        check_pairs(command, innermost).map_err(usage_error)?;
        let settings = command.get_arguments().filter(|argument| argument.get_env().is_some());
        let settings = settings.map(|argument| self.effective(argument, innermost)).collect();
        Ok((matches, settings))
    }

    fn effective(&self, argument: &Arg, matches: &ArgMatches) -> Effective {
        let name = argument.get_id().as_str();
        let texts =
            matches.get_raw(name).map(|values| values.map(OsStr::to_string_lossy).collect::<Vec<_>>());
        let is_secret = argument.is_hide_env_values_set();
        let value = texts.map(|texts| if is_secret { "***".to_owned() } else { texts.join(", ") });
        let of_file = self.file.as_ref().filter(|file| file.values.iter().any(|value| value.key == name));
        let source = match (matches.value_source(name), of_file) {
            (Some(ValueSource::CommandLine), _) => format!("--{}", argument.get_long().unwrap_or_default()),
            (Some(ValueSource::EnvVariable), _) => {
                argument.get_env().unwrap_or_default().to_string_lossy().into_owned()
            }
            (Some(_), Some(file)) => file.path.display().to_string(),
            _ => "default".to_owned(),
        };
        Effective { name: name.to_owned(), value, source }
    }
}

/// Fails if the command line or the environment gives a value and the file that contains it.
fn check_pairs(command: &Command, matches: &ArgMatches) -> Result<(), String> {
    let is_given = |name: &str| {
        let source = matches.value_source(name);
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let pairs = pairs(command).into_iter().filter(|(value, file)| is_given(value) && is_given(file));
    pairs.map(|(value, file)| excluded(&flag(&value), &flag(&file))).next().map_or(Ok(()), Err)
}

/// Returns the names of settings that are a value and the file that contains it.
fn pairs(command: &Command) -> Vec<(String, String)> {
    let names: Vec<&str> = command.get_arguments().map(|argument| argument.get_id().as_str()).collect();
    let values = names.iter().filter(|name| names.contains(&&*format!("{name}{FILE_SUFFIX}")));
    values.map(|name| ((*name).to_owned(), format!("{name}{FILE_SUFFIX}"))).collect()
}

fn excluded(value: &str, file: &str) -> String {
    format!("{value} and {file} exclude each other")
}

fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

/// All settings of a command line, without duplicates.
struct Settings {
    arguments: Vec<Arg>,
}

/// A key of the file with its value in command-line form.
struct FileValue {
    key: String,
    texts: Vec<String>,
}

impl Settings {
    /// Collects the arguments of all commands that have an environment variable.
    fn of(command: &Command) -> Self {
        let mut settings = Self { arguments: Vec::new() };
        settings.collect(command);
        settings
    }

    fn collect(&mut self, command: &Command) {
        for argument in command.get_arguments().filter(|argument| argument.get_env().is_some()) {
            if self.named(argument.get_id().as_str()).is_none() {
                self.arguments.push(argument.clone());
            }
        }
        command.get_subcommands().for_each(|command| self.collect(command));
    }

    fn named(&self, key: &str) -> Option<&Arg> {
        self.arguments.iter().find(|argument| argument.get_id() == key)
    }

    /// Checks that every variable with our prefix is a setting and has a valid value.
    fn check_environment(&self, environment: &[(OsString, OsString)]) -> Result<(), String> {
        for (name, value) in environment {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) || name.starts_with(TEST_PREFIX) || value.is_empty() {
                continue;
            }
            let Some(argument) =
                self.arguments.iter().find(|argument| argument.get_env() == Some(OsStr::new(&*name)))
            else {
                if describes_a_service(&name, &value.to_string_lossy()) {
                    continue;
                }
                let known = self.arguments.iter().filter_map(Arg::get_env).filter_map(OsStr::to_str);
                return Err(format!(
                    "the environment variable {name} is unknown{}",
                    did_you_mean(&name, known)
                ));
            };
            check(argument, value)
                .map_err(|why| format!("the environment variable {name} is wrong: {why}"))?;
        }
        Ok(())
    }

    /// Reads a configuration file and checks each of its keys.
    fn read_file(&self, path: &Path) -> Result<Vec<FileValue>, String> {
        let file = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the configuration file {file}: {error}"))?;
        let table: Table = text.parse().map_err(|error| syntax_error(path, &text, &error))?;
        if let Some(sentence) = self.complaint_about_tables(path, &table) {
            return Err(sentence);
        }
        let partner = |key: &String| table.contains_key(key.strip_suffix(FILE_SUFFIX).unwrap_or_default());
        if let Some(key) = table.keys().find(|key| partner(key)) {
            let value = key.strip_suffix(FILE_SUFFIX).unwrap_or_default();
            return Err(format!("{} in {file}", excluded(value, key)));
        }
        table.into_iter().map(|(key, value)| self.read_key(path, key, &value)).collect()
    }

    /// Names the first table of a file, and where its settings belong: settings have no tables.
    fn complaint_about_tables(&self, path: &Path, file: &Table) -> Option<String> {
        let (name, table) = file.iter().find_map(|(name, value)| Some((name, table_of(value)?)))?;
        let known = |key: &String| {
            let whole = format!("{name}_{key}");
            [key.clone(), whole].into_iter().find(|key| self.of_file(key).is_some())
        };
        let example = table.keys().find_map(known).unwrap_or_else(|| "listen".to_owned());
        let file = path.display();
        Some(format!(
            "{file} has a table [{name}], but settings have no tables; write them above the first one, such as {example} = …"
        ))
    }

    /// Returns the setting of a key of the file, which cannot name another file.
    fn of_file(&self, key: &str) -> Option<&Arg> {
        self.named(key).filter(|argument| argument.get_env() != Some(OsStr::new(CONFIG_VARIABLE)))
    }

    fn read_key(&self, path: &Path, key: String, value: &Value) -> Result<FileValue, String> {
        let file = path.display();
        let Some(argument) = self.of_file(&key) else {
            let known = self.arguments.iter().map(|argument| argument.get_id().as_str());
            let known = known.filter(|key| *key != "config");
            return Err(format!("the key {key} in {file} is unknown{}", did_you_mean(&key, known)));
        };
        let texts = texts(argument, value).map_err(|expected| {
            format!("the key {key} in {file} must be {expected}, not {}", type_with_article(value))
        })?;
        for text in &texts {
            check(argument, OsStr::new(text))
                .map_err(|why| format!("the key {key} in {file} is wrong: {why}"))?;
        }
        Ok(FileValue { key, texts })
    }
}

/// Returns the configuration file named by the command line, or else the environment. The file must be read before
/// parsing, because it sets the defaults.
fn config_file(arguments: &[OsString], environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(path) = argument.to_str().and_then(|argument| argument.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    let variable = environment.iter().find(|(name, path)| name == CONFIG_VARIABLE && !path.is_empty());
    variable.map(|(_, path)| PathBuf::from(path))
}

/// Returns whether a variable comes from Kubernetes or Docker, which set ones like `DENIZEN_SERVICE_HOST` and
/// `DENIZEN_PORT_8080_TCP_ADDR` for a service whose name begins with `denizen`. They are not misspelt settings.
fn describes_a_service(name: &str, value: &str) -> bool {
    let names_a_port = name.split_once("_PORT_").is_some_and(|(_, port)| port.starts_with(char::is_numeric));
    let is_address = name.ends_with("_PORT") && value.contains("://");
    let is_service =
        name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_");
    is_service || is_address || names_a_port
}

/// Hides empty variables from a command and its subcommands; clap reads the environment itself.
fn without_empty_variables(command: Command, environment: &[(OsString, OsString)]) -> Command {
    let is_empty = |name: &OsStr| environment.iter().any(|(other, value)| other == name && value.is_empty());
    command
        .mut_args(|argument| match argument.get_env() {
            Some(name) if is_empty(name) => argument.env(Resettable::Reset),
            _ => argument,
        })
        .mut_subcommands(|command| without_empty_variables(command, environment))
}

/// Makes the file's values the defaults of a command and its subcommands. The default gives way if its partner of a value
/// and the file that contains it is given.
fn with_defaults(command: Command, values: &[FileValue]) -> Command {
    let pairs = pairs(&command);
    let partner_of = |name: &str| {
        pairs.iter().find_map(|(value, file)| match name {
            _ if name == value => Some(file.clone()),
            _ if name == file => Some(value.clone()),
            _ => None,
        })
    };
    command
        .mut_args(|argument| match values.iter().find(|value| argument.get_id() == value.key.as_str()) {
            Some(value) => match partner_of(&value.key) {
                Some(partner) => argument.default_value_if(partner, ArgPredicate::IsPresent, None),
                None => argument,
            }
            .default_values(value.texts.clone()),
            None => argument,
        })
        .mut_subcommands(|command| with_defaults(command, values))
}

/// Returns the table that a value is, or the first of a list of tables.
fn table_of(value: &Value) -> Option<&Table> {
    match value {
        Value::Array(values) => values.first()?.as_table(),
        value => value.as_table(),
    }
}

/// Returns the value in command-line form, or the expected type.
fn texts(argument: &Arg, value: &Value) -> Result<Vec<String>, &'static str> {
    let type_id = argument.get_value_parser().type_id();
    let is_boolean = type_id == TypeId::of::<bool>();
    let is_number = type_id == TypeId::of::<usize>() || type_id == TypeId::of::<u32>();
    let takes_number = is_number || type_id == TypeId::of::<Duration>();
    let is_list = matches!(argument.get_action(), ArgAction::Append);
    match value {
        Value::Boolean(value) if is_boolean => Ok(vec![value.to_string()]),
        Value::Integer(value) if takes_number => Ok(vec![value.to_string()]),
        Value::String(value) if !is_boolean => Ok(vec![value.clone()]),
        Value::Array(values) if is_list => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or("a list of strings")
        }
        _ if is_boolean => Err("a boolean"),
        _ if is_list => Err("a string or a list of strings"),
        _ if takes_number => Err("an integer or a string"),
        _ => Err("a string"),
    }
}

/// Checks a value with its argument's parser. The error is the command line's.
fn check(argument: &Arg, value: &OsStr) -> Result<(), String> {
    let alone = argument.clone().env(Resettable::Reset);
    let mut flag = OsString::from(format!("--{}=", argument.get_long().unwrap_or_default()));
    flag.push(value);
    match Command::new("setting").no_binary_name(true).arg(alone).try_get_matches_from([flag]) {
        Ok(_) => Ok(()),
        Err(error) => Err(explanation(&error)),
    }
}

/// Returns a parser's error, without clap's mention of the flag if the parser has its own message.
fn explanation(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let text = error.to_string();
    let first_paragraph = text.split("\n\n").next().unwrap_or_default();
    let words = first_paragraph.trim_start_matches("error:").split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

fn syntax_error(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line} of {} is not TOML: {}", path.display(), error.message().replace('\n', "; "))
}

fn type_with_article(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Integer(_) => "an integer".to_owned(),
        other => format!("a {}", other.type_str()),
    }
}

/// Creates an error for a wrong command line, which exits with code 2.
pub(crate) fn usage_error(message: String) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, message + "\n")
}
