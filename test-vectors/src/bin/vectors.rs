//! Writes `test-vectors/v1`; with `--check`, says whether it is what would be written.

use core::error::Error;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use sprag_vectors::{folder, present, vectors};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut made = vectors::make()?;
    let text = made.index_text()?;
    made.files.insert("index.json".into(), text.into_bytes());
    let bytes: usize = made.files.values().map(Vec::len).sum();
    let good = made.index.vectors.iter().filter(|v| v.code == 0).count();
    let bad = made.index.vectors.len() - good;
    println!(
        "{good} good, {bad} bad, {} files, {bytes} B",
        made.files.len()
    );

    let root = folder();
    let there: BTreeSet<String> = present(&root)?;
    let is_check = std::env::args()
        .nth(1)
        .is_some_and(|word| word == "--check");
    let mut wrong: Vec<&String> = there
        .iter()
        .filter(|name| !made.files.contains_key(*name))
        .collect();
    for (name, bytes) in &made.files {
        if fs::read(root.join(name)).is_ok_and(|found| found == *bytes) {
            continue;
        }
        wrong.push(name);
        if !is_check {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            fs::write(path, bytes)?;
        }
    }
    if is_check && !wrong.is_empty() {
        println!("not as they would be written: {wrong:?}");
        return Ok(ExitCode::FAILURE);
    }
    for name in there.iter().filter(|name| !made.files.contains_key(*name)) {
        fs::remove_file(root.join(name))?;
    }
    Ok(ExitCode::SUCCESS)
}
