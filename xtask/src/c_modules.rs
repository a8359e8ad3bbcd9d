//! `cargo xtask c-modules`: the Zephyr module and the ESP-IDF component are configured by CMake, with those systems' own
//! functions in stubs, and their Kconfig files are read.

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{apt, interop, repo, run};

/// Reads a Kconfig file, and says its options in the order of their names.
const READ: &str = "import sys, kconfiglib
k = kconfiglib.Kconfig(sys.argv[1], warn_to_stderr=False)
assert not k.warnings, k.warnings
print(*sorted(s.name for s in k.unique_defined_syms))";

/// What both ask for; the features of the crate among it have its names.
const OPTIONS: &str = "SPRAG_CHECKPOINTS SPRAG_FULL SPRAG_ISA_ALL SPRAG_ISA_RISCV SPRAG_ISA_THUMB SPRAG_ISA_XTENSA \
                       SPRAG_MEMORY SPRAG_ONE_SLOT SPRAG_SALTY SPRAG_TRIAL_BOOTS";

/// `cargo xtask c-modules`.
pub(crate) fn check(report: &mut Report) {
    report.stage("Zephyr module", || {
        configure("zephyr")?;
        kconfig("c-api/zephyr/Kconfig", &format!("SPRAG {OPTIONS}"))
    });
    report.stage("ESP-IDF component", || {
        configure("esp-idf")?;
        kconfig("c-api/esp-idf/sprag/Kconfig", OPTIONS)
    });
}

fn configure(name: &str) -> Result<(), Failure> {
    apt::ensure("cmake", "--version", &["cmake", "make"])?;
    let build = repo::path("target/c-modules").join(name);
    if build.exists() {
        fs::remove_dir_all(&build).map_err(Failure::at(&build))?;
    }
    let mut cmake = Command::new("cmake");
    cmake
        .arg("-S")
        .arg(repo::path("c-api/tests/modules").join(name));
    run::output(cmake.arg("-B").arg(build)).map(drop)
}

fn kconfig(file: &str, expected: &str) -> Result<Done, Failure> {
    let mut python = Command::new(interop::python()?);
    let said = run::stdout(python.args(["-c", READ]).arg(repo::path(file)))?;
    match said.trim() == expected {
        true => Ok(Done::passed()),
        false => Err(Failure::Check(format!(
            "{file} has the options {}",
            said.trim()
        ))),
    }
}
