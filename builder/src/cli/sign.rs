//! `sprag sign`.

mod external;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::key_name;
use super::audit::{AuditArgs, Recorder};
use super::holder::HolderArgs;
use super::print;
use crate::audit::{Action, Subject};
use crate::error::Error;
use crate::input::{Pinned, read_text, shown};
use crate::keys::{PasswordSource, SigningKey, VerifyingKey};
use crate::lms::{LmsSecret, add_lms_signature, lms_state_path};
use crate::output::{Access, Existing, Target};
use crate::sign::{Answer, Request, add_signature};

/// Add a signature to a package: here, on a machine without a network, or by another program
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  With a key that is here:
    sprag sign fw.sprag --key rel2.key
  With an LMS key, for devices that ask for both algorithms:
    sprag sign fw.sprag --key long-lived.key
  With a key on a machine without a network: a request goes there, and an answer comes back
    sprag sign fw.sprag --request request.txt --key rel2.pub
    sprag sign --respond request.txt --key rel2.key --answer answer.txt
    sprag sign fw.sprag --attach answer.txt --key rel2.pub
  With a key that another program holds, for example one in the cloud:
    sprag sign fw.sprag --external ./kms-signer --key rel2.pub
  With a key in a token, or in an ssh-agent:
    sprag sign fw.sprag --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token releases --key-label rel2 \\
      --key rel2.pub
    sprag sign fw.sprag --ssh-agent --key rel2.pub

The package is the same, byte for byte, whichever way the signature was made.")]
pub(super) struct SignArgs {
    /// Package
    #[arg(value_name = "PKG", required_unless_present = "respond")]
    package: Option<PathBuf>,
    /// Key: secret to sign here, public to ask another machine, program, token or agent, and to check its answer
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write a request for a signature by --key
    #[arg(long, value_name = "PATH", conflicts_with_all = ["respond", "attach", "external", "pkcs11", "ssh_agent"])]
    request: Option<PathBuf>,
    /// Answer a request, after telling what it is about
    #[arg(long, value_name = "PATH", requires = "answer", conflicts_with_all = ["package", "attach", "external"])]
    respond: Option<PathBuf>,
    /// Answer to write
    #[arg(long, value_name = "PATH", requires = "respond")]
    answer: Option<PathBuf>,
    /// Add the signature of an answer by --key to the package
    #[arg(long, value_name = "PATH", conflicts_with_all = ["external", "pkcs11", "ssh_agent"])]
    attach: Option<PathBuf>,
    /// Answer without being asked on the terminal whether what was told is right
    #[arg(long, requires = "respond")]
    yes: bool,
    /// Program that signs: JSON on its standard input, JSON on its standard output
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["pkcs11", "ssh_agent"])]
    external: Option<PathBuf>,
    /// Package to write [default: in the place of PKG]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// File whose first line is the key's password (else SPRAG_PASSWORD, else a prompt)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    holder: HolderArgs,
    #[command(flatten)]
    audit: AuditArgs,
}

