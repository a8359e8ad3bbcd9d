use proptest::prelude::*;
use sprag_delta::full::workspace_len;
use sprag_delta::{DecodeError, Profile};

use crate::support::{ISAS, Rng, decode, image, stream};

fn profile_header(profile: Profile, isa: usize) -> [u8; 2] {
    let isa = ISAS[isa].code();
    [2, profile.code() << 4 | isa]
}

proptest! {
    #[test]
    fn any_bytes_end(
        code in prop::collection::vec(any::<u8>(), 0..600),
        len in 0_usize..5000,
        isa in 0..ISAS.len(),
        seed in any::<u64>(),
    ) {
        let mut stream = profile_header(Profile::Kib8, isa).to_vec();
        stream.extend(code);
        let mut workspace = vec![0; workspace_len(Profile::Kib8)];
        if let Ok(made) = decode(&mut workspace, &stream, len, &mut Rng(seed)) {
            prop_assert_eq!(made.len(), len);
        }
    }

    #[test]
    fn a_changed_stream_ends(seed in any::<u64>(), isa in 0..ISAS.len(), at in any::<usize>(), bit in 0..8) {
        let image = image(1500, seed);
        let mut stream = stream(&image, Profile::Kib8, ISAS[isa], seed);
        let at = at % stream.len();
        stream[at] ^= 1_u8 << bit;
        let mut workspace = vec![0; workspace_len(Profile::Kib16)];
        let _ = decode(&mut workspace, &stream, image.len(), &mut Rng(seed));
    }
}

#[test]
fn a_stream_cut_short_is_refused() {
    let image = image(800, 3);
    let stream = stream(&image, Profile::Kib8, ISAS[1], 3);
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    for len in 0..stream.len() {
        let made = decode(&mut workspace, &stream[..len], image.len(), &mut Rng(1));
        assert!(
            matches!(made, Err(DecodeError::Truncated { .. })),
            "{len}: {made:?}"
        );
    }
}

#[test]
fn what_follows_the_stream_is_refused() {
    let image = image(800, 4);
    let mut stream = stream(&image, Profile::Kib8, ISAS[2], 4);
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    for extra in 1..200 {
        stream.push(0x77);
        let made = decode(&mut workspace, &stream, image.len(), &mut Rng(extra));
        assert!(matches!(made, Err(DecodeError::TrailingInput { .. })));
    }
}

#[test]
fn headers_that_are_unknown() {
    let mut workspace = vec![0; workspace_len(Profile::Kib8)];
    let mut refused = |header: [u8; 2]| {
        let stream = [header[0], header[1], 0, 0, 0, 0, 0, 0];
        decode(&mut workspace, &stream, 10, &mut Rng(1)).unwrap_err()
    };
    let bad = |offset, value| DecodeError::BadHeader { offset, value };
    assert_eq!(refused([1, 0]), bad(0, 1));
    assert_eq!(refused([2, 0x40]), bad(1, 0x40));
    assert_eq!(refused([2, 0x0f]), bad(1, 0x0f));
    let need = workspace_len(Profile::Kib16);
    let have = workspace_len(Profile::Kib8);
    let too_small = DecodeError::WorkspaceTooSmall { need, have };
    assert_eq!(refused([2, 0x10]), too_small);
}
