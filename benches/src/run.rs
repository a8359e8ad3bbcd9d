//! One run: pairs, tools, rows, tables.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::child::{Runner, own_peak_bytes};
use crate::error::BenchError;
use crate::install::install;
use crate::layout::Style;
use crate::measure::Bench;
use crate::ours::{self, Sprag};
use crate::pairs::{self, Pair};
use crate::peers::{self, Files, Peer};
use crate::recorded;
use crate::report::{Kind, PairReport, Report, Row, SCHEMA, Status, ToolInfo, best, means};
use crate::tables::render;
use crate::tools::{Tools, target_folder, workspace_folder};

const HELPER: &str = include_str!("../peers.py");

/// Measures what `args` ask for and prints the tables; false if something of ours failed or was
/// not there.
///
/// # Errors
///
/// What the arguments name does not exist, or a file or folder could not be used.
pub fn run(args: &Args) -> Result<bool, BenchError> {
    let report = measure(args)?;
    let style = match args.markdown {
        true => Style::Markdown,
        false => Style::Terminal,
    };
    let mut stdout = io::stdout().lock();
    // A reader that has seen enough closes the pipe; that is no failure.
    let _ = stdout.write_all(render(&report, style).as_bytes());
    if let Some(path) = &args.json {
        let mut text = serde_json::to_string_pretty(&report).map_err(|error| {
            let source = io::Error::other(error);
            BenchError::io(path)(source)
        })?;
        text.push('\n');
        fs::write(path, text).map_err(BenchError::io(path))?;
    }
    Ok(all_ours_are_right(&report))
}

fn measure(args: &Args) -> Result<Report, BenchError> {
    let chosen = peers::select(&args.peers).map_err(BenchError::Usage)?;
    let (pairs, recorded) = match &args.pairs {
        Some(folder) => (pairs::in_folder(folder)?, recorded::read(folder)?),
        None => {
            eprintln!("note: no --pairs and no SPRAG_CORPUS: measuring the bundled images");
            (pairs::bundled(&workspace_folder())?, BTreeMap::new())
        }
    };
    let pairs = pairs::choose(pairs, &args.only, &args.skip)?;
    let target = target_folder();
    if args.install_peers {
        install(&Tools::from_environment(None), &target)?;
    }
    let tools = Tools::from_environment(args.python.as_deref());
    let work = tempfile::tempdir().map_err(BenchError::io(Path::new("temporary folder")))?;
    let helper = work.path().join("peers.py");
    fs::write(&helper, HELPER).map_err(BenchError::io(&helper))?;
    let runner = Runner {
        timeout: tools.program("timeout"),
        limit_seconds: args.limit,
        scratch: work.path().to_path_buf(),
    };
    let bench = Bench {
        runner: &runner,
        tools: &tools,
        helper,
        work: work.path().to_path_buf(),
    };
    let program = ours::find(args.sprag.as_deref(), &target);
    let sprag = program
        .as_deref()
        .ok()
        .map(|program| Sprag::new(&runner, program, args.effort.as_deref(), work.path()))
        .transpose()?;
    let mut infos = vec![our_info(sprag.as_ref())];
    infos.extend(chosen.iter().map(|peer| info(peer, &bench)));

    let mut reports = Vec::new();
    for pair in &pairs {
        let mut rows = our_rows(sprag.as_ref(), pair, args)?;
        for peer in &chosen {
            progress(&pair.name, peer.name);
            rows.push(bench.peer(peer, pair)?);
        }
        let floor = recorded
            .get(&pair.name)
            .map(|figure| (figure.peer.as_str(), figure.bytes));
        reports.push(PairReport {
            name: pair.name.clone(),
            old_bytes: pair.old_bytes,
            new_bytes: pair.new_bytes,
            best: best(&rows, floor),
            rows,
        });
    }
    progress("", "");
    let names: Vec<&str> = chosen.iter().map(|peer| peer.name).collect();
    Ok(Report {
        schema: SCHEMA,
        effort: args.effort.clone(),
        limit_seconds: runner.timeout.is_some().then_some(args.limit),
        memory_floor_bytes: own_peak_bytes(),
        tools: infos,
        means: means(&reports, &args.ram, &names),
        pairs: reports,
    })
}

fn our_rows(sprag: Option<&Sprag<'_>>, pair: &Pair, args: &Args) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for &ram in &args.ram {
        let Some(sprag) = sprag else {
            let reason = Some("program sprag not found".to_owned());
            let mut row = Row::empty("sprag", Kind::Payload, Status::Missing, reason);
            row.ram_bytes = Some(ram);
            rows.push(row);
            continue;
        };
        progress(&pair.name, "sprag");
        rows.extend(sprag.rows(pair, ram, args.full)?);
    }
    Ok(rows)
}

fn our_info(sprag: Option<&Sprag<'_>>) -> ToolInfo {
    ToolInfo {
        name: "sprag".to_owned(),
        version: sprag.and_then(Sprag::version),
        missing: sprag
            .is_none()
            .then(|| format!("program sprag not found; {}", ours::INSTALL)),
        encode: "sprag delta --old {old} --new {new} --out {patch} --ram RAM --json".to_owned(),
        decode: "sprag apply PACKAGE --old {old} --out {out} --trust KEY".to_owned(),
    }
}

fn info(peer: &Peer, bench: &Bench<'_>) -> ToolInfo {
    let missing = peer.missing(bench.tools);
    ToolInfo {
        name: peer.name.to_owned(),
        version: match missing {
            Some(_) => None,
            None => version(peer, bench),
        },
        missing: missing.map(|reason| format!("{reason}; {}", peer.install)),
        encode: peer.encode.to_owned(),
        decode: peer.decode.to_owned(),
    }
}

/// The first line that a peer prints about its version, on either stream.
fn version(peer: &Peer, bench: &Bench<'_>) -> Option<String> {
    let nowhere = PathBuf::new();
    let files = Files {
        old: &nowhere,
        new: &nowhere,
        patch: &nowhere,
        out: &nowhere,
        helper: &bench.helper,
    };
    let command = peers::invocation(peer.version, &files, bench.tools)?;
    let finished = bench.runner.run(&command).ok()?;
    let errors = fs::read_to_string(bench.runner.scratch.join("stderr")).unwrap_or_default();
    let line = finished.stdout.lines().chain(errors.lines()).next()?;
    Some(line.trim().to_owned())
}

fn all_ours_are_right(report: &Report) -> bool {
    report
        .pairs
        .iter()
        .flat_map(|pair| &pair.rows)
        .filter(|row| row.kind != Kind::Peer)
        .all(|row| row.status == Status::Ok)
}

/// Says on a terminal what is being run; an empty name clears the line.
fn progress(pair: &str, tool: &str) {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() {
        let separator = if pair.is_empty() { "" } else { ": " };
        // Progress that can not be shown is no reason to stop.
        let _ = write!(stderr, "\r\x1b[K{pair}{separator}{tool}");
        let _ = stderr.flush();
    }
}
