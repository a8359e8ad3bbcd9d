//! What the programs are given: packages and streams, made by the command from the demo images, and from a pair of
//! the corpus if there is one.

use std::fs;
use std::path::{Path, PathBuf};

use super::machine::Memory;
use crate::command::{self, sprag};
use crate::failure::Failure;
use crate::{repo, run};

/// A pair of the corpus, which the bound on decoding is stated for.
const CORPUS_PAIR: &str = "cm4-particle-argon-150-152";

/// RAM of the profiles, in bytes.
pub(super) const PROFILES: [&str; 2] = ["8192", "16384"];

/// Packages and streams, below `target/footprint`.
#[derive(Debug)]
pub(super) struct Inputs {
    folder: PathBuf,
    /// The demo images first.
    pairs: Vec<Pair>,
}

/// Two images, and the stream that makes the second of the first.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) name: &'static str,
    old: PathBuf,
    new: PathBuf,
    stream: PathBuf,
}

impl Inputs {
    /// Builds the command as the tests build it, and makes all files anew.
    pub(super) fn make() -> Result<Self, Failure> {
        let folder = repo::path("target/footprint");
        fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        let demo = repo::path("builder/demo");
        let mut pairs = vec![Pair {
            name: "demo",
            old: demo.join("sensor-1.0.0.bin"),
            new: demo.join("sensor-1.1.0.bin"),
            stream: folder.join("demo.delta"),
        }];
        let corpus = std::env::var_os("SPRAG_CORPUS").map(PathBuf::from);
        let corpus = corpus.map(|corpus| corpus.join(CORPUS_PAIR));
        if let Some(pair) = corpus.filter(|pair| pair.is_dir()) {
            pairs.push(Pair {
                name: "argon",
                old: pair.join("old.bin"),
                new: pair.join("new.bin"),
                stream: folder.join("argon.delta"),
            });
        }
        let inputs = Self { folder, pairs };
        command::build()?;
        for profile in PROFILES {
            inputs.make_package(profile)?;
        }
        for pair in &inputs.pairs {
            pair.make_stream()?;
        }
        Ok(inputs)
    }

    /// Names of the pairs.
    pub(super) fn names(&self) -> String {
        let names = self.pairs.iter().map(|pair| pair.name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// The package for a profile.
    pub(super) fn package(&self, profile: &str) -> PathBuf {
        self.folder.join(format!("demo-{profile}.sprag"))
    }

    /// What is in memory for an update by `package`.
    pub(super) fn memory<'a>(&'a self, package: &'a Path) -> Option<Memory<'a>> {
        self.pairs.first().map(|pair| Memory {
            package,
            ..pair.memory()
        })
    }

    pub(super) fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    fn make_package(&self, profile: &str) -> Result<(), Failure> {
        let Some(pair) = self.pairs.first() else {
            return Ok(());
        };
        let mut sprag = sprag("build");
        sprag
            .arg("--key")
            .arg(repo::path("keys-example/example-release.key"));
        sprag
            .arg("--old")
            .arg(&pair.old)
            .arg("--new")
            .arg(&pair.new);
        sprag.arg("--out").arg(self.package(profile));
        sprag.args(["--old-version", "1.0.0", "--new-version", "1.1.0"]);
        sprag.args([
            "--vendor",
            "example",
            "--product",
            "probe",
            "--hardware",
            "r1",
        ]);
        sprag.args(["--isa", "thumb", "--effort", "fast", "--ram", profile]);
        // What docs/PORTING.md advises where RAM is short: the block buffer is half as long as by default.
        sprag.args(["--block-size", "2048"]);
        run::output(&mut sprag)?;
        Ok(())
    }
}

impl Pair {
    /// What is in memory for decoding alone.
    pub(super) fn memory(&self) -> Memory<'_> {
        Memory {
            package: &self.stream,
            old: &self.old,
            new: &self.new,
        }
    }

    fn make_stream(&self) -> Result<(), Failure> {
        let mut sprag = sprag("delta");
        sprag
            .arg("--old")
            .arg(&self.old)
            .arg("--new")
            .arg(&self.new);
        sprag.arg("--out").arg(&self.stream);
        run::output(sprag.args(["--ram", "8192", "--effort", "fast"]))?;
        Ok(())
    }
}
