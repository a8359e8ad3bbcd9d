//! The machines that stand for the targets, and what a program says on them.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::{apt, run};

/// QEMU's machine for a target.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) target: &'static str,
    program: &'static str,
    package: &'static str,
    arguments: &'static [&'static str],
    /// What the compiler is told besides.
    pub(super) flags: &'static [&'static str],
    /// Where the harness has its flash part; `device/footprint/build.rs` says the same.
    external: u64,
}

/// The first is measured by every test run.
pub(super) const MACHINES: [Machine; 4] = [
    Machine {
        target: "thumbv7em-none-eabihf",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        arguments: &["-M", "mps2-an386"],
        flags: &[],
        external: 0x2100_0000,
    },
    Machine {
        target: "thumbv6m-none-eabi",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        arguments: &["-M", "mps2-an385"],
        flags: &[],
        external: 0x2100_0000,
    },
    Machine {
        target: "thumbv8m.main-none-eabihf",
        program: "qemu-system-arm",
        package: "qemu-system-arm",
        arguments: &["-M", "mps2-an505"],
        flags: &[],
        external: 0x8000_0000,
    },
    Machine {
        target: "riscv32imc-unknown-none-elf",
        program: "qemu-system-riscv32",
        package: "qemu-system-misc",
        arguments: &["-M", "virt", "-bios", "none"],
        flags: &["-Cllvm-args=-enable-machine-outliner=never"],
        external: 0x8100_0000,
    },
];

/// Nothing that is measured takes longer; a program that hangs must not hang the tests.
const PATIENCE: &str = "300";

/// What a program has in memory when it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory<'a> {
    /// A package or a stream.
    pub(super) package: &'a Path,
    pub(super) old: &'a Path,
    pub(super) new: &'a Path,
}

impl Machine {
    /// Makes sure that QEMU is there.
    pub(super) fn ensure(&self) -> Result<(), Failure> {
        apt::ensure(self.program, "--version", &[self.package])
    }

    /// Runs a program; what it said, as words and numbers.
    pub(super) fn run(
        &self,
        program: &Path,
        memory: Memory<'_>,
    ) -> Result<Vec<(String, u64)>, Failure> {
        let mut command = Command::new("timeout");
        command.arg(PATIENCE).arg(self.program).args(self.arguments);
        command.args(["-display", "none", "-monitor", "none", "-serial", "none"]);
        // An instruction takes a nanosecond of the machine's time, whatever the host is doing.
        command.args(["-icount", "shift=0"]);
        command.args(["-semihosting-config", "enable=on,target=native"]);
        command.arg("-kernel").arg(program);
        let device = |what: String| ["-device".to_owned(), format!("loader,{what}")];
        let load = |file: &Path, offset: u64| {
            let address = self.external + offset;
            // A comma ends an option of QEMU's; twice, it is one of the name.
            let name = file.display().to_string().replace(',', ",,");
            device(format!("file={name},addr={address:#x},force-raw=on"))
        };
        for (number, file) in (0..).zip([memory.package, memory.old, memory.new]) {
            let address = self.external + 4 * number;
            let len = std::fs::metadata(file).map_err(Failure::at(file))?.len();
            command.args(device(format!("addr={address:#x},data={len},data-len=4")));
        }
        command.args(load(memory.package, 0x1000));
        command.args(load(memory.old, 0x20_0000));
        let output = run::output(&mut command)?;
        let lines = output.lines().filter_map(|line| {
            let (name, number) = line.rsplit_once(' ')?;
            Some((name.to_owned(), number.parse().ok()?))
        });
        Ok(lines.collect())
    }
}
