//! `cargo xtask c-firmware`: bootloader and application in C, built with gcc and CMake against the C library, update
//! themselves under QEMU, which is killed at random moments.
//!
//! The flash part is memory that QEMU shares with a file, so that a kill keeps exactly what was written.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::c_lib::Library;
use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{apt, command, footprint, repo, run};

pub(crate) const TARGET: &str = "thumbv7em-none-eabihf";
const QEMU: &str = "qemu-system-arm";

/// Bytes of the machine's external memory, and where in it things lie; `device/c-firmware/board.h` says the same.
const MEMORY_LEN: usize = 16 << 20;
const SLOT_A: usize = 0x01_0000;
const SLOT_B: usize = 0x09_0000;
const PACKAGE: usize = 0x20_0000;
const PACKAGE_HEAD: usize = 16;

/// A machine that hangs must not hang the tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is built, below `target/c-firmware`.
struct Firmware {
    folder: PathBuf,
    boot: PathBuf,
    images: [Vec<u8>; 2],
    package: Vec<u8>,
}

/// `cargo xtask c-firmware`.
pub(crate) fn check(report: &mut Report) {
    let mut firmware = None;
    report.stage("C firmware: build", || {
        let built = Firmware::build()?;
        let sizes = (built.images[0].len(), built.package.len());
        firmware = Some(built);
        Ok(Done::Passed(format!(
            "application of {} bytes, package of {}",
            sizes.0, sizes.1
        )))
    });
    let Some(firmware) = firmware else {
        return;
    };
    let mut whole = Duration::ZERO;
    report.stage("C firmware: an update from start to end", || {
        let start = Instant::now();
        let said = firmware.start(&firmware.fresh("whole")?)?;
        whole = start.elapsed();
        let expected = [
            "boots 0",
            "version 1",
            "from 0",
            "update 1",
            "boots 11",
            "version 2",
            "confirms 0",
        ];
        if said != expected {
            return Err(Failure::Check(format!("the firmware said {said:?}")));
        }
        Ok(Done::passed())
    });
    report.stage("C firmware: QEMU killed at random moments", || {
        let kills = match std::env::var_os("SPRAG_FULL") {
            Some(_) => 200,
            None => 10,
        };
        firmware.killed(kills, whole)
    });
}

/// Builds all programs of `device/c-firmware`; the folder in which they are.
fn programs() -> Result<PathBuf, Failure> {
    apt::ensure(
        "arm-none-eabi-gcc",
        "--version",
        &["gcc-arm-none-eabi", "cmake", "make"],
    )?;
    apt::ensure("cmake", "--version", &["cmake", "make"])?;
    let library = Library {
        target: TARGET,
        features: Some("thumb,panic-handler"),
    };
    let library = library.build()?;
    let folder = repo::path("target/c-firmware");
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    command::build()?;
    let mut export = command::sprag("key");
    export.arg("export");
    export.arg(repo::path("keys-example/example-release.pub"));
    export.args(["--c", "--name", "release_key", "--out"]);
    run::output(export.arg(folder.join("trust.h")))?;

    let (source, build) = (repo::path("device/c-firmware"), folder.join("build"));
    let define = |name: &str, path: &Path| format!("-D{name}={}", path.display());
    let mut cmake = Command::new("cmake");
    cmake.arg("-S").arg(&source).arg("-B").arg(&build);
    cmake.arg(define(
        "CMAKE_TOOLCHAIN_FILE",
        &source.join("arm-none-eabi.cmake"),
    ));
    cmake.arg(define("CMAKE_PREFIX_PATH", &library));
    run::output(cmake.arg(define("TRUST", &folder)))?;
    // An archive that was made anew is linked anew.
    run::output(
        Command::new("cmake")
            .arg("--build")
            .arg(&build)
            .arg("--clean-first"),
    )?;
    Ok(build)
}

/// Bytes of flash that the library takes in a firmware that updates itself and does no more.
pub(crate) fn library_flash() -> Result<u64, Failure> {
    let build = programs()?;
    let flash = |name: &str| {
        let mut size = Command::new("arm-none-eabi-size");
        let text = run::stdout(size.args(["-A", "-d"]).arg(build.join(name)))?;
        let sections = footprint::sections(&text);
        Ok::<_, Failure>(
            [".text", ".data"]
                .iter()
                .filter_map(|name| sections.get(name))
                .sum::<u64>(),
        )
    };
    Ok(flash("size-update")?.saturating_sub(flash("size-empty")?))
}

