//! Figures of peers recorded beside the pairs, as a floor under what this machine can run.
//!
//! `PEERS.csv` in the folder of pairs has a header line and the columns `pair`,
//! `best_peer_bytes` and `best_peer`; other columns are ignored.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::BenchError;

const FILE_NAME: &str = "PEERS.csv";

/// The smallest patch that any peer was recorded to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) peer: String,
    pub(crate) bytes: u64,
}

/// Recorded figures by pair; empty if the folder has none.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, Recorded>, BenchError> {
    let path = folder.join(FILE_NAME);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(&path).map_err(BenchError::io(&path))?;
    parse(&text).map_err(|reason| BenchError::Malformed { path, reason })
}

fn parse(text: &str) -> Result<BTreeMap<String, Recorded>, String> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|title| *title == name)
            .ok_or_else(|| format!("no column {name}"))
    };
    let (pair, bytes, peer) = (
        column("pair")?,
        column("best_peer_bytes")?,
        column("best_peer")?,
    );
    let mut recorded = BTreeMap::new();
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |i: usize| cells.get(i).copied().unwrap_or_default();
        let figure = Recorded {
            peer: cell(peer).to_owned(),
            bytes: cell(bytes)
                .parse()
                .map_err(|_| format!("line {}: best_peer_bytes is not a number", number + 2))?,
        };
        recorded.insert(cell(pair).to_owned(), figure);
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn columns_are_found_by_title() {
        let text = "pair,x,best_peer_bytes,best_peer\na,,10,bsdiff\n\nb,7,20,zstd\n";
        let recorded = parse(text).unwrap();
        assert_eq!(recorded["a"].bytes, 10);
        assert_eq!(recorded["b"].peer, "zstd");
        assert!(parse("pair,best_peer\n").unwrap_err().contains("bytes"));
        let error = parse("pair,best_peer_bytes,best_peer\na,ten,x\n").unwrap_err();
        assert!(error.starts_with("line 2"), "{error}");
    }
}
