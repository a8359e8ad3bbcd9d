//! Copies that cannot panic. The slices' own methods can where lengths differ or ranges end outside, and at the
//! smallest size the compiler keeps those paths even where they never are taken.

use core::cell::Cell;

/// Copies as many bytes as both have.
#[inline]
pub(crate) fn put(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Moves the bytes from `start` on to the front, over what is there.
pub(crate) fn to_front(bytes: &mut [u8], start: usize) {
    let cells = Cell::from_mut(bytes).as_slice_of_cells();
    for (to, from) in cells.iter().zip(cells.get(start..).unwrap_or_default()) {
        to.set(from.get());
    }
}

/// Moves the bytes to `start`, as many as find room behind it.
pub(crate) fn to_back(bytes: &mut [u8], start: usize) {
    let cells = Cell::from_mut(bytes).as_slice_of_cells();
    let room = cells.get(start..).unwrap_or_default();
    let kept = cells.get(..room.len()).unwrap_or_default();
    for (to, from) in room.iter().zip(kept).rev() {
        to.set(from.get());
    }
}

#[cfg(test)]
mod tests;
