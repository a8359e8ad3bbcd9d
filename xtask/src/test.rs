//! `cargo xtask test`: everything that must hold before a change lands.

use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report, say};
use crate::{
    c_firmware, c_modules, demo_images, deps, footprint, header, interop, journey, nostd,
    panic_free, repo, run,
};

/// Everything.
pub(crate) fn full(report: &mut Report) {
    note_corpus();
    let before = working_tree();
    let mut environment = vec![("SPRAG_REQUIRE_TOOLS", "1".to_owned())];
    report.stage("minisign", || interop::minisign().map(|()| Done::passed()));
    report.stage("SoftHSM2, signify and ssh-agent", interop::holders);
    report.stage("Python with pycose and cbor2", || {
        environment.push((
            "SPRAG_PYTHON",
            interop::python()?.to_string_lossy().into_owned(),
        ));
        Ok(Done::passed())
    });
    style(report);
    lints_elsewhere(report);
    tests(report, &environment);
    report.stage("documentation", documentation);
    header::check(report);
    nostd::check(report);
    panic_free::check(report);
    deps::check(report);
    demo_images::check(report);
    footprint::quick(report);
    c_firmware::check(report);
    journey::start(report, journey::Options::default());
    c_modules::check(report);
    report.stage("the tests left the tree as it was", || {
        match (&before, working_tree()) {
            (Some(before), Some(after)) if *before == after => Ok(Done::passed()),
            (Some(before), Some(after)) => {
                let new = after
                    .lines()
                    .filter(|line| !before.lines().any(|old| old == *line));
                Err(Failure::Check(format!(
                    "changed:\n{}",
                    new.collect::<Vec<_>>().join("\n")
                )))
            }
            _ => Ok(Done::Skipped("this is no git checkout".to_owned())),
        }
    });
}

/// What can be checked with the host's Rust alone.
pub(crate) fn quick(report: &mut Report) {
    note_corpus();
    style(report);
    tests(report, &[]);
    report.stage("the rest", || {
        let rest = "--quick leaves out documentation, fuzz targets, the trainer, no_std builds, dependencies, demo images, footprint, and tools from outside";
        Ok(Done::Skipped(rest.to_owned()))
    });
}

fn note_corpus() {
    if std::env::var_os("SPRAG_CORPUS").is_none() {
        say(
            "note: SPRAG_CORPUS is not set, so tests over a corpus of firmware pairs are skipped\n",
        );
    }
}

fn style(report: &mut Report) {
    report.stage("format", || {
        for folder in [
            "",
            "device",
            "device/footprint",
            "device/panic-free",
            "c-api/header",
            "fuzz",
            "priors",
        ] {
            let mut fmt = repo::cargo();
            fmt.args(["fmt", "--all", "--", "--check", "--color", "never"]);
            run::output(fmt.current_dir(repo::path(folder)))?;
        }
        Ok(Done::passed())
    });
    report.stage("lints", || {
        let mut clippy = repo::cargo();
        clippy.args([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--all-features",
        ]);
        run::output(clippy.args(["--", "--deny", "warnings"]))?;
        Ok(Done::passed())
    });
    report.stage("lints of the demo firmware", || {
        for features in [&[][..], &["--all-features"][..]] {
            let mut clippy = repo::cargo();
            clippy
                .args(["clippy", "--locked"])
                .args(features)
                .args(["--", "--deny", "warnings"]);
            clippy.env("CARGO_TARGET_DIR", repo::path("target/device"));
            run::output(clippy.current_dir(repo::path("device")))?;
        }
        Ok(Done::passed())
    });
}

/// Workspaces of their own, without the members that the repository's workspace has seen already. They build into its
/// folder, for what they have in common.
fn lints_elsewhere(report: &mut Report) {
    report.stage(
        "lints of the fuzz targets, the trainer and the bare-metal probes",
        || {
            for folder in [
                "fuzz",
                "priors",
                "device/footprint",
                "device/panic-free",
                "device/journey",
                "c-api/header",
            ] {
                let mut clippy = repo::cargo();
                clippy.args(["clippy", "--locked", "--all-targets"]);
                clippy.args(["--", "--deny", "warnings"]);
                clippy.env("CARGO_TARGET_DIR", repo::path("target"));
                run::output(clippy.current_dir(repo::path(folder)))?;
            }
            Ok(Done::passed())
        },
    );
}

fn tests(report: &mut Report, environment: &[(&str, String)]) {
    let kinds = ["--lib", "--bins", "--tests", "--examples"];
    report.stage("tests", || {
        cargo_test(&[&["--workspace", "--all-features"], &kinds], environment)
    });
    report.stage("tests of the device crates as devices build them", || {
        let packages = repo::DEVICE_CRATES.map(|package| ["--package", package]);
        cargo_test(
            &[
                packages.as_flattened(),
                &["--no-default-features", "--lib", "--tests"],
                // Their tests have streams of every instruction set.
                &["--features", "sprag-delta/isas"],
                // The long sweep over power cuts ran above; no feature changes what it sweeps.
                &["--", "--skip", "matrix"],
            ],
            environment,
        )
    });
    report.stage("examples in the documentation", || {
        cargo_test(&[&["--workspace", "--all-features", "--doc"]], environment)
    });
}

fn cargo_test(words: &[&[&str]], environment: &[(&str, String)]) -> Result<Done, Failure> {
    let mut test = repo::cargo();
    test.args(["test", "--locked", "--no-fail-fast"])
        .args(words.concat());
    test.envs(environment.iter().map(|(name, value)| (name, value)));
    let output = run::output(&mut test)?;
    match passed(&output) {
        0 => Err(Failure::Check(format!("no test was run:\n{output}"))),
        count => Ok(Done::Passed(format!("{count} tests"))),
    }
}

/// The sum over the lines `test result: ok. N passed; ...`.
fn passed(output: &str) -> u64 {
    let counts = output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "));
    counts
        .filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

fn documentation() -> Result<Done, Failure> {
    let mut doc = repo::cargo();
    doc.args([
        "doc",
        "--locked",
        "--workspace",
        "--all-features",
        "--no-deps",
    ]);
    run::output(doc.env("RUSTDOCFLAGS", "--deny warnings"))?;
    Ok(Done::passed())
}

/// What git sees as changed; nothing where there is no git.
fn working_tree() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["status", "--porcelain"])
        .current_dir(repo::root());
    run::stdout(&mut git).ok()
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn counts_of_all_test_programs_are_added() {
        let output = "running 2 tests\n\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\n\
                      test result: ok. 40 passed; 0 failed\ntest result: FAILED. 1 passed; 1 failed\n";
        assert_eq!(passed(output), 42);
        assert_eq!(passed(""), 0);
    }
}
