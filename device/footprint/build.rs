//! Tells the linker where the machine's memory is.

use std::path::PathBuf;

/// A machine of QEMU's, and where its memory is.
struct Machine {
    /// How the names of its targets begin.
    targets: &'static str,
    flash: u32,
    ram: u32,
    /// 16 MiB more, in which the harness has its flash part.
    external: u32,
    /// Its first CMSDK timer, and nanoseconds of a tick.
    timer: (u32, u32),
}

/// The first that fits is taken; the host takes the last, and links nothing.
const MACHINES: [Machine; 3] = [
    Machine {
        targets: "thumbv8", // mps2-an505
        flash: 0x1000_0000,
        ram: 0x3800_0000,
        external: 0x8000_0000,
        timer: (0x5000_0000, 50),
    },
    Machine {
        targets: "riscv32", // virt; it counts instructions itself
        flash: 0x8000_0000,
        ram: 0x8040_0000,
        external: 0x8100_0000,
        timer: (0, 1),
    },
    Machine {
        targets: "", // mps2-an385 and mps2-an386
        flash: 0,
        ram: 0x2000_0000,
        external: 0x2100_0000,
        timer: (0x4000_0000, 40),
    },
];

fn main() {
    let variable = |name| std::env::var(name).expect("cargo sets it");
    let (target, folder) = (variable("TARGET"), variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    println!("cargo::rerun-if-changed=link.ld");
    println!("cargo::rustc-check-cfg=cfg(bare_metal)");
    let mut machines = MACHINES.iter();
    let machine = machines.find(|machine| target.starts_with(machine.targets));
    let machine = machine.expect("the last one fits all");
    let Machine {
        flash,
        ram,
        external,
        timer: (timer, tick),
        ..
    } = machine;
    let constants =
        format!("Machine {{ external: {external:#x}, timer: {timer:#x}, tick: {tick} }}");
    std::fs::write(out.join("machine.rs"), constants).expect("the folder is cargo's");
    if variable("CARGO_CFG_TARGET_OS") != "none" {
        return;
    }
    let memory = format!(
        "MEMORY\n{{\n  FLASH (rx) : ORIGIN = {flash:#x}, LENGTH = 512K\n  RAM (rwx) : ORIGIN = {ram:#x}, LENGTH = 256K\n}}\n"
    );
    std::fs::write(out.join("memory.x"), memory).expect("the folder is cargo's");
    println!("cargo::rustc-cfg=bare_metal");
    for argument in [
        format!("-L{}", out.display()),
        format!("-T{folder}/link.ld"),
        "--nmagic".to_owned(),
        "--build-id=none".to_owned(),
    ] {
        println!("cargo::rustc-link-arg={argument}");
    }
}
