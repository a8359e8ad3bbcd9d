//! What a device tells of itself: identity, what runs, what it can do.

use sprag_manifest::{EncodeError, Isa, Writer};
use sprag_verifier::{Outcome, Phase};

use crate::cbor::each;

/// Version of the messages of our own group.
pub const PROTOCOL: u64 = 1;

/// How an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Stage {
    /// The confirmed image runs, and nothing is under way.
    #[default]
    Idle,
    /// An update has begun; the same package goes on where it was.
    Updating,
    /// A new image is whole and boots at the next start.
    Pending,
    /// The image that runs is on trial.
    Trial,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Idle, Self::Updating, Self::Pending, Self::Trial];

    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Updating => "updating",
            Self::Pending => "pending",
            Self::Trial => "trial",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl From<Phase> for Stage {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Idle => Self::Idle,
            Phase::Pending => Self::Pending,
            Phase::Testing => Self::Trial,
            _ => Self::Updating,
        }
    }
}

/// The answer to [`crate::Request::Hello`]. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'b> {
    /// Vendor.
    pub vendor: &'b str,
    /// Product.
    pub product: &'b str,
    /// Revision of the board.
    pub hardware: &'b str,
    /// Instruction set.
    pub isa: Isa,
    /// Version of the image that runs.
    pub version: &'b str,
    /// Digest of the confirmed image, once one was confirmed.
    pub digest: Option<&'b [u8]>,
    /// Security counter of the confirmed image.
    pub security_counter: u64,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
    /// How an update stands.
    pub stage: Stage,
    /// How the last one ended.
    pub outcome: Outcome,
    /// Memory for an update.
    pub ram: u64,
    /// The longest envelope.
    pub envelope: u64,
    /// The longest image.
    pub slot: u64,
    /// The longest packet.
    pub packet: u64,
}

const NONE: &str = "none";
const CONFIRMED: &str = "confirmed";
const REVERTED: &str = "reverted";

impl<'b> Hello<'b> {
    /// Reads the body of an answer; `None` if something is missing, or of another protocol.
    #[must_use]
    pub fn decode(body: &'b [u8]) -> Option<Self> {
        let (mut protocol, mut isa) = (None, None);
        let mut names = [None; 4];
        let mut numbers = [None; 6];
        let (mut digest, mut stage, mut outcome) = (None, None, None);
        let [vendor, product, hardware, version] = &mut names;
        let [security_counter, sequence, ram, envelope, slot, packet] = &mut numbers;
        each(body, |key, value| match key {
            "protocol" => protocol = value.uint(),
            "vendor" => *vendor = value.text(),
            "product" => *product = value.text(),
            "hardware" => *hardware = value.text(),
            "isa" => isa = value.text().and_then(Isa::from_name),
            "version" => *version = value.text(),
            "digest" => digest = value.bytes(),
            "counter" => *security_counter = value.uint(),
            "sequence" => *sequence = value.uint(),
            "stage" => stage = value.text().and_then(Stage::from_name),
            "outcome" => {
                outcome = Some(match value.text() {
                    Some(CONFIRMED) => Outcome::Confirmed,
                    Some(REVERTED) => Outcome::Reverted,
                    _ => Outcome::None,
                });
            }
            "ram" => *ram = value.uint(),
            "envelope" => *envelope = value.uint(),
            "slot" => *slot = value.uint(),
            "packet" => *packet = value.uint(),
            _ => {}
        })?;
        let [vendor, product, hardware, version] = names;
        let [security_counter, sequence, ram, envelope, slot, packet] = numbers;
        protocol.filter(|protocol| *protocol == PROTOCOL)?;
        Some(Self {
            vendor: vendor?,
            product: product?,
            hardware: hardware?,
            isa: isa?,
            version: version?,
            digest,
            security_counter: security_counter?,
            sequence: sequence?,
            stage: stage?,
            outcome: outcome?,
            ram: ram?,
            envelope: envelope?,
            slot: slot?,
            packet: packet?,
        })
    }

    pub(crate) fn encode(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let outcome = match self.outcome {
            Outcome::Confirmed => CONFIRMED,
            Outcome::Reverted => REVERTED,
            _ => NONE,
        };
        let names = [
            ("vendor", self.vendor),
            ("product", self.product),
            ("hardware", self.hardware),
            ("isa", self.isa.name()),
            ("version", self.version),
            ("stage", self.stage.name()),
            ("outcome", outcome),
        ];
        let numbers = [
            ("protocol", PROTOCOL),
            ("counter", self.security_counter),
            ("sequence", self.sequence),
            ("ram", self.ram),
            ("envelope", self.envelope),
            ("slot", self.slot),
            ("packet", self.packet),
        ];
        writer.map(if self.digest.is_some() { 15 } else { 14 })?;
        for (key, value) in names {
            writer.text(key)?;
            writer.text(value)?;
        }
        for (key, value) in numbers {
            writer.text(key)?;
            writer.uint(value)?;
        }
        if let Some(digest) = self.digest {
            writer.text("digest")?;
            writer.byte_string(digest)?;
        }
        Ok(())
    }
}
