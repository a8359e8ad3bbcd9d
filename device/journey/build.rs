//! Tells the linker and the program where the machine's memory is.

use std::path::PathBuf;

/// A machine of QEMU's.
struct Machine {
    /// How the names of its targets begin.
    targets: &'static str,
    /// What the firmware calls the board.
    board: &'static str,
    /// Program memory: the bootloader at its start, the application that runs 1 MiB behind.
    program: u32,
    ram: u32,
    /// 4 MiB that stand for a NOR flash; QEMU shares them with a file.
    nor: u32,
    uart: u32,
}

/// The first that fits is taken; the host takes the last, and links nothing.
const MACHINES: [Machine; 4] = [
    Machine {
        targets: "thumbv8m.main",
        board: "mps2-an505",
        program: 0x1000_0000,
        ram: 0x3800_0000,
        nor: 0x8000_0000,
        uart: 0x5020_0000,
    },
    Machine {
        targets: "riscv32",
        board: "virt",
        program: 0x8000_0000,
        ram: 0x8040_0000,
        nor: 0x8100_0000,
        uart: 0x1000_0000,
    },
    Machine {
        targets: "thumbv7em",
        board: "mps2-an386",
        program: 0,
        ram: 0x2000_0000,
        nor: 0x2100_0000,
        uart: 0x4000_4000,
    },
    Machine {
        targets: "",
        board: "mps2-an385",
        program: 0,
        ram: 0x2000_0000,
        nor: 0x2100_0000,
        uart: 0x4000_4000,
    },
];

/// Bytes of program memory before the application that runs.
const BOOTLOADER_LEN: u32 = 0x10_0000;

/// Bytes of RAM for data and stack. The bytes behind them are neither program's own: the bootloader leaves a word there.
const RAM_LEN: u32 = 0x4_0000 - 16;

fn main() {
    let variable = |name| std::env::var(name).expect("cargo sets it");
    let (target, folder) = (variable("TARGET"), variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    println!("cargo::rerun-if-changed=link.ld");
    println!("cargo::rustc-check-cfg=cfg(bare_metal)");
    let mut machines = MACHINES.iter();
    let machine = machines.find(|machine| target.starts_with(machine.targets));
    let Machine {
        board,
        program,
        ram,
        nor,
        uart,
        ..
    } = machine.expect("the last one fits all");
    let (application, handed) = (program + BOOTLOADER_LEN, ram + RAM_LEN);
    let constants = format!(
        "Machine {{ board: {board:?}, application: {application:#x}, handed: {handed:#x}, nor: {nor:#x}, uart: {uart:#x} }}"
    );
    std::fs::write(out.join("machine.rs"), constants).expect("the folder is cargo's");
    if variable("CARGO_CFG_TARGET_OS") != "none" {
        return;
    }
    println!("cargo::rustc-cfg=bare_metal");
    for (name, start) in [("bootloader", *program), ("application", application)] {
        let memory = format!(
            "MEMORY\n{{\n  FLASH (rx) : ORIGIN = {start:#x}, LENGTH = 256K\n  RAM (rwx) : ORIGIN = {ram:#x}, LENGTH = {RAM_LEN:#x}\n}}\n"
        );
        let own = out.join(name);
        std::fs::create_dir_all(&own).expect("the folder is cargo's");
        std::fs::write(own.join("memory.x"), memory).expect("the folder is cargo's");
        println!("cargo::rustc-link-arg-bin={name}=-L{}", own.display());
    }
    for argument in [
        format!("-T{folder}/link.ld"),
        "--nmagic".to_owned(),
        "--build-id=none".to_owned(),
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
