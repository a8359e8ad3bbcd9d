//! `cargo xtask broken`: breaks the updater in each vital place, and shows that a test goes red.
//!
//! A place is a patch in `verifier-no-std/tests/broken/`. Above the patch stand what is broken, `test:` with the tests
//! that must fail, and perhaps `rows:` with the rows of the matrix of power cuts that show it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{repo, run};

const PATCHES: &str = "verifier-no-std/tests/broken";

/// Breaks a copy of the repository in every place whose name has `wanted`.
pub(crate) fn start(report: &mut Report, wanted: &str) {
    let copy = repo::path("target/broken/tree");
    if !report.stage("a copy of the repository", || copy_repository(&copy)) {
        return;
    }
    let mut names: Vec<String> = Vec::new();
    report.stage("the patches", || {
        names = places()?;
        names.retain(|name| name.contains(wanted));
        match names.len() {
            0 => Err(Failure::Check(format!("none in {PATCHES}"))),
            count => Ok(Done::Passed(format!("{count} places"))),
        }
    });
    for name in &names {
        report.stage(name, || {
            let patch = patch_of(name);
            apply(&copy, &patch, &[])?;
            let red = goes_red(&copy, &patch);
            apply(&copy, &patch, &["--reverse"])?;
            red
        });
    }
}

/// The names of all places, in order.
fn places() -> Result<Vec<String>, Failure> {
    let folder = repo::path(PATCHES);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Failure::at(&folder))? {
        let name = entry.map_err(Failure::at(&folder))?.file_name();
        let name = name.to_string_lossy();
        names.extend(name.strip_suffix(".patch").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn patch_of(name: &str) -> PathBuf {
    repo::path(&format!("{PATCHES}/{name}.patch"))
}

/// Writes what differs, so that little is built anew.
fn copy_repository(copy: &Path) -> Result<Done, Failure> {
    let mut list = Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let list = run::stdout(list.current_dir(repo::root()))?;
    let mut count = 0_u32;
    for relative in list.lines() {
        let (from, to) = (repo::path(relative), copy.join(relative));
        let Ok(bytes) = fs::read(&from) else {
            // Deleted and not yet committed.
            continue;
        };
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let folder = to.parent().map_or_else(PathBuf::new, Path::to_owned);
        fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        fs::write(&to, bytes).map_err(Failure::at(&to))?;
        count += 1;
    }
    Ok(Done::Passed(format!("{count} files written")))
}

fn apply(copy: &Path, patch: &Path, how: &[&str]) -> Result<(), Failure> {
    let mut git = Command::new("git");
    git.arg("apply").args(how).arg(patch).current_dir(copy);
    // The copy lies in an ignored folder of a repository that git is not to find.
    git.env("GIT_CEILING_DIRECTORIES", repo::path("target/broken"));
    run::output(&mut git).map(|_| ())
}

/// Passes if a test failed: not the build, and not for want of tests.
fn goes_red(copy: &Path, patch: &Path) -> Result<Done, Failure> {
    let text = fs::read_to_string(patch).map_err(Failure::at(patch))?;
    let field = |name: &str| {
        let lines = text.lines().take_while(|line| !line.starts_with("diff "));
        let mut values = lines.filter_map(|line| line.strip_prefix(name));
        values.next().unwrap_or_default().trim()
    };
    let mut test = repo::cargo();
    test.args([
        "test",
        "--locked",
        "-p",
        "sprag-verifier",
        "--test",
        "device",
    ]);
    test.args(["--", field("test:")]).current_dir(copy);
    test.env("CARGO_TARGET_DIR", repo::path("target/broken/target"));
    test.env("SPRAG_ROWS", field("rows:"))
        .env("RUST_BACKTRACE", "0");
    match run::output(&mut test) {
        Ok(output) => Err(Failure::Check(format!("no test went red:\n{output}"))),
        Err(Failure::Command { output, .. }) if output.contains("test result: FAILED") => {
            let mut lines = output
                .lines()
                .skip_while(|line| !line.contains("panicked at"));
            let what = lines.nth(1).unwrap_or_default();
            let failed = output
                .lines()
                .find_map(|line| line.strip_prefix("failed: "));
            let (row, gap) = failed.map_or(("", ""), |row| (row, ": "));
            Ok(Done::Passed(format!("red: {row}{gap}{what}")))
        }
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::{apply, patch_of, places};
    use crate::repo;

    /// Whether they go red takes half an hour to see, but code that moved away from a patch shows at once.
    #[test]
    fn every_patch_applies() {
        let names = places().unwrap();
        assert!(names.len() >= 15, "{names:?}");
        for name in names {
            let checked = apply(&repo::root(), &patch_of(&name), &["--check"]);
            assert!(checked.is_ok(), "{name}: {checked:?}");
        }
    }
}
