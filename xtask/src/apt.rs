//! Debian's packages: what is offered, downloading without installing, installing where we may.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::run;

/// Whether this machine has Debian's package tools.
pub(crate) fn is_here() -> bool {
    run::exists("apt-get", "--version") && run::exists("dpkg", "--version")
}

/// Names of the packages that `package` depends on; empty if it is not offered.
pub(crate) fn dependencies(package: &str) -> Result<Vec<String>, Failure> {
    let text = run::stdout(&mut apt_cache(&["depends", package]))?;
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(names.map(str::to_owned).collect())
}

/// Every version of a package that is offered, newest first.
pub(crate) fn versions(package: &str) -> Result<Vec<String>, Failure> {
    let text = run::stdout(&mut apt_cache(&["madison", package]))?;
    let versions = text.lines().filter_map(|line| line.split('|').nth(1));
    Ok(versions.map(|version| version.trim().to_owned()).collect())
}

/// Makes sure that the package lists know `package`; they are fetched once if we may.
pub(crate) fn knows(package: &str) -> Result<bool, Failure> {
    if !versions(package)?.is_empty() {
        return Ok(true);
    }
    if !is_root() {
        return Ok(false);
    }
    run::output(Command::new("apt-get").arg("update"))?;
    Ok(!versions(package)?.is_empty())
}

/// Downloads packages (each `name=version`) into a folder; apt checks their signatures.
pub(crate) fn download(packages: &[String], folder: &Path) -> Result<(), Failure> {
    run::output(
        Command::new("apt-get")
            .arg("download")
            .args(packages)
            .current_dir(folder),
    )?;
    Ok(())
}

/// Makes sure that `program` is there: installs `packages` if we may, else says how.
pub(crate) fn ensure(program: &str, question: &str, packages: &[&str]) -> Result<(), Failure> {
    if run::exists(program, question) {
        return Ok(());
    }
    install(program, packages)
}

/// Installs `packages` for the sake of `what`, if we may; else says how.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<(), Failure> {
    let first = packages.first().copied().unwrap_or(what);
    if !is_here() || !is_root() || !knows(first)? {
        let packages = packages.join(" ");
        return Err(Failure::Missing {
            what: format!("{what} is not installed"),
            help: format!(
                "install it (on Debian, as root: apt-get install --no-install-recommends {packages})"
            ),
        });
    }
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-install-recommends"])
        .args(packages);
    run::output(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    Ok(())
}

/// Whether packages can be installed without asking anybody.
fn is_root() -> bool {
    run::stdout(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_cache(words: &[&str]) -> Command {
    let mut command = Command::new("apt-cache");
    // Its words are parsed, so they must not be translated.
    command.args(words).env("LC_ALL", "C");
    command
}
