//! The bare-metal compiler: rustup's target where it is installed, else Debian's compiler packages.
//!
//! The packages are unpacked into `target/device-tools`, never installed. They hold a compiler and the source of
//! `core`, which cargo builds for the target itself; the linker comes from LLVM's package under the name that the
//! bare-metal targets ask for. `device/toolchain.txt` records the versions that made the bundled images; the same
//! ones are taken while they are offered.

mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{apt, repo, run};

pub(crate) use versions::Versions;

const COMPILER: &str = "rustc-web";
const HOST_LIBRARY: &str = "libstd-rust-web-dev";
const RUSTUP_HELP: &str =
    "with rustup: rustup target add thumbv7em-none-eabi riscv32imc-unknown-none-elf";

/// Where the versions that made the bundled images are recorded.
pub(crate) fn recorded() -> Result<Versions, Failure> {
    let path = repo::path("device/toolchain.txt");
    if path.exists() {
        Versions::read(&path)
    } else {
        Ok(Versions::default())
    }
}

/// A compiler that can build for a target without std.
#[derive(Debug)]
pub(crate) enum DeviceTools {
    /// The host's own toolchain, whose target is installed.
    Rustup { version: String },
    /// Debian's packages below this folder.
    Debian { prefix: PathBuf, versions: Versions },
}

impl DeviceTools {
    /// The compiler for `target`: rustup's if the target is installed, else Debian's.
    pub(crate) fn for_target(target: &str) -> Result<Self, Failure> {
        match Self::rustup(target)? {
            Some(tools) => Ok(tools),
            None => Self::debian(),
        }
    }

    /// The host's toolchain, if it has the target's `core`.
    pub(crate) fn rustup(target: &str) -> Result<Option<Self>, Failure> {
        let mut question = Command::new("rustc");
        question
            .args(["--print", "target-libdir", "--target", target])
            .current_dir(repo::root());
        let folder = PathBuf::from(run::stdout(&mut question)?.trim());
        if !folder.is_dir() {
            return Ok(None);
        }
        let version = run::stdout(
            Command::new("rustc")
                .arg("--version")
                .current_dir(repo::root()),
        )?;
        Ok(Some(Self::Rustup {
            version: version.trim().to_owned(),
        }))
    }

    /// Debian's compiler, fetched first if it is not there yet.
    pub(crate) fn debian() -> Result<Self, Failure> {
        let folder = repo::path("target/device-tools");
        let (prefix, stamp) = (folder.join("prefix"), folder.join("versions.txt"));
        let versions = run::locked(&folder.join("lock"), || {
            if is_stale(&stamp)? {
                let versions = fetch(&folder)?;
                check(
                    &Self::Debian {
                        prefix: prefix.clone(),
                        versions: versions.clone(),
                    },
                    &folder,
                )?;
                // Written last: without it, the next run starts over.
                fs::write(&stamp, versions.lines()).map_err(Failure::at(&stamp))?;
            }
            Versions::read(&stamp)
        })?;
        Ok(Self::Debian { prefix, versions })
    }

    /// `cargo COMMAND` for `target`, whose results land in `target/device` of the repository.
    pub(crate) fn cargo(&self, command: &str, target: &str) -> Command {
        let mut cargo = repo::cargo();
        cargo.args([command, "--target", target]);
        cargo.env("CARGO_TARGET_DIR", repo::path("target/device"));
        if let Self::Debian { prefix, .. } = self {
            cargo.arg("-Zbuild-std=core");
            // Lets a stable compiler take the flag above; nothing of ours uses unstable features.
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", prefix.join("usr/bin/rustc"));
            cargo.env("LD_LIBRARY_PATH", library_folders(prefix));
            cargo.env_remove("RUSTFLAGS").env_remove("RUSTC_WRAPPER");
        }
        cargo
    }

    /// Where the source of `core` seems to be while it is compiled, if that is a place on this machine.
    pub(crate) fn core_source(&self) -> Option<PathBuf> {
        match self {
            Self::Rustup { .. } => None,
            Self::Debian { prefix, .. } => Some(prefix.join("usr/lib/rustlib/src/rust")),
        }
    }

