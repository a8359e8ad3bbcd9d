//! `sprag key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::key_name;
use super::print;
use crate::error::Error;
use crate::input::shown;
use crate::keys::{Cost, KeyFiles, NewKey, PasswordSource, Protection};

/// Make and look after signing keys, in minisign's own file format
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    Generate(GenerateArgs),
}

/// Make a key pair: FILE.key (mode 0600, encrypted) and FILE.pub; never overwrites
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag key generate --out release.key
  sprag key generate --out ci.key --password-file /run/secrets/ci-password
  sprag key generate --out throwaway.key --no-password

Stock minisign reads both files:
  minisign -S -s release.key -m FILE
  minisign -V -p release.pub -m FILE")]
pub(super) struct GenerateArgs {
    /// Secret key file; the public key goes beside it, with the ending .pub
    #[arg(long, value_name = "FILE.key")]
    out: PathBuf,
    /// Do not encrypt the secret key
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
    /// File whose first line is the password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn run(command: &KeyCommand) -> Result<(), Error> {
    match command {
        KeyCommand::Generate(args) => generate(args),
    }
}

fn generate(args: &GenerateArgs) -> Result<(), Error> {
    let files = KeyFiles::beside(&args.out);
    let new_key = NewKey::check(&files)?;
    let protection = if args.no_password {
        Protection::None
    } else {
        let source = PasswordSource::from_option(args.password_file.as_deref());
        Protection::Password(source.new_password()?, Cost::default())
    };
    let key = new_key.generate(&protection)?;
    print(&format!(
        "key {}\n  secret  {}  keep it offline and backed up\n  public  {}  goes into devices\n",
        key_name(key.key_id()),
        shown(&files.secret),
        shown(&files.public),
    ))
}
