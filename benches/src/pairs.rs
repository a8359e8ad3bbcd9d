//! Pairs of images: an old one, a new one, and where they come from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::BenchError;

/// Folder and names of the demonstration images, in the workspace.
const DEMO_FOLDER: &str = "builder/demo";
const DEMO_IMAGES: [&str; 2] = ["sensor-1.0.0.bin", "sensor-1.1.0.bin"];
const DEMO_NAME: &str = "demo-sensor";

/// Instruction sets that a peer has a mode for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Thumb,
    A64,
    Xtensa,
}

/// What is known about a pair's instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// Nothing is stated, so every mode of every peer is tried.
    Unstated,
    /// Stated, and no peer has a mode for it.
    Other,
    Known(Code),
}

/// Two images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) old: PathBuf,
    pub(crate) new: PathBuf,
    pub(crate) old_bytes: u64,
    pub(crate) new_bytes: u64,
    pub(crate) architecture: Architecture,
}

impl Pair {
    fn new(name: String, old: PathBuf, new: PathBuf, source: &str) -> Result<Self, BenchError> {
        let size = |path: &Path| Ok(fs::metadata(path).map_err(BenchError::io(path))?.len());
        Ok(Self {
            name,
            old_bytes: size(&old)?,
            new_bytes: size(&new)?,
            old,
            new,
            architecture: architecture(source),
        })
    }

    /// Whether a mode for `code` (or for any code) is worth running.
    pub(crate) fn suits(&self, code: Option<Code>) -> bool {
        match (code, self.architecture) {
            (None, _) | (_, Architecture::Unstated) => true,
            (Some(_), Architecture::Other) => false,
            (Some(mode), Architecture::Known(code)) => mode == code,
        }
    }
}

/// The pairs of `folder` in the order of their names: sub-folders that hold old.bin and new.bin.
pub(crate) fn in_folder(folder: &Path) -> Result<Vec<Pair>, BenchError> {
    let mut pairs = Vec::new();
    for entry in fs::read_dir(folder).map_err(BenchError::io(folder))? {
        let path = entry.map_err(BenchError::io(folder))?.path();
        let (old, new) = (path.join("old.bin"), path.join("new.bin"));
        if !old.is_file() || !new.is_file() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let source = fs::read_to_string(path.join("SOURCE.txt")).unwrap_or_default();
        pairs.push(Pair::new(name.into_owned(), old, new, &source)?);
    }
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    if pairs.is_empty() {
        return Err(BenchError::Usage(format!(
            "{}: no sub-folder holds old.bin and new.bin",
            folder.display()
        )));
    }
    Ok(pairs)
}

/// The pair of demonstration images that the repository bundles.
pub(crate) fn bundled(workspace: &Path) -> Result<Vec<Pair>, BenchError> {
    let [old, new] = DEMO_IMAGES.map(|name| workspace.join(DEMO_FOLDER).join(name));
    if !old.is_file() || !new.is_file() {
        return Err(BenchError::Usage(format!(
            "no pairs: give --pairs DIR or set SPRAG_CORPUS; the bundled images {} are not there",
            DEMO_IMAGES.join(" and ")
        )));
    }
    Ok(vec![Pair::new(DEMO_NAME.to_owned(), old, new, "")?])
}

/// The pairs that `only` names (all if it is empty), without those that `skip` names.
pub(crate) fn choose(
    pairs: Vec<Pair>,
    only: &[String],
    skip: &[String],
) -> Result<Vec<Pair>, BenchError> {
    for name in only.iter().chain(skip) {
        if !pairs.iter().any(|pair| pair.name == *name) {
            let known: Vec<&str> = pairs.iter().map(|pair| pair.name.as_str()).collect();
            return Err(BenchError::Usage(format!(
                "no pair {name:?}; the pairs are: {}",
                known.join(", ")
            )));
        }
    }
    let chosen: Vec<Pair> = pairs
        .into_iter()
        .filter(|pair| only.is_empty() || only.contains(&pair.name))
        .filter(|pair| !skip.contains(&pair.name))
        .collect();
    if chosen.is_empty() {
        return Err(BenchError::Usage("no pair is left to measure".to_owned()));
    }
    Ok(chosen)
}

/// Reads the line `arch: ...` of a SOURCE.txt.
fn architecture(source: &str) -> Architecture {
    let Some(stated) = source.lines().find_map(|line| line.strip_prefix("arch:")) else {
        return Architecture::Unstated;
    };
    let stated = stated.to_lowercase();
    let table = [
        ("aarch64", Code::A64),
        ("xtensa", Code::Xtensa),
        ("thumb", Code::Thumb),
        ("cortex-m", Code::Thumb),
        ("arm", Code::Thumb),
    ];
    table
        .iter()
        .find(|(word, _)| stated.contains(word))
        .map_or(Architecture::Other, |(_, code)| Architecture::Known(*code))
}

#[cfg(test)]
mod tests {
    use super::{Architecture, Code, architecture, bundled, choose, in_folder};

    #[test]
    fn architectures_are_read_from_the_source_note() {
        let cases = [
            ("licence: MIT\n", Architecture::Unstated),
            ("arch: RISC-V RV32\n", Architecture::Other),
            (
                "a\narch: AArch64 Linux Image\n",
                Architecture::Known(Code::A64),
            ),
            (
                "arch: Cortex-M0 (nRF51822)",
                Architecture::Known(Code::Thumb),
            ),
            ("arch: ARMv7-A", Architecture::Known(Code::Thumb)),
            (
                "arch: Xtensa LX106 (ARM-free)",
                Architecture::Known(Code::Xtensa),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(architecture(text), expected, "{text}");
        }
    }

    #[test]
    fn folders_are_listed_in_order_and_chosen_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a", "c"] {
            let pair = folder.path().join(name);
            std::fs::create_dir(&pair).unwrap();
            std::fs::write(pair.join("old.bin"), b"old").unwrap();
            std::fs::write(pair.join("new.bin"), b"newer").unwrap();
        }
        std::fs::create_dir(folder.path().join("not-a-pair")).unwrap();
        let pairs = in_folder(folder.path()).unwrap();
        let names: Vec<&str> = pairs.iter().map(|pair| pair.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!((pairs[0].old_bytes, pairs[0].new_bytes), (3, 5));
        assert!(pairs[0].suits(Some(Code::A64)) && pairs[0].suits(None));
        let chosen = choose(pairs.clone(), &[], &["b".into()]).unwrap();
        assert_eq!(chosen.len(), 2);
        let chosen = choose(pairs.clone(), &["c".into()], &[]).unwrap();
        assert_eq!(chosen[0].name, "c");
        let error = choose(pairs.clone(), &["d".into()], &[]).unwrap_err();
        assert!(error.to_string().contains("a, b, c"));
        assert!(choose(pairs, &["a".into()], &["a".into()]).is_err());
    }

    #[test]
    fn nothing_to_measure_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(in_folder(folder.path()).unwrap_err().exit_code(), 2);
        assert_eq!(bundled(folder.path()).unwrap_err().exit_code(), 2);
        let absent = folder.path().join("absent");
        assert_eq!(in_folder(&absent).unwrap_err().exit_code(), 3);
    }
}
