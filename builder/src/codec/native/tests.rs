use super::{ISAS, SAMPLE_LEN, codec_isa, find_isa, samples};
use crate::demo::{NEW_IMAGE, OLD_IMAGE};

#[test]
fn the_codecs_numbers_are_the_manifests() {
    for isa in sprag_manifest::Isa::ALL {
        let known = codec_isa(isa);
        assert_eq!(known.code(), isa.number(), "{}", isa.name());
    }
    assert!(
        ISAS.iter()
            .enumerate()
            .all(|(code, isa)| usize::from(isa.code()) == code)
    );
}

#[test]
fn the_instruction_set_is_found_without_a_header() {
    // Behind the vector table nothing names the instruction set.
    let (old, new) = (&OLD_IMAGE[1024..], &NEW_IMAGE[1024..]);
    assert!(crate::sniff::isa(new).is_none());
    let (isa, evidence) = find_isa(old, new, None).unwrap();
    assert_eq!(isa, sprag_delta::Isa::Thumb, "{evidence}");
}

#[test]
fn samples_lie_inside_their_images() {
    for (old_len, new_len) in [(0, 1_000_000), (10, 300_001), (1_000_000, 400_003), (7, 9)] {
        let (old, new) = (vec![1; old_len], vec![2; new_len]);
        for (old_start, old_sample, new_start, new_sample) in samples(&old, &new) {
            assert!(usize::try_from(old_start).unwrap() + old_sample.len() <= old_len);
            assert!(usize::try_from(new_start).unwrap() + new_sample.len() <= new_len);
            assert!(new_sample.len() <= 2 * SAMPLE_LEN);
            assert!(!new_sample.is_empty());
        }
    }
}
