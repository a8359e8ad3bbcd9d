//! `sprag key generate` and `sprag key passwd`.

use std::path::PathBuf;

use clap::Args;

use super::{NewProtection, source};
use crate::cli::args::key_name;
use crate::cli::print;
use crate::error::Error;
use crate::input::shown;
use crate::keys::{KeyFiles, NewKey, SigningKey, change_protection};
use crate::lms::{LmsParameters, NewLmsKey};

/// Make a key pair: FILE.key (mode 0600, encrypted) and FILE.pub; never overwrites
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag key generate --out release.key
  sprag key generate --out ci.key --password-file /run/secrets/ci-password
  sprag key generate --out throwaway.key --no-password
  sprag key generate --out long-lived.key --lms H10/W8

Stock minisign reads both files:
  minisign -S -s release.key -m FILE
  minisign -V -p release.pub -m FILE")]
pub(in crate::cli) struct GenerateArgs {
    /// Secret key file; the public key goes beside it, with the ending .pub
    #[arg(long, value_name = "FILE.key")]
    out: PathBuf,
    /// Make an LMS key instead, for a second signature (H5, H10 or H15: 32, 1024 or 32768 signatures; W4 or W8: 2.2 or
    /// 1.1 KB each); it must stay on this disk, with its .state file
    #[arg(long, value_name = "H10/W8")]
    lms: Option<LmsParameters>,
    #[command(flatten)]
    protection: NewProtection,
    /// File whose first line is the password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    password_file: Option<PathBuf>,
}

pub(super) fn generate(args: &GenerateArgs) -> Result<(), Error> {
    let files = KeyFiles::beside(&args.out);
    if let Some(parameters) = args.lms {
        return generate_lms(args, &files, parameters);
    }
    let new_key = NewKey::check(&files)?;
    let protection = args.protection.get(&source(args.password_file.as_ref()))?;
    let key = new_key.generate(&protection)?;
    print(&pair(&key, &files))
}

fn generate_lms(
    args: &GenerateArgs,
    files: &KeyFiles,
    parameters: LmsParameters,
) -> Result<(), Error> {
    let new_key = NewLmsKey::check(files)?;
    let protection = args.protection.get(&source(args.password_file.as_ref()))?;
    let key = new_key.generate(parameters, &protection)?;
    print(&format!(
        "LMS key {}, {parameters}: {} signatures\n  secret  {}  stays on this disk, with its .state file; never copy or restore it\n  public  {}  goes into devices\n",
        key_name(key.key.id),
        parameters.leaves(),
        shown(&files.secret),
        shown(&files.public),
    ))
}

/// What is said of a pair that was written.
pub(super) fn pair(key: &SigningKey, files: &KeyFiles) -> String {
    format!(
        "key {}\n  secret  {}  keep it offline and backed up\n  public  {}  goes into devices\n",
        key_name(key.key_id()),
        shown(&files.secret),
        shown(&files.public),
    )
}

/// Encrypt a secret key under another password; the key itself stays
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag key passwd release.key
  sprag key passwd ci.key --password-file old.txt --new-password-file new.txt
  sprag key passwd throwaway.key --no-password")]
pub(in crate::cli) struct PasswdArgs {
    /// Secret key file
    #[arg(value_name = "FILE.key")]
    file: PathBuf,
    /// File whose first line is the present password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File whose first line is the new password (else a prompt)
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    new_password_file: Option<PathBuf>,
    #[command(flatten)]
    protection: NewProtection,
}

pub(super) fn passwd(args: &PasswdArgs) -> Result<(), Error> {
    let key = SigningKey::load(&args.file, &source(args.password_file.as_ref()))?;
    let protection = args
        .protection
        .get(&source(args.new_password_file.as_ref()))?;
    change_protection(&args.file, &key, &protection)?;
    let how = if args.protection.no_password {
        "is not encrypted any more: whoever reads the file can sign"
    } else {
        "has its new password; destroy copies under the old one"
    };
    print(&format!("key {} {how}\n", key_name(key.key_id())))
}
