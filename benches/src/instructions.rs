//! How many instructions decoding takes for each byte of output, counted by callgrind.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Parser;
use serde::Serialize;

use crate::args::PairArgs;
use crate::child::{Ending, Invocation, Runner};
use crate::error::BenchError;
use crate::layout::{Align, Style, Table};
use crate::numbers::{float, grouped};
use crate::ours;
use crate::tools::{Tools, target_folder};

/// Counts the instructions of decoding, by callgrind, for each byte of output.
#[derive(Debug, Clone, Parser)]
#[command(name = "instructions", version)]
pub struct InstructionArgs {
    /// Which pairs are measured
    #[command(flatten)]
    pub pairs: PairArgs,

    /// Decoder workspace in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16384)]
    pub ram: u32,

    /// Effort given to our encoder (fast, default, best)
    #[arg(long, value_name = "EFFORT", default_value = "default")]
    pub effort: String,

    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,

    /// Our command; without it, `sprag` beside the build's other binaries is taken
    #[arg(long, env = "SPRAG_BIN", value_name = "FILE")]
    pub sprag: Option<PathBuf>,
}

/// What decoding one patch took.
#[derive(Debug, Clone, Serialize)]
struct Count {
    name: String,
    patch_bytes: Option<u64>,
    new_bytes: u64,
    instructions: u64,
    instructions_per_byte: f64,
}

#[derive(Debug, Serialize)]
struct Counts {
    schema: u32,
    ram_bytes: u32,
    effort: String,
    pairs: Vec<Count>,
}

/// A megabyte that stays as it is: a name, and the number of an instruction set.
const VERBATIM: [(&str, &str); 2] = [("verbatim MiB", "0"), ("verbatim MiB, Thumb", "1")];

/// Seconds for one command; callgrind is some fifty times slower than the decoder.
const LIMIT_SECONDS: u64 = 1800;

/// Counts and prints.
///
/// # Errors
///
/// valgrind or our command is missing or failed, or a file or folder could not be used.
pub fn count_instructions(args: &InstructionArgs) -> Result<(), BenchError> {
    let tools = Tools::from_environment(None);
    let need = |name: &str| {
        let hint = format!("program {name} not found; apt-get install {name}");
        tools.program(name).ok_or(BenchError::Usage(hint))
    };
    let work = tempfile::tempdir().map_err(BenchError::io(Path::new("temporary folder")))?;
    let counter = Counter {
        valgrind: need("valgrind")?,
        decode: beside("decode")?,
        sprag: ours::find(args.sprag.as_deref(), &target_folder()).map_err(BenchError::Usage)?,
        runner: Runner {
            timeout: tools.program("timeout"),
            limit_seconds: LIMIT_SECONDS,
            scratch: work.path().to_path_buf(),
        },
    };
    let found = args.pairs.all()?;
    let patch = work.path().join("patch");
    let mut counts = Vec::new();
    for pair in args.pairs.choose(found)? {
        let ram = args.ram.to_string();
        let words = ["delta", "--json", "--ram", &ram, "--effort", &args.effort];
        let mut command: Vec<OsString> = words.iter().map(Into::into).collect();
        let files = [
            ("--old", &pair.old),
            ("--new", &pair.new),
            ("--out", &patch),
        ];
        for (option, path) in files {
            command.extend([option.into(), path.into()]);
        }
        counter.run(&counter.sprag, command)?;
        let patch_bytes = fs::metadata(&patch).map_err(BenchError::io(&patch))?.len();
        let files = [&pair.old, &pair.new, &patch].map(Into::into);
        counts.push(Count {
            patch_bytes: Some(patch_bytes),
            ..counter.count(pair.name, pair.new_bytes, files.to_vec())?
        });
    }
    for (name, isa) in VERBATIM {
        let command = vec!["--verbatim".into(), isa.into()];
        counts.push(counter.count(name.to_owned(), 1 << 20, command)?);
    }
    let counts = Counts {
        schema: 1,
        ram_bytes: args.ram,
        effort: args.effort.clone(),
        pairs: counts,
    };
    print(&counts, args.json)
}

