//! Which old image the device has decides which payload it takes, if any.

use sprag_manifest::{Codec, Role};
use sprag_verifier::{Area, Boot, Error, Phase, StagingPlace, Updater};

use crate::support::{
    Board, Link, Offer, Operation, Package, PayloadSpec, Release, Room, Stop, WORKSPACE_LEN, apply,
    nrf, random_image, random_operations, sha256, test_stream,
};

const ROOM: Room = Room {
    place: StagingPlace::SlotTail,
    image: 7,
    staging: 12,
};

/// Three sources of different lengths, one of which is the beginning of another, and a delta from each.
fn release() -> (Vec<Vec<u8>>, Release) {
    let long = random_image(3000, 1);
    let images = vec![random_image(2500, 2), long[..2000].to_vec(), long];
    let new = random_image(2800, 3);
    let mut release = Release::full(new.clone());
    release.payloads.clear();
    for (number, (image, version)) in (0..).zip(images.iter().zip(["1.0.0", "1.0.1", "1.0.2"])) {
        // Old bytes that are of no use, then the new image literally: any payload fits any source's purpose.
        let operations = [Operation::Literal(new.clone())];
        assert_eq!(apply(image, &operations), new);
        release.sources.push((version, image.clone()));
        release.payloads.push(PayloadSpec {
            role: Role::Delta,
            source: Some(number),
            codec: Codec::BsdiffZstd,
            stream: test_stream(&operations),
            block_size: 256,
            workspace: WORKSPACE_LEN,
            scratch: 0,
            checkpoint_interval: 0,
            in_place: (0, 0),
            erases: 1,
        });
    }
    (images, release)
}

/// An update of a device that holds `image` and says it is `version`.
fn update(package: &Package, image: &[u8], version: Option<&'static str>) -> Result<u32, Error> {
    let mut board: Board<1, 4, 512> = nrf(ROOM).in_service(image);
    let mut offer = Offer::new(package, &[0xaa; 9]);
    offer.device.installed.version = version;
    match board.update(&offer, &mut Link::new(&package.bytes)) {
        Ok(_) => Ok(board.record().payload),
        Err(Stop::Refused(e)) => {
            assert_eq!(board.operations(), 0, "{e:?}");
            Err(e)
        }
        Err(stop) => panic!("{stop:?}"),
    }
}

#[test]
fn the_digest_picks_the_payload() {
    let (images, release) = release();
    let package = release.package();
    for (number, image) in (0..).zip(&images) {
        let version = release.sources[usize::try_from(number).unwrap()].0;
        assert_eq!(
            update(&package, image, Some(version)),
            Ok(number),
            "{version}"
        );
    }
    // Without a version, the first that matches: an image that begins like a shorter source is taken for that.
    assert_eq!(update(&package, &images[0], None), Ok(0));
    assert_eq!(update(&package, &images[1], None), Ok(1));
    assert_eq!(update(&package, &images[2], None), Ok(1));
}

#[test]
fn an_image_that_is_not_listed() {
    let (_, release) = release();
    let package = release.package();
    let other = random_image(2500, 9);
    let device = |version: &str| version.into();
    let not_listed = |version| {
        let device = device(version);
        Err(Error::SourceNotListed { sources: 3, device })
    };
    assert_eq!(update(&package, &other, None), not_listed(""));
    assert_eq!(update(&package, &other, Some("0.9.0")), not_listed("0.9.0"));
    let with_full = release.with_full().package();
    assert_eq!(update(&with_full, &other, None), Ok(3));
    assert_eq!(update(&with_full, &other, Some("0.9.0")), Ok(3));
}