    /// A program of LLVM, such as `objcopy`.
    pub(crate) fn llvm(&self, name: &str) -> Result<Command, Failure> {
        match self {
            Self::Rustup { .. } => {
                let program = format!("llvm-{name}");
                if !run::exists(&program, "--version") {
                    let what = format!("{program} is not installed");
                    return Err(Failure::Missing {
                        what,
                        help: "install LLVM's tools".to_owned(),
                    });
                }
                Ok(Command::new(program))
            }
            Self::Debian { prefix, .. } => {
                let mut command =
                    Command::new(llvm_folder(prefix)?.join(format!("bin/llvm-{name}")));
                command.env("LD_LIBRARY_PATH", library_folders(prefix));
                Ok(command)
            }
        }
    }

    pub(crate) fn versions(&self) -> Versions {
        match self {
            Self::Rustup { version } => Versions::parse(&version.replacen(' ', " rustup ", 1)),
            Self::Debian { versions, .. } => versions.clone(),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Rustup { version } => format!("{version}, target installed"),
            Self::Debian { versions, .. } => {
                let version = versions.0.get(COMPILER).map_or("?", String::as_str);
                format!("Debian's {COMPILER} {version} in target/device-tools")
            }
        }
    }
}

/// `cargo xtask device-tools`.
pub(crate) fn task(report: &mut Report) {
    for target in repo::DEVICE_TARGETS {
        report.stage(&format!("compiler for {target}"), || {
            Ok(Done::Passed(DeviceTools::for_target(target)?.describe()))
        });
    }
}

/// Downloads and unpacks the packages; the versions that they turned out to have.
fn fetch(folder: &Path) -> Result<Versions, Failure> {
    if !apt::is_here() {
        return Err(Failure::Missing {
            what: "no bare-metal compiler: the targets are not installed, and there is no apt-get to fetch Debian's"
                .to_owned(),
            help: RUSTUP_HELP.to_owned(),
        });
    }
    if !apt::knows(COMPILER)? {
        return Err(Failure::Missing {
            what: format!("no bare-metal compiler: apt-get does not offer {COMPILER}"),
            help: format!("run `apt-get update` as root and try again, or {RUSTUP_HELP}"),
        });
    }
    let versions = choose(&recorded()?)?;
    let (download, prefix) = (folder.join("download"), folder.join("prefix"));
    let unpacked = folder.join("prefix.new");
    for stale in [&download, &prefix, &unpacked] {
        if stale.exists() {
            fs::remove_dir_all(stale).map_err(Failure::at(stale))?;
        }
        if stale != &prefix {
            fs::create_dir_all(stale).map_err(Failure::at(stale))?;
        }
    }
    let packages: Vec<String> = versions
        .0
        .iter()
        .map(|(name, version)| format!("{name}={version}"))
        .collect();
    apt::download(&packages, &download)?;
    for file in entries(&download)? {
        run::output(Command::new("dpkg").arg("-x").arg(&file).arg(&unpacked))?;
    }
    discard_unneeded(&unpacked)?;
    link_linker(&unpacked)?;
    fs::rename(&unpacked, &prefix).map_err(Failure::at(&prefix))?;
    fs::remove_dir_all(&download).map_err(Failure::at(&download))?;
    Ok(versions)
}

/// Whether the tools are missing, or are not the recorded ones although those can be had.
fn is_stale(stamp: &Path) -> Result<bool, Failure> {
    if !stamp.exists() {
        return Ok(true);
    }
    let recorded = recorded()?;
    Ok(Versions::read(stamp)? != recorded && apt::is_here() && all_offered(&recorded)?)
}

fn all_offered(recorded: &Versions) -> Result<bool, Failure> {
    for (name, version) in &recorded.0 {
        if !apt::versions(name)?.contains(version) {
            return Ok(false);
        }
    }
    Ok(!recorded.0.is_empty())
}

/// The recorded versions if all are still offered, else the newest.
fn choose(recorded: &Versions) -> Result<Versions, Failure> {
    if all_offered(recorded)? {
        return Ok(recorded.clone());
    }
    // The names of two packages carry versions of their own: the compiler's and LLVM's.
    let library = dependency(HOST_LIBRARY, "libstd-rust-web-")?;
    let llvm_library = dependency(&library, "libllvm")?;
    let llvm = llvm_library.trim_start_matches("libllvm").to_owned();
    let mut versions = Versions::default();
    let (lld, tools) = (format!("lld-{llvm}"), format!("llvm-{llvm}"));
    for name in [
        COMPILER,
        HOST_LIBRARY,
        &library,
        "rust-web-src",
        "rust-web-llvm",
        &llvm_library,
        &lld,
        &tools,
    ] {
        let newest = apt::versions(name)?.into_iter().next();
        let newest = newest.ok_or_else(|| Failure::Missing {
            what: format!("apt-get does not offer {name}"),
            help: RUSTUP_HELP.to_owned(),
        })?;
        versions.0.insert(name.to_owned(), newest);
    }
    Ok(versions)
}