/// The programs that take part.
struct Counter {
    valgrind: PathBuf,
    decode: PathBuf,
    sprag: PathBuf,
    runner: Runner,
}

impl Counter {
    /// Counts what [`decode_patch`](crate::decode_patch) takes.
    fn count(
        &self,
        name: String,
        new_bytes: u64,
        arguments: Vec<OsString>,
    ) -> Result<Count, BenchError> {
        let path = self.runner.scratch.join("callgrind.log");
        // Its own words go to a file, so that the decoder's reach us if it fails.
        let mut log_file = OsString::from("--log-file=");
        log_file.push(&path);
        let mut command: Vec<OsString> = vec![
            "--tool=callgrind".into(),
            "--callgrind-out-file=/dev/null".into(),
            "--toggle-collect=*decode_patch*".into(),
            log_file,
            self.decode.clone().into(),
        ];
        command.extend(arguments);
        self.run(&self.valgrind, command)?;
        let log = fs::read_to_string(&path).map_err(BenchError::io(&path))?;
        let instructions = collected(&log).ok_or_else(|| BenchError::Malformed {
            path,
            reason: "callgrind tells no count".to_owned(),
        })?;
        Ok(Count {
            name,
            patch_bytes: None,
            new_bytes,
            instructions,
            instructions_per_byte: float(instructions) / float(new_bytes.max(1)),
        })
    }

    fn run(&self, program: &Path, args: Vec<OsString>) -> Result<(), BenchError> {
        let finished = self
            .runner
            .run(&Invocation {
                program: program.to_path_buf(),
                args,
                stdout: None,
            })
            .map_err(BenchError::io(program))?;
        let reason = match finished.ending {
            Ending::Success => return Ok(()),
            Ending::TimedOut => "took too long".to_owned(),
            Ending::Failed(reason) => reason,
        };
        Err(BenchError::Usage(format!(
            "{}: {reason}",
            program.display()
        )))
    }
}

/// The count in callgrind's last lines: `==1== Collected : 123`.
fn collected(log: &str) -> Option<u64> {
    let line = log
        .lines()
        .rev()
        .find(|line| line.contains("Collected :"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// A program beside this one.
fn beside(name: &str) -> Result<PathBuf, BenchError> {
    let own = env::current_exe().map_err(BenchError::io(Path::new("this program")))?;
    let path = own.with_file_name(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(BenchError::Usage(format!(
            "{} is not there; cargo build --release -p sprag-benches --bins",
            path.display()
        )))
    }
}

fn print(counts: &Counts, json: bool) -> Result<(), BenchError> {
    let text = if json {
        serde_json::to_string_pretty(counts).map_err(|error| {
            BenchError::io(Path::new("standard output"))(io::Error::other(error))
        })?
    } else {
        render(counts)
    };
    // A reader that has seen enough closes the pipe; that is no failure.
    let _ = io::Write::write_all(&mut io::stdout().lock(), format!("{text}\n").as_bytes());
    Ok(())
}

fn render(counts: &Counts) -> String {
    let mut table = Table::new(&[
        ("pair", Align::Left),
        ("new image", Align::Right),
        ("patch", Align::Right),
        ("instructions", Align::Right),
        ("a byte", Align::Right),
    ]);
    for count in &counts.pairs {
        table.row(vec![
            count.name.clone(),
            grouped(count.new_bytes),
            count.patch_bytes.map(grouped).unwrap_or_default(),
            grouped(count.instructions),
            format!("{:.1}", count.instructions_per_byte),
        ]);
    }
    table.render(Style::Terminal)
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_count_is_read_from_the_last_lines() {
        let log = "==7== Events    : Ir\n==7== Collected : 1189\n==7== \n==7== I refs: 1,189\n";
        assert_eq!(collected(log), Some(1189));
        assert_eq!(collected("==7== I refs: 5\n"), None);
    }
}
