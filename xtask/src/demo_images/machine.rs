//! A machine for the demo images: QEMU's model of a part with the same serial line.

use core::time::Duration;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use crate::apt;
use crate::failure::Failure;

const PROGRAM: &str = "qemu-system-arm";
/// Bytes before the image that belong to the bootloader.
const BOOTLOADER_LEN: usize = 32 * 1024;
/// A machine that says nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes sure that QEMU is there.
pub(crate) fn ensure() -> Result<(), Failure> {
    apt::ensure(PROGRAM, "--version", &[PROGRAM])
}

/// Boots `image` and waits until it has printed `greeting`.
pub(crate) fn boot(image: &[u8], greeting: &str, folder: &Path) -> Result<(), Failure> {
    let flash = folder.join("flash.bin");
    // The image's first two words, stack and reset address, also stand in for a bootloader's.
    let mut bytes = image.get(..8).unwrap_or(image).to_owned();
    bytes.resize(BOOTLOADER_LEN, 0xFF);
    bytes.extend_from_slice(image);
    fs::write(&flash, bytes).map_err(Failure::at(&flash))?;
    let mut command = Command::new(PROGRAM);
    command.args([
        "-M",
        "netduinoplus2",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-kernel",
    ]);
    command
        .arg(&flash)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(|source| Failure::Start {
        program: PROGRAM.to_owned(),
        source,
    })?;
    let said = child
        .stdout
        .take()
        .map(|stdout| listen(stdout, greeting))
        .unwrap_or_default();
    // It runs for ever otherwise; that it may have ended by itself is no matter.
    let _ = child.kill();
    let _ = child.wait();
    if said.contains(greeting) {
        return Ok(());
    }
    Err(Failure::Check(format!(
        "it did not print {greeting:?} but:\n{said}"
    )))
}

/// What the machine prints, up to the greeting or the end of our patience.
fn listen(mut stdout: impl Read + Send + 'static, greeting: &str) -> String {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(len @ 1..) = stdout.read(&mut buffer) {
            let text = String::from_utf8_lossy(buffer.get(..len).unwrap_or_default()).into_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    let (mut said, start) = (String::new(), Instant::now());
    while !said.contains(greeting) {
        match receiver.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
            Ok(text) => said.push_str(&text),
            Err(_) => break,
        }
    }
    said
}
