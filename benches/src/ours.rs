//! Our command, measured as the peers are: as a child, by its documented contract.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::child::{Ending, Finished, Invocation, Runner};
use crate::error::BenchError;
use crate::measure::{check, remove, stop};
use crate::pairs::Pair;
use crate::report::{Kind, Row, Status};

/// How to get our command; shown when it is not there.
pub(crate) const INSTALL: &str = "cargo build --release -p sprag, or set SPRAG_BIN";

/// Bindings of the measured packages. They are as long as those of a real product are likely to
/// be: they are part of the overhead.
const BINDINGS: [&str; 14] = [
    "--new-version",
    "1.1.0",
    "--vendor",
    "sprag-benches",
    "--product",
    "measured-device",
    "--hardware",
    "rev-a",
    "--isa",
    "none",
    "--allow-isa-mismatch",
    "--security-counter",
    "1",
    "--json",
];
const OLD_VERSION: &str = "1.0.0";

/// `sprag delta --json`; fields that this does not name are ignored.
#[derive(Debug, Deserialize)]
struct DeltaReport {
    payload_bytes: u64,
    decode_seconds: f64,
    ram_bytes: u64,
}

/// `sprag inspect --json`; fields that this does not name are ignored.
#[derive(Debug, Deserialize)]
struct InspectReport {
    package_bytes: u64,
    payload_bytes: u64,
    ram_bytes: u64,
    codec: serde_json::Value,
}

/// Our command with a key pair of its own.
#[derive(Debug)]
pub(crate) struct Sprag<'a> {
    runner: &'a Runner,
    program: PathBuf,
    effort: Option<&'a str>,
    work: PathBuf,
}

impl<'a> Sprag<'a> {
    /// Makes a key pair in `work`; the failed row if that does not succeed.
    pub(crate) fn new(
        runner: &'a Runner,
        program: &Path,
        effort: Option<&'a str>,
        work: &Path,
    ) -> Result<Self, BenchError> {
        let sprag = Self {
            runner,
            program: program.to_path_buf(),
            effort,
            work: work.to_path_buf(),
        };
        let key = sprag.file("bench.key");
        let made = sprag.run(
            &["key", "generate", "--no-password", "--out"],
            &[key.as_os_str()],
        )?;
        if let Ending::Failed(reason) = made.ending {
            return Err(BenchError::Usage(format!("sprag key generate: {reason}")));
        }
        Ok(sprag)
    }

    /// What the command prints as its version.
    pub(crate) fn version(&self) -> Option<String> {
        let finished = self.run(&["--version"], &[]).ok()?;
        Some(finished.stdout.lines().next()?.trim().to_owned())
    }

    /// The bare patch and the package for a workspace of `ram` bytes, and the full image if asked.
    pub(crate) fn rows(&self, pair: &Pair, ram: u32, full: bool) -> Result<Vec<Row>, BenchError> {
        let mut rows = vec![self.payload(pair, ram)?, self.package(pair, ram)?];
        if full {
            rows.push(self.full(pair, ram)?);
        }
        for row in &mut rows {
            row.ram_bytes = Some(ram);
        }
        remove(&[
            &self.file("patch"),
            &self.file("package"),
            &self.file("out"),
        ])
        .map_err(BenchError::io(&self.work))?;
        Ok(rows)
    }

    fn payload(&self, pair: &Pair, ram: u32) -> Result<Row, BenchError> {
        let mut row = Row::empty("sprag", Kind::Payload, Status::Ok, None);
        let patch = self.file("patch");
        let ram = ram.to_string();
        let mut options = vec!["delta", "--json", "--ram", &ram];
        if let Some(effort) = self.effort {
            options.extend(["--effort", effort]);
        }
        let files = [
            OsStr::new("--old"),
            pair.old.as_os_str(),
            OsStr::new("--new"),
            pair.new.as_os_str(),
            OsStr::new("--out"),
            patch.as_os_str(),
        ];
        let finished = self.run(&options, &files)?;
        row.encode_seconds = Some(finished.usage.cpu_seconds);
        row.encode_peak_bytes = Some(finished.usage.peak_bytes);
        if stop(&mut row, &finished, "delta") {
            return Ok(row);
        }
        let Some(report) = read::<DeltaReport>(&mut row, &finished, "delta") else {
            return Ok(row);
        };
        let written = size(&patch);
        if written != Some(report.payload_bytes) {
            row.status = Status::Wrong;
            row.reason = Some(format!(
                "delta: states {} bytes, wrote {written:?}",
                report.payload_bytes
            ));
            return Ok(row);
        }
        row.bytes = written;
        row.workspace_bytes = Some(report.ram_bytes);
        row.decode_seconds = Some(report.decode_seconds);
        Ok(row)
    }

