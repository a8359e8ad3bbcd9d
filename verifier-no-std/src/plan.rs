//! What phase two needs to know, owned, so that the envelope's buffer can be given back.

use sprag_manifest::{Digest, Payload};

use crate::checkpoint::Place;
use crate::record::StagingPlace;
use crate::staging::Staging;
use crate::storage::Area;

/// An update that may begin: authentic, meant for this device, fitting, and for the image that runs. Only
/// [`crate::Preflight`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The payload to fetch, and its number in the package.
    pub(crate) payload: Payload,
    pub(crate) payload_number: u32,
    /// Offsets from the start of the package.
    pub(crate) payload_offset: u64,
    pub(crate) package_len: u64,
    /// Bytes of the old image; 0 for a full payload.
    pub(crate) old_size: u32,
    /// Its digest; zero for a full payload.
    pub(crate) old_digest: Digest,
    pub(crate) new_size: u32,
    pub(crate) new_digest: Digest,
    pub(crate) manifest: Digest,
    pub(crate) security_counter: u64,
    pub(crate) sequence: u64,
    pub(crate) trial_boots: u8,
    /// The slot that runs, and the slot to fill.
    pub(crate) active: Area,
    pub(crate) target: Area,
    /// Behind the staged head, or `None` to decode as blocks come.
    pub(crate) staging: Option<Staging>,
    /// Where checkpoints are kept, if nothing is staged.
    pub(crate) checkpoints: Option<Place>,
    /// Whether an earlier run of the same update may have left blocks or sectors.
    pub(crate) resumed: bool,
}

impl Plan {
    /// The payload that was chosen.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Its number in the package.
    #[must_use]
    pub const fn payload_number(&self) -> u32 {
        self.payload_number
    }

    /// The slot that will hold the new image.
    #[must_use]
    pub const fn target(&self) -> Area {
        self.target
    }

    /// Whether blocks are staged in flash, so that a transfer that breaks off goes on where it was.
    #[must_use]
    pub const fn is_staged(&self) -> bool {
        self.staging.is_some()
    }

    /// Whether checkpoints are kept in flash, so that such a transfer goes on at the next block.
    #[must_use]
    pub const fn keeps_checkpoints(&self) -> bool {
        self.checkpoints.is_some()
    }

    /// The bytes of the slot behind the new image that the update uses, and erases before its end.
    pub(crate) fn tail(&self) -> (u32, u32) {
        match (self.staging, self.checkpoints) {
            (Some(log), _) if log.place == StagingPlace::SlotTail => (log.start(), log.end()),
            (None, Some(place)) if place.area == self.target => (place.start, place.end),
            _ => (0, 0),
        }
    }

    /// Whether the update goes on from an earlier run.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.resumed
    }
}
