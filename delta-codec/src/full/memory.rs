//! What the model remembers of the bytes so far.

/// Distances kept for repetition.
pub(crate) const REPEATS: usize = 4;

/// What the model remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes so far.
    pub(crate) offset: u32,
    /// The last eight bytes, newest lowest.
    pub(crate) recent: u64,
    /// The last three operations, two bits each, newest lowest.
    pub(crate) operations: u8,
    /// Literals since the last copy.
    pub(crate) since: u8,
    /// Distances of the last copies, newest first.
    pub(crate) repeats: [u32; REPEATS],
    /// Log2 of the alignment of instructions.
    pub(crate) unit_log2: u8,
}

/// Where a copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// So many bytes back.
    Distance(u32),
    /// As far back as one of the last four copies.
    Repeat(u8),
}

impl Source {
    /// The shortest copy from there.
    #[must_use]
    pub const fn shortest(self) -> u32 {
        match self {
            Self::Repeat(0) => 1,
            _ => 2,
        }
    }

    pub(crate) const fn is_repeat(self) -> bool {
        matches!(self, Self::Repeat(_))
    }
}

impl Memory {
    pub(crate) const fn new(unit_log2: u8) -> Self {
        Self {
            offset: 0,
            recent: 0,
            operations: 0,
            since: 0,
            repeats: [1, 2, 3, 4],
            unit_log2,
        }
    }

    pub(crate) fn lane(&self) -> u32 {
        self.offset
            & 1_u32
                .wrapping_shl(u32::from(self.unit_log2))
                .wrapping_sub(1)
    }

    /// The newest byte is the first.
    pub(crate) fn last(&self) -> [u8; 8] {
        self.recent.to_le_bytes()
    }

    pub(crate) fn distance(&self) -> u32 {
        let [newest, ..] = self.repeats;
        newest
    }

    /// A byte was added.
    pub(crate) fn advance(&mut self, byte: u8) {
        self.recent = self.recent << 8 | u64::from(byte);
        self.offset = self.offset.wrapping_add(1);
    }

    /// A literal was added.
    pub(crate) fn after_literal(&mut self) {
        self.operations = self.operations << 2 & 63;
        self.since = self.since.saturating_add(1).min(15);
    }

    /// A copy is over.
    pub(crate) fn after_copy(&mut self, source: Source, len: u32) {
        let kind = match source {
            Source::Distance(_) => 1,
            Source::Repeat(_) if len == 1 => 3,
            Source::Repeat(_) => 2,
        };
        self.operations = (self.operations << 2 | kind) & 63;
        self.since = 0;
    }

    /// A copy begins: its distance becomes the newest.
    pub(crate) fn repeat(&mut self, source: Source) {
        let [a, b, c, d] = self.repeats;
        self.repeats = match source {
            Source::Distance(distance) => [distance, a, b, c],
            Source::Repeat(0) => [a, b, c, d],
            Source::Repeat(1) => [b, a, c, d],
            Source::Repeat(2) => [c, a, b, d],
            Source::Repeat(_) => [d, a, b, c],
        };
    }
}
