//! `sprag key`.

mod exchange;
mod generate;
mod look;

use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::keys::{Cost, PasswordSource, Protection};

/// Make and look after signing keys, in minisign's own file format
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    Generate(generate::GenerateArgs),
    List(look::ListArgs),
    Show(look::ShowArgs),
    Check(look::CheckArgs),
    Export(exchange::ExportArgs),
    Import(exchange::ImportArgs),
    Passwd(generate::PasswdArgs),
}

pub(super) fn run(command: &KeyCommand) -> Result<(), Error> {
    match command {
        KeyCommand::Generate(args) => generate::generate(args),
        KeyCommand::Passwd(args) => generate::passwd(args),
        KeyCommand::List(args) => look::list(args),
        KeyCommand::Show(args) => look::show(args),
        KeyCommand::Check(args) => look::check(args),
        KeyCommand::Export(args) => exchange::export(args),
        KeyCommand::Import(args) => exchange::import(args),
    }
}

/// How a key that is written is to be kept.
#[derive(Debug, Args)]
struct NewProtection {
    /// Do not encrypt the secret key
    #[arg(long)]
    no_password: bool,
}

impl NewProtection {
    fn get(&self, password: &PasswordSource) -> Result<Protection, Error> {
        if self.no_password {
            return Ok(Protection::None);
        }
        Ok(Protection::Password(
            password.new_password()?,
            Cost::default(),
        ))
    }
}

fn source(file: Option<&PathBuf>) -> PasswordSource {
    PasswordSource::from_option(file.map(PathBuf::as_path))
}

/// A file's name without folder and ending.
fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
