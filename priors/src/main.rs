//! The trainer of the delta model's priors: `cargo run --release -- PAIRS OUT`.
//!
//! PAIRS is a folder of folders with an old.bin and a new.bin each. Every pair is encoded without
//! priors and decoded; what the decoder's tables then hold is averaged over all pairs: a counter's
//! probability, and how much the pairs agree on it, which is how many bits it pretends to have seen
//! (the moments of a Beta distribution). Mixer weights are averaged as they are.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sprag::{CodecLimits, Effort, encode_native};
use sprag_delta::train::{Seen, State, forget_priors, stretch};
use sprag_delta::{Decoder, Images, Profile, Pull, workspace_len};

const PROFILE: Profile = Profile::Kib16;

struct Memory<'a> {
    old: &'a [u8],
    new: &'a [u8],
}

impl Images for Memory<'_> {
    type Error = ();

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
        let start = usize::try_from(offset).map_err(|_| ())?;
        buf.copy_from_slice(self.old.get(start..start + buf.len()).ok_or(())?);
        Ok(())
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
        let start = usize::try_from(offset).map_err(|_| ())?;
        buf.copy_from_slice(self.new.get(start..start + buf.len()).ok_or(())?);
        Ok(())
    }
}

/// What one pair taught.
struct Lesson {
    bits: Vec<Seen>,
    flags: Vec<Seen>,
    weights: Vec<i32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(pairs), Some(out), None) = (args.next(), args.next(), args.next()) else {
        return Err("two arguments are needed: the folder of pairs, the file to write".into());
    };
    forget_priors();
    let mut folders = fs::read_dir(&pairs)?.collect::<Result<Vec<_>, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let mut lessons = Vec::new();
    for folder in folders {
        if folder.path().is_dir() {
            println!("{}", folder.file_name().to_string_lossy());
            lessons.push(lesson(&folder.path())?);
        }
    }
    fs::write(out, source(&lessons)?)?;
    Ok(())
}

fn lesson(folder: &Path) -> Result<Lesson, Box<dyn Error>> {
    let (old, new) = (
        fs::read(folder.join("old.bin"))?,
        fs::read(folder.join("new.bin"))?,
    );
    let mut workspace = vec![0; workspace_len(PROFILE)];
    let limits = CodecLimits {
        ram: u32::try_from(workspace.len())?,
        effort: Effort::default(),
        isa: None,
        load_address: None,
        in_place: None,
    };
    let patch = encode_native(&old, &new, &limits, &mut |_, _, _| ())?.bytes;
    let mut decoder = Decoder::new(&mut workspace, old.len().try_into()?, new.len().try_into()?);
    let (mut rest, mut out) = (patch.as_slice(), vec![0; 4096]);
    loop {
        rest = &rest[decoder.push(rest)..];
        if rest.is_empty() {
            decoder.finish();
        }
        let mut images = Memory {
            old: &old,
            new: &new,
        };
        match decoder.pull(&mut images, &mut out) {
            Ok(Pull::Done) => break,
            Ok(_) => {}
            Err(error) => return Err(format!("{}: {error:?}", folder.display()).into()),
        }
    }
    let state = State::of(&mut workspace, PROFILE).ok_or("the workspace is too small")?;
    Ok(Lesson {
        bits: state.bits().collect(),
        flags: state.flags().collect(),
        weights: state.weights().collect(),
    })
}

/// The lowest count at which a pair's counter says something.
const SEEN_MIN: u8 = 4;

fn prior(seen: impl Iterator<Item = Seen>) -> u8 {
    let seen: Vec<f64> = seen
        .filter(|seen| seen.count >= SEEN_MIN)
        .map(|seen| f64::from(seen.one) / 65536.0)
        .collect();
    if seen.is_empty() {
        return 0x80;
    }
    let n = seen.len() as f64;
    // In the stretch domain, so that rare events stay rare; towards one half if few pairs know.
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let mean = seen.iter().map(|&p| logit(p)).sum::<f64>() / (n + 0.5);
    let p = 1.0 / (1.0 + (-mean).exp());
    let variance = (seen.iter().map(|&q| (q - p) * (q - p)).sum::<f64>() + 0.02) / (n + 0.5);
    let count = p * (1.0 - p) / variance - 1.6;
    let one = (p * 65536.0).clamp(16.0, 65519.0) as u16;
    let level = ((stretch(one) + 32).div_euclid(64) + 32).clamp(0, 63) as u8;
    let class = match count {
        count if count < 1.0 => 0,
        count if count < 3.5 => 1,
        count if count < 8.5 => 2,
        _ => 3,
    };
    level << 2 | class
}

fn source(lessons: &[Lesson]) -> Result<String, Box<dyn Error>> {
    let first = lessons.first().ok_or("there are no pairs")?;
    let priors = |len: usize, of: fn(&Lesson) -> &[Seen]| -> Vec<u8> {
        (0..len)
            .map(|index| prior(lessons.iter().map(|lesson| of(lesson)[index])))
            .collect()
    };
    let bits = priors(first.bits.len(), |lesson| &lesson.bits);
    let flags = priors(first.flags.len(), |lesson| &lesson.flags);
    let weights: Vec<i8> = (0..first.weights.len())
        .map(|index| {
            let sum: f64 = lessons
                .iter()
                .map(|lesson| f64::from(lesson.weights[index]))
                .sum();
            (sum / lessons.len() as f64 / 2048.0)
                .round()
                .clamp(-127.0, 127.0) as i8
        })
        .collect();
    let mut text = String::from(
        "//! What the model believes before the first bit. Written by the trainer (`priors/`): do not edit.\n\n\
         use crate::model::{BITS_FIXED, FLAGS_FIXED, WEIGHT_COUNT};\n",
    );
    array(
        &mut text,
        "See [`crate::tables`].",
        "BITS: [u8; BITS_FIXED]",
        &bits,
    )?;
    array(
        &mut text,
        "See [`crate::tables`].",
        "FLAGS: [u8; FLAGS_FIXED]",
        &flags,
    )?;
    array(
        &mut text,
        "Units of 1/32.",
        "WEIGHTS: [i8; WEIGHT_COUNT]",
        &weights,
    )?;
    Ok(text)
}

fn array<T: std::fmt::Display>(
    text: &mut String,
    doc: &str,
    head: &str,
    values: &[T],
) -> std::fmt::Result {
    write!(
        text,
        "\n/// {doc}\n#[rustfmt::skip]\npub(crate) static {head} = ["
    )?;
    for (index, value) in values.iter().enumerate() {
        let space = if index % 24 == 0 { "\n    " } else { " " };
        write!(text, "{space}{value},")?;
    }
    text.push_str("\n];\n");
    Ok(())
}
