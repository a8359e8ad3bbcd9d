//! The bytes of a stream before the coder's.

use crate::coder::ByteSink;
use crate::encoder::Unit;
use crate::error::DecodeError;
use crate::fifo::Fifo;
use crate::isa::{Isa, Side};
use crate::machine::Machine;
use crate::profile::Profile;
use crate::segments::Segments;

/// The stream kind of this decoder.
const KIND: u8 = 1;

/// Kind, profile, instruction set and unit, then four numbers of seven bits a byte.
pub(crate) const HEADER_MAX: usize = 3 + 10 + 10 + 5 + 5;

/// What a stream says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) profile: Profile,
    pub(crate) unit: Unit,
    pub(crate) isa: Isa,
    /// Addresses of the first bytes of the images.
    pub(crate) old_base: u64,
    pub(crate) new_base: u64,
    pub(crate) ram_base: u32,
    pub(crate) ram_len: u32,
}

impl Header {
    /// Takes a header from the queue, which has [`HEADER_MAX`] bytes or all there are.
    pub(crate) fn read<E>(fifo: &mut Fifo<'_>) -> Result<Self, DecodeError<E>> {
        let mut reader = Reader { fifo, offset: 0 };
        let kind = reader.byte()?;
        if kind != KIND {
            return Err(DecodeError::BadHeader {
                offset: 0,
                value: kind,
            });
        }
        let code = reader.byte()?;
        let Some(profile) = Profile::from_code(code) else {
            return Err(DecodeError::BadHeader {
                offset: 1,
                value: code,
            });
        };
        let code = reader.byte()?;
        let (Some(isa), Some(unit)) = (Isa::from_code(code >> 4), Unit::from_log2(code & 15))
        else {
            return Err(DecodeError::BadHeader {
                offset: 2,
                value: code,
            });
        };
        let mut header = Self {
            profile,
            unit,
            isa,
            old_base: 0,
            new_base: 0,
            ram_base: 0,
            ram_len: 0,
        };
        if isa != Isa::None {
            header.old_base = reader.number(u64::MAX)?;
            let distance = reader.number(u64::MAX)?;
            // The lowest bit is the sign.
            let distance = (distance >> 1) ^ (distance & 1).wrapping_neg();
            header.new_base = header.old_base.wrapping_add(distance);
            let limit = u64::from(u32::MAX);
            header.ram_base = u32::try_from(reader.number(limit)?).unwrap_or(0);
            header.ram_len = u32::try_from(reader.number(limit)?).unwrap_or(0);
        }
        Ok(header)
    }

    pub(crate) fn write(&self, sink: &mut impl ByteSink) {
        sink.put(KIND);
        sink.put(self.profile.code());
        sink.put(self.isa.code() << 4 | self.unit.log2());
        if self.isa != Isa::None {
            let distance = self.new_base.wrapping_sub(self.old_base);
            let sign = (distance >> 63).wrapping_neg();
            put_number(sink, self.old_base);
            put_number(sink, (distance << 1) ^ sign);
            put_number(sink, u64::from(self.ram_base));
            put_number(sink, u64::from(self.ram_len));
        }
    }

    /// The state in which coding begins. Of the segments only the first ones are known.
    #[inline]
    pub(crate) fn machine(&self, old_len: u32, new_len: u32) -> Machine {
        let side = |base, len| Side {
            segments: Segments::at(base),
            len,
            ram_base: self.ram_base,
            ram_len: self.ram_len,
        };
        let (old, new) = (side(self.old_base, old_len), side(self.new_base, new_len));
        Machine::new(old, new, self.isa, self.unit.log2())
    }
}

struct Reader<'a, 'w> {
    fifo: &'a mut Fifo<'w>,
    offset: u32,
}

impl Reader<'_, '_> {
    fn byte<E>(&mut self) -> Result<u8, DecodeError<E>> {
        if self.fifo.len() == 0 {
            return Err(DecodeError::Truncated { produced: 0 });
        }
        self.offset = self.offset.wrapping_add(1);
        Ok(self.fifo.next())
    }

    /// A number up to `limit`: seven bits a byte, lowest first, the highest bit set in all but the
    /// last. Only its shortest form is accepted.
    fn number<E>(&mut self, limit: u64) -> Result<u64, DecodeError<E>> {
        let mut number = 0_u64;
        let mut place = 0_u32;
        loop {
            let offset = self.offset;
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            let placed = bits.checked_shl(place).unwrap_or(0);
            let lossless = placed.checked_shr(place).unwrap_or(0) == bits;
            number |= placed;
            let shortest = byte != 0 || place == 0;
            if place > 63 || !lossless || !shortest || number > limit {
                return Err(DecodeError::BadHeader {
                    offset,
                    value: byte,
                });
            }
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            place = place.wrapping_add(7);
        }
    }
}

fn put_number(sink: &mut impl ByteSink, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            sink.put(low & 0x7f);
            return;
        }
        sink.put(low | 0x80);
    }
}
