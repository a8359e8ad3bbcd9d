//! Patches for a device with a single slot beside those for two, and beside the peers that make such patches.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::args::PairArgs;
use crate::child::{Ending, Invocation, Runner};
use crate::error::BenchError;
use crate::layout::{Align, Style, Table};
use crate::numbers::{geometric_mean, ratio};
use crate::ours;
use crate::pairs::Pair;
use crate::tools::{Tools, target_folder};

const HELPER: &str = include_str!("../peers.py");
/// Sectors of the slot, and segments of detools.
const SECTOR: u64 = 4096;
/// No image for a single slot is larger.
const NEW_MAX: u64 = 4 << 20;

/// Measures patches for a single slot.
#[derive(Debug, Clone, Parser)]
#[command(name = "in_place", version)]
pub struct InPlaceArgs {
    /// Which pairs are measured
    #[command(flatten)]
    pub pairs: PairArgs,

    /// Decoder workspace in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16384)]
    pub ram: u32,

    /// Bytes of the new image that are made before they overwrite the old one
    #[arg(long, value_name = "BYTES", default_value_t = 73728)]
    pub group: u32,

    /// Leave the peers out
    #[arg(long)]
    pub no_peers: bool,

    /// Wall-clock limit of one command in seconds; what takes longer is shown as `timeout`
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub limit: u64,

    /// Our command; without it, `sprag` beside the build's other binaries is taken
    #[arg(long, env = "SPRAG_BIN", value_name = "FILE")]
    pub sprag: Option<PathBuf>,

    /// Python interpreter that has detools and hdiffpatch
    #[arg(long, env = "SPRAG_PYTHON", value_name = "FILE")]
    pub python: Option<PathBuf>,
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Our patch for two slots.
    AcrossSlots,
    /// Our patch for one slot, with the old image moved up as far as the slot goes.
    Moved,
    /// The same with the old image where it is.
    Unmoved,
    /// detools in place, with the compression of this name.
    Detools(&'static str),
    /// HPatchLite with tinyuz, for two slots: its tools for one are in no registry.
    HPatchLite,
}

const WAYS: [(&str, Way); 6] = [
    ("A/B", Way::AcrossSlots),
    ("in place", Way::Moved),
    ("not moved up", Way::Unmoved),
    ("detools, LZMA", Way::Detools("lzma")),
    ("detools, heatshrink", Way::Detools("heatshrink")),
    ("HPatchLite A/B, tinyuz", Way::HPatchLite),
];

/// Bytes of a patch that made its image, or why there is none.
type Size = Result<u64, String>;

/// Measures and prints, a line at a time.
///
/// # Errors
///
/// A file or folder could not be used, our command is missing, or it failed.
pub fn measure_in_place(args: &InPlaceArgs) -> Result<(), BenchError> {
    let mut found = args.pairs.all()?;
    found.retain(|pair| pair.new_bytes <= NEW_MAX);
    let work = tempfile::tempdir().map_err(BenchError::io(Path::new("temporary folder")))?;
    let helper = work.path().join("peers.py");
    fs::write(&helper, HELPER).map_err(BenchError::io(&helper))?;
    let tools = Tools::from_environment(args.python.as_deref());
    let bench = Bench {
        args,
        sprag: ours::find(args.sprag.as_deref(), &target_folder()).map_err(BenchError::Usage)?,
        runner: Runner {
            timeout: tools.program("timeout"),
            limit_seconds: args.limit,
            scratch: work.path().to_path_buf(),
        },
        tools,
        helper,
        patch: work.path().join("patch"),
    };
    let mut rows = Vec::new();
    for pair in args.pairs.choose(found)? {
        let mut sizes = Vec::new();
        for (title, way) in WAYS {
            let size = bench.size(&pair, way)?;
            eprintln!("{}: {title}: {size:?}", pair.name);
            sizes.push(size);
        }
        rows.push((pair.name, sizes));
    }
    print!("{}", render(&rows));
    Ok(())
}

struct Bench<'a> {
    args: &'a InPlaceArgs,
    sprag: PathBuf,
    runner: Runner,
    tools: Tools,
    helper: PathBuf,
    patch: PathBuf,
}

