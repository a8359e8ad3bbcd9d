//! What an update needs, to the byte: enough passes, one less is refused with both numbers.

use core::ops::Range;

use sprag_manifest::{Codec, Role};
use sprag_verifier::{
    Area, BootRecord, Error, FlashErrorKind, Geometry, Intake, Preflight, PreflightStatus,
    StagingPlace, Storage, arena_len, check, intake_len,
};

use crate::support::{
    Board, Link, Offer, PayloadSpec, Release, Room, Stop, nrf, random_image, random_operations,
};

const ROOM: Room = Room {
    place: StagingPlace::Area,
    image: 7,
    staging: 12,
};

fn start() -> (Board<1, 4, 512>, Release, Vec<u8>) {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 3300, 2));
    (nrf(ROOM).in_service(&old), release, old)
}

/// Refused before anything was written or erased.
fn refuse(board: &mut Board<1, 4, 512>, offer: &Offer, package: &[u8]) -> Error {
    match board.update(offer, &mut Link::new(package)) {
        Err(Stop::Refused(e)) => {
            assert_eq!(board.operations(), 0, "{e:?}");
            e
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_arena_is_what_the_manifest_states() {
    let (_, delta, old) = start();
    let mut one_block = delta.clone();
    one_block.payloads[0].block_size = 65_536;
    let native = Release::native_delta(&old, &random_operations(3000, 3300, 2));
    let full = Release::full(delta.new.clone());
    for release in [delta, one_block, native, full] {
        let package = release.package();
        let mut offer = Offer::new(&package, &old);
        let payload = package.payloads[0];
        let need = payload.needs.ram;
        let what = format!("{:?} in blocks of {}", payload.codec, payload.block_size);

        // The exact arena serves; poisoned memory makes no difference.
        let mut board = nrf::<512>(ROOM).in_service(&old);
        let mut buf = vec![0; offer.intake_len];
        let (plan, _) = board
            .prepare(&offer, &mut Link::new(&package.bytes), &mut buf)
            .unwrap();
        assert_eq!(arena_len(&plan, &offer.codecs), need, "{what}");
        board
            .update(&offer, &mut Link::new(&package.bytes))
            .unwrap();
        assert!(board.holds(Area::SlotB, &release.new), "{what}");

        // One byte less is refused, with both numbers.
        offer.arena_missing = 1;
        let mut board = nrf::<512>(ROOM).in_service(&old);
        let stop = board
            .update(&offer, &mut Link::new(&package.bytes))
            .unwrap_err();
        let have = need - 1;
        assert_eq!(stop, Stop::Refused(Error::Ram { need, have }), "{what}");

        // A device that has one byte less says so before it touches its flash.
        let mut board = nrf::<512>(ROOM).in_service(&old);
        offer.resources.ram = have;
        assert_eq!(
            refuse(&mut board, &offer, &package.bytes),
            Error::Ram { need, have },
            "{what}"
        );
    }
}

#[test]
fn the_slot_holds_the_image_and_not_a_byte_more() {
    let (_, release, old) = start();
    let package = release.package();
    let need = u32::try_from(release.new.len()).unwrap();
    // The bootloader's reserve is whole sectors, however it is stated: an erase may not reach into it.
    for (reserve, have) in [(0, 3584), (1, 3072), (512, 3072), (513, 2560), (7 * 512, 0)] {
        let mut offer = Offer::new(&package, &old);
        offer.resources.trailer_reserve = reserve;
        let mut board = nrf::<512>(ROOM).in_service(&old);
        if have >= need {
            board
                .update(&offer, &mut Link::new(&package.bytes))
                .unwrap_or_else(|e| panic!("{e:?}"));
        } else {
            let refused = refuse(&mut board, &offer, &package.bytes);
            assert_eq!(refused, Error::SlotTooSmall { need, have });
        }
    }
}

#[test]
fn a_buffer_for_the_envelope_of_any_other_length() {
    let (mut board, release, old) = start();
    let package = release.package();
    let mut offer = Offer::new(&package, &old);
    let envelope_len = package.head_len() - 20;
    assert_eq!(intake_len(envelope_len), offer.intake_len);
    let exact = offer.intake_len;
    for len in 0..exact {
        offer.intake_len = len;
        let refused = refuse(&mut board, &offer, &package.bytes);
        let Error::EnvelopeTooLarge { need, have } = refused else {
            panic!("{len}: {refused:?}");
        };
        assert_eq!(have, u32::try_from(len).unwrap());
        // Before the header is in, the device can only ask for room for the header.
        let header_fits = len >= intake_len(0);
        let expected = if header_fits {
            exact
        } else {
            need.try_into().unwrap()
        };
        assert_eq!(need, u32::try_from(expected).unwrap(), "{len}");
        assert!(need > have, "{len}: {need}");
    }
    offer.intake_len = exact + 1000;
    board
        .update(&offer, &mut Link::new(&package.bytes))
        .unwrap();
}

#[test]
fn a_codec_that_is_not_linked() {
    let (mut board, mut release, old) = start();
    release.payloads[0].codec = Codec::NativeFull;
    let package = release.package();
    let mut offer = Offer::new(&package, &old);
    offer.codecs.without_full = true;
    let refused = refuse(&mut board, &offer, &package.bytes);
    assert_eq!(refused, Error::CodecUnsupported { package: 2 });

    // The full image behind it is taken instead.
    let package = release.with_full().package();
    let mut offer = Offer::new(&package, &old);
    offer.codecs.without_full = true;
    let mut link = Link::new(&package.bytes);
    board.update(&offer, &mut link).unwrap();
    assert_eq!(board.record().payload, 1);
}

#[test]
fn the_payload_that_fits_the_memory_is_taken() {
    let (mut board, mut release, old) = start();
    release.payloads[0].block_size = 2048;
    let package = release.with_full().package();
    let [delta, full] = [0, 1].map(|number: usize| package.payloads[number].needs.ram);
    assert!(delta > full);
    let mut offer = Offer::new(&package, &old);
    offer.resources.ram = full - 1;
    // Of several needs, the least is told.
    let (need, have) = (full, full - 1);
    assert_eq!(
        refuse(&mut board, &offer, &package.bytes),
        Error::Ram { need, have }
    );
    for (ram, payload) in [(full, 1), (delta - 1, 1), (delta, 0)] {
        let mut board = nrf::<512>(ROOM).in_service(&old);
        offer.resources.ram = ram;
        board
            .update(&offer, &mut Link::new(&package.bytes))
            .unwrap();
        assert_eq!(board.record().payload, payload, "{ram} bytes");
    }
}

#[test]
fn scratch_flash_that_this_device_does_not_have() {
    let (mut board, mut release, old) = start();
    release.payloads[0].scratch = 1;
    let package = release.package();
    let offer = Offer::new(&package, &old);
    let refused = refuse(&mut board, &offer, &package.bytes);
    assert_eq!(refused, Error::Scratch { need: 1, have: 0 });
}

#[test]
fn a_reverse_payload_alone_is_no_way_forward() {
    let (mut board, mut release, old) = start();
    release.payloads = vec![PayloadSpec {
        role: Role::Reverse,
        ..release.payloads[0].clone()
    }];
    let package = release.package();
    let offer = Offer::new(&package, &old);
    let refused = refuse(&mut board, &offer, &package.bytes);
    assert_eq!(refused, Error::NoPayload { payloads: 1 });
}

/// A flash whose write units are none that the updater knows.
struct Odd<S>(S, Area, u32);

impl<S: Storage> Storage for Odd<S> {
    fn geometry(&self, area: Area) -> Geometry {
        let write_size = if area == self.1 { self.2 } else { 4 };
        Geometry {
            write_size,
            ..self.0.geometry(area)
        }
    }

    fn sector(&self, area: Area, offset: u32) -> Range<u32> {
        self.0.sector(area, offset)
    }

    fn read(&mut self, area: Area, offset: u32, buf: &mut [u8]) -> Result<(), FlashErrorKind> {
        self.0.read(area, offset, buf)
    }

    fn write(&mut self, _: Area, _: u32, _: &[u8]) -> Result<(), FlashErrorKind> {
        panic!("nothing may be written");
    }

    fn erase(&mut self, _: Area, _: Range<u32>) -> Result<(), FlashErrorKind> {
        panic!("nothing may be erased");
    }
}

#[test]
fn write_units_that_are_not_supported() {
    let (mut board, release, old) = start();
    let package = release.package();
    let offer = Offer::new(&package, &old);
    for area in [Area::SlotA, Area::SlotB, Area::Staging, Area::Record] {
        for write_size in [0, 3, 24, 512] {
            if area == Area::Staging && write_size == 0 {
                continue; // Nothing fits such an area: it counts as none.
            }
            let mut buf = vec![0; offer.intake_len];
            let mut intake = Intake::new(&mut buf);
            intake.push(&package.bytes).unwrap();
            let authentic = intake.authenticate(&offer.trust()).unwrap();
            let device = offer.device(&BootRecord::default(), Some("1.0.0"));
            let verified = check(authentic, &device).unwrap();
            let mut preflight = Preflight::new(&verified, offer.resources, &offer.codecs);
            let mut storage = Odd(board.storage(), area, write_size);
            let refused = loop {
                match preflight.step(&mut storage) {
                    Ok(PreflightStatus::Working) => {}
                    Ok(status) => panic!("{status:?}"),
                    Err(e) => break e,
                }
            };
            assert_eq!(refused, Error::Geometry { area, write_size });
            // It stays refused.
            assert_eq!(preflight.step(&mut storage).unwrap_err(), refused);
        }
    }
}