impl Firmware {
    fn build() -> Result<Self, Failure> {
        apt::ensure(QEMU, "--version", &[QEMU])?;
        let (folder, build) = (repo::path("target/c-firmware"), programs()?);
        let (old, new) = (build.join("app-1.bin"), build.join("app-2.bin"));
        let package = folder.join("update.sprag");
        let mut sprag = command::sprag("build");
        sprag
            .arg("--key")
            .arg(repo::path("keys-example/example-release.key"));
        sprag.arg("--old").arg(&old).arg("--new").arg(&new);
        sprag.args(["--old-version", "1", "--new-version", "2"]);
        sprag.args(["--vendor", "example", "--product", "c-firmware"]);
        sprag.args(["--hardware", "an386", "--isa", "thumb"]);
        sprag.args(["--effort", "fast", "--ram", "8192", "--block-size", "1024"]);
        run::output(sprag.arg("--out").arg(&package))?;
        let read = |path: &Path| fs::read(path).map_err(Failure::at(path));
        Ok(Self {
            boot: build.join("boot"),
            images: [read(&old)?, read(&new)?],
            package: read(&package)?,
            folder,
        })
    }

    /// The memory of a device as it leaves the factory, with a package that has arrived.
    fn fresh(&self, name: &str) -> Result<PathBuf, Failure> {
        let mut memory = vec![0xff; MEMORY_LEN];
        let len = u32::try_from(self.package.len()).unwrap_or(u32::MAX);
        put(&mut memory, SLOT_A, &self.images[0]);
        put(&mut memory, PACKAGE, &len.to_le_bytes());
        put(&mut memory, PACKAGE + PACKAGE_HEAD, &self.package);
        let path = self.folder.join(format!("{name}.memory"));
        fs::write(&path, memory).map_err(Failure::at(&path))?;
        Ok(path)
    }

    /// QEMU over this memory.
    fn qemu(&self, memory: &Path) -> Command {
        let mut command = Command::new(QEMU);
        let name = memory.display().to_string().replace(',', ",,");
        command.args(["-M", "mps2-an386,memory-backend=flash", "-object"]);
        command.arg(format!(
            "memory-backend-file,id=flash,size=16M,share=on,mem-path={name}"
        ));
        command.args(["-display", "none", "-monitor", "none", "-serial", "none"]);
        command.args(["-semihosting-config", "enable=on,target=native"]);
        command.arg("-kernel").arg(&self.boot);
        command.stdin(Stdio::null());
        command
    }

    /// Runs to the end; the lines that the firmware said.
    fn start(&self, memory: &Path) -> Result<Vec<String>, Failure> {
        let mut command = Command::new("timeout");
        let qemu = self.qemu(memory);
        command.arg(PATIENCE.as_secs().to_string());
        command.arg(qemu.get_program()).args(qemu.get_args());
        let text = run::output(&mut command)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Kills QEMU so often, up to three times in one update; each update must come to its end.
    fn killed(&self, kills: u32, whole: Duration) -> Result<Done, Failure> {
        let mut random = 0x5EED_u64;
        let mut next = |below: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % below.max(1)
        };
        let mut millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
        let (mut left, mut updates, mut resumed) = (kills, 0_u32, 0_u32);
        while left > 0 {
            let memory = self.fresh("killed")?;
            for _ in 0..left.min(u32::try_from(1 + next(3)).unwrap_or(1)) {
                let mut qemu = self.qemu(&memory);
                qemu.stdout(Stdio::null()).stderr(Stdio::null());
                let start = |source| Failure::Start {
                    program: QEMU.to_owned(),
                    source,
                };
                let mut child = qemu.spawn().map_err(start)?;
                std::thread::sleep(Duration::from_millis(next(millis)));
                let was_done = child.try_wait().map_err(start)?.is_some();
                child.kill().map_err(start)?;
                child.wait().map_err(start)?;
                // Too late is no kill; the first run may have been slower than the others.
                match was_done {
                    true => millis = millis.saturating_mul(3) / 4,
                    false => left -= 1,
                }
            }
            let said = self.start(&memory)?;
            let last = said.iter().rev().find(|line| line.starts_with("version"));
            let resumes = |line: &&String| line.starts_with("from ") && *line != "from 0";
            resumed += u32::from(said.iter().any(|line| resumes(&line)));
            let bytes = fs::read(&memory).map_err(Failure::at(&memory))?;
            let new = &self.images[1];
            let holds = bytes.get(SLOT_B..SLOT_B + new.len()) == Some(new);
            if last.map(String::as_str) != Some("version 2") || !holds {
                return Err(Failure::Check(format!(
                    "after a kill the firmware said {said:?}; the new image is {}",
                    if holds { "whole" } else { "not whole" }
                )));
            }
            updates += 1;
        }
        Ok(Done::Passed(format!(
            "{kills} kills in {updates} updates, {resumed} went on from what was staged"
        )))
    }
}

fn put(memory: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = memory.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
