//! A reader in Python, `builder/tests/interop/package_reader.py`, written from docs/FORMAT.md with stock CBOR and Ed25519,
//! says of every vector what the index says.
//!
//! It needs the Python that `SPRAG_PYTHON` names, with the libraries of `builder/tests/interop/requirements.txt`
//! (`cargo xtask test` brings one). Without, the test says so and passes, unless `SPRAG_REQUIRE_TOOLS` is set.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use sprag_vectors::folder;
use sprag_vectors::index::{Index, Reader};

#[test]
fn the_reader_in_python_says_so() {
    let Ok(python) = std::env::var("SPRAG_PYTHON") else {
        assert!(
            std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
            "SPRAG_REQUIRE_TOOLS without SPRAG_PYTHON"
        );
        println!("skipped: SPRAG_PYTHON is not set");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(python);
    // Without a cache of compiled code in the source folder.
    command
        .arg("-B")
        .arg(root.join("builder/tests/interop/package_reader.py"))
        .arg(folder());
    for name in ["logistic.rs", "priors.rs"] {
        command.arg(root.join("delta-codec/src").join(name));
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8(output.stdout).unwrap();
    let said: BTreeMap<&str, &str> = said
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();

    let text = fs::read_to_string(folder().join("index.json")).unwrap();
    let index: Index = serde_json::from_str(&text).unwrap();
    let (mut alike, mut not_asked, mut wrong) = (0, 0, Vec::new());
    for vector in &index.vectors {
        let Some(expected) = vector.expected(Reader::Python) else {
            not_asked += 1;
            continue;
        };
        let found = said.get(&*vector.file).copied().unwrap_or("nothing");
        let (code, image) = found.split_once(' ').unwrap_or((found, ""));
        if code != expected.to_string() || vector.image.as_deref().unwrap_or_default() != image {
            wrong.push(format!("{}: {found}, not {expected}", vector.file));
        }
        alike += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("Python: {alike} files as the format says, {not_asked} not asked");
}
