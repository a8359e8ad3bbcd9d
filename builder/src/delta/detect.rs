//! Where two images lie in memory, if nothing but their bytes can tell.

use sprag_delta::{Addresses, Isa, Segments};

use crate::image::base::{self, FoundBase};
use crate::image::landmarks::Landmarks;
use crate::image::ram;
use crate::image::segments::of_headers;

/// Guesses where two images lie: at the base at which most of their words are addresses of functions and texts in
/// them. Base 0 if nothing speaks for another, and no RAM if too few words are addresses of some.
#[must_use]
pub fn detect_addresses(isa: Isa, old: &[u8], new: &[u8]) -> Addresses {
    if isa == Isa::None {
        return Addresses::default();
    }
    let (old_marks, new_marks) = (Landmarks::of(isa, old), Landmarks::of(isa, new));
    let old_base = base::find(isa, old, &old_marks);
    let new_base = base::find(isa, new, &new_marks);
    let of = |found: Option<FoundBase>| found.map(|found| found.base);
    // An image that says too little most likely lies where the other one does.
    let old_base = of(old_base.or(new_base));
    let new_base = of(new_base).or(old_base);
    let old_segments = place(old, old_base);
    let new_segments = place(new, new_base);
    let old_ram = ram::find(old, old_base.unwrap_or(0), &old_marks);
    let (ram_base, ram_len) = match isa {
        // The codec knows no words there.
        Isa::A64 | Isa::Rv64 => (0, 0),
        _ => old_ram
            .or_else(|| ram::find(new, new_base.unwrap_or(0), &new_marks))
            .unwrap_or((0, 0)),
    };
    Addresses {
        old: old_segments,
        new: new_segments,
        ram_base,
        ram_len,
    }
}

/// Where an image lies by its headers, or else at `base`.
fn place(image: &[u8], base: Option<u64>) -> Segments {
    of_headers(image)
        .and_then(|headers| headers.segments(base, image.len()))
        .unwrap_or(Segments::at(base.unwrap_or(0)))
}

#[cfg(test)]
mod tests;
