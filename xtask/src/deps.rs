//! What we link: the list of packages that a device may link, and the licence and source of every package.

mod licence;

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{repo, run};

const LIST: &str = "docs/device-deps.txt";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `cargo xtask deps`.
pub(crate) fn check(report: &mut Report) {
    report.stage("device dependency list", compare);
    report.stage("licences", licences);
    report.stage("sources", sources);
    report.stage("cargo deny", deny);
}

/// `cargo xtask deps --bless`.
pub(crate) fn bless(report: &mut Report) {
    report.stage("device dependency list", || {
        let path = repo::path(LIST);
        fs::write(&path, list()?).map_err(Failure::at(&path))?;
        Ok(Done::Passed(format!("{LIST} written")))
    });
}

fn compare() -> Result<Done, Failure> {
    let (now, path) = (list()?, repo::path(LIST));
    // A list that is missing is told like one that lacks every line.
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if committed == now {
        return Ok(Done::Passed(format!(
            "{} packages",
            now.lines().filter(|line| !line.starts_with('#')).count()
        )));
    }
    let only = |sign: char, a: &str, b: &str| -> String {
        let lines = a
            .lines()
            .filter(|line| !b.lines().any(|other| other == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    Err(Failure::Check(format!(
        "what a device links is not what {LIST} says:\n{}{}help: if this is meant, measure its flash, then run `cargo xtask deps --bless`",
        only('-', &committed, &now),
        only('+', &now, &committed),
    )))
}

/// Every package that sprag-verifier links into a device, with its licence, sorted.
fn list() -> Result<String, Failure> {
    let mut tree = repo::cargo();
    tree.args([
        "tree",
        "--locked",
        "--package",
        "sprag-verifier",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    tree.args([
        "--no-dedupe",
        "--target",
        repo::DEVICE_TARGETS[0],
        "--format",
        "{p}|{l}",
    ]);
    let text = run::stdout(&mut tree)?;
    let mut lines: Vec<String> = text.lines().filter_map(package_line).collect();
    lines.sort();
    lines.dedup();
    Ok(format!(
        "# Every package that a device may link (sprag-verifier for {}, default features), with its licence.\n\
         # Macros run on the host. Checked by `cargo xtask deps`, rewritten by `cargo xtask deps --bless`.\n{}\n",
        repo::DEVICE_TARGETS[0],
        lines.join("\n")
    ))
}

/// `name v1.0.0 (/somewhere)|MIT` without the place.
fn package_line(line: &str) -> Option<String> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?);
    let kind = if package.contains("(proc-macro)") {
        " (macro)"
    } else {
        ""
    };
    Some(format!("{name} {version}{kind}: {licence}"))
}

/// Judges the licence of every package of the workspace by deny.toml, as cargo-deny would.
fn licences() -> Result<Done, Failure> {
    let path = repo::path("deny.toml");
    let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
    let allowed = allowed(&text);
    if allowed.is_empty() {
        return Err(Failure::Check(
            "deny.toml: no `allow = [` list below [licenses]".to_owned(),
        ));
    }
    let mut tree = repo::cargo();
    tree.args([
        "tree",
        "--locked",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "--edges",
        "all",
    ]);
    tree.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]);
    let text = run::stdout(&mut tree)?;
    let mut packages: Vec<String> = text.lines().filter_map(package_line).collect();
    packages.sort();
    packages.dedup();
    let refused: Vec<&str> = packages
        .iter()
        .filter(|line| {
            line.split_once(": ")
                .is_none_or(|(_, words)| !licence::is_allowed(words, &allowed))
        })
        .map(String::as_str)
        .collect();
    if refused.is_empty() {
        return Ok(Done::Passed(format!(
            "{} packages, read from cargo by this task itself",
            packages.len()
        )));
    }
    Err(Failure::Check(format!(
        "deny.toml does not allow these licences:\n{}",
        refused.join("\n")
    )))
}

/// The names in the list `allow` of the table `[licenses]`: the little of TOML that deny.toml uses.
fn allowed(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let list = lines
        .skip_while(|line| *line != "[licenses]")
        .skip_while(|line| *line != "allow = [")
        .skip(1)
        .take_while(|line| *line != "]");
    list.filter_map(|line| line.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

/// Every package comes from the one registry, and no manifest asks for `*`.
fn sources() -> Result<Done, Failure> {
    let path = repo::path("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(Failure::at(&path))?;
    let sources = lock
        .lines()
        .filter_map(|line| line.strip_prefix("source = "));
    let strange: Vec<&str> = sources
        .filter(|source| source.trim_matches('"') != REGISTRY)
        .collect();
    if !strange.is_empty() {
        return Err(Failure::Check(format!(
            "Cargo.lock: unknown sources: {}",
            strange.join(", ")
        )));
    }
    let mut manifests = Command::new("git");
    manifests.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "Cargo.toml",
        "*/Cargo.toml",
    ]);
    let listing = run::stdout(manifests.current_dir(repo::root()))?;
    for file in listing.lines() {
        let path = repo::path(file);
        let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        if let Some(line) = text.lines().find(|line| line.contains("= \"*\"")) {
            return Err(Failure::Check(format!(
                "{file}: a version must be named: {line}"
            )));
        }
    }
    Ok(Done::passed())
}

fn deny() -> Result<Done, Failure> {
    if !run::exists("cargo-deny", "--version") {
        let reason = "cargo-deny is not installed; licences and sources were checked above, yanked versions were not";
        return Ok(Done::Skipped(reason.to_owned()));
    }
    run::output(repo::cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    Ok(Done::passed())
}

#[cfg(test)]
mod tests {
    use super::{allowed, package_line};

    #[test]
    fn the_allow_list_is_read_from_its_own_table() {
        let text = "[bans]\nallow = [\n \"GPL\",\n]\n[licenses]\n# why\nallow = [\n  \"MIT\", # short\n  \"ISC\",\n]\nx = 1\n";
        assert_eq!(allowed(text), ["MIT", "ISC"]);
        assert!(allowed("[bans]\nallow = [\n\"MIT\",\n]\n").is_empty());
    }

    #[test]
    fn package_lines_lose_their_place() {
        for (line, expected) in [
            (
                "sha2 v0.11.0|MIT OR Apache-2.0",
                Some("sha2 v0.11.0: MIT OR Apache-2.0"),
            ),
            ("own v0.1.0 (/somewhere/own)|MIT", Some("own v0.1.0: MIT")),
            (
                "derive v1.0.0 (proc-macro)|MIT",
                Some("derive v1.0.0 (macro): MIT"),
            ),
            ("", None),
        ] {
            assert_eq!(package_line(line).as_deref(), expected, "{line}");
        }
    }
}
