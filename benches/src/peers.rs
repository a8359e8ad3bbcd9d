//! The public tools, as one table: what each needs, and its two command lines.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::child::Invocation;
use crate::pairs::Code;
use crate::tools::Tools;

const APT: &str = "apt-get install bsdiff xdelta3 zstd xz-utils";
const PIP: &str = "table --install-peers (pip install -r benches/peers-requirements.txt)";

/// What a peer needs to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Program(&'static str),
    PythonModule(&'static str),
}

/// One public tool at its strongest sensible setting.
///
/// Command lines are words separated by blanks. `{old}`, `{new}`, `{patch}` and `{out}` are files,
/// `{python}` the interpreter, `{helper}` the script `peers.py`; `>` sends standard output to a
/// file.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [Need],
    /// Images that it is meant for; `None` for any.
    pub(crate) code: Option<Code>,
    pub(crate) encode: &'static str,
    pub(crate) decode: &'static str,
    /// Prints its version; empty if it can not.
    pub(crate) version: &'static str,
    pub(crate) install: &'static str,
}

const DETOOLS: &[Need] = &[Need::PythonModule("detools")];
const DETOOLS_APPLY: &str = "{python} -m detools apply_patch {old} {patch} {out}";
const DETOOLS_VERSION: &str = "{python} -m detools --version";
const HDIFFPATCH: &[Need] = &[Need::PythonModule("hdiffpatch")];
const HDIFFPATCH_APPLY: &str = "{python} {helper} hdiff-apply {old} {patch} {out}";
const HDIFFPATCH_VERSION: &str = "{python} {helper} version hdiffpatch";

/// Every peer that can be measured, in the order of the table.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: BSDIFF,
        needs: &[Need::Program("bsdiff"), Need::Program("bspatch")],
        code: None,
        encode: "bsdiff {old} {new} {patch}",
        decode: "bspatch {old} {out} {patch}",
        version: "",
        install: APT,
    },
    // Its operations interleaved in one stream, compressed by xz instead of bzip2.
    Peer {
        name: "bsdiff+xz",
        needs: &[
            Need::Program("bsdiff"),
            Need::Program("bspatch"),
            Need::PythonModule("lzma"),
        ],
        code: None,
        encode: "{python} {helper} bsdiff-xz {old} {new} {patch}",
        decode: "{python} {helper} bsdiff-xz-apply {old} {patch} {out}",
        version: "",
        install: APT,
    },
    Peer {
        name: "xdelta3",
        needs: &[Need::Program("xdelta3")],
        code: None,
        encode: "xdelta3 -e -f -9 -S lzma -s {old} {new} {patch}",
        decode: "xdelta3 -d -f -s {old} {patch} {out}",
        version: "xdelta3 -V",
        install: APT,
    },
    Peer {
        name: "zstd-19",
        needs: &[Need::Program("zstd")],
        code: None,
        encode: "zstd -q -f -19 --long=27 --patch-from={old} {new} -o {patch}",
        decode: "zstd -q -f -d --long=27 --patch-from={old} {patch} -o {out}",
        version: "zstd --version",
        install: APT,
    },
    Peer {
        name: "zstd-22",
        needs: &[Need::Program("zstd")],
        code: None,
        encode: "zstd -q -f --ultra -22 --long=27 --patch-from={old} {new} -o {patch}",
        decode: "zstd -q -f -d --long=27 --patch-from={old} {patch} -o {out}",
        version: "zstd --version",
        install: APT,
    },
    Peer {
        name: "detools",
        needs: DETOOLS,
        code: None,
        encode: "{python} -m detools create_patch -c lzma {old} {new} {patch}",
        decode: DETOOLS_APPLY,
        version: DETOOLS_VERSION,
        install: PIP,
    },
    Peer {
        name: "detools-hdiff",
        needs: DETOOLS,
        code: None,
        encode: "{python} -m detools create_patch -c lzma -t hdiffpatch -a hdiffpatch {old} {new} {patch}",
        decode: DETOOLS_APPLY,
        version: DETOOLS_VERSION,
        install: PIP,
    },
    Peer {
        name: "detools-arm",
        needs: DETOOLS,
        code: Some(Code::Thumb),
        encode: "{python} -m detools create_patch -c lzma --data-format arm-cortex-m4 {old} {new} {patch}",
        decode: DETOOLS_APPLY,
        version: DETOOLS_VERSION,
        install: PIP,
    },
    Peer {
        name: "detools-a64",
        needs: DETOOLS,
        code: Some(Code::A64),
        encode: "{python} -m detools create_patch -c lzma --data-format aarch64 {old} {new} {patch}",
        decode: DETOOLS_APPLY,
        version: DETOOLS_VERSION,
        install: PIP,
    },
    Peer {
        name: "detools-xtensa",
        needs: DETOOLS,
        code: Some(Code::Xtensa),
        encode: "{python} -m detools create_patch -c lzma --data-format xtensa-lx106 {old} {new} {patch}",
        decode: DETOOLS_APPLY,
        version: DETOOLS_VERSION,
        install: PIP,
    },
    Peer {
        name: "hdiffpatch-lzma2",
        needs: HDIFFPATCH,
        code: None,
        encode: "{python} {helper} hdiff-lzma2 {old} {new} {patch}",
        decode: HDIFFPATCH_APPLY,
        version: HDIFFPATCH_VERSION,
        install: PIP,
    },
    Peer {
        name: "hdiffpatch-brotli",
        needs: HDIFFPATCH,
        code: None,
        encode: "{python} {helper} hdiff-brotli {old} {new} {patch}",
        decode: HDIFFPATCH_APPLY,
        version: HDIFFPATCH_VERSION,
        install: PIP,
    },
    Peer {
        name: FULL_IMAGE,
        needs: &[Need::Program("xz")],
        code: None,
        encode: "xz -9e -k -c {new} > {patch}",
        decode: "xz -d -c {patch} > {out}",
        version: "xz --version",
        install: APT,
    },
];