impl Bench<'_> {
    fn size(&self, pair: &Pair, way: Way) -> Result<Size, BenchError> {
        let sectors = pair.old_bytes.max(pair.new_bytes).div_ceil(SECTOR) + 2;
        match way {
            Way::AcrossSlots => self.ours(pair, &[]).map(Ok),
            Way::Moved => self
                .ours(pair, &["--in-place", &self.args.group.to_string()])
                .map(Ok),
            Way::Unmoved => {
                let group = self.args.group.to_string();
                self.ours(pair, &["--in-place", &group, "--shift", "0"])
                    .map(Ok)
            }
            Way::Detools(compression) => {
                let slot = (sectors * SECTOR).to_string();
                self.peer(pair, "detools", "detools-in-place", &[compression, &slot])
            }
            Way::HPatchLite => {
                let dictionary = self.args.ram.to_string();
                self.peer(pair, "hdiffpatch", "hdiff-lite", &[&dictionary])
            }
        }
    }

    /// Our patch; `sprag delta` decodes it before it says that it is one.
    fn ours(&self, pair: &Pair, more: &[&str]) -> Result<u64, BenchError> {
        let ram = self.args.ram.to_string();
        let words = [&["delta", "--json", "--ram", &ram][..], more].concat();
        let files = [
            ("--old", &pair.old),
            ("--new", &pair.new),
            ("--out", &self.patch),
        ];
        let mut args: Vec<OsString> = words.iter().map(Into::into).collect();
        for (option, path) in files {
            args.extend([option.into(), path.into()]);
        }
        self.run(&self.sprag, args)?
            .map_err(|reason| BenchError::Usage(format!("sprag delta: {}: {reason}", pair.name)))
    }

    /// A peer's patch; the helper applies it and compares.
    fn peer(
        &self,
        pair: &Pair,
        module: &str,
        task: &str,
        more: &[&str],
    ) -> Result<Size, BenchError> {
        let python = match self.tools.python() {
            _ if self.args.no_peers => return Ok(Err("-".to_owned())),
            Some(python) if self.tools.has_python_module(module) => python,
            _ => return Ok(Err(format!("no {module}"))),
        };
        let files = [&pair.old, &pair.new, &self.patch].map(|path| path.clone().into());
        let args = [self.helper.clone().into(), task.into()]
            .into_iter()
            .chain(files)
            .chain(more.iter().map(Into::into));
        self.run(python, args.collect())
    }

    fn run(&self, program: &Path, args: Vec<OsString>) -> Result<Size, BenchError> {
        let invocation = Invocation {
            program: program.to_path_buf(),
            args,
            stdout: None,
        };
        let finished = self
            .runner
            .run(&invocation)
            .map_err(BenchError::io(program))?;
        Ok(match finished.ending {
            Ending::Success => {
                let written = fs::metadata(&self.patch).map_err(BenchError::io(&self.patch))?;
                Ok(written.len())
            }
            Ending::TimedOut => Err("timeout".to_owned()),
            Ending::Failed(reason) => Err(reason),
        })
    }
}

/// The table, and the means of each column over the one before which it is held.
fn render(rows: &[(String, Vec<Size>)]) -> String {
    let mut columns = vec![("pair", Align::Left)];
    columns.extend(WAYS.map(|(title, _)| (title, Align::Right)));
    let mut table = Table::new(&columns);
    for (name, sizes) in rows {
        let cells = sizes.iter().map(|size| match size {
            Ok(bytes) => bytes.to_string(),
            Err(reason) => reason.clone(),
        });
        table.row([name.clone()].into_iter().chain(cells).collect());
    }
    let mut text = table.render(Style::Markdown);
    text.push('\n');
    let column = |way| WAYS.iter().position(|(_, other)| *other == way);
    for (first, second, what) in [
        (Way::Moved, Way::AcrossSlots, "in place / A/B"),
        (Way::Unmoved, Way::AcrossSlots, "not moved up / A/B"),
        (
            Way::Moved,
            Way::Detools("lzma"),
            "in place / detools with LZMA",
        ),
        (
            Way::Moved,
            Way::Detools("heatshrink"),
            "in place / detools with heatshrink",
        ),
        (Way::Moved, Way::HPatchLite, "in place / HPatchLite A/B"),
    ] {
        let bytes = |sizes: &[Size], way| sizes.get(column(way)?)?.as_ref().ok().copied();
        let ratios: Vec<f64> = rows
            .iter()
            .filter_map(|(_, sizes)| ratio(bytes(sizes, first)?, bytes(sizes, second)?))
            .collect();
        if let Some(mean) = geometric_mean(&ratios) {
            let line = format!("{what}: {mean:.3} (geometric mean of {})\n", ratios.len());
            text.push_str(&line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{WAYS, render};

    #[test]
    fn means_are_of_the_pairs_that_both_columns_have() {
        let sizes = |bytes: [u64; 6]| bytes.map(Ok).to_vec();
        let mut rows = vec![
            ("a".to_owned(), sizes([100, 110, 200, 220, 440, 110])),
            ("b".to_owned(), sizes([100, 110, 200, 220, 440, 110])),
        ];
        rows[1].1[3] = Err("timeout".to_owned());
        let text = render(&rows);
        assert_eq!(WAYS.len(), 6);
        assert!(text.contains("timeout |"), "{text}");
        assert!(
            text.contains("in place / A/B: 1.100 (geometric mean of 2)"),
            "{text}"
        );
        let one = "in place / detools with LZMA: 0.500 (geometric mean of 1)";
        assert!(text.contains(one), "{text}");
    }
}
