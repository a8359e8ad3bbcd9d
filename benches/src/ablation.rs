//! What each stage of the delta codec is worth: all pairs again without it.

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use sprag::{CodecLimits, encode_native};
use sprag_delta::ablation::{Stage, switch_off};

use crate::args::PairArgs;
use crate::decode::decode_patch;
use crate::error::BenchError;
use crate::layout::{Align, Style, Table};
use crate::numbers::{float, grouped};
use crate::pairs::Pair;

/// Larger images take too long, fourteen times.
const NEW_MAX: u64 = 4 << 20;

/// Measures patches with each stage of the codec switched off in turn.
#[derive(Debug, Clone, Parser)]
#[command(name = "ablation", version)]
pub struct AblationArgs {
    /// Which pairs are measured
    #[command(flatten)]
    pub pairs: PairArgs,

    /// Switch off only this stage, by its name in the table (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub stage: Vec<String>,

    /// Decoder workspace in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16384)]
    pub ram: u32,
}

/// Measures and prints, a line at a time.
///
/// # Errors
///
/// A file or folder could not be used, or a patch did not make its image.
pub fn ablate(args: &AblationArgs) -> Result<(), BenchError> {
    let mut found = args.pairs.all()?;
    found.retain(|pair| pair.new_bytes <= NEW_MAX);
    let pairs = args.pairs.choose(found)?;
    switch_off(&[]);
    let whole = sizes(&pairs, args.ram)?;
    let mut table = Table::new(&[
        ("without", Align::Left),
        ("more bytes", Align::Right),
        ("most", Align::Right),
        ("of pair", Align::Left),
    ]);
    let wanted =
        |stage: &Stage| args.stage.is_empty() || args.stage.iter().any(|name| name == stage.name());
    for stage in Stage::ALL.into_iter().filter(wanted) {
        switch_off(&[stage]);
        let without = sizes(&pairs, args.ram)?;
        let ratios = || {
            let pairs = without.iter().zip(&whole);
            pairs.map(|(without, whole)| float(*without) / float((*whole).max(1)))
        };
        let logs: f64 = ratios().map(f64::ln).sum();
        let count = float(u64::try_from(pairs.len()).unwrap_or(u64::MAX));
        let mean = (logs / count).exp();
        let most = ratios().zip(&pairs).max_by(|(a, _), (b, _)| a.total_cmp(b));
        let (most, pair) = most.map_or((1.0, ""), |(ratio, pair)| (ratio, pair.name.as_str()));
        eprintln!("without {}: {without:?}", stage.name());
        table.row(vec![
            stage.name().to_owned(),
            percent(mean),
            percent(most),
            pair.to_owned(),
        ]);
    }
    let total: u64 = whole.iter().sum();
    println!(
        "{} pairs, {} B with all stages",
        pairs.len(),
        grouped(total)
    );
    print!("{}", table.render(Style::Markdown));
    Ok(())
}

fn percent(ratio: f64) -> String {
    format!("{:+.1} %", (ratio - 1.0) * 100.0)
}

/// Bytes of each pair's patch.
fn sizes(pairs: &[Pair], ram: u32) -> Result<Vec<u64>, BenchError> {
    pairs.iter().map(|pair| size(pair, ram)).collect()
}

fn size(pair: &Pair, ram: u32) -> Result<u64, BenchError> {
    let read = |path: &PathBuf| fs::read(path).map_err(BenchError::io(path));
    let (old, new) = (read(&pair.old)?, read(&pair.new)?);
    let limits = CodecLimits {
        ram,
        effort: sprag::Effort::Default,
        isa: None,
        load_address: None,
        in_place: None,
    };
    let failed = |reason: String| BenchError::Usage(format!("{}: {reason}", pair.name));
    let patch = encode_native(&old, &new, &limits, &mut |_, _, _| ())
        .map_err(|error| failed(error.to_string()))?
        .bytes;
    let made = decode_patch(&old, new.len(), &patch).map_err(failed)?;
    if made != new {
        return Err(failed("the patch makes another image".to_owned()));
    }
    Ok(u64::try_from(patch.len()).unwrap_or(u64::MAX))
}
