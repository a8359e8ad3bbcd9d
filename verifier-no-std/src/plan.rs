//! What phase two needs to know, owned, so that the envelope's buffer can be given back.

use sprag_manifest::{Digest, Payload};

use crate::checkpoint::Place;
use crate::record::{Phase, StagingPlace};
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
    /// For a device with a single slot.
    pub(crate) in_place: Option<InPlace>,
}

/// An update of the only slot. Sizes and offsets are bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InPlace {
    /// Whether what is staged is applied, which the bootloader does; else the payload is only staged.
    pub(crate) applies: bool,
    /// How much of the new image is made before it overwrites the old one; 0 for a full payload, which is made in the
    /// slot itself.
    pub(crate) group: u32,
    /// How far the old image is moved up first.
    pub(crate) shift: u32,
    /// How far an earlier run came, as the boot record says it.
    pub(crate) phase: Phase,
    pub(crate) offset: u32,
    /// The payload that leads back, which is staged as well.
    pub(crate) reverse: Option<Reverse>,
    /// Whether this one leads back.
    pub(crate) leads_back: bool,
}

impl InPlace {
    /// Whether an earlier run may have overwritten something of the slot.
    pub(crate) const fn has_begun(&self) -> bool {
        matches!(
            self.phase,
            Phase::Moving | Phase::Decoding | Phase::Copying | Phase::Recovering
        )
    }
}

/// A second payload of the same package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reverse {
    pub(crate) payload: Payload,
    pub(crate) number: u32,
    /// From the start of the package.
    pub(crate) offset: u64,
    pub(crate) staging: Staging,
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

    /// Whether the payload is only staged for now: then the bootloader applies it.
    #[must_use]
    pub const fn is_staged_only(&self) -> bool {
        matches!(self.in_place, Some(InPlace { applies: false, .. }))
    }

    /// Whether the update goes on from an earlier run.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.resumed
    }
}
