//! `cargo xtask header`: the headers that firmware in C includes, made from the crate and the registers.

use std::fs;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{repo, run};

const HEADER: &str = "c-api/include/sprag.h";

/// `cargo xtask header`: writes them.
pub(crate) fn write(report: &mut Report) {
    report.stage(HEADER, || {
        let path = repo::path(HEADER);
        fs::write(&path, made()?).map_err(Failure::at(&path))?;
        Ok(Done::Passed("written".to_owned()))
    });
    report.stage("c-api/include/sprag_codes.h", || codes(true));
}

/// `cargo xtask header --check`: compares them with what is committed.
pub(crate) fn check(report: &mut Report) {
    report.stage(HEADER, || {
        let path = repo::path(HEADER);
        let committed = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        match committed == made()? {
            true => Ok(Done::passed()),
            false => Err(Failure::Check(format!(
                "{HEADER} is not what the crate says: run `cargo xtask header`"
            ))),
        }
    });
    report.stage("c-api/include/sprag_codes.h", || codes(false));
}

/// cbindgen has a workspace of its own, so that nothing else builds it.
fn made() -> Result<String, Failure> {
    let mut cargo = repo::cargo();
    cargo.args(["run", "--quiet", "--locked"]);
    cargo.env("CARGO_TARGET_DIR", repo::path("target"));
    run::stdout(cargo.current_dir(repo::path("c-api/header")))
}

/// The test that holds the numbers can also write them.
fn codes(write: bool) -> Result<Done, Failure> {
    let mut cargo = repo::cargo();
    cargo.args([
        "test",
        "--quiet",
        "--locked",
        "--package",
        "sprag-c",
        "--test",
        "codes",
    ]);
    if write {
        cargo.env("SPRAG_BLESS", "1");
    }
    run::output(&mut cargo).map(|_| Done::passed())
}
