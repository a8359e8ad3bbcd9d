//! Exit codes: documented API, one constant each (docs/CLI.md).

/// The command did what it was asked.
pub const OK: u8 = 0;
/// A bug in Sprag.
pub const BUG: u8 = 1;
/// Flags that do not make sense, alone or together.
pub const USAGE: u8 = 2;
/// A file or stream could not be read or written.
pub const IO: u8 = 3;
/// A file is not what it should be.
pub const MALFORMED: u8 = 4;
/// A signature or key was refused.
pub const SIGNATURE: u8 = 5;
/// The package is not meant for this device, or not now.
pub const POLICY: u8 = 6;
/// The old image is not the one the package was made for.
pub const WRONG_OLD_IMAGE: u8 = 7;
/// The update needs more than the device has.
pub const DOES_NOT_FIT: u8 = 8;
/// A gate (simulate, attack, audit) failed.
pub const GATE: u8 = 9;

/// The exit code for an error code of the device side: its hundreds tell the layer.
#[must_use]
pub const fn for_device(code: u16) -> u8 {
    match code {
        100..=199 | 600..=799 => MALFORMED,
        200..=299 => SIGNATURE,
        300..=399 => POLICY,
        400..=499 => DOES_NOT_FIT,
        500..=599 => WRONG_OLD_IMAGE,
        800..=999 => IO,
        _ => BUG,
    }
}
