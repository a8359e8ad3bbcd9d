//! The independent tools that the tests put our files and our devices before: stock minisign and signify, a token, an ssh-agent, a
//! COSE library in Python, MCUboot's imgtool, and a client of SMP.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{apt, repo, run};

/// Makes sure that `minisign` can be run.
pub(crate) fn minisign() -> Result<(), Failure> {
    apt::ensure("minisign", "-v", &["minisign"])
}

/// What the tests look for in `target/interop-tools/prefix`: it runs from there without being installed.
const UNPACKED: [&str; 2] = ["libsofthsm2", "signify-openbsd"];

/// `cargo xtask interop-tools`.
pub(crate) fn task(report: &mut Report) {
    report.stage("minisign", || minisign().map(|()| Done::passed()));
    report.stage("SoftHSM2, signify and ssh-agent", holders);
}

/// SoftHSM2 and signify of Debian, downloaded and unpacked, and an ssh-agent.
pub(crate) fn holders() -> Result<Done, Failure> {
    apt::ensure("ssh", "-V", &["openssh-client"])?;
    apt::ensure("openssl", "version", &["openssl"])?;
    let folder = repo::path("target/interop-tools");
    let (prefix, stamp) = (folder.join("prefix"), folder.join("versions.txt"));
    run::locked(&repo::path("target/interop-tools.lock"), || {
        if !stamp.exists() {
            let versions = unpack(&folder, &prefix)?;
            // Written last: without it, the next run starts over.
            fs::write(&stamp, versions.join("\n") + "\n").map_err(Failure::at(&stamp))?;
        }
        let versions = fs::read_to_string(&stamp).map_err(Failure::at(&stamp))?;
        let versions: Vec<&str> = versions.lines().collect();
        Ok(Done::Passed(versions.join(", ")))
    })
}

fn unpack(folder: &Path, prefix: &Path) -> Result<Vec<String>, Failure> {
    let download = folder.join("download");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::at(folder))?;
    }
    fs::create_dir_all(&download).map_err(Failure::at(&download))?;
    let mut wanted = Vec::new();
    for package in UNPACKED {
        let offered = apt::is_here() && apt::knows(package)?;
        let newest = match offered {
            true => apt::versions(package)?.into_iter().next(),
            false => None,
        };
        let newest = newest.ok_or_else(|| Failure::Missing {
            what: format!("apt-get does not offer {package}"),
            help: "on Debian, run `apt-get update` as root; elsewhere install softhsm2 and signify"
                .to_owned(),
        })?;
        wanted.push(format!("{package}={newest}"));
    }
    apt::download(&wanted, &download)?;
    for entry in fs::read_dir(&download).map_err(Failure::at(&download))? {
        let file = entry.map_err(Failure::at(&download))?.path();
        run::output(Command::new("dpkg").arg("-x").arg(file).arg(prefix))?;
    }
    fs::remove_dir_all(&download).map_err(Failure::at(&download))?;
    Ok(wanted)
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