#[test]
fn the_right_version_of_the_wrong_image() {
    let (images, release) = release();
    let package = release.package();
    let last = images[0].len() - 1;
    for at in [0, 1, 1000, last] {
        let mut bent = images[0].clone();
        bent[at] ^= 0x10;
        let expected = Error::SourceDigest {
            package: sha256(&images[0]),
            device: sha256(&bent),
        };
        assert_eq!(
            update(&package, &bent, Some("1.0.0")),
            Err(expected),
            "byte {at}"
        );
    }
    // What lies behind the image is not part of it.
    let mut longer = images[0].clone();
    longer.extend([1, 2, 3]);
    assert_eq!(update(&package, &longer, Some("1.0.0")), Ok(0));
    // A full image needs no source.
    let mut bent = images[0].clone();
    bent[7] ^= 1;
    assert_eq!(
        update(&release.with_full().package(), &bent, Some("1.0.0")),
        Ok(3)
    );
}

#[test]
fn the_right_image_under_the_wrong_version() {
    let (images, release) = release();
    for package in [release.package(), release.clone().with_full().package()] {
        for (image, listed, reported) in [
            (&images[0], "1.0.0", "1.0.1"),
            (&images[0], "1.0.0", "2.0.0"),
            (&images[1], "1.0.1", "1.0.2"),
        ] {
            let expected = Error::SourceVersion {
                package: listed.into(),
                device: reported.into(),
            };
            assert_eq!(
                update(&package, image, Some(reported)),
                Err(expected),
                "{reported}"
            );
        }
    }
}

#[test]
fn a_source_longer_than_the_slot_cannot_be_here() {
    let (images, mut release) = release();
    release.sources[0].1 = random_image(100_000, 5);
    let package = release.package();
    assert_eq!(update(&package, &images[1], Some("1.0.1")), Ok(1));
    let expected = Error::SourceNotListed {
        sources: 3,
        device: "1.0.0".into(),
    };
    assert_eq!(update(&package, &images[0], Some("1.0.0")), Err(expected));
}

#[test]
fn a_listed_source_without_a_delta() {
    let (images, mut release) = release();
    release.payloads.remove(0);
    let package = release.package();
    let refused = update(&package, &images[0], Some("1.0.0"));
    assert_eq!(refused, Err(Error::NoPayload { payloads: 2 }));
    assert_eq!(
        update(&release.with_full().package(), &images[0], Some("1.0.0")),
        Ok(2)
    );
}

#[test]
fn an_old_image_that_changes_on_the_way_never_leads_to_a_boot() {
    let old = random_image(3000, 1);
    let release = Release::delta(&old, &random_operations(3000, 2900, 2));
    let package = release.package();
    let (mut refused, mut unused) = (0, 0);
    for at in (0..3000).step_by(17) {
        let mut board: Board<1, 4, 512> = nrf(ROOM).in_service(&old);
        let offer = Offer::new(&package, &old);
        let mut buf = vec![0; offer.intake_len];
        let mut link = Link::new(&package.bytes);
        let (plan, _) = board.prepare(&offer, &mut link, &mut buf).unwrap();
        // The digest was right when it was taken.
        let slot = board.region(Area::SlotA).start;
        board
            .sim_mut()
            .load(slot + at, &[!old[usize::try_from(at).unwrap()]]);
        let mut arena = vec![0; usize::try_from(package.payloads[0].needs.ram).unwrap()];
        let updater = Updater::new(plan, &mut arena, &offer.codecs).unwrap();
        match board.apply(updater, &offer, &mut link) {
            Err(Stop::Refused(Error::TargetDigest { package, device })) => {
                assert_eq!(package, sha256(&release.new));
                assert_ne!(package, device);
                assert_eq!(board.would_boot(), Boot::Confirmed(Area::SlotA));
                assert_eq!(
                    board.record().phase,
                    Phase::Idle,
                    "the next try begins anew"
                );
                refused += 1;
            }
            Ok(_) => {
                assert!(
                    board.holds(Area::SlotB, &release.new),
                    "a byte that no operation reads"
                );
                unused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(refused > 10, "{refused} refused, {unused} unused");
}
