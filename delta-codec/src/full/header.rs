//! The bytes of a stream before the coder's.

use crate::coder::ByteSink;
use crate::error::DecodeError;
use crate::fifo::Fifo;
use crate::isa::Isa;
use crate::profile::Profile;

/// The stream kind.
const KIND: u8 = 2;

/// Kind, then profile and instruction set.
pub(crate) const HEADER_LEN: usize = 2;

/// What a stream says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) profile: Profile,
    pub(crate) isa: Isa,
}

impl Header {
    /// Takes a header from the queue, which has [`HEADER_LEN`] bytes or all there are.
    pub(crate) fn read<E>(fifo: &mut Fifo<'_>) -> Result<Self, DecodeError<E>> {
        if fifo.len() <= HEADER_LEN {
            return Err(DecodeError::Truncated { produced: 0 });
        }
        let kind = fifo.next();
        if kind != KIND {
            return Err(DecodeError::BadHeader {
                offset: 0,
                value: kind,
            });
        }
        let value = fifo.next();
        match (Profile::from_code(value >> 4), Isa::from_code(value & 15)) {
            (Some(profile), Some(isa)) => Ok(Self { profile, isa }),
            _ => Err(DecodeError::BadHeader { offset: 1, value }),
        }
    }

    pub(crate) fn write(&self, sink: &mut impl ByteSink) {
        sink.put(KIND);
        sink.put(self.profile.code() << 4 | self.isa.code());
    }
}
