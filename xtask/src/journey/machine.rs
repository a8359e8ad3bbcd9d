//! QEMU's machines, their firmware, and one that runs.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::failure::Failure;
use crate::footprint::FLAGS;
use crate::tools::DeviceTools;
use crate::{apt, repo, run};

/// A machine that the journey is made on.
#[derive(Debug)]
pub(super) struct Machine {
    /// QEMU's name, which is the hardware revision of its packages.
    pub(super) name: &'static str,
    target: &'static str,
    program: &'static str,
    package: &'static str,
    /// What the compiler is told besides.
    flags: &'static [&'static str],
    /// MiB of memory that is shared with a file; in it, the offset of the flash.
    memory: u64,
    flash: u64,
    /// Of packages.
    pub(super) isa: &'static str,
}

pub(super) const MACHINES: [Machine; 4] = [
    Machine {
        name: "mps2-an386",
        target: "thumbv7em-none-eabihf",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        flags: &[],
        memory: 16,
        flash: 0,
        isa: "thumb",
    },
    Machine {
        name: "mps2-an385",
        target: "thumbv6m-none-eabi",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        flags: &[],
        memory: 16,
        flash: 0,
        isa: "thumb",
    },
    Machine {
        name: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        flags: &[],
        memory: 16,
        flash: 0,
        isa: "thumb",
    },
    Machine {
        name: "virt",
        target: "riscv32imc-unknown-none-elf",
        program: "qemu-system-riscv32",
        package: "qemu-system-misc",
        flags: &["-Cllvm-args=-enable-machine-outliner=never"],
        memory: 32,
        flash: 16 << 20,
        isa: "rv32",
    },
];

/// Places in the flash; `device/journey/src/nor.rs` says the same.
const FLASH_LEN: usize = 4 << 20;
const SLOT_A: usize = 0x10_0000;
const RECORD_COPIES: [usize; 2] = [0, 0x1000];

/// A machine that has not said what it should by then will not.
const PATIENCE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(5);

/// What is built for a machine.
#[derive(Debug)]
pub(super) struct Firmware {
    bootloader: PathBuf,
    /// The application's releases: 1.0.0, 1.1.0, and 1.2.0, which crashes.
    pub(super) releases: [PathBuf; 3],
}

impl Machine {
    /// Builds bootloader and application.
    pub(super) fn build(&self, folder: &Path) -> Result<Firmware, Failure> {
        apt::ensure(self.program, "--version", &[self.package])?;
        let tools = match DeviceTools::debian() {
            Err(missing @ Failure::Missing { .. }) => {
                DeviceTools::rustup(self.target)?.ok_or(missing)?
            }
            other => other?,
        };
        let built = repo::path("target/device")
            .join(self.target)
            .join("release");
        let bootloader = folder.join("bootloader");
        let release = |name: &str, features: &[&str]| {
            let mut cargo = tools.cargo("build", self.target);
            cargo
                .args(["--release", "--locked", "--bins"])
                .args(features);
            cargo.current_dir(repo::path("device/journey"));
            let flags = [&[FLAGS], self.flags].concat().join("\u{1f}");
            run::output(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags))?;
            let image = folder.join(name);
            let mut objcopy = tools.llvm("objcopy")?;
            objcopy.args(["--output-target", "binary"]);
            run::output(objcopy.arg(built.join("application")).arg(&image))?;
            Ok(image)
        };
        let first = release("1.0.0.bin", &[])?;
        let from = built.join("bootloader");
        fs::copy(&from, &bootloader).map_err(Failure::at(&from))?;
        Ok(Firmware {
            releases: [
                first,
                release("1.1.0.bin", &["--features", "release-1-1"])?,
                release("1.2.0.bin", &["--features", "release-1-2"])?,
            ],
            bootloader,
        })
    }
}

/// A board: its flash in a file, and its line, a socket.
#[derive(Debug)]
pub(super) struct Board<'m> {
    machine: &'m Machine,
    bootloader: &'m Path,
    memory: PathBuf,
    pub(super) socket: PathBuf,
    log: PathBuf,
}

impl<'m> Board<'m> {
    pub(super) fn new(machine: &'m Machine, firmware: &'m Firmware, folder: &Path) -> Self {
        Self {
            machine,
            bootloader: &firmware.bootloader,
            memory: folder.join("memory"),
            socket: folder.join("line"),
            log: folder.join("log"),
        }
    }

