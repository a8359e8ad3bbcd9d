//! What a simulation found.

use serde::Serialize;

/// The result of a simulation, as `--json` prints it. Times are virtual.
#[derive(Clone, Debug, Serialize)]
pub struct Simulation {
    /// Version of this object.
    pub schema: u32,
    /// Whether the package may ship to the device.
    pub may_ship: bool,
    /// Why not; empty if it may.
    pub failures: Vec<String>,
    /// The update without a fault.
    pub uninterrupted: Uninterrupted,
    /// Cuts of the power.
    pub cuts: CutReport,
    /// With power that lasts only so long each time.
    pub progress: ForwardProgress,
    /// Cuts on the way back of a new image that is not confirmed; `null` without a reverse payload for a single slot.
    pub way_back: Option<CutReport>,
    /// On flash with flaws.
    pub flaws: FlawReport,
    /// Over the device's link; `null` if its profile has none.
    pub link: Option<LinkReport>,
}

/// Updates on flash with flaws.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FlawReport {
    /// With a sector that will not erase, not take writes, or not hold them.
    pub bad_sectors: FlawCounts,
    /// With a read that fails or has a wrong bit.
    pub flaky_reads: FlawCounts,
}

/// What became of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FlawCounts {
    /// Updates.
    pub lives: u64,
    /// That came to their end.
    pub completed: u64,
    /// That ended with an error, and an image boots that is whole.
    pub refused: u64,
    /// With a single slot: whose image can no longer be made.
    pub unfinished: u64,
    /// After which nothing boots. Must be 0.
    pub bricks: u64,
    /// Codes of the errors, the first few.
    pub codes: Vec<u16>,
}

/// The update without a fault, on a perfect link.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Uninterrupted {
    /// Milliseconds, the first boot of the new image included.
    pub milliseconds: u64,
    /// Erases and writes.
    pub operations: u64,
    /// Bytes of flash erased, and written.
    pub sectors_erased: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Most erases of one sector of the new image.
    pub image_erases: u32,
    /// What the manifest states as its bound.
    pub image_erases_bound: u32,
    /// Most erases of one sector of the slot behind the image, where a package may be staged.
    pub tail_erases: u32,
    /// Most erases of one sector of the boot record.
    pub record_erases: u32,
    /// Most erases of one sector of the staging area, 0 without one.
    pub staging_erases: u32,
    /// Microseconds of the longest step.
    pub worst_step_us: u64,
    /// What it did.
    pub worst_step: &'static str,
    /// Most erases and writes of one step.
    pub worst_step_operations: u64,
    /// Steps in all.
    pub steps: u64,
    /// Runs of the task beside.
    pub task_runs: u64,
    /// Runs that were not over by their deadline.
    pub task_late: u64,
    /// Millijoules at the profile's `active-mw`; 0 without it.
    pub millijoules: u64,
}

/// Cuts of the power.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct CutReport {
    /// Operations at which the power can fail.
    pub operations: u64,
    /// Operations at which it did.
    pub operations_cut: u64,
    /// Cuts: each operation clean and torn.
    pub single: u64,
    /// Pairs: a cut, and another in the recovery from it.
    pub double: u64,
    /// Cuts after which the old image booted, and the new one.
    pub booted_old: u64,
    /// See [`CutReport::booted_old`].
    pub booted_new: u64,
    /// Cuts after which the bootloader of a device with a single slot went on with the update.
    pub went_on: u64,
    /// Cuts after which neither would boot. Must be 0.
    pub bricks: u64,
    /// Cuts after which the update did not come to its end. Must be 0.
    pub stuck: u64,
    /// Most bytes of payload that were fetched again after one cut.
    pub refetched_bytes: u64,
    /// Milliseconds of the longest recovery.
    pub recovery_ms: u64,
    /// Runs of the task beside that were late in a recovery.
    pub task_late: u64,
    /// Most erases of one sector of the new image, in an update with one or two cuts.
    pub image_erases: u32,
    /// The seed that picked operations and torn bits.
    pub seed: u64,
}

/// The least power with which the update comes to its end.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ForwardProgress {
    /// Erases and writes between two cuts; `null` if none was found.
    pub least_operations: Option<u64>,
    /// Whether less was tried and failed; else it is the least that was tried.
    pub operations_exact: bool,
    /// What the manifest states as enough; 0 if it does not.
    pub stated_operations: u32,
    /// Units of 1024 bytes hashed, decoded, read and written between two cuts that the manifest states as enough; 0 if
    /// it does not.
    pub stated_work: u32,
    /// Whether they are; `null` where nothing is stated.
    pub work_suffices: Option<bool>,
    /// Milliseconds between two cuts; `null` if none was found.
    pub least_milliseconds: Option<u64>,
    /// Milliseconds that the profile's power lasts, 0 for ever.
    pub power_ms: u64,
}

/// The update over the device's link.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LinkReport {
    /// Whether it came to its end.
    pub completed: bool,
    /// The code of what ended it, else 0.
    pub code: u16,
    /// Milliseconds.
    pub milliseconds: u64,
    /// Bytes that the server sent.
    pub sent_bytes: u64,
    /// Bytes beyond those of head and payload.
    pub extra_bytes: u64,
    /// Requests.
    pub requests: u64,
    /// Parts that came wrong.
    pub refused_parts: u64,
    /// Requests that nothing usable came for.
    pub unanswered: u64,
    /// Times that the link broke off, and that the token was too old.
    pub link_cuts: u64,
    /// See [`LinkReport::link_cuts`].
    pub tokens: u64,
    /// Datagrams lost, duplicated, reordered and corrupted.
    pub datagrams: [u64; 4],
}
