//! What a run found; its JSON form is this structure, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::numbers::{BIG_IMAGE_SIZE, geometric_mean, ratio};
use crate::peers::BSDIFF;

/// Version of the JSON form. A field that is added raises nothing; one that changes or goes does.
pub(crate) const SCHEMA: u32 = 1;

/// Everything that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Version of this form: 1.
    pub schema: u32,
    /// Effort given to our encoder, if one was given.
    pub effort: Option<String>,
    /// Wall-clock limit of one command, in seconds; `None` if nothing could limit it.
    pub limit_seconds: Option<u64>,
    /// Peak memory of the measuring process in bytes: no smaller peak of a child can be seen.
    pub memory_floor_bytes: u64,
    /// Our command and the peers, installed or not.
    pub tools: Vec<ToolInfo>,
    /// The pairs in the order of their names.
    pub pairs: Vec<PairReport>,
    /// Geometric means of the ratios, one entry per workspace and set of pairs.
    pub means: Vec<Mean>,
}

/// A tool that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolInfo {
    /// Its name in the rows.
    pub name: String,
    /// What it prints as its version, if it does.
    pub version: Option<String>,
    /// Why it can not run here, and how to install it; `None` if it can.
    pub missing: Option<String>,
    /// The command line that makes a patch, with places for the files.
    pub encode: String,
    /// The command line that applies one.
    pub decode: String,
}

/// The rows of one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairReport {
    /// The pair's name.
    pub name: String,
    /// Size of the old image in bytes.
    pub old_bytes: u64,
    /// Size of the new image in bytes.
    pub new_bytes: u64,
    /// Ours first, then the peers.
    pub rows: Vec<Row>,
    /// The smallest patch of any peer, run now or recorded beside the pairs.
    pub best: Option<Best>,
}

/// One tool on one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The tool's name.
    pub tool: String,
    /// Whether this is ours, and which part of it.
    pub kind: Kind,
    /// Decoder workspace that was asked for, in bytes (ours only).
    pub ram_bytes: Option<u32>,
    /// What came of it.
    pub status: Status,
    /// Why, if it is not [`Status::Ok`].
    pub reason: Option<String>,
    /// Size of the patch, the package or the compressed image.
    pub bytes: Option<u64>,
    /// Package bytes beside its payload (packages only).
    pub overhead_bytes: Option<u64>,
    /// Codec that our package chose, as `inspect` names it.
    pub codec: Option<String>,
    /// Decoder workspace that the patch needs, in bytes (ours only).
    pub workspace_bytes: Option<u64>,
    /// CPU seconds, user and system, of the command that made it.
    pub encode_seconds: Option<f64>,
    /// CPU seconds of the command that applied it; for our bare payload, what our command reports.
    pub decode_seconds: Option<f64>,
    /// Largest resident set of the command that made it, in bytes.
    pub encode_peak_bytes: Option<u64>,
    /// Largest resident set of the command that applied it, in bytes.
    pub decode_peak_bytes: Option<u64>,
}

/// What a row measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Our bare patch.
    Payload,
    /// Our signed package with one source.
    Package,
    /// The payload of our package without a source.
    Full,
    /// Another tool's patch.
    Peer,
}

/// What came of a tool on a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Made, applied, and equal to the new image.
    Ok,
    /// Not installed.
    Missing,
    /// Over the limit.
    Timeout,
    /// A command failed.
    Failed,
    /// Applied, but the result is not the new image.
    Wrong,
    /// This mode is not for this pair's instruction set.
    NotApplicable,
}

/// The smallest patch of any peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// The peer's name.
    pub tool: String,
    /// Its bytes.
    pub bytes: u64,
    /// Recorded beside the pairs, and smaller than everything run now.
    pub recorded: bool,
}

/// Geometric means of our payload's bytes divided by others', over the pairs that have both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// Our decoder workspace in bytes.
    pub ram_bytes: u32,
    /// New images larger than this (bytes) are left out; `None` takes every pair.
    pub up_to_bytes: Option<u64>,
    /// How many pairs have a payload of ours.
    pub pairs: u64,
    /// Against the best peer of each pair.
    pub to_best: Option<f64>,
    /// Against each peer, by name.
    pub to_peer: BTreeMap<String, f64>,
}

