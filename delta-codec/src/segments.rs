//! Where an image lies in memory: runs of it, each at an address of its own.

/// The most segments of an image.
pub const SEGMENTS_MAX: usize = 6;

/// A run of an image that lies in one piece in memory: up to where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segment {
    /// Offset in the image of its first byte.
    pub offset: u32,
    /// Address of that byte.
    pub address: u64,
}

/// Where an image lies in memory.
///
/// What lies before the first segment counts as part of it, and what no segment of its own holds
/// (headers between two) as part of the one before. At most [`SEGMENTS_MAX`], all within 2 GiB of
/// the first one's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segments {
    /// Address of offset 0, as the first segment has it.
    pub(crate) base: u64,
    /// The segments behind the first one.
    pub(crate) further: [Further; SEGMENTS_MAX - 1],
    pub(crate) count: u8,
    /// Bytes of memory behind the image.
    pub(crate) tail: u32,
    /// What tables of offsets count from, less the first byte's address.
    pub(crate) origin: u32,
}

/// A segment behind the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Further {
    /// Offset of its first byte.
    pub(crate) start: u32,
    /// What its addresses have more than if it were part of the first segment, wrapping.
    pub(crate) shift: u32,
}

impl Segments {
    /// An image in one piece at `address`.
    #[must_use]
    #[inline]
    pub const fn at(address: u64) -> Self {
        Self {
            base: address,
            further: [Further { start: 0, shift: 0 }; SEGMENTS_MAX - 1],
            count: 0,
            tail: 0,
            origin: 0,
        }
    }

    /// An image in several pieces, in the order of their offsets. `None` if there is none, if they
    /// are too many, too far apart, or out of order.
    #[must_use]
    pub fn of(segments: &[Segment]) -> Option<Self> {
        let (first, rest) = segments.split_first()?;
        let mut all = Self::at(first.address.wrapping_sub(first.offset.into()));
        let mut last = first.offset;
        for segment in rest {
            let slot = all.further.get_mut(usize::from(all.count))?;
            let distance = segment
                .address
                .wrapping_sub(all.base)
                .wrapping_sub(segment.offset.into());
            let distance = i64::from_le_bytes(distance.to_le_bytes());
            let shift = i32::try_from(distance).ok()?;
            if segment.offset <= last {
                return None;
            }
            last = segment.offset;
            *slot = Further {
                start: segment.offset,
                shift: u32::from_le_bytes(shift.to_le_bytes()),
            };
            all.count = all.count.saturating_add(1);
        }
        Some(all)
    }

    /// The same, with `tail` bytes of memory behind the last segment that the image points into
    /// but does not hold, such as `.bss`.
    #[must_use]
    pub const fn with_tail(self, tail: u32) -> Self {
        Self { tail, ..self }
    }

    /// The same, with tables of offsets that count from `origin` bytes behind the image's beginning.
    #[must_use]
    pub const fn with_origin(self, origin: u32) -> Self {
        Self { origin, ..self }
    }

    /// The segments, by offset.
    pub fn iter(&self) -> impl Iterator<Item = Segment> {
        let further = self.further;
        let starts = further.into_iter().take(usize::from(self.count));
        let offsets = core::iter::once(0).chain(starts.map(|further| further.start));
        let of = *self;
        offsets.map(move |offset| Segment {
            offset,
            address: of.address_of(offset),
        })
    }

    /// The address of `offset`.
    #[must_use]
    pub fn address_of(&self, offset: u32) -> u64 {
        let shift = i32::from_le_bytes(self.shift(offset).to_le_bytes());
        self.base
            .wrapping_add(offset.into())
            .wrapping_add_signed(shift.into())
    }

    /// The low word of the address of `offset`.
    #[inline]
    pub(crate) fn low_address_of(&self, offset: u32) -> u32 {
        let address = low(self.base).wrapping_add(offset);
        if self.count == 0 {
            address
        } else {
            address.wrapping_add(self.shift(offset))
        }
    }

    /// The offset in an image of `len` bytes of what lies at an address with the low word
    /// `address`; it may be in the tail.
    #[inline]
    pub(crate) fn offset_of(&self, address: u32, len: u32) -> Option<u32> {
        let offset = address.wrapping_sub(low(self.base));
        if self.count == 0 {
            return (offset < len.saturating_add(self.tail)).then_some(offset);
        }
        self.search(offset, len)
    }

    /// `virtual_offset` is the offset if all of the image were part of the first segment.
    fn search(&self, virtual_offset: u32, len: u32) -> Option<u32> {
        let mut start = 0;
        let mut shift = 0;
        for next in self.further.iter().take(usize::from(self.count)) {
            let offset = virtual_offset.wrapping_sub(shift);
            if offset >= start && offset < next.start.min(len) {
                return Some(offset);
            }
            Further { start, shift } = *next;
        }
        let offset = virtual_offset.wrapping_sub(shift);
        (offset >= start && offset < len.saturating_add(self.tail)).then_some(offset)
    }

    /// Whether all of the image lies in one piece.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.count == 0
    }

    /// A range of addresses that holds all of an image of `len` bytes and its tail: the low word of
    /// the first, and how many.
    #[inline]
    pub(crate) fn range(&self, len: u32) -> (u32, u32) {
        let whole = len.saturating_add(self.tail);
        if self.is_whole() {
            return (low(self.base), whole);
        }
        let (mut least, mut most, mut shift, mut start) = (0_i64, 0_i64, 0_i32, 0_u32);
        for next in self.further.iter().take(usize::from(self.count)) {
            most = most.max(i64::from(next.start.min(len)).wrapping_add(shift.into()));
            shift = i32::from_le_bytes(next.shift.to_le_bytes());
            start = next.start;
            least = least.min(i64::from(start).wrapping_add(shift.into()));
        }
        most = most.max(i64::from(whole.max(start)).wrapping_add(shift.into()));
        let [a, b, c, d, ..] = least.to_le_bytes();
        let first = u32::from_le_bytes([a, b, c, d]);
        let count = u32::try_from(most.wrapping_sub(least)).unwrap_or(u32::MAX);
        (low(self.base).wrapping_add(first), count)
    }

    fn shift(&self, offset: u32) -> u32 {
        let further = self.further.iter().take(usize::from(self.count));
        let mut before = further.take_while(|further| further.start <= offset);
        let mut shift = 0;
        for further in &mut before {
            shift = further.shift;
        }
        shift
    }
}

/// The low word.
#[inline]
pub(crate) fn low(address: u64) -> u32 {
    let [a, b, c, d, ..] = address.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests;
