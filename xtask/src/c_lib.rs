//! `cargo xtask c-lib TARGET`: the static library for firmware in C, with its headers, and the files by which CMake
//! and pkg-config find it.

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::report::{Done, Report, say};
use crate::tools::DeviceTools;
use crate::{repo, run};

/// The host, for gateways and tests.
pub(crate) const HOST: &str = "host";

/// SHA-2 without unrolled rounds, as docs/PORTING.md has it.
const COMPACT: &str = "--cfg=sha2_backend_soft=\"compact\"";
/// The machine outliner of LLVM breaks the updater there.
const RISCV: &str = "-Cllvm-args=-enable-machine-outliner=never";

/// What Rust's standard library needs on the host, where it brings the panic handler.
const HOST_LIBRARIES: [&str; 3] = ["pthread", "dl", "m"];

/// What is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Library<'a> {
    /// A target of Rust's, or [`HOST`].
    pub(crate) target: &'a str,
    /// Features of `sprag-c` in place of the default ones, with commas.
    pub(crate) features: Option<&'a str>,
}

impl<'a> Library<'a> {
    /// From the words behind `c-lib`.
    pub(crate) fn of(words: &[&'a str]) -> Option<Self> {
        let (target, features) = match *words {
            [target] => (target, None),
            [target, "--features", features] => (target, Some(features)),
            _ => return None,
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        (target.chars().all(is_name) && !target.starts_with('-'))
            .then_some(Self { target, features })
    }

    /// `cargo xtask c-lib`.
    pub(crate) fn task(self, report: &mut Report) {
        report.stage(&format!("C library for {}", self.target), || {
            let folder = self.build()?;
            let shown = folder.strip_prefix(repo::root()).unwrap_or(&folder);
            say(&format!("{} ", shown.display()));
            Ok(Done::passed())
        });
    }

    /// Builds it; the folder with `include` and `lib`.
    pub(crate) fn build(&self) -> Result<PathBuf, Failure> {
        let is_host = self.target == HOST;
        let (mut cargo, built) = match is_host {
            true => {
                let mut cargo = repo::cargo();
                cargo.arg("rustc");
                let built = repo::path("target/c-lib-build");
                cargo.env("CARGO_TARGET_DIR", &built);
                (cargo, built.join("device"))
            }
            false => {
                let tools = DeviceTools::for_target(self.target)?;
                let built = repo::path("target/device").join(self.target).join("device");
                (tools.cargo("rustc", self.target), built)
            }
        };
        // Only with this one kind of result does the compiler optimise across all crates.
        cargo.args(["--locked", "--package", "sprag-c", "--lib"]);
        cargo.args(["--profile", "device", "--crate-type", "staticlib"]);
        if let Some(features) = self.features {
            cargo.args(["--no-default-features", "--features", features]);
        }
        let flags = match self.target.starts_with("riscv") {
            true => format!("{COMPACT}\u{1f}{RISCV}"),
            false => COMPACT.to_owned(),
        };
        run::output(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags))?;
        let folder = repo::path("target/c-lib").join(self.target);
        copy(&built.join("libsprag_c.a"), &folder.join("lib/libsprag.a"))?;
        for header in ["sprag.h", "sprag_codes.h"] {
            let from = repo::path("c-api/include").join(header);
            copy(&from, &folder.join("include").join(header))?;
        }
        let libraries: &[&str] = if is_host { &HOST_LIBRARIES } else { &[] };
        let linked: Vec<_> = libraries.iter().map(|name| format!("-l{name}")).collect();
        let files = [
            ("SpragConfig.cmake", "lib/cmake/Sprag"),
            ("SpragConfigVersion.cmake", "lib/cmake/Sprag"),
            ("sprag.pc", "lib/pkgconfig"),
        ];
        for (name, place) in files {
            let from = repo::path("c-api/cmake").join(name);
            let text = fs::read_to_string(&from).map_err(Failure::at(&from))?;
            let text = text
                .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
                .replace("@LIBRARIES@", &libraries.join(";"))
                .replace(
                    " @LINKED@",
                    &linked.iter().map(|l| format!(" {l}")).collect::<String>(),
                );
            let (place, to) = (folder.join(place), folder.join(place).join(name));
            fs::create_dir_all(&place).map_err(Failure::at(&place))?;
            fs::write(&to, text).map_err(Failure::at(&to))?;
        }
        Ok(folder)
    }
}

/// Copies a file, whose folder may be missing.
fn copy(from: &PathBuf, to: &PathBuf) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    fs::copy(from, to).map(drop).map_err(Failure::at(from))
}
