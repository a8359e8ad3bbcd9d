//! The two bundled images of `sprag demo`: built from `device/demo-firmware`, compared byte for byte.

mod machine;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::tools::{DeviceTools, Versions};
use crate::{repo, run};

const TARGET: &str = "thumbv7em-none-eabi";
const FOLDER: &str = "builder/demo";
const RECORD: &str = "device/toolchain.txt";
/// What the firmware's slot holds; the linker script says the same.
const LONGEST: usize = 96 * 1024;
/// The image's version, the cargo features that select it, and what it prints first.
const RELEASES: [(&str, &[&str]); 2] = [("1.0.0", &[]), ("1.1.0", &["--features", "release-1-1"])];

/// `cargo xtask demo-images`: builds both, writes them, their README and the record of versions.
pub(crate) fn write(report: &mut Report) {
    report.stage("demo images", || {
        let tools = tools()?;
        let images = build(&tools, &repo::path("device"))?;
        let folder = repo::path(FOLDER);
        fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        for (version, image) in &images {
            let path = folder.join(file_name(version));
            fs::write(&path, image).map_err(Failure::at(&path))?;
        }
        let record = repo::path(RECORD);
        let text = format!(
            "# What built the images in {FOLDER}. `cargo xtask device-tools` takes the same versions\n# while they are offered; without this file it takes the newest.\n{}",
            tools.versions().lines()
        );
        fs::write(&record, text).map_err(Failure::at(&record))?;
        let readme = folder.join("README.md");
        fs::write(&readme, describe(&tools.versions())?).map_err(Failure::at(&readme))?;
        Ok(Done::Passed(sizes(&images)))
    });
    boot_stages(report);
}

/// `cargo xtask demo-images --check`: builds both in another folder and compares.
pub(crate) fn check(report: &mut Report) {
    report.stage("demo images are described", described);
    report.stage("demo images rebuild to the same bytes", rebuilt);
    boot_stages(report);
}

fn boot_stages(report: &mut Report) {
    for (version, _) in RELEASES {
        report.stage(&format!("demo image {version} boots in QEMU"), || {
            if let Err(missing) = machine::ensure() {
                return Ok(Done::Skipped(missing.to_string().replace('\n', ", ")));
            }
            let scratch = repo::path("target/device");
            fs::create_dir_all(&scratch).map_err(Failure::at(&scratch))?;
            machine::boot(&committed(version)?, &format!("SN-4 {version}: "), &scratch)?;
            Ok(Done::passed())
        });
    }
}

/// The recorded images were built by Debian's compiler; another one serves to see that they still build.
fn tools() -> Result<DeviceTools, Failure> {
    match DeviceTools::debian() {
        Err(missing @ Failure::Missing { .. }) => DeviceTools::rustup(TARGET)?.ok_or(missing),
        other => other,
    }
}

/// README.md names the digests of the files beside it.
fn described() -> Result<Done, Failure> {
    let path = repo::path(FOLDER).join("README.md");
    let readme = fs::read_to_string(&path).map_err(Failure::at(&path))?;
    let expected = describe(&Versions::read(&repo::path(RECORD))?)?;
    if readme == expected {
        return Ok(Done::passed());
    }
    let what = format!(
        "{} does not describe the images beside it; it should read:\n{expected}",
        path.display()
    );
    Err(Failure::Check(what))
}

fn rebuilt() -> Result<Done, Failure> {
    let tools = tools()?;
    // From a copy elsewhere, so that a folder's name in the bytes would show.
    let copy = repo::path("target/device/copy of the sources");
    copy_sources(&repo::path("device"), &copy)?;
    let images = build(&tools, &copy)?;
    let drift = tools
        .versions()
        .difference(&Versions::read(&repo::path(RECORD))?);
    for (version, image) in &images {
        let committed = committed(version)?;
        if committed == *image {
            continue;
        }
        let offset = committed
            .iter()
            .zip(image)
            .take_while(|(a, b)| a == b)
            .count();
        let what = format!(
            "{} differs from what its sources build: {} bytes, built {}; the first difference is at byte {offset}",
            file_name(version),
            committed.len(),
            image.len()
        );
        if drift.is_empty() {
            let help = "help: `cargo xtask demo-images` writes the images anew";
            return Err(Failure::Check(format!("{what}\n{help}")));
        }
        return Ok(Done::Skipped(format!(
            "{what}; the compiler is another one, too: {drift}"
        )));
    }
    let remark = if drift.is_empty() {
        String::new()
    } else {
        format!(", although other versions built them: {drift}")
    };
    Ok(Done::Passed(format!("{}{remark}", sizes(&images))))
}

