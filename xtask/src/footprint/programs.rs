//! The programs of `device/footprint`: what they are built with, and what their figures are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::inputs::{Inputs, PROFILES};
use super::machine::Machine;
use crate::failure::Failure;
use crate::tools::DeviceTools;
use crate::{repo, run};

/// What a device may be built with.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    features: &'static [&'static str],
}

/// All of them. The second and third are what the bounds are stated for.
pub(super) const VARIANTS: [Variant; 3] = [
    Variant {
        name: "everything",
        features: &["isas", "full", "one-slot", "checkpoints"],
    },
    Variant {
        name: "delta-thumb",
        features: &["thumb"],
    },
    Variant {
        name: "delta-thumb-salty",
        features: &["thumb", "salty"],
    },
];

/// SHA-2 without unrolled rounds: a fifth of the bytes for the 1.6-fold time.
pub(crate) const FLAGS: &str = "--cfg=sha2_backend_soft=\"compact\"";

/// The programs of a variant.
#[derive(Debug)]
pub(super) struct Built {
    empty: Program,
    update: Program,
    speed: Program,
    keyset: Program,
    anchors: Program,
    lms: Program,
}

/// A program, and the bytes of its sections.
#[derive(Debug)]
struct Program {
    path: PathBuf,
    flash: u64,
    ram: u64,
}

impl Variant {
    pub(super) fn build(&self, machine: &Machine) -> Result<Built, Failure> {
        // The budgets are those of this compiler; its library is built for size as well.
        let tools = match DeviceTools::debian() {
            Err(missing @ Failure::Missing { .. }) => {
                DeviceTools::rustup(machine.target)?.ok_or(missing)?
            }
            other => other?,
        };
        let mut cargo = tools.cargo("build", machine.target);
        cargo.args(["--release", "--locked", "--bins", "--no-default-features"]);
        cargo.args(["--features", &self.features.join(",")]);
        cargo.current_dir(repo::path("device/footprint"));
        let flags = [&[FLAGS], machine.flags].concat().join("\u{1f}");
        run::output(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags))?;
        let folder = repo::path("target/device")
            .join(machine.target)
            .join("release");
        // The next variant's have the same names.
        let kept = repo::path("target/footprint")
            .join(machine.target)
            .join(self.name);
        std::fs::create_dir_all(&kept).map_err(Failure::at(&kept))?;
        let program = |name: &str| {
            let (from, path) = (folder.join(name), kept.join(name));
            std::fs::copy(&from, &path).map_err(Failure::at(&from))?;
            Program::of(path, tools.llvm("size")?)
        };
        Ok(Built {
            empty: program("empty")?,
            update: program("update")?,
            speed: program("speed")?,
            keyset: program("keyset")?,
            anchors: program("anchors")?,
            lms: program("lms")?,
        })
    }
}

impl Program {
    fn of(path: PathBuf, mut size: Command) -> Result<Self, Failure> {
        let text = run::stdout(size.args(["-A", "-d"]).arg(&path))?;
        let sections = sections(&text);
        let sum = |names: &[&str]| names.iter().filter_map(|name| sections.get(name)).sum();
        Ok(Self {
            flash: sum(&[".text", ".rodata", ".data"]),
            ram: sum(&[".data", ".bss"]),
            path,
        })
    }
}

/// Bytes of the sections in the output of `llvm-size -A`.
pub(crate) fn sections(text: &str) -> BTreeMap<&str, u64> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?.parse().ok()?))
    });
    lines.collect()
}

/// Runs the programs.
pub(super) fn measure(
    built: &Built,
    machine: &Machine,
    inputs: &Inputs,
) -> Result<BTreeMap<&'static str, u64>, Failure> {
    let Built {
        empty,
        update,
        speed,
        keyset,
        anchors,
        lms,
    } = built;
    let mut figures = BTreeMap::new();
    let keysets = keyset.flash.saturating_sub(anchors.flash);
    figures.insert("flash-keysets", keysets);
    figures.insert("flash-lms", lms.flash.saturating_sub(anchors.flash));
    figures.insert("flash", update.flash.saturating_sub(empty.flash));
    for profile in PROFILES {
        let package = inputs.package(profile);
        let memory = inputs.memory(&package).ok_or_else(|| odd("no pair"))?;
        let said = machine.run(&update.path, memory)?;
        let figure = |name: &str| find(&said, name, &update.path);
        // The program's own memory is what it lends to both phases; they say how much of it they used.
        let own = empty.ram.saturating_add(figure("memory static")?);
        let fixed = update.ram.saturating_sub(own);
        let (one, two) = (figure("phase-one stack")?, figure("phase-two stack")?);
        let (buffer, arena) = (figure("phase-one buffer")?, figure("phase-two buffer")?);
        let ram = fixed.saturating_add((one + buffer).max(two + arena));
        match profile {
            "8192" => figures.extend([("arena-8k", arena), ("ram-8k", ram)]),
            _ => figures.extend([("arena-16k", arena), ("ram-16k", ram)]),
        }
        figures.extend([("static", fixed), ("envelope-buffer", buffer)]);
        figures.extend([("stack-phase-one", one), ("stack-phase-two", two)]);
        figures.insert("signature", figure("signature instructions")?);
        // With any package: one profile's is enough, and the last one's stays.
        let said = machine.run(
            &lms.path,
            inputs.memory(&package).ok_or_else(|| odd("no pair"))?,
        )?;
        for (name, said_as) in [
            ("stack-lms", "lms stack"),
            ("lms-signature", "lms instructions"),
        ] {
            figures.insert(name, find(&said, said_as, &lms.path)?);
        }
    }
    for pair in inputs.pairs() {
        let said = machine.run(&speed.path, pair.memory())?;
        let per_kib = |what: &str| {
            let bytes = find(&said, &format!("{what} bytes"), &speed.path)?;
            let instructions = find(&said, &format!("{what} instructions"), &speed.path)?;
            Ok::<_, Failure>(instructions.saturating_mul(1024) / bytes.max(1))
        };
        figures.insert("hashing-per-kib", per_kib("hashing")?);
        let name = match pair.name {
            "argon" => "decoding-argon-per-kib",
            _ => "decoding-demo-per-kib",
        };
        figures.insert(name, per_kib("decoding")?);
    }
    Ok(figures)
}

fn find(said: &[(String, u64)], name: &str, program: &Path) -> Result<u64, Failure> {
    let found = said.iter().find(|(said, _)| said == name);
    let missing = || odd(&format!("{} does not say {name:?}", program.display()));
    found.map(|(_, number)| *number).ok_or_else(missing)
}

fn odd(what: &str) -> Failure {
    Failure::Check(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn sections_are_read_with_their_sizes() {
        let text =
            "update  :\nsection  size  addr\n.text  1338  64\n.bss  0  536870912\nTotal  1629\n";
        let sections = sections(text);
        assert_eq!(sections.get(".text"), Some(&1338));
        assert_eq!(sections.get(".bss"), Some(&0));
        assert_eq!(sections.get("section"), None);
    }
}
