//! Makes a patch with a command, applies it with another, and compares the result.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::child::{Ending, Finished, Runner};
use crate::compare::same_bytes;
use crate::error::BenchError;
use crate::pairs::Pair;
use crate::peers::{Files, Peer, invocation};
use crate::report::{Kind, Row, Status};
use crate::tools::Tools;

/// What peers need beside their programs.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) runner: &'a Runner,
    pub(crate) tools: &'a Tools,
    /// The script `peers.py`.
    pub(crate) helper: PathBuf,
    /// Folder for patches and results.
    pub(crate) work: PathBuf,
}

impl Bench<'_> {
    /// Runs `peer` on `pair`.
    pub(crate) fn peer(&self, peer: &Peer, pair: &Pair) -> Result<Row, BenchError> {
        if !pair.suits(peer.code) {
            return Ok(self.without(peer, Status::NotApplicable, None));
        }
        if let Some(reason) = peer.missing(self.tools) {
            return Ok(self.without(peer, Status::Missing, Some(reason)));
        }
        let patch = self.work.join("patch");
        let out = self.work.join("out");
        remove(&[&patch, &out]).map_err(BenchError::io(&self.work))?;
        let row = self
            .make_and_apply(peer, pair, &patch, &out)
            .map_err(BenchError::io(&self.work))?;
        remove(&[&patch, &out]).map_err(BenchError::io(&self.work))?;
        Ok(row)
    }

    fn without(&self, peer: &Peer, status: Status, reason: Option<String>) -> Row {
        Row::empty(peer.name, Kind::Peer, status, reason)
    }

    fn make_and_apply(
        &self,
        peer: &Peer,
        pair: &Pair,
        patch: &Path,
        out: &Path,
    ) -> io::Result<Row> {
        let files = Files {
            old: &pair.old,
            new: &pair.new,
            patch,
            out,
            helper: &self.helper,
        };
        let mut row = self.without(peer, Status::Ok, None);
        let run = |template| {
            let missing = || io::Error::new(io::ErrorKind::NotFound, "program is gone");
            let command = invocation(template, &files, self.tools).ok_or_else(missing)?;
            self.runner.run(&command)
        };
        let encoded = run(peer.encode)?;
        row.encode_seconds = Some(encoded.usage.cpu_seconds);
        row.encode_peak_bytes = Some(encoded.usage.peak_bytes);
        if stop(&mut row, &encoded, "encode") {
            return Ok(row);
        }
        row.bytes = fs::metadata(patch).ok().map(|meta| meta.len());
        let decoded = run(peer.decode)?;
        row.decode_seconds = Some(decoded.usage.cpu_seconds);
        row.decode_peak_bytes = Some(decoded.usage.peak_bytes);
        if !stop(&mut row, &decoded, "decode") {
            check(&mut row, out, &pair.new)?;
        }
        Ok(row)
    }
}

/// Notes an unhappy ending in the row and says whether there was one.
pub(crate) fn stop(row: &mut Row, finished: &Finished, step: &str) -> bool {
    match &finished.ending {
        Ending::Success => return false,
        Ending::TimedOut => {
            row.status = Status::Timeout;
            row.reason = Some(format!("{step}: over the limit"));
        }
        Ending::Failed(reason) => {
            row.status = Status::Failed;
            row.reason = Some(format!("{step}: {reason}"));
        }
    }
    row.bytes = None;
    true
}

/// Compares a result with the new image; a size counts only if they are equal.
pub(crate) fn check(row: &mut Row, out: &Path, new: &Path) -> io::Result<()> {
    if !out.is_file() {
        row.status = Status::Failed;
        row.reason = Some("decode: no result was written".to_owned());
    } else if !same_bytes(out, new)? {
        row.status = Status::Wrong;
        row.reason = Some("the result differs from the new image".to_owned());
    } else {
        return Ok(());
    }
    row.bytes = None;
    Ok(())
}

pub(crate) fn remove(files: &[&Path]) -> io::Result<()> {
    for file in files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
