//! `sprag key export` and `sprag key import`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use sprag_manifest::KeyId;

use super::{NewProtection, generate, source, stem};
use crate::cli::args::key_name;
use crate::cli::holder::TokenArgs;
use crate::cli::print;
use crate::error::Error;
use crate::holder::Token;
use crate::input::shown;
use crate::keys::{ExportForm, Found, Imported, KeyError, KeyFiles, NewKey, RawKey, VerifyingKey};
use crate::output::{Access, Existing, Target};

/// Write a public key in another form: PEM, COSE, or source code for firmware
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("form").required(true)),
    after_help = "Examples:
  sprag key export release.pub --rust > src/trust.rs
  sprag key export release.pub --c --name release_key --out trust.h
  sprag key export release.pub --pem | openssl pkey -pubin -text -noout"
)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for each form")]
pub(in crate::cli) struct ExportArgs {
    /// Public key file; a secret one is refused
    #[arg(value_name = "FILE.pub")]
    file: PathBuf,
    /// A constant for firmware in Rust
    #[arg(long, group = "form")]
    rust: bool,
    /// Constants for firmware in C
    #[arg(long, group = "form")]
    c: bool,
    /// A minisign public key file
    #[arg(long, group = "form")]
    minisign: bool,
    /// SubjectPublicKeyInfo in PEM (RFC 8410)
    #[arg(long, group = "form")]
    pem: bool,
    /// A COSE_Key (RFC 9052), in CBOR
    #[arg(long, group = "form")]
    cose: bool,
    /// Name of the constant; without it, the file's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to write; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
}

pub(super) fn export(args: &ExportArgs) -> Result<(), Error> {
    let key = VerifyingKey::load(&args.file)?;
    let form = match () {
        () if args.rust => ExportForm::Rust,
        () if args.c => ExportForm::C,
        () if args.minisign => ExportForm::Minisign,
        () if args.pem => ExportForm::Pem,
        () => ExportForm::Cose,
    };
    let name = args
        .name
        .clone()
        .unwrap_or_else(|| stem(&args.file).replace(['-', '.', ' '], "_"));
    let bytes = key.export(form, &name)?;
    let inputs = [args.file.as_path()];
    let target = Target::check(&args.out, inputs, Existing::Replace, Access::Ordinary)?;
    Ok(target.write(&bytes)?)
}

/// What 32 bytes are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Raw {
    /// A seed
    Secret,
    /// A public key
    Public,
}

/// Take over a key that another tool made; never overwrites
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  openssl genpkey -algorithm ed25519 -out old.pem
  sprag key import old.pem --out release.key
  sprag key import vendor.pem --out vendor.pub
  sprag key import seed.bin --raw secret --out release.key
  sprag key import id_ed25519.pub --out agent.pub
  The public half of a key in a token, whose secret half stays there:
  sprag key import --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token releases --key-label rel2 \\
    --out rel2.pub

A key without an id gets the first eight bytes of its public half's SHA-256. Destroy the original of a
secret key once the new file is backed up.")]
pub(in crate::cli) struct ImportArgs {
    /// PEM (PKCS#8 or a public key), a public key of OpenSSH, a minisign key, or with --raw 32 bytes or 64 hexadecimal
    /// digits
    #[arg(
        value_name = "FILE",
        required_unless_present = "pkcs11",
        conflicts_with = "pkcs11"
    )]
    file: Option<PathBuf>,
    /// FILE.key for a secret key (its public half goes beside it), FILE.pub for a public one
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What 32 bytes without a frame are
    #[arg(long, value_name = "HALF")]
    raw: Option<Raw>,
    /// Id to give it, as messages show ids (hexadecimal)
    #[arg(long, value_name = "ID", value_parser = key_id)]
    key_id: Option<KeyId>,
    /// File whose first line is the password of a minisign key (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File whose first line is the password of the new file (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    new_password_file: Option<PathBuf>,
    #[command(flatten)]
    protection: NewProtection,
    #[command(flatten)]
    token: TokenArgs,
}

fn key_id(text: &str) -> Result<KeyId, String> {
    u64::from_str_radix(text, 16)
        .map(|id| KeyId(id.to_le_bytes()))
        .map_err(|_| "up to 16 hexadecimal digits, such as 1A2B3C4D5E6F7081".into())
}

pub(super) fn import(args: &ImportArgs) -> Result<(), Error> {
    let ends_in = |ending| args.out.extension().is_some_and(|found| found == ending);
    let raw = args.raw.map(|raw| match raw {
        Raw::Secret => RawKey::Secret,
        Raw::Public => RawKey::Public,
    });
    let password = source(args.password_file.as_ref());
    let (file, imported) = match (args.token.place(), &args.file) {
        (Some(place), _) => {
            let key = Token::find(&place)?.public_key()?;
            let key = VerifyingKey::foreign(key, args.key_id)?;
            (place.module, Imported::Public(key))
        }
        (None, Some(file)) => {
            let imported = Imported::read(file, raw, args.key_id, &password)?;
            (file.clone(), imported)
        }
        (None, None) => return Err(Error::MissingField { field: "pkcs11" }),
    };
    match imported {
        Imported::Secret(_) if ends_in("pub") => Err(KeyError::SecretWherePublic {
            path: file,
            found: Found::OtherSecretKey,
        }
        .into()),
        Imported::Public(_) if ends_in("key") => Err(KeyError::PublicWhereSecret {
            path: file,
            found: Found::OtherPublicKey,
        }
        .into()),
        Imported::Secret(key) => {
            let files = KeyFiles::beside(&args.out);
            let new_key = NewKey::check(&files)?;
            let protection = args
                .protection
                .get(&source(args.new_password_file.as_ref()))?;
            new_key.write(&key, &protection)?;
            print(&generate::pair(&key, &files))
        }
        Imported::Public(key) => {
            let target = Target::check(&args.out, [], Existing::Refuse, Access::Ordinary)
                .map_err(KeyError::from)?;
            target
                .write(key.to_file_text().as_bytes())
                .map_err(KeyError::from)?;
            print(&format!(
                "key {}\n  public  {}  goes into devices\n",
                key_name(key.key_id()),
                shown(&args.out)
            ))
        }
    }
}