pub(super) fn run(args: &SignArgs) -> Result<(), Error> {
    let log = args.audit.open()?;
    if let (Some(path), Some(answer)) = (&args.respond, &args.answer) {
        return respond(args, path, answer, &log);
    }
    let kept = kept(args);
    let path = given(args.package.as_deref(), "package")?;
    let package = Pinned::read(path)?;
    if let Some(request) = &args.request {
        let key = VerifyingKey::load(&args.key)?;
        let asked = Request::new(package.bytes(), &key)?;
        let inputs = kept.iter().map(PathBuf::as_path).chain([path]);
        target(request, inputs)?.write(asked.to_text()?.as_bytes())?;
        return print(&asked.summary()?);
    }
    // Before a leaf of an LMS key is taken, and before the log says that the package was signed.
    let out = args.out.as_deref().unwrap_or(path);
    let target = target(out, kept.iter().map(PathBuf::as_path))?;
    let (signed, id) = if let Some(answer) = &args.attach {
        let answer_text = read_text(answer)?;
        let parsed = Answer::parse(answer, &answer_text)?;
        parsed.check_key(answer, &VerifyingKey::load(&args.key)?)?;
        (parsed.attach(answer, package.bytes())?, parsed.key_id())
    } else if let Some(program) = &args.external {
        let key = VerifyingKey::load(&args.key)?;
        let request = Request::new(package.bytes(), &key)?;
        let signature = external::sign(program, &request)?;
        let answer = request.answered_by(program, signature)?;
        (answer.attach(program, package.bytes())?, key.key_id())
    } else if args.holder.is_given() {
        let key = VerifyingKey::load(&args.key)?;
        let request = Request::new(package.bytes(), &key)?;
        let answer = held(args, &request)?;
        (
            answer.attach(args.holder.source(), package.bytes())?,
            key.key_id(),
        )
    } else if let Some(key) = LmsSecret::load(&args.key, &password(args))? {
        (add_lms_signature(package.bytes(), &key)?, key.key_id())
    } else {
        let key = load(args)?;
        (add_signature(package.bytes(), &key)?, key.key_id())
    };
    log.record(Action::Sign, || {
        Ok(Subject {
            signer: Some(id),
            ..Subject::of_package(&signed)?
        })
    })?;
    target.write(&signed)?;
    print(&format!("signed by key {}: {}\n", key_name(id), shown(out)))
}

/// Answers a request. What it is about is told before the key is opened.
fn respond(args: &SignArgs, path: &Path, answer: &Path, log: &Recorder) -> Result<(), Error> {
    let request = Request::parse(path, &read_text(path)?)?;
    let kept = kept(args);
    let inputs = kept.iter().map(PathBuf::as_path).chain([path]);
    let target = target(answer, inputs)?;
    print(&request.summary()?)?;
    if !args.yes {
        confirm(path)?;
    }
    let signed = match args.holder.is_given() {
        true => {
            request.check_asked(path, &VerifyingKey::load(&args.key)?)?;
            held(args, &request)?
        }
        false => request.answer(path, &load(args)?)?,
    };
    log.record(Action::Sign, || {
        Ok(Subject {
            signer: Some(signed.key_id()),
            ..Subject::of_manifest(request.manifest())?
        })
    })?;
    target.write(signed.to_text().as_bytes())?;
    print(&format!("signed: {}\n", shown(answer)))
}

/// A request that a token or an agent answers.
fn held(args: &SignArgs, request: &Request) -> Result<Answer, Error> {
    let signature = args.holder.sign(request.key(), &request.message()?)?;
    request.answered_by(args.holder.source(), signature)
}

/// Asks whether what was told is what is meant to be signed.
fn confirm(path: &Path) -> Result<(), Error> {
    let refused = |reason: &str| Error::SignRequest {
        path: path.into(),
        reason: reason.into(),
    };
    if !io::stdin().is_terminal() {
        return Err(refused(
            "there is no terminal to ask whether it is right: read it, then add --yes",
        ));
    }
    print("sign this? type yes: ")?;
    let mut said = String::new();
    match io::stdin().read_line(&mut said) {
        Ok(_) if said.trim() == "yes" => Ok(()),
        _ => Err(refused("it was not confirmed")),
    }
}

fn load(args: &SignArgs) -> Result<SigningKey, Error> {
    Ok(SigningKey::load(&args.key, &password(args))?)
}

fn password(args: &SignArgs) -> PasswordSource {
    PasswordSource::from_option(args.password_file.as_deref())
}

fn given<'a>(path: Option<&'a Path>, field: &'static str) -> Result<&'a Path, Error> {
    path.ok_or(Error::MissingField { field })
}

/// Files that nothing that is written may replace.
fn kept(args: &SignArgs) -> Vec<PathBuf> {
    let given = [
        Some(&args.key),
        args.password_file.as_ref(),
        args.attach.as_ref(),
    ];
    let given = given.into_iter().flatten().map(PathBuf::as_path);
    let mut kept: Vec<PathBuf> = given.chain(args.audit.paths()).map(Into::into).collect();
    kept.push(lms_state_path(&args.key));
    kept
}

fn target<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<Target, Error> {
    Ok(Target::check(
        path,
        inputs,
        Existing::Replace,
        Access::Ordinary,
    )?)
}