/// The peer that every paper on binary deltas compares with.
pub(crate) const BSDIFF: &str = "bsdiff";

/// The full image, compressed; what has to be sent when there is no delta.
pub(crate) const FULL_IMAGE: &str = "xz full image";

/// The files that a peer's command lines name.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    pub(crate) old: &'a Path,
    pub(crate) new: &'a Path,
    pub(crate) patch: &'a Path,
    pub(crate) out: &'a Path,
    pub(crate) helper: &'a Path,
}

impl Peer {
    /// What this machine lacks to run it.
    pub(crate) fn missing(&self, tools: &Tools) -> Option<String> {
        self.needs.iter().find_map(|need| match need {
            Need::Program(name) if tools.program(name).is_none() => {
                Some(format!("program {name} not found"))
            }
            Need::PythonModule(module) if !tools.has_python_module(module) => {
                Some(format!("Python module {module} not found"))
            }
            _ => None,
        })
    }
}

/// The peers that `list` names: `all`, `none`, or names separated by commas. A name selects every
/// peer that it begins, so that `detools` takes all of detools' modes.
pub(crate) fn select(list: &str) -> Result<Vec<&'static Peer>, String> {
    match list {
        "all" => return Ok(PEERS.iter().collect()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    for name in &names {
        if name.is_empty() || !PEERS.iter().any(|peer| peer.name.starts_with(name)) {
            let known: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
            return Err(format!(
                "unknown peer {name:?}; the peers are: {}",
                known.join(", ")
            ));
        }
    }
    Ok(PEERS
        .iter()
        .filter(|peer| names.iter().any(|name| peer.name.starts_with(name)))
        .collect())
}

/// The command of a template, or `None` if its program is not there.
pub(crate) fn invocation(template: &str, files: &Files<'_>, tools: &Tools) -> Option<Invocation> {
    let (command, stdout) = template
        .split_once('>')
        .map_or((template, None), |(command, stdout)| {
            (command, Some(stdout.trim()))
        });
    let mut words = command.split_whitespace();
    let program = match words.next()? {
        "{python}" => tools.python()?.to_path_buf(),
        name => tools.program(name)?,
    };
    Some(Invocation {
        program,
        args: words.map(|word| fill(word, files)).collect(),
        stdout: stdout.map(|word| PathBuf::from(fill(word, files))),
    })
}

fn fill(word: &str, files: &Files<'_>) -> OsString {
    let places = [
        ("{old}", files.old),
        ("{new}", files.new),
        ("{patch}", files.patch),
        ("{out}", files.out),
        ("{helper}", files.helper),
    ];
    for (place, path) in places {
        if let Some((before, after)) = word.split_once(place) {
            let mut filled = OsString::from(before);
            filled.push(path);
            filled.push(after);
            return filled;
        }
    }
    OsString::from(word)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Files, PEERS, invocation, select};
    use crate::tools::Tools;

    #[test]
    fn without_programs_every_peer_is_named_as_missing() {
        let tools = Tools::new("".into(), None);
        for peer in PEERS {
            let reason = peer.missing(&tools).unwrap_or_default();
            assert!(reason.ends_with("not found"), "{}: {reason}", peer.name);
            assert!(!peer.install.is_empty(), "{}", peer.name);
        }
    }

    #[test]
    fn templates_name_patch_and_result() {
        for peer in PEERS {
            for place in ["{new}", "{patch}"] {
                assert!(peer.encode.contains(place), "{}", peer.name);
            }
            for place in ["{patch}", "{out}"] {
                assert!(peer.decode.contains(place), "{}", peer.name);
            }
        }
    }

    #[test]
    fn words_are_filled_and_output_redirected() {
        let files = Files {
            old: Path::new("/o"),
            new: Path::new("/n"),
            patch: Path::new("/p"),
            out: Path::new("/r"),
            helper: Path::new("/h"),
        };
        let tools = Tools::new("/bin:/usr/bin".into(), None);
        let filled = invocation("sh --patch-from={old} {new} > {patch}", &files, &tools).unwrap();
        assert!(filled.program.ends_with("sh"));
        assert_eq!(filled.args, ["--patch-from=/o", "/n"]);
        assert_eq!(filled.stdout.as_deref(), Some(Path::new("/p")));
        assert_eq!(invocation("{python} -m x", &files, &tools), None);
    }

    #[test]
    fn lists_select_by_beginning() {
        let names = |list: &str| -> Vec<&str> {
            select(list).unwrap().iter().map(|peer| peer.name).collect()
        };
        assert_eq!(names("all").len(), PEERS.len());
        assert!(names("none").is_empty());
        assert_eq!(names("xdelta3, zstd"), ["xdelta3", "zstd-19", "zstd-22"]);
        let error = select("bsdif,courgette").unwrap_err();
        assert!(error.contains("courgette") && error.contains("xdelta3"));
        assert!(select("").is_err());
    }
}
