//! The harness alone, with all of it in use.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
#[unsafe(no_mangle)]
extern "C" fn run() {
    use footprint::{Measure, Part, old_image, package};
    use sprag_verifier::{Area, Storage};

    let measure = Measure::begin();
    let mut part = Part::new();
    let mut piece = [0; 64];
    let (first, second) = piece.split_at_mut(32);
    let _ = part.read(Area::SlotA, 0, first);
    second.copy_from_slice(first);
    let _ = part.write(Area::SlotB, 0, second);
    let _ = part.erase(Area::SlotB, 0..4096);
    core::hint::black_box((package(), old_image(), second == package()));
    measure.end("nothing");
}

#[cfg(not(bare_metal))]
fn main() {}
