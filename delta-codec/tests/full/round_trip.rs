use proptest::prelude::*;
use sprag_delta::Profile;
use sprag_delta::full::workspace_len;

use crate::support::{ISAS, Rng, decode, image, stream};

fn round_trip(image: &[u8], profile: Profile, isa: usize, seed: u64) {
    let stream = stream(image, profile, ISAS[isa], seed);
    let mut workspace = vec![0xa5; workspace_len(profile)];
    let made = decode(&mut workspace, &stream, image.len(), &mut Rng(seed));
    assert_eq!(made.as_deref(), Ok(image), "{profile:?} {:?}", ISAS[isa]);
}

proptest! {
    #[test]
    fn images_come_back(seed in any::<u64>(), len in 1_usize..3000, isa in 0..ISAS.len()) {
        for profile in Profile::ALL {
            round_trip(&image(len, seed), profile, isa, seed);
        }
    }
}

#[test]
fn tiny_images_come_back() {
    for isa in 0..ISAS.len() {
        for len in 0..40 {
            for seed in 0..4 {
                round_trip(&image(len, seed), Profile::Kib8, isa, seed);
            }
        }
    }
}

#[test]
fn a_long_run_comes_back_and_costs_little() {
    let mut image = vec![0xff; 100_000];
    image.push(1);
    let stream = stream(&image, Profile::Kib16, ISAS[1], 5);
    assert!(stream.len() < 60, "{}", stream.len());
    round_trip(&image, Profile::Kib16, 1, 5);
}

/// A workspace that is used again, or that is larger, makes no difference.
#[test]
fn the_workspace_may_hold_anything() {
    let image = image(2000, 9);
    let stream = stream(&image, Profile::Kib8, ISAS[4], 9);
    let mut workspace = vec![0xff; workspace_len(Profile::Kib8) + 77];
    for seed in 0..3 {
        let made = decode(&mut workspace, &stream, image.len(), &mut Rng(seed));
        assert_eq!(made.as_deref(), Ok(image.as_slice()));
    }
}