    /// As it leaves the factory: `image` in slot A, and all else blank.
    pub(super) fn factory(&self, image: &Path) -> Result<(), Failure> {
        let image = fs::read(image).map_err(Failure::at(image))?;
        let mut flash = vec![0xff; FLASH_LEN];
        for (to, from) in flash.iter_mut().skip(SLOT_A).zip(&image) {
            *to = *from;
        }
        let skip = usize::try_from(self.machine.flash).unwrap_or(0);
        let bytes = [vec![0; skip], flash].concat();
        fs::write(&self.memory, bytes).map_err(Failure::at(&self.memory))?;
        let file = fs::OpenOptions::new().write(true).open(&self.memory);
        file.and_then(|file| file.set_len(self.machine.memory << 20))
            .map_err(Failure::at(&self.memory))?;
        Ok(())
    }

    /// Switches it on.
    pub(super) fn start(&self) -> Result<Running<'_>, Failure> {
        // What is left of a machine that was killed is nobody's.
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_file(&self.log);
        // A comma ends an option of QEMU's; twice, it is one of the name.
        let name = |path: &Path| path.display().to_string().replace(',', ",,");
        let Machine {
            name: machine,
            memory,
            ..
        } = self.machine;
        let mut command = Command::new(self.machine.program);
        command
            .arg("-M")
            .arg(format!("{machine},memory-backend=ram"));
        command.arg("-m").arg(format!("{memory}M"));
        command.arg("-object").arg(format!(
            "memory-backend-file,id=ram,size={memory}M,mem-path={},share=on",
            name(&self.memory)
        ));
        command.arg("-chardev").arg(format!(
            "socket,id=line,path={},server=on,wait=off,logfile={}",
            name(&self.socket),
            name(&self.log)
        ));
        command.args(["-serial", "chardev:line", "-display", "none"]);
        command.args(["-monitor", "none"]);
        if self.machine.name == "virt" {
            command.args(["-bios", "none"]);
        }
        command.arg("-kernel").arg(self.bootloader);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|source| Failure::Start {
            program: self.machine.program.to_owned(),
            source,
        })?;
        Ok(Running { board: self, child })
    }

    /// The flash as it is.
    pub(super) fn flash(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = fs::read(&self.memory).map_err(Failure::at(&self.memory))?;
        let skip = usize::try_from(self.machine.flash).unwrap_or(0);
        bytes.drain(..skip.min(bytes.len()));
        bytes.truncate(FLASH_LEN);
        Ok(bytes)
    }

    /// Whether slot A holds `image`.
    pub(super) fn holds(&self, image: &Path) -> Result<bool, Failure> {
        let image = fs::read(image).map_err(Failure::at(image))?;
        let flash = self.flash()?;
        Ok(flash
            .get(SLOT_A..)
            .is_some_and(|slot| slot.starts_with(&image)))
    }

    /// The phase that the newer copy of the boot record tells (docs/FORMAT.md), whole or not: for the statistics.
    pub(super) fn phase(&self) -> Result<&'static str, Failure> {
        let flash = self.flash()?;
        let copies = RECORD_COPIES.iter().filter_map(|start| {
            let copy = flash.get(*start..)?;
            let revision = copy.get(8..12)?.try_into().ok().map(u32::from_le_bytes)?;
            copy.starts_with(b"SPRB")
                .then_some((revision, copy.get(6)?))
        });
        Ok(match copies.max().map(|(_, phase)| phase) {
            None | Some(0) => "idle",
            Some(1) => "erasing",
            Some(2) => "writing",
            Some(3) => "pending",
            Some(4) => "on trial",
            Some(_) => "another phase",
        })
    }
}

/// A board that is switched on.
#[derive(Debug)]
pub(super) struct Running<'b> {
    board: &'b Board<'b>,
    child: Child,
}

impl Running<'_> {
    /// Waits until the application of this release has greeted; what was said so far.
    pub(super) fn greeting(&self, release: &str) -> Result<String, Failure> {
        let (start, greeting) = (Instant::now(), format!("application {release} on "));
        loop {
            let said = fs::read(&self.board.log).unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            if said.contains(&greeting) {
                return Ok(said);
            }
            if start.elapsed() > PATIENCE {
                let what = format!("it did not say {greeting:?} but:\n{said}");
                return Err(Failure::Check(what));
            }
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Running<'_> {
    /// `kill -9`: what is written is written.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
