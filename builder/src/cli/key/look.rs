//! `sprag key list`, `show` and `check`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use ct_codecs::{Encoder as _, Hex};
use sha2::{Digest as _, Sha256};

use super::source;
use crate::cli::args::key_name;
use crate::cli::print;
use crate::cli::ui::{Align, Table};
use crate::error::Error;
use crate::input::{InputError, shown};
use crate::keys::{KeyFacts, SigningKey, VerifyingKey};
use crate::lms::LmsFacts;
use crate::printable::printable;

/// List the keys of a folder
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Folder to look into
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

/// Show a key: its id, its public half and what can be said of its file
#[derive(Debug, Args)]
#[command(
    after_help = "An encrypted secret key hides its id too, so its password is needed.
Compare fingerprints over another channel before you trust a key."
)]
pub(in crate::cli) struct ShowArgs {
    /// Key file, public or secret
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File whose first line is the password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Check key files: refuse weak, damaged and published keys, and secret ones that others can read
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 5 if a key is weak, published or readable by others, 4 if a file is damaged."
)]
pub(in crate::cli) struct CheckArgs {
    /// Key files, public or secret
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn list(args: &ListArgs) -> Result<(), Error> {
    let unreadable = |source| InputError::Unreadable {
        path: args.folder.clone(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(&args.folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_key = path
            .extension()
            .is_some_and(|ending| ending == "key" || ending == "pub");
        if is_key && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    table.row(["id", "half", "file", ""]);
    for path in &paths {
        let name = printable(&path.file_name().unwrap_or_default().to_string_lossy());
        match KeyFacts::of(path) {
            Ok(facts) => table.row([id(&facts), half(&facts).into(), name, remarks(&facts)]),
            Err(error) => table.row([
                "-".into(),
                "-".into(),
                name,
                format!(
                    "[{}] {}",
                    error.code(),
                    crate::explain::explain(error.code()).map_or("refused", |known| known.meaning)
                ),
            ]),
        };
    }
    if paths.is_empty() {
        return print(&format!(
            "no .key or .pub file in {}\n",
            shown(&args.folder)
        ));
    }
    print(&table.to_string())
}

pub(super) fn show(args: &ShowArgs) -> Result<(), Error> {
    let password = source(args.password_file.as_ref());
    if let Some(facts) = LmsFacts::of(&args.file, &password)? {
        return show_lms(&args.file, &facts);
    }
    let facts = KeyFacts::of(&args.file)?;
    let key = match &facts.key {
        Some(key) => key.clone(),
        None => SigningKey::load(&args.file, &source(args.password_file.as_ref()))?.verifying_key(),
    };
    let mut table = Table::new([Align::Left, Align::Left]);
    table.row(["key", &key_name(key.key_id())]);
    table.row(["file", &shown(&args.file)]);
    table.row(["half", half(&facts)]);
    table.row(["public", &hex(&key.to_bytes())]);
    table.row(["fingerprint", &fingerprint(&key)]);
    let remarks = remarks(&facts);
    if !remarks.is_empty() {
        table.row(["remark", &remarks]);
    }
    print(&table.to_string())
}

fn show_lms(file: &Path, facts: &LmsFacts) -> Result<(), Error> {
    let mut table = Table::new([Align::Left, Align::Left]);
    let secret = facts.left.is_some();
    table.row(["key", &key_name(facts.key.id)]);
    table.row(["file", &shown(file)]);
    table.row(["half", if secret { "secret" } else { "public" }]);
    table.row(["kind", &format!("LMS {}", facts.parameters)]);
    if let Some(left) = facts.left {
        let all = facts.parameters.leaves();
        table.row(["left", &format!("{left} of {all} signatures")]);
    }
    table.row(["public", &hex(&facts.key.key)]);
    let digest = hex(&Sha256::digest(facts.key.key));
    table.row(["fingerprint", &format!("SHA-256 {digest}")]);
    print(&table.to_string())
}

pub(super) fn check(args: &CheckArgs) -> Result<(), Error> {
    let mut first = None;
    let mut text = String::new();
    for file in &args.files {
        let verdict = judge(file);
        let said = match &verdict {
            Ok(said) => format!("ok       {}: {said}\n", shown(file)),
            Err(error) => format!("refused  {error}\n"),
        };
        text.push_str(&said);
        first = first.or(verdict.err());
    }
    print(&text)?;
    first.map_or(Ok(()), Err)
}

fn judge(file: &Path) -> Result<String, Error> {
    let facts = KeyFacts::of(file)?;
    if facts.is_example {
        return Err(crate::keys::KeyError::Published { path: file.into() }.into());
    }
    if let Some(mode) = facts.secret.and_then(|secret| secret.loose_mode) {
        return Err(crate::keys::KeyError::Exposed {
            path: file.into(),
            mode,
        }
        .into());
    }
    let about = match facts.secret {
        Some(secret) if secret.is_encrypted => "secret key, encrypted".into(),
        Some(_) => format!("secret key {}, not encrypted", id(&facts)),
        None => format!("public key {}", id(&facts)),
    };
    Ok(about)
}

fn id(facts: &KeyFacts) -> String {
    facts
        .key
        .as_ref()
        .map_or_else(|| "hidden".into(), |key| key_name(key.key_id()))
}

fn half(facts: &KeyFacts) -> &'static str {
    match facts.secret {
        Some(secret) if secret.is_encrypted => "secret, encrypted",
        Some(_) => "secret, in the clear",
        None => "public",
    }
}

fn remarks(facts: &KeyFacts) -> String {
    let mut remarks = Vec::new();
    if facts.is_example {
        remarks.push("published example key: devices refuse it".to_owned());
    }
    if let Some(mode) = facts.secret.and_then(|secret| secret.loose_mode) {
        remarks.push(format!("others reach it (mode bits {mode:03o}): chmod 600"));
    }
    remarks.join("; ")
}

fn fingerprint(key: &VerifyingKey) -> String {
    format!("SHA-256 {}", hex(&Sha256::digest(key.to_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    // Only an overflow of the length could fail.
    Hex::encode_to_string(bytes).unwrap_or_default()
}
