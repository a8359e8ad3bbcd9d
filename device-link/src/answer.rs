//! What a device answers.

use sprag_manifest::{Digest, EncodeError, Writer};
use sprag_verifier::{Error, Text};

use crate::cbor::{Value, each};
use crate::header::Header;
use crate::hello::Hello;

/// The package was refused; the reason names our own code. SMP calls it "access denied".
const REFUSED_RC: u64 = 11;
/// The request is not known here.
pub(crate) const UNKNOWN_RC: u64 = 8;
/// The request lacks something.
pub(crate) const INVALID_RC: u64 = 3;
/// The letter before our codes in reasons.
const OWN_RC: &str = "E";

/// An answer as it came.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'b> {
    /// Its header.
    pub header: Header,
    body: &'b [u8],
}

/// What a device could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'b> {
    /// The number that SMP has for it.
    pub rc: u64,
    /// Our own code, if that is why.
    pub code: Option<u16>,
    /// The reason in words of the device.
    pub reason: &'b str,
    /// What the package has, where two sides were compared.
    pub package: Option<Side<'b>>,
    /// What the device has.
    pub device: Option<Side<'b>>,
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side<'b> {
    /// A number.
    Number(u64),
    /// A name or a version.
    Text(&'b str),
    /// A digest or an id.
    Bytes(&'b [u8]),
}

impl<'b> Answer<'b> {
    /// The answer in a packet; `None` if it holds none.
    #[must_use]
    pub fn decode(packet: &'b [u8]) -> Option<Self> {
        use crate::header::Operation::{ReadAnswer, WriteAnswer};
        let (header, body) = Header::split(packet)?;
        matches!(header.operation, ReadAnswer | WriteAnswer).then_some(Self { header, body })
    }

    /// What the device could not do, if that is the answer.
    #[must_use]
    pub fn fault(&self) -> Option<Fault<'b>> {
        let (mut rc, mut reason) = (0, "");
        let (mut package, mut device) = (None, None);
        each(self.body, |key, value| match key {
            "rc" => rc = value.uint().unwrap_or(0),
            "rsn" => reason = value.text().unwrap_or_default(),
            "package" => package = side(value),
            "device" => device = side(value),
            // The second version of SMP has errors of groups.
            "err" => {
                if let Value::Nested(map) = value {
                    let _ = each(map, |key, value| {
                        if key == "rc" {
                            rc = value.uint().unwrap_or(0);
                        }
                    });
                }
            }
            _ => {}
        })?;
        let code = reason
            .strip_prefix(OWN_RC)
            .and_then(|code| code.parse().ok());
        (rc != 0).then_some(Fault {
            rc,
            code,
            reason,
            package,
            device,
        })
    }

    /// The byte of the package that is wanted next.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        let mut offset = None;
        each(self.body, |key, value| {
            if key == "off" {
                offset = value.uint();
            }
        })?;
        offset
    }

    /// What the device tells of itself.
    #[must_use]
    pub fn hello(&self) -> Option<Hello<'b>> {
        Hello::decode(self.body)
    }
}

fn side(value: Value<'_>) -> Option<Side<'_>> {
    match value {
        Value::Uint(number) => Some(Side::Number(number)),
        Value::Text(text) => Some(Side::Text(text)),
        Value::Bytes(bytes) => Some(Side::Bytes(bytes)),
        _ => None,
    }
}

/// A side of an error before it is written.
#[derive(Debug)]
enum Own {
    None,
    Number(u64),
    Text(Text),
    Digest(Digest),
}

/// Writes what was refused: a number that any client of SMP knows, our code as the reason, and, if wanted, both sides.
pub(crate) fn refused(
    error: &Error,
    with_sides: bool,
    writer: &mut Writer<'_>,
) -> Result<(), EncodeError> {
    let (package, device) = match with_sides {
        true => sides(error),
        false => (Own::None, Own::None),
    };
    let both = [("package", package), ("device", device)];
    let count = both
        .iter()
        .filter(|(_, side)| !matches!(side, Own::None))
        .count();
    writer.map(u64::try_from(count).unwrap_or(0).saturating_add(2))?;
    writer.text("rc")?;
    writer.uint(REFUSED_RC)?;
    writer.text("rsn")?;
    let mut digits = *b"E000";
    let mut rest = error.code();
    for digit in digits.iter_mut().skip(1).rev() {
        *digit = b'0'.wrapping_add(u8::try_from(rest.wrapping_rem(10)).unwrap_or(0));
        rest = rest.wrapping_div(10);
    }
    writer.text(core::str::from_utf8(&digits).unwrap_or(OWN_RC))?;
    for (key, side) in both {
        if !matches!(side, Own::None) {
            writer.text(key)?;
        }
        match side {
            Own::None => {}
            Own::Number(number) => writer.uint(number)?,
            Own::Text(text) => writer.text(text.as_str())?,
            Own::Digest(digest) => writer.byte_string(&digest.0)?,
        }
    }
    Ok(())
}

/// What the package has, and what the device has, where an error compares the two.
fn sides(error: &Error) -> (Own, Own) {
    match *error {
        Error::Vendor { package, device }
        | Error::Product { package, device }
        | Error::Hardware { package, device }
        | Error::BootloaderId { package, device }
        | Error::OsId { package, device }
        | Error::Layout { package, device }
        | Error::SourceVersion { package, device } => (Own::Text(package), Own::Text(device)),
        Error::Isa { package, device } => (
            Own::Text(package.name().into()),
            Own::Text(device.name().into()),
        ),
        Error::LoadAddress { package, device }
        | Error::SecurityCounter { package, device }
        | Error::Sequence { package, device }
        | Error::NotYetValid { package, device }
        | Error::Expired { package, device } => (Own::Number(package), Own::Number(device)),
        Error::EnvelopeTooLarge { need, have }
        | Error::Ram { need, have }
        | Error::Scratch { need, have }
        | Error::SlotTooSmall { need, have } => {
            (Own::Number(need.into()), Own::Number(have.into()))
        }
        Error::SourceDigest { package, device } | Error::TargetDigest { package, device } => {
            (Own::Digest(package), Own::Digest(device))
        }
        Error::SourceNotListed { sources, device } => {
            (Own::Number(sources.into()), Own::Text(device))
        }
        Error::BlockRetries { block, .. } => (Own::Number(block.into()), Own::None),
        Error::FlashRead { address, .. }
        | Error::FlashWrite { address, .. }
        | Error::FlashErase { address, .. }
        | Error::FlashVerify { address, .. } => (Own::None, Own::Number(address.into())),
        _ => (Own::None, Own::None),
    }
}
