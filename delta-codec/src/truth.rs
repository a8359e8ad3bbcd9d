//! What the encoding side knows and the decoding side finds out.

use crate::isa::{Addresses, Bytes, Code};
use crate::region::Region;

/// One operation of a patch: literal bytes, then a copy from the old image in which single bytes
/// may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operation {
    /// Bytes of the new image that come from nowhere.
    pub literal_len: u32,
    /// Bytes of the new image that follow them and resemble old ones. Zero only in the last
    /// operation.
    pub copy_len: u32,
    /// Offset in the old image of the first byte copied.
    pub source: u32,
    /// Whether the copy is announced before everything else, so that it helps to predict where
    /// addresses went. A stream holds at most
    /// [`Profile::major_count`](crate::Profile::major_count) of them.
    pub major: bool,
}

/// The oracle that the shared state machine asks while encoding. While decoding its answers are
/// ignored.
pub(crate) trait Truth {
    /// Segments and regions.
    fn layout(&self) -> (Addresses, &[Region]);

    /// How many operations are major.
    fn major_count(&self) -> u32;

    /// Each major operation once, in order, with all bytes before it as its literals.
    fn next_major(&mut self) -> Operation;

    /// The operation at the current position. `skip` goes on to the next one.
    fn operation(&self) -> Operation;

    fn skip(&mut self);

    /// The new image's bytes at `offset`, zeros beyond its end.
    fn new_bytes(&self, offset: u32) -> Bytes;

    /// The old image's bytes at `offset`, zeros beyond its end.
    fn old_bytes(&self, offset: u32) -> Bytes;

    /// The same place with what lies around it.
    fn old_code(&self, offset: u32) -> Code<'_>;

    /// Whether `len` bytes of the new image at `offset` equal the old ones at `source`.
    fn is_equal(&self, offset: u32, source: u32, len: u32) -> bool;

    /// A byte of the new image.
    fn byte(&self, offset: u32) -> u8 {
        let [byte, ..] = self.new_bytes(offset);
        byte
    }
}

/// The decoding side knows nothing.
pub(crate) struct Unknown;

impl Truth for Unknown {
    fn layout(&self) -> (Addresses, &[Region]) {
        (Addresses::default(), &[])
    }

    fn major_count(&self) -> u32 {
        0
    }

    fn next_major(&mut self) -> Operation {
        Operation::default()
    }

    fn operation(&self) -> Operation {
        Operation::default()
    }

    fn skip(&mut self) {}

    fn new_bytes(&self, _: u32) -> Bytes {
        Bytes::default()
    }

    fn old_bytes(&self, _: u32) -> Bytes {
        Bytes::default()
    }

    fn old_code(&self, _: u32) -> Code<'_> {
        Code::new(&[], 0)
    }

    fn is_equal(&self, _: u32, _: u32, _: u32) -> bool {
        false
    }
}
