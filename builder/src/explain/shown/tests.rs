use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::diagnose::FIELD_CAUSES;
use crate::explain::{Stage, explanations, fault_library};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source file below a folder, joined.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    text
}

#[test]
fn every_code_is_shown_or_says_why_not() {
    assert!(TABLE.is_sorted_by(|a, b| a.1 < b.0));
    assert!(TABLE.iter().all(|(first, last, _)| first <= last));
    let missing = explanations().iter().filter(|e| shown(e.code).is_none());
    let missing: Vec<_> = missing.map(|e| (e.code, e.name)).collect();
    assert!(
        missing.is_empty(),
        "add them to explain/shown.rs: {missing:?}"
    );
    for code in [0, 99, 200, 999, 1005, u16::MAX] {
        assert_eq!(shown(code), None, "{code}");
    }
}

/// A command that names a test which is not there would pass without having shown anything.
#[test]
fn the_tests_that_are_named_are_there() {
    let folder = |package| match package {
        "sprag" => "builder",
        "sprag-manifest" => "manifest-schema",
        "sprag-verifier" => "verifier-no-std",
        "sprag-c" => "c-api",
        other => panic!("{other}: which folder?"),
    };
    for (code, _, how) in TABLE {
        let Shown::Test {
            package,
            target,
            name,
        } = how
        else {
            continue;
        };
        let folder = root().join(folder(package));
        let source = match *target {
            "lib" => sources(&folder.join("src")),
            target => {
                let file = folder.join("tests").join(format!("{target}.rs"));
                let below = folder.join("tests").join(target);
                assert!(file.exists() || below.is_dir(), "{code}: {how}");
                let file = fs::read_to_string(file).unwrap_or_default();
                let below = if below.is_dir() {
                    sources(&below)
                } else {
                    String::new()
                };
                file + &below
            }
        };
        // The last part of a path, or its module if it ends there.
        let (module, function) = match name.rsplit_once("::") {
            None => ("", *name),
            Some((module, function)) => (module, function),
        };
        assert!(
            function.is_empty() || source.contains(&format!("fn {function}")),
            "{code}: {how}"
        );
        let module = module
            .split("::")
            .find(|part| *part != "tests")
            .unwrap_or("");
        assert!(
            module.is_empty() || source.contains(&format!("mod {module}")),
            "{code}: {how}"
        );
    }
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = root().join("docs/FAULTS.md");
    let page = fault_library();
    if std::env::var_os("SPRAG_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/FAULTS.md is not what the tables say: run this test with SPRAG_BLESS=1"
    );
    for stage in Stage::ALL {
        assert!(
            page.contains(&format!("\n## Stage {stage}\n\n### ")),
            "{stage} is empty"
        );
    }
    assert_eq!(
        page.matches("*Shown by:*").count(),
        explanations().len() + FIELD_CAUSES.len()
    );
}