impl Row {
    /// A row with nothing in it but why.
    pub(crate) fn empty(tool: &str, kind: Kind, status: Status, reason: Option<String>) -> Self {
        Self {
            tool: tool.to_owned(),
            kind,
            ram_bytes: None,
            status,
            reason,
            bytes: None,
            overhead_bytes: None,
            codec: None,
            workspace_bytes: None,
            encode_seconds: None,
            decode_seconds: None,
            encode_peak_bytes: None,
            decode_peak_bytes: None,
        }
    }
}

impl PairReport {
    /// Our bare patch in a workspace of `ram_bytes`, if it was made and is right.
    pub(crate) fn payload(&self, ram_bytes: u32) -> Option<&Row> {
        self.ours(Kind::Payload, ram_bytes)
    }

    /// Our package for a workspace of `ram_bytes`, if it was made and is right.
    pub(crate) fn package(&self, ram_bytes: u32) -> Option<&Row> {
        self.ours(Kind::Package, ram_bytes)
    }

    /// A peer's bytes, if its result is right.
    pub(crate) fn peer_bytes(&self, name: &str) -> Option<u64> {
        self.rows
            .iter()
            .filter(|row| row.kind == Kind::Peer && row.status == Status::Ok)
            .find(|row| row.tool == name)?
            .bytes
    }

    fn ours(&self, kind: Kind, ram_bytes: u32) -> Option<&Row> {
        self.rows
            .iter()
            .filter(|row| row.kind == kind && row.status == Status::Ok)
            .find(|row| row.ram_bytes == Some(ram_bytes))
    }
}

/// The smallest right result among `rows`, or the recorded one if that is smaller still.
pub(crate) fn best(rows: &[Row], recorded: Option<(&str, u64)>) -> Option<Best> {
    let live = rows
        .iter()
        .filter(|row| row.kind == Kind::Peer && row.status == Status::Ok)
        .filter_map(|row| Some((row.bytes?, row.tool.as_str())))
        .min_by_key(|(bytes, _)| *bytes)
        .map(|(bytes, tool)| Best {
            tool: tool.to_owned(),
            bytes,
            recorded: false,
        });
    let recorded = recorded.map(|(tool, bytes)| Best {
        tool: tool.to_owned(),
        bytes,
        recorded: true,
    });
    match (live, recorded) {
        (Some(live), Some(recorded)) if recorded.bytes < live.bytes => Some(recorded),
        (Some(live), _) => Some(live),
        (None, recorded) => recorded,
    }
}

/// Means for each workspace, over all pairs and, where that differs, without the big ones.
pub(crate) fn means(pairs: &[PairReport], rams: &[u32], peers: &[&str]) -> Vec<Mean> {
    let small: Vec<&PairReport> = pairs
        .iter()
        .filter(|pair| pair.new_bytes <= BIG_IMAGE_SIZE)
        .collect();
    let all: Vec<&PairReport> = pairs.iter().collect();
    let mut means = Vec::new();
    for &ram_bytes in rams {
        means.push(mean(&all, ram_bytes, None, peers));
        if small.len() < all.len() && !small.is_empty() {
            means.push(mean(&small, ram_bytes, Some(BIG_IMAGE_SIZE), peers));
        }
    }
    means
}

fn mean(pairs: &[&PairReport], ram_bytes: u32, up_to: Option<u64>, peers: &[&str]) -> Mean {
    let over = |theirs: &dyn Fn(&PairReport) -> Option<u64>| {
        let ratios: Vec<f64> = pairs
            .iter()
            .filter_map(|pair| ratio(pair.payload(ram_bytes)?.bytes?, theirs(pair)?))
            .collect();
        geometric_mean(&ratios)
    };
    let counted = pairs
        .iter()
        .filter(|pair| pair.payload(ram_bytes).is_some())
        .count();
    Mean {
        ram_bytes,
        up_to_bytes: up_to,
        pairs: u64::try_from(counted).unwrap_or(u64::MAX),
        to_best: over(&|pair| pair.best.as_ref().map(|best| best.bytes)),
        to_peer: peers
            .iter()
            .filter_map(|&peer| Some((peer.to_owned(), over(&|pair| pair.peer_bytes(peer))?)))
            .collect(),
    }
}

impl Mean {
    /// Against bsdiff, if it ran.
    pub(crate) fn to_bsdiff(&self) -> Option<f64> {
        self.to_peer.get(BSDIFF).copied()
    }
}

#[cfg(test)]
mod tests;