/// Builds both releases from the sources in `folder`.
fn build(tools: &DeviceTools, folder: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    run::locked(&repo::path("target/device/lock"), || {
        let mut images = Vec::new();
        for (version, features) in RELEASES {
            let image = build_one(tools, folder, features)?;
            plausible(version, &image)?;
            images.push((version, image));
        }
        Ok(images)
    })
}

fn build_one(tools: &DeviceTools, folder: &Path, features: &[&str]) -> Result<Vec<u8>, Failure> {
    let mut cargo = tools.cargo("build", TARGET);
    cargo
        .args(["--release", "--locked", "--package", "demo-firmware"])
        .args(features)
        .current_dir(folder);
    // Panic texts name source files: no folder of this machine may be among them.
    let mut flags = vec![format!("--remap-path-prefix={}=/device", folder.display())];
    if let Some(source) = tools.core_source() {
        flags.push(format!("--remap-path-prefix={}=/rust", source.display()));
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    run::output(&mut cargo)?;
    let program = repo::path("target/device")
        .join(TARGET)
        .join("release/demo-firmware");
    let image = program.with_extension("bin");
    run::output(
        tools
            .llvm("objcopy")?
            .args(["--output-target", "binary"])
            .arg(&program)
            .arg(&image),
    )?;
    fs::read(&image).map_err(Failure::at(&image))
}

/// The image fits its slot, starts with a vector table and names no folder of this machine.
fn plausible(version: &str, image: &[u8]) -> Result<(), Failure> {
    let refuse = |what: String| Err(Failure::Check(format!("{}: {what}", file_name(version))));
    if image.len() > LONGEST {
        return refuse(format!("{} bytes, the slot has {LONGEST}", image.len()));
    }
    let word = |at: usize| {
        let bytes = image
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes)
    };
    let (stack, reset) = (word(0), word(4));
    if !(0x2000_0000..=0x2002_0000).contains(&stack)
        || !(0x0800_8000..0x0802_0000).contains(&reset)
        || reset % 2 == 0
    {
        return refuse(format!(
            "no vector table: stack {stack:#010x}, reset {reset:#010x}"
        ));
    }
    let root = repo::root();
    let root = root.to_string_lossy();
    if image
        .windows(root.len())
        .any(|window| window == root.as_bytes())
    {
        return refuse(format!("it contains the folder {root}"));
    }
    Ok(())
}

fn committed(version: &str) -> Result<Vec<u8>, Failure> {
    let path = repo::path(FOLDER).join(file_name(version));
    fs::read(&path).map_err(Failure::at(&path))
}

fn file_name(version: &str) -> String {
    format!("sensor-{version}.bin")
}

fn sizes(images: &[(&str, Vec<u8>)]) -> String {
    let sizes = images
        .iter()
        .map(|(version, image)| format!("{version}: {} bytes", image.len()));
    sizes.collect::<Vec<_>>().join(", ")
}

/// Copies the device workspace, leaving build results behind.
fn copy_sources(from: &Path, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(Failure::at(to))?;
    }
    let mut folders: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let (source, target) = (from.join(&folder), to.join(&folder));
        fs::create_dir_all(&target).map_err(Failure::at(&target))?;
        for entry in fs::read_dir(&source).map_err(Failure::at(&source))? {
            let entry = entry.map_err(Failure::at(&source))?;
            let relative = folder.join(entry.file_name());
            if entry.path().is_dir() {
                if entry.file_name() != "target" {
                    folders.push(relative);
                }
            } else {
                fs::copy(entry.path(), to.join(&relative)).map_err(Failure::at(&entry.path()))?;
            }
        }
    }
    Ok(())
}

fn describe(versions: &Versions) -> Result<String, Failure> {
    let mut table = String::new();
    for (version, _) in RELEASES {
        let len = committed(version)?.len();
        let path = repo::path(FOLDER).join(file_name(version));
        let digest = run::stdout(Command::new("sha256sum").arg(path))?;
        let digest = digest
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        table.push_str(&format!(
            "| {} | {len} | `{digest}` |\n",
            file_name(version)
        ));
    }
    let versions: String = versions
        .lines()
        .lines()
        .map(|line| format!("- {line}\n"))
        .collect();
    Ok(format!(
        include_str!("demo-readme.md"),
        table = table,
        versions = versions
    ))
}
