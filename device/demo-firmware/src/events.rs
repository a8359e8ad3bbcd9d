//! The event log: a ring in RAM that keeps the newest entries.

use crate::faults::{self, Severity};

/// One entry. Release 1.1.0 also keeps how often an event came again at once.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) at: u32,
    pub(crate) fault: u16,
    #[cfg(feature = "release-1-1")]
    pub(crate) repeats: u16,
    pub(crate) detail: i32,
}

pub(crate) struct Log {
    ring: [Option<Event>; Self::CAPACITY],
    next: usize,
    pub(crate) total: u32,
}

impl Log {
    pub(crate) const CAPACITY: usize = 48;

    pub(crate) const fn new() -> Self {
        Self {
            ring: [None; Self::CAPACITY],
            next: 0,
            total: 0,
        }
    }

    pub(crate) fn push(&mut self, at: u32, fault: u16, detail: i32) {
        self.total = self.total.wrapping_add(1);
        #[cfg(feature = "release-1-1")]
        {
            let last = (self.next + Self::CAPACITY - 1) % Self::CAPACITY;
            if let Some(event) = &mut self.ring[last]
                && event.fault == fault
                && event.detail == detail
            {
                event.repeats = event.repeats.saturating_add(1);
                return;
            }
        }
        self.ring[self.next] = Some(Event {
            at,
            fault,
            #[cfg(feature = "release-1-1")]
            repeats: 0,
            detail,
        });
        self.next = (self.next + 1) % Self::CAPACITY;
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        let (newer, older) = self.ring.split_at(self.next);
        older.iter().chain(newer).flatten()
    }

    pub(crate) fn worst(&self) -> Option<Severity> {
        self.iter()
            .filter_map(|event| faults::find(event.fault))
            .map(|fault| fault.severity)
            .max()
    }

    pub(crate) fn clear(&mut self) {
        self.ring = [None; Self::CAPACITY];
        self.next = 0;
    }
}