fn dependency(package: &str, start: &str) -> Result<String, Failure> {
    let found = apt::dependencies(package)?
        .into_iter()
        .find(|name| name.starts_with(start));
    found.ok_or_else(|| Failure::Check(format!("{package} no longer depends on a {start}...")))
}

/// Two thirds of the packages are the compiler's own source and manuals.
fn discard_unneeded(prefix: &Path) -> Result<(), Failure> {
    let mut unneeded = vec![prefix.join("usr/share")];
    for source in entries(&prefix.join("usr/src"))? {
        unneeded.extend(["compiler", "src", "debian"].map(|name| source.join(name)));
    }
    for folder in unneeded.iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder).map_err(Failure::at(folder))?;
    }
    Ok(())
}

/// The targets' linker is called `rust-lld` and looked for beside the compiler's own libraries.
fn link_linker(prefix: &Path) -> Result<(), Failure> {
    let libraries = prefix.join("usr/lib/rustlib");
    let hosts = entries(&libraries)?;
    let host = hosts.iter().find(|folder| folder.join("lib").is_dir());
    let host = host.ok_or_else(|| Failure::Check("the compiler has no host library".to_owned()))?;
    let llvm = llvm_folder(prefix)?;
    let llvm = llvm.file_name().unwrap_or_default().to_string_lossy();
    let (folder, wrapper) = (host.join("bin"), host.join("bin/rust-lld"));
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    let script = format!("#!/bin/sh\nexec \"$(dirname \"$0\")/../../../{llvm}/bin/lld\" \"$@\"\n");
    fs::write(&wrapper, script).map_err(Failure::at(&wrapper))?;
    run::output(Command::new("chmod").arg("+x").arg(&wrapper))?;
    Ok(())
}

/// Compiles a library of one function for each target, and asks the linker for its version.
fn check(tools: &DeviceTools, folder: &Path) -> Result<(), Failure> {
    let package = folder.join("check");
    let source = package.join("src");
    fs::create_dir_all(&source).map_err(Failure::at(&source))?;
    let manifest =
        "[workspace]\n[package]\nname = \"check\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
    let code = "#![no_std]\npub fn double(n: u32) -> u32 { n.wrapping_mul(2) }\n";
    for (name, text) in [("Cargo.toml", manifest), ("src/lib.rs", code)] {
        let path = package.join(name);
        fs::write(&path, text).map_err(Failure::at(&path))?;
    }
    for target in repo::DEVICE_TARGETS {
        run::output(tools.cargo("build", target).current_dir(&package))?;
    }
    if let DeviceTools::Debian { prefix, .. } = tools {
        let mut lld = Command::new(llvm_folder(prefix)?.join("bin/lld"));
        lld.args(["-flavor", "gnu", "--version"]);
        run::output(lld.env("LD_LIBRARY_PATH", library_folders(prefix)))?;
    }
    Ok(())
}

/// Folders of shared libraries below the prefix, in the form that the loader reads.
fn library_folders(prefix: &Path) -> String {
    let library = prefix.join("usr/lib");
    let multiarch = entries(&library)
        .unwrap_or_default()
        .into_iter()
        .filter(|folder| {
            folder
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("-linux-"))
        });
    let llvm = llvm_folder(prefix).ok().map(|folder| folder.join("lib"));
    let folders = multiarch
        .chain(llvm)
        .map(|folder| folder.to_string_lossy().into_owned());
    folders.collect::<Vec<_>>().join(":")
}

fn llvm_folder(prefix: &Path) -> Result<PathBuf, Failure> {
    let folders = entries(&prefix.join("usr/lib"))?;
    let llvm = folders.into_iter().find(|folder| {
        folder
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("llvm-"))
    });
    llvm.ok_or_else(|| Failure::Check("LLVM's packages have no folder usr/lib/llvm-N".to_owned()))
}

/// What a folder holds, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listing = fs::read_dir(folder).map_err(Failure::at(folder))?;
    let mut paths = Vec::new();
    for entry in listing {
        paths.push(entry.map_err(Failure::at(folder))?.path());
    }
    paths.sort();
    Ok(paths)
}
