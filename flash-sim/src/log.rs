//! The operation log and the totals.

/// One driver call, as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// How many erase and write calls came before this call.
    ///
    /// For an erase or a write this is its own running number: the `n` with which
    /// [`FlashSim::cut_after`](crate::FlashSim::cut_after) on a fresh simulator cuts it.
    pub index: u64,
    /// What was called.
    pub kind: OperationKind,
    /// First byte of the range.
    pub address: u32,
    /// Length of the range in bytes.
    pub len: u32,
    /// How the call ended.
    pub outcome: Outcome,
}

/// The kind of a driver call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// A read, which changes nothing.
    Read,
    /// A write of one or several write units.
    Write,
    /// An erase of one or several sectors.
    Erase,
}

/// How a driver call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The call returned `Ok`; a silent fault may still have falsified its effect.
    Completed,
    /// An injected fault made the call return an error.
    Failed,
    /// The power was cut before, within or after the operation.
    Cut,
}

/// What the operation log keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trace {
    /// Nothing; counters go on.
    Off,
    /// Erases and writes.
    #[default]
    Changes,
    /// Erases, writes and reads.
    All,
}

/// Calls and bytes since the last reset of the counters. Calls while the power is off and calls
/// over no bytes are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Read calls.
    pub reads: u64,
    /// Bytes asked for by read calls.
    pub bytes_read: u64,
    /// Write calls, failed and cut ones included.
    pub writes: u64,
    /// Bytes programmed by write calls, in whole write units; a torn unit counts.
    pub bytes_written: u64,
    /// Erase calls, failed and cut ones included.
    pub erases: u64,
    /// Sectors erased; one whose erase was begun and cut counts.
    pub sectors_erased: u64,
}
