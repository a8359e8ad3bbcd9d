//! The independent tools that the tests put our files and our devices before: stock minisign, a COSE library in Python, MCUboot's
//! imgtool, and a client of SMP.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{apt, repo, run};

/// Makes sure that `minisign` can be run.
pub(crate) fn minisign() -> Result<(), Failure> {
    apt::ensure("minisign", "-v", &["minisign"])
}

/// A Python that has the pinned libraries, in a virtual environment of our own; its path.
pub(crate) fn python() -> Result<PathBuf, Failure> {
    apt::ensure("python3", "--version", &["python3", "python3-venv"])?;
    let folder = repo::path("target/interop-venv");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let requirements = repo::path("builder/tests/interop/requirements.txt");
    let wanted = fs::read_to_string(&requirements).map_err(Failure::at(&requirements))?;
    run::locked(&repo::path("target/interop-venv.lock"), || {
        let works = run::output(
            Command::new(&python)
                .args(["-c", "import cbor2, imgtool, kconfiglib, pycose, smpclient"]),
        )
        .is_ok();
        if works && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        create(&folder)?;
        let mut install = Command::new(&python);
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--requirement",
            ])
            .arg(&requirements);
        run::output(&mut install)?;
        run::output(Command::new(&python).args(["-m", "pip", "check"]))?;
        fs::write(&stamp, &wanted).map_err(Failure::at(&stamp))
    })?;
    Ok(python)
}

fn create(folder: &Path) -> Result<(), Failure> {
    let venv = || {
        run::output(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(folder),
        )
    };
    if venv().is_ok() {
        return Ok(());
    }
    // Debian's Python comes without the module that makes environments whole.
    let works = run::output(Command::new("python3").args(["-c", "import ensurepip"])).is_ok();
    if !works {
        apt::install("Python's venv", &["python3-venv"])?;
    }
    venv().map(drop)
}
