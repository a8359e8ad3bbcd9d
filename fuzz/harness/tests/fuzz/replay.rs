use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sprag_fuzz::{Noise, TARGETS, Target};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names in a folder, without their extension.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| stem(entry.unwrap().path())).collect()
}

fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("seeds").join(target.name);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn seeds_break_no_promise() {
    for target in &TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 5, "{}: too few seeds", target.name);
        for (path, input) in seeds {
            println!("{path}");
            (target.run)(&input);
        }
    }
}

/// The seeds with bytes changed, cut out and put twice; and nothing but noise.
#[test]
fn changed_seeds_break_no_promise() {
    let rounds = if std::env::var_os("SPRAG_FULL").is_some() {
        2000
    } else {
        4
    };
    for target in &TARGETS {
        let seeds = seeds(target);
        let mut noise = Noise(1);
        for round in 0..rounds {
            for (path, seed) in &seeds {
                println!("{path}, round {round}");
                let mut input = seed.clone();
                for _ in 0..=noise.below(4) {
                    change(&mut input, &mut noise);
                }
                (target.run)(&input);
            }
            let len = noise.below(400);
            (target.run)(&noise.bytes(len));
        }
    }
}

fn change(input: &mut Vec<u8>, noise: &mut Noise) {
    if input.is_empty() {
        return;
    }
    let at = noise.below(input.len());
    let len = noise.below(20).min(input.len() - at);
    match noise.below(6) {
        0 => input[at] = noise.u8(),
        1 | 2 => input[at] ^= 1 << noise.below(8),
        3 => drop(input.drain(at..at + len)),
        4 => {
            let twice = input[at..at + len].to_vec();
            input.splice(at..at, twice);
        }
        _ => input.truncate(at),
    }
}

/// Streams of today's format, whatever the seeds in the tree are of.
#[test]
fn fresh_seeds_break_no_promise() {
    let all = sprag_fuzz::seeds::all();
    for target in &TARGETS {
        let seeds = || all.iter().filter(|seed| seed.target == target.name);
        assert!(seeds().count() >= 5, "{}: too few seeds", target.name);
        for seed in seeds() {
            println!("{} {}", seed.target, seed.name);
            (target.run)(&seed.bytes);
        }
    }
}

#[test]
fn every_target_is_whole() {
    let listed: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), listed);
    assert_eq!(names(&fuzz().join("seeds")), listed);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in listed {
        let line = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&line), "no program for {name}");
    }
}