    fn package(&self, pair: &Pair, ram: u32) -> Result<Row, BenchError> {
        let mut row = Row::empty("sprag package", Kind::Package, Status::Ok, None);
        let old = [
            OsStr::new("--old-version"),
            OsStr::new(OLD_VERSION),
            OsStr::new("--old"),
            pair.old.as_os_str(),
        ];
        let Some(report) = self.build_and_apply(&mut row, pair, ram, &old)? else {
            return Ok(row);
        };
        row.bytes = Some(report.package_bytes);
        row.overhead_bytes = report.package_bytes.checked_sub(report.payload_bytes);
        Ok(row)
    }

    fn full(&self, pair: &Pair, ram: u32) -> Result<Row, BenchError> {
        let mut row = Row::empty("sprag full image", Kind::Full, Status::Ok, None);
        if let Some(report) = self.build_and_apply(&mut row, pair, ram, &[])? {
            row.bytes = Some(report.payload_bytes);
        }
        Ok(row)
    }

    /// Builds, inspects, applies and compares; `None` if the row says what went wrong.
    fn build_and_apply(
        &self,
        row: &mut Row,
        pair: &Pair,
        ram: u32,
        old: &[&OsStr],
    ) -> Result<Option<InspectReport>, BenchError> {
        let (package, out) = (self.file("package"), self.file("out"));
        remove(&[&package, &out]).map_err(BenchError::io(&self.work))?;
        let ram = ram.to_string();
        let mut options = vec!["build", "--ram", &ram];
        options.extend(BINDINGS);
        let key = self.file("bench.key");
        let mut files = vec![
            OsStr::new("--new"),
            pair.new.as_os_str(),
            OsStr::new("--key"),
            key.as_os_str(),
            OsStr::new("--out"),
            package.as_os_str(),
        ];
        files.extend(old);
        let built = self.run(&options, &files)?;
        row.encode_seconds = Some(built.usage.cpu_seconds);
        row.encode_peak_bytes = Some(built.usage.peak_bytes);
        if stop(row, &built, "build") {
            return Ok(None);
        }
        let inspected = self.run(&["inspect", "--json"], &[package.as_os_str()])?;
        if stop(row, &inspected, "inspect") {
            return Ok(None);
        }
        let Some(report) = read::<InspectReport>(row, &inspected, "inspect") else {
            return Ok(None);
        };
        if size(&package) != Some(report.package_bytes) {
            row.status = Status::Wrong;
            row.reason = Some("inspect: package_bytes is not the file's size".to_owned());
            return Ok(None);
        }
        row.workspace_bytes = Some(report.ram_bytes);
        row.codec = Some(match &report.codec {
            serde_json::Value::String(name) => name.clone(),
            other => other.to_string(),
        });
        let public = self.file("bench.pub");
        let files = [
            package.as_os_str(),
            OsStr::new("--old"),
            pair.old.as_os_str(),
            OsStr::new("--out"),
            out.as_os_str(),
            OsStr::new("--trust"),
            public.as_os_str(),
        ];
        let applied = self.run(&["apply"], &files)?;
        row.decode_seconds = Some(applied.usage.cpu_seconds);
        row.decode_peak_bytes = Some(applied.usage.peak_bytes);
        if stop(row, &applied, "apply") {
            return Ok(None);
        }
        check(row, &out, &pair.new).map_err(BenchError::io(&out))?;
        Ok((row.status == Status::Ok).then_some(report))
    }

    fn run(&self, options: &[&str], files: &[&OsStr]) -> Result<Finished, BenchError> {
        let mut args: Vec<_> = options.iter().map(Into::into).collect();
        args.extend(files.iter().map(|file| file.to_os_string()));
        let invocation = Invocation {
            program: self.program.clone(),
            args,
            stdout: None,
        };
        self.runner
            .run(&invocation)
            .map_err(BenchError::io(&self.program))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|meta| meta.len())
}

/// Reads the one JSON object that a command prints.
fn read<T: DeserializeOwned>(row: &mut Row, finished: &Finished, step: &str) -> Option<T> {
    match serde_json::from_str(&finished.stdout) {
        Ok(report) => Some(report),
        Err(error) => {
            row.status = Status::Failed;
            row.reason = Some(format!("{step}: JSON not understood: {error}"));
            None
        }
    }
}

/// Our command: what was asked for, or `sprag` beside this executable, or in the target folder.
pub(crate) fn find(asked: Option<&Path>, target: &Path) -> Result<PathBuf, String> {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.join("sprag")));
    let candidates = match asked {
        Some(path) => vec![path.to_path_buf()],
        None => beside
            .into_iter()
            .chain([target.join("release").join("sprag")])
            .collect(),
    };
    candidates
        .iter()
        .find(|path| path.is_file())
        .map(|path| fs::canonicalize(path).unwrap_or_else(|_: io::Error| path.clone()))
        .ok_or_else(|| "program sprag not found".to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
