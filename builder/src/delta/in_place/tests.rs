use sprag_delta::{Decoder, Images, Isa, Operation, Profile, Pull, workspace_len};

use super::{InPlace, MARGIN};
use crate::delta::{Effort, EncodeOptions, encode};

/// The slot of a device that makes the new image over the old one.
struct Slot {
    bytes: Vec<u8>,
    shift: usize,
    old_len: usize,
}

impl Images for Slot {
    type Error = ();

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
        let start = usize::try_from(offset).map_err(|_| ())?;
        if start + buf.len() > self.old_len {
            return Err(());
        }
        let start = start + self.shift;
        buf.copy_from_slice(self.bytes.get(start..start + buf.len()).ok_or(())?);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
        Err(())
    }
}

/// Decodes as a device does: each group elsewhere, then over what was there. Nothing if the stream is refused.
fn apply(old: &[u8], new_len: usize, patch: &[u8], in_place: InPlace) -> Option<Vec<u8>> {
    let narrow = |len: usize| u32::try_from(len).unwrap();
    let shift = usize::try_from(in_place.shift).unwrap();
    let mut slot = Slot {
        bytes: vec![0xff; (old.len() + shift).max(new_len)],
        shift,
        old_len: old.len(),
    };
    slot.bytes[shift..shift + old.len()].copy_from_slice(old);
    let mut workspace = vec![0; workspace_len(Profile::Kib16)];
    let mut decoder = Decoder::new(&mut workspace, narrow(old.len()), narrow(new_len));
    let (mut rest, mut made, mut group) = (patch, 0, Vec::new());
    let mut out = [0; 256];
    loop {
        rest = &rest[decoder.push(rest)..];
        if rest.is_empty() {
            decoder.finish();
        }
        let left = usize::try_from(in_place.left(narrow(made + group.len()))).unwrap();
        let room = left.min(out.len());
        match decoder.pull(&mut slot, &mut out[..room]).ok()? {
            Pull::Output(len) => group.extend_from_slice(&out[..len]),
            Pull::NeedInput => continue,
            Pull::Done => {
                slot.bytes[made..made + group.len()].copy_from_slice(&group);
                slot.bytes.truncate(new_len);
                return Some(slot.bytes);
            }
        }
        if in_place.left(narrow(made + group.len())) == in_place.group_len {
            slot.bytes[made..made + group.len()].copy_from_slice(&group);
            made += group.len();
            group.clear();
        }
    }
}

fn noise(len: usize, mut seed: u32) -> Vec<u8> {
    let mut byte = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_le_bytes()[3]
    };
    (0..len).map(|_| byte()).collect()
}

/// An old image, and a new one whose parts moved both ways.
fn images() -> (Vec<u8>, Vec<u8>) {
    let old = noise(40_000, 7);
    let mut new = noise(3000, 8);
    new.extend_from_slice(&old[..9000]);
    new.extend_from_slice(&old[20_000..31_111]);
    new.extend_from_slice(&old[8500..20_500]);
    new.extend_from_slice(&old[31_500..]);
    for at in (100..new.len()).step_by(777) {
        new[at] ^= 0x55;
    }
    (old, new)
}

#[test]
fn a_patch_survives_the_loss_of_what_it_overwrites() {
    let (old, new) = images();
    for group_len in [1000, 4096, 16_384] {
        for shift in [0, 4096, 12_288] {
            for isa in [Isa::None, Isa::Thumb, Isa::A64] {
                let in_place = InPlace { group_len, shift };
                let options = EncodeOptions {
                    effort: Effort::Fast,
                    isa,
                    in_place: Some(in_place),
                    ..EncodeOptions::new(Profile::Kib16)
                };
                let patch = encode(&old, &new, &options).unwrap();
                let made = apply(&old, new.len(), &patch, in_place);
                assert!(made.as_ref() == Some(&new), "{in_place:?} {isa:?}");
            }
        }
    }
}

#[test]
fn a_patch_that_is_not_made_for_it_does_not_survive() {
    let (old, new) = images();
    let options = EncodeOptions::new(Profile::Kib16);
    let patch = encode(&old, &new, &options).unwrap();
    let in_place = InPlace {
        group_len: 4096,
        shift: 0,
    };
    let made = apply(&old, new.len(), &patch, in_place);
    assert!(made.as_ref() != Some(&new));
}

#[test]
fn room_in_the_slot_saves_bytes() {
    let (old, new) = images();
    let len = |shift| {
        let options = EncodeOptions {
            in_place: Some(InPlace {
                group_len: 16_384,
                shift,
            }),
            ..EncodeOptions::new(Profile::Kib16)
        };
        encode(&old, &new, &options).unwrap().len()
    };
    assert!(len(4096) + 2000 < len(0));
}

#[test]
fn what_has_no_source_becomes_literal() {
    let in_place = InPlace {
        group_len: 100,
        shift: 0,
    };
    let copy = Operation {
        literal_len: 0,
        copy_len: 250,
        source: 0,
        major: true,
    };
    // The first group copies from its own beginning; the others lack a margin, and so all of it.
    let made = in_place.allowed(&[copy], 260);
    assert_eq!(made[0].copy_len, 100);
    assert!(made[0].major);
    let literal: u32 = made.iter().map(|operation| operation.literal_len).sum();
    assert_eq!(literal, 160);
    // From far enough above all of it is there.
    let margin = u32::try_from(MARGIN).unwrap();
    let copy = Operation {
        source: margin,
        ..copy
    };
    assert_eq!(in_place.allowed(&[copy], 250), [copy]);
}
