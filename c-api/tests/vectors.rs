//! The C API says of every vector what the index says: a program in C offers each to a device, through the static
//! library, in pieces of two sizes.

// The library with all that it can link: a smaller one refuses what it was built without (405).
#![cfg(all(
    feature = "full",
    feature = "isas",
    feature = "one-slot",
    feature = "checkpoints"
))]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/program.rs"]
mod program;

use core::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use program::{compile, run};
use sprag::attack::{Layer, Setting};
use sprag_vectors::folder;
use sprag_vectors::index::{Index, Reader, Vector};

/// `SPRAG_INTAKE_OVERHEAD`.
const OVERHEAD: u32 = 97;

fn path(file: &str) -> PathBuf {
    folder().join(file)
}

/// A line of the program's list.
fn line(index: &Index, vector: &Vector, device: &Setting, chunk: usize) -> String {
    let image = |sha256: &str| {
        let image = index.images.iter().find(|image| image.sha256 == sha256);
        path(&image.unwrap().file).to_str().unwrap().to_owned()
    };
    // Of packages that are refused, any serves.
    let old = &device.old_sha256;
    let new = vector.image.as_ref().unwrap_or(old);
    let text = |text: Option<&String>| text.map_or("-".into(), ToString::to_string);
    let known = [
        device.load_address.is_some(),
        device.now.is_some(),
        device.battery_percent.is_some(),
        device.free_storage.is_some(),
        device.temperature.is_some(),
        device.free_ram.is_some(),
        device.minute_of_day.is_some(),
    ];
    let known: u32 = (0..)
        .zip(known)
        .map(|(bit, known)| u32::from(known) << bit)
        .sum();
    // One piece of memory serves for both phases.
    let memory = match device.envelope_max {
        16_384 => device.ram,
        shorter => shorter + OVERHEAD,
    };
    let mut fields: Vec<String> = vec![
        path(&vector.file).to_str().unwrap().into(),
        image(new),
        image(old),
        chunk.to_string(),
        device.vendor.clone(),
        device.product.clone(),
        device.hardware.clone(),
        device.isa.number().to_string(),
        text(device.installed_version.as_ref()),
        text(device.bootloader.as_ref().map(|named| &named.id)),
        device
            .bootloader
            .as_ref()
            .map_or(0, |named| named.version)
            .to_string(),
        text(device.os.as_ref().map(|named| &named.id)),
        device
            .os
            .as_ref()
            .map_or(0, |named| named.version)
            .to_string(),
        text(device.layout.as_ref()),
        known.to_string(),
        device.load_address.unwrap_or(0).to_string(),
        device.now.unwrap_or(0).to_string(),
        device.battery_percent.unwrap_or(0).to_string(),
        device.free_storage.unwrap_or(0).to_string(),
        device.temperature.unwrap_or(0).to_string(),
        device.free_ram.unwrap_or(0).to_string(),
        device.minute_of_day.unwrap_or(0).to_string(),
        device.keyset_version.to_string(),
        u32::from(device.example_keys).to_string(),
        memory.to_string(),
        device.keys.len().to_string(),
    ];
    for key in &device.keys {
        let role = u32::from(key.role == "root");
        fields.extend([key.id.clone(), key.key.clone(), role.to_string()]);
    }
    fields.join("\t")
}

/// Whether flash may have been written by the time it is refused.
fn may_write(layer: Layer) -> bool {
    matches!(
        layer,
        Layer::Bytes | Layer::Blocks | Layer::Stream | Layer::Target
    )
}

#[test]
fn the_c_api_says_so() {
    let text = fs::read_to_string(path("index.json")).unwrap();
    let index: Index = serde_json::from_str(&text).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let program = compile(
        scratch.path(),
        "vectors",
        &["vectors.c", "nor.c"],
        &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    );
    let asked: Vec<_> = index
        .vectors
        .iter()
        .filter_map(|vector| Some((vector, vector.expected(Reader::CApi)?)))
        .collect();
    let mut wrong = Vec::new();
    for chunk in [1, 97] {
        let mut list = String::new();
        for (vector, _) in &asked {
            let device = index
                .devices
                .iter()
                .find(|device| device.name == vector.device);
            writeln!(list, "{}", line(&index, vector, device.unwrap(), chunk)).unwrap();
        }
        let file = scratch.path().join("list");
        fs::write(&file, list).unwrap();
        let said = run(Command::new(&program).arg(file));
        assert_eq!(said.lines().count(), asked.len());
        for ((vector, expected), said) in asked.iter().zip(said.lines()) {
            let said: Vec<i64> = said
                .split(' ')
                .map(|number| number.parse().unwrap())
                .collect();
            let [status, operations, intact, holds] = said[..] else {
                panic!("{said:?}");
            };
            // 1: done.
            let code = if status == 1 { 0 } else { -status };
            let good = code == i64::from(*expected)
                && intact == 1
                && (code != 0 || vector.image.is_none() || holds == 1)
                && (operations == 0 || code == 0 || may_write(vector.layer));
            if !good {
                wrong.push(format!(
                    "{} in pieces of {chunk}: {said:?}, not {expected}",
                    vector.file
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let alike = asked
        .iter()
        .filter(|(vector, code)| vector.code == *code)
        .count();
    let (parts, rest) = (asked.len() - alike, index.vectors.len() - asked.len());
    println!(
        "C API: {alike} files as the format says, {parts} otherwise for a reason that is written down, {rest} not asked"
    );
}
