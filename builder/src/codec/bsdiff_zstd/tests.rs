//! Hostile streams are made here by hand: operations in a frame of any kind. No pull may panic, go on without end,
//! read outside the old image or make more than the new one.

use sprag_manifest::Codec;
use sprag_verifier::{CodecError, Images, PatchDecoder, Pull, PullError};
use zstd::stream::raw::CParameter;

use super::{BsdiffZstdDecoder, OVERHEAD, encode, sign_magnitude, without_empty, workspace};
use crate::demo::{NEW_IMAGE, OLD_IMAGE};
use crate::error::Error;

const RAM: u32 = 64 << 20;
const OLD: &[u8] = b"the old image, all forty bytes of it, ok";
const NEW: &[u8] = b"the new image, and none of its bytes are here";

struct Old<'o>(&'o [u8]);

impl Images for Old<'_> {
    type Error = ();

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
        let start = usize::try_from(offset).unwrap();
        // The decoder checks ranges itself: a read outside would be a bug and panics here.
        buf.copy_from_slice(&self.0[start..start + buf.len()]);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
        unreachable!("bsdiff reads the old image only")
    }
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn decoder(old: &[u8], new_len: usize, workspace: u32) -> BsdiffZstdDecoder {
    BsdiffZstdDecoder::new(workspace, len(old), u32::try_from(new_len).unwrap())
}

/// Drives `decoder` to its end, with input in pieces of `piece` bytes and output of `room` bytes.
fn drive(
    decoder: &mut BsdiffZstdDecoder,
    old: &[u8],
    stream: &[u8],
    piece: usize,
    room: usize,
) -> Result<Vec<u8>, CodecError> {
    let (mut made, mut rest, mut buffer) = (Vec::new(), stream, vec![0; room]);
    loop {
        match decoder.pull(&mut Old(old), &mut buffer) {
            Ok(Pull::Output(0)) => panic!("an output of nothing"),
            Ok(Pull::Output(count)) => made.extend_from_slice(&buffer[..count]),
            Ok(Pull::Done) => {
                assert!(rest.is_empty(), "done with input left");
                return Ok(made);
            }
            Ok(Pull::NeedInput) if rest.is_empty() => decoder.finish(),
            Ok(Pull::NeedInput) => {
                let taken = decoder.push(&rest[..piece.min(rest.len())])?;
                assert!(taken > 0, "wants input and takes none");
                rest = &rest[taken..];
            }
            Err(PullError::Codec(e)) => return Err(e),
            Err(PullError::Images(())) => panic!("images do not fail"),
        }
    }
}

fn decode(old: &[u8], new_len: usize, stream: &[u8]) -> Result<Vec<u8>, CodecError> {
    drive(&mut decoder(old, new_len, RAM), old, stream, 4096, 4096)
}

/// One operation: add, insert and seek as they stand in the stream, then the bytes.
fn operation(add: u64, insert: u64, seek: i64, data: &[u8]) -> Vec<u8> {
    let numbers = [add, insert, sign_magnitude(seek)];
    let control = numbers.iter().flat_map(|number| number.to_le_bytes());
    control.chain(data.iter().copied()).collect()
}

fn frame(content: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let mut compressor = zstd::bulk::Compressor::new(3).unwrap();
    for &parameter in parameters {
        compressor.set_parameter(parameter).unwrap();
    }
    compressor.compress(content).unwrap()
}

fn stream(window_log: u8, content: &[u8]) -> Vec<u8> {
    [&[window_log][..], &frame(content, &[])].concat()
}

/// A whole and valid stream that inserts `NEW`.
fn inserting() -> Vec<u8> {
    stream(10, &operation(0, NEW.len().try_into().unwrap(), 0, NEW))
}

#[test]
fn round_trips() {
    let noise: Vec<u8> = noise(0x5eed).take(5_000).collect();
    let mut shuffled = noise[2_500..].to_vec();
    shuffled.extend_from_slice(&noise[..2_500]);
    let shifted: Vec<u8> = noise.iter().map(|byte| byte.wrapping_add(1)).collect();
    let cases: [(&str, &[u8], &[u8]); 13] = [
        ("the demonstration", OLD_IMAGE, NEW_IMAGE),
        ("and back", NEW_IMAGE, OLD_IMAGE),
        ("equal", OLD_IMAGE, OLD_IMAGE),
        ("nothing in common", OLD, NEW),
        ("from one byte", b"a", NEW_IMAGE),
        ("to one byte", OLD_IMAGE, b"a"),
        ("one byte each", b"a", b"b"),
        ("from nothing", b"", NEW),
        ("all zeros", &[0; 9_000], &[0; 9_001]),
        ("zeros to ones", &[0; 9_000], &[0xff; 9_000]),
        ("halves exchanged", &noise, &shuffled),
        ("every byte one more", &noise, &shifted),
        ("only the end", &noise, &noise[4_999..]),
    ];
    for (name, old, new) in cases {
        let encoded = encode(old, new, RAM).unwrap();
        assert_eq!(encoded.codec, Codec::BsdiffZstd, "{name}");
        assert_eq!(
            encoded,
            encode(old, new, RAM).unwrap(),
            "{name}: not deterministic"
        );
        let mut decoder = decoder(old, new.len(), encoded.workspace);
        let made = drive(&mut decoder, old, &encoded.bytes, 4096, 4096).unwrap();
        assert!(made == new, "{name}");
    }
}

#[test]
fn small_pairs_round_trip() {
    // Three letters only, so that matches are many and short.
    let mut numbers = noise(3);
    for round in 0..300_usize {
        let mut some = |most: usize| usize::from(numbers.next().unwrap()) % most;
        let old: Vec<u8> = (0..some(60))
            .map(|_| b'a' + u8::try_from(some(3)).unwrap())
            .collect();
        let new: Vec<u8> = (0..=some(60))
            .map(|_| b'a' + u8::try_from(some(3)).unwrap())
            .collect();
        let encoded = encode(&old, &new, RAM).unwrap();
        assert_eq!(
            decode(&old, new.len(), &encoded.bytes).as_deref(),
            Ok(&new[..]),
            "{round}: {old:?} {new:?}"
        );
    }
}

#[test]
fn seeks_of_empty_operations_move_to_the_one_before() {
    let first = operation(1, 1, 5, b"ab");
    let empty = operation(0, 0, -7, b"");
    let last = operation(0, 1, 0, b"c");
    let whole = [&first[..], &empty, &empty, &last].concat();
    let expected = [operation(1, 1, -9, b"ab"), last.clone()].concat();
    assert_eq!(without_empty(&whole), expected);
    // The first has none before it, and stays.
    let leading = [&empty[..], &last].concat();
    assert_eq!(without_empty(&leading), leading);
}

#[test]
fn every_split_gives_the_same() {
    let encoded = encode(OLD, NEW, RAM).unwrap();
    for piece in 1..=encoded.bytes.len() {
        for room in [1, 2, 7, NEW.len(), 4096] {
            let mut decoder = decoder(OLD, NEW.len(), encoded.workspace);
            let made = drive(&mut decoder, OLD, &encoded.bytes, piece, room);
            assert_eq!(made.as_deref(), Ok(NEW), "{piece} in, {room} out");
        }
    }
    let encoded = encode(OLD_IMAGE, NEW_IMAGE, RAM).unwrap();
    for (piece, room) in [(1, 4096), (3, 100), (4096, 1), (100_000, 100_000)] {
        let mut decoder = decoder(OLD_IMAGE, NEW_IMAGE.len(), encoded.workspace);
        let made = drive(&mut decoder, OLD_IMAGE, &encoded.bytes, piece, room).unwrap();
        assert!(made == NEW_IMAGE, "{piece} in, {room} out");
    }
}

#[test]
fn an_idle_decoder_stays_as_it_is() {
    let encoded = encode(OLD, NEW, RAM).unwrap();
    let mut decoder = decoder(OLD, NEW.len(), encoded.workspace);
    let mut buffer = [0; 64];
    let mut made = Vec::new();
    for byte in encoded.bytes {
        // zstd itself gives up after 16 calls in a row that bring it nothing.
        for _ in 0..40 {
            match decoder.pull(&mut Old(OLD), &mut buffer).unwrap() {
                Pull::Output(count) => made.extend_from_slice(&buffer[..count]),
                Pull::NeedInput => {}
                Pull::Done => panic!("done before the end"),
            }
        }
        assert_eq!(decoder.push(&[byte]), Ok(1));
    }
    made.extend(drive(&mut decoder, OLD, &[], 1, 64).unwrap());
    assert_eq!(made, NEW);
}

#[test]
fn restarts_from_any_point() {
    let encoded = encode(OLD, NEW, RAM).unwrap();
    for pushed in 0..=encoded.bytes.len() {
        let mut decoder = decoder(OLD, NEW.len(), encoded.workspace);
        decoder.push(&encoded.bytes[..pushed]).unwrap();
        let mut buffer = [0; 9];
        decoder.pull(&mut Old(OLD), &mut buffer).unwrap();
        decoder.restart();
        let made = drive(&mut decoder, OLD, &encoded.bytes, 11, 13);
        assert_eq!(made.as_deref(), Ok(NEW), "after {pushed} bytes");
    }
    // After an error too.
    let mut decoder = decoder(OLD, NEW.len(), RAM);
    assert!(drive(&mut decoder, OLD, &[0xff, 0], 1, 9).is_err());
    decoder.restart();
    assert_eq!(
        drive(&mut decoder, OLD, &inserting(), 3, 9).as_deref(),
        Ok(NEW)
    );
}

#[test]
fn the_largest_window_that_fits_is_used() {
    let smallest = workspace(10);
    assert_eq!(smallest, OVERHEAD + 1024);
    for (ram, expected) in [
        (smallest, workspace(10)),
        (workspace(12) - 1, workspace(11)),
        (workspace(12), workspace(12)),
        // No more than the operations are long.
        (u32::MAX, workspace(17)),
    ] {
        let encoded = encode(OLD_IMAGE, NEW_IMAGE, ram).unwrap();
        assert_eq!(encoded.workspace, expected, "{ram}");
        let mut decoder = decoder(OLD_IMAGE, NEW_IMAGE.len(), encoded.workspace);
        let made = drive(&mut decoder, OLD_IMAGE, &encoded.bytes, 4096, 4096).unwrap();
        assert!(made == NEW_IMAGE, "{ram}");
    }
    let refusal = encode(OLD, NEW, smallest - 1).unwrap_err();
    assert!(
        matches!(refusal, Error::DoesNotFit { need, have, .. }
            if need == u64::from(smallest) && have == u64::from(smallest) - 1),
        "{refusal:?}"
    );
}

#[test]
fn exact_workspace_passes_and_one_byte_less_is_refused() {
    let encoded = encode(OLD, NEW, RAM).unwrap();
    let mut short = decoder(OLD, NEW.len(), encoded.workspace - 1);
    let refusal = CodecError::WorkspaceTooSmall {
        need: encoded.workspace,
        have: encoded.workspace - 1,
    };
    assert_eq!(
        drive(&mut short, OLD, &encoded.bytes, 4096, 64),
        Err(refusal)
    );
}

#[test]
fn hostile_operations() {
    const SIGN: u64 = 1 << 63;
    let old_len = u64::try_from(OLD.len()).unwrap();
    let new_len = u64::try_from(NEW.len()).unwrap();
    let size = len(OLD);
    let overrun = CodecError::OutputOverrun { size: len(NEW) };
    let range = |offset, count| CodecError::SourceRange {
        offset,
        len: count,
        size,
    };
    let truncated = |made| CodecError::Truncated { made };
    let empty = operation(0, 0, 0, b"");
    let twice = |first: Vec<u8>, second: Vec<u8>| [first, second].concat();
    #[rustfmt::skip]
    let cases: Vec<(&str, Vec<u8>, CodecError)> = vec![
        ("no operation", vec![], truncated(0)),
        ("half a header", vec![0; 23], truncated(0)),
        ("data missing", operation(0, new_len, 0, &NEW[1..]), truncated(len(NEW) - 1)),
        ("negative add", operation(SIGN | 1, 0, 0, b"a"), CodecError::Malformed),
        ("negative insert", operation(0, SIGN | 1, 0, b"a"), CodecError::Malformed),
        ("add that cancels a negative insert", operation(5, SIGN | 4, 0, b"a"), CodecError::Malformed),
        ("lowest add", operation(u64::MAX, 0, 0, b""), CodecError::Malformed),
        ("highest add", operation(SIGN - 1, 0, 0, b""), overrun),
        ("highest add and insert", operation(SIGN - 1, SIGN - 1, 0, b""), overrun),
        ("one too many", operation(0, new_len + 1, 0, &[0; 46]), overrun),
        ("one too many in two", twice(operation(0, new_len, 0, NEW), operation(0, 1, 0, b"a")), CodecError::Trailing),
        ("add behind the old image", operation(old_len + 1, 0, 0, &[0; 41]), range(0, old_len + 1)),
        ("seek to its end", twice(operation(0, 1, size.into(), b"a"), operation(1, 0, 0, b"b")), range(size.into(), 1)),
        ("seek before it", twice(operation(0, 1, -1, b"a"), operation(1, 0, 0, b"b")), range(-1, 1)),
        ("highest seek", twice(operation(0, 1, i64::MAX, b"a"), operation(1, 0, 0, b"b")), range(i64::MAX, 1)),
        ("seek beyond 64 bits", twice(operation(1, 0, i64::MAX, b"a"), operation(1, 0, 0, b"b")), CodecError::Malformed),
        ("seek out of range on an empty first", twice(operation(0, 0, -5, b""), operation(1, 0, 0, b"b")), range(-5, 1)),
        ("two empty", twice(empty.clone(), empty.clone()), CodecError::Malformed),
        ("empty in the middle", twice(operation(0, 1, 0, b"a"), empty.clone()), CodecError::Malformed),
        ("empty at the end", twice(operation(0, new_len, 0, NEW), empty.clone()), CodecError::Trailing),
        ("a byte at the end", twice(operation(0, new_len, 0, NEW), vec![0]), CodecError::Trailing),
    ];
    for (name, content, expected) in cases {
        let found = decode(OLD, NEW.len(), &stream(10, &content));
        assert_eq!(found, Err(expected), "{name}");
        let mut decoder = decoder(OLD, NEW.len(), RAM);
        let split = drive(&mut decoder, OLD, &stream(10, &content), 1, 1);
        assert_eq!(
            split.map_err(|e| e.code()),
            Err(expected.code()),
            "{name}, split"
        );
    }
    // What is next to them is good.
    let insert = operation(0, new_len, 0, NEW);
    let negative_zero = operation(SIGN, new_len, 0, NEW);
    let seeks = [i64::MAX, -1, i64::MIN + 1].map(|seek| operation(0, new_len, seek, NEW));
    let good = [insert.clone(), negative_zero, twice(empty, insert)];
    for content in good.iter().chain(&seeks) {
        assert_eq!(
            decode(OLD, NEW.len(), &stream(10, content)).as_deref(),
            Ok(NEW)
        );
    }
    let all_of_old = operation(old_len, 0, 0, &[1; 40]);
    let expected: Vec<u8> = OLD.iter().map(|byte| byte + 1).collect();
    assert_eq!(
        decode(OLD, OLD.len(), &stream(10, &all_of_old)),
        Ok(expected)
    );
}

#[test]
fn hostile_frames() {
    let insert = operation(0, NEW.len().try_into().unwrap(), 0, NEW);
    let good = frame(&insert, &[]);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let empty = frame(&[], &[]);
    let join = |parts: &[&[u8]]| [&[10], parts.concat().as_slice()].concat();
    let flipped = |at: usize| {
        let mut bytes = join(&[&good]);
        bytes[at] ^= 0x40;
        bytes
    };
    let made = len(NEW);
    #[rustfmt::skip]
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("nothing", vec![], &[705]),
        ("only a window", vec![10], &[705]),
        ("a skippable frame before", join(&[&skippable, &good]), &[705, 706, 707]),
        ("a skippable frame behind", join(&[&good, &skippable]), &[706]),
        ("only a skippable frame", join(&[&skippable]), &[705]),
        ("two frames", join(&[&good, &good]), &[706]),
        ("an empty frame before", join(&[&empty, &good]), &[705, 706]),
        ("an empty frame behind", join(&[&good, &empty]), &[706]),
        ("a byte behind", join(&[&good, &[0]]), &[706]),
        ("another magic", flipped(1), &[707]),
        ("a reserved bit", { let mut bytes = join(&[&good]); bytes[5] |= 8; bytes }, &[707]),
        ("a dictionary", join(&[&with_dictionary(&good)]), &[707]),
    ];
    for (name, bytes, expected) in cases {
        for piece in [1, 2, 4096] {
            let mut decoder = decoder(OLD, NEW.len(), RAM);
            let found = drive(&mut decoder, OLD, &bytes, piece, 4096).map_err(|e| e.code());
            assert!(
                found.as_ref().is_err_and(|code| expected.contains(code)),
                "{name} by {piece}: {found:?}"
            );
        }
    }
    for end in 0..=good.len() {
        let refusal = decode(OLD, NEW.len(), &join(&[&good[..end]]));
        match end == good.len() {
            false => {
                let code = refusal.map_err(|e| e.code());
                assert!(matches!(code, Err(705)), "truncated to {end} B: {code:?}");
            }
            true => assert_eq!(refusal.map(|made| len(&made)), Ok(made)),
        }
    }
}

/// The frame with a dictionary id of one byte (RFC 8878, section 3.1.1.1.1).
fn with_dictionary(frame: &[u8]) -> Vec<u8> {
    let [magic @ .., descriptor] = frame.first_chunk::<5>().unwrap();
    [&magic[..], &[descriptor | 1, 77], &frame[5..]].concat()
}

#[test]
fn windows_are_held_to_what_is_stated() {
    let content = operation(0, 300_000, 0, &vec![7; 300_000]);
    let wide = frame(&content, &[CParameter::WindowLog(18)]);
    let unsized_frame = {
        // Without its content size the frame states a window, not one segment.
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.set_parameter(CParameter::WindowLog(18)).unwrap();
        std::io::Write::write_all(&mut encoder, &content).unwrap();
        encoder.finish().unwrap()
    };
    for frame in [wide, unsized_frame] {
        for log in 0..=u8::MAX {
            let mut decoder = decoder(OLD, 300_000, workspace(18));
            let bytes = [&[log], frame.as_slice()].concat();
            let found = drive(&mut decoder, OLD, &bytes, 4096, 4096).map_err(|e| e.code());
            match log {
                // The frame asks for more than the first byte says.
                10..=17 => assert_eq!(found, Err(707), "{log}"),
                18 => assert_eq!(found.map(|made| len(&made)), Ok(300_000), "{log}"),
                // The first byte says more than the manifest does.
                19..=27 => assert_eq!(found, Err(702), "{log}"),
                _ => assert_eq!(found, Err(701), "{log}"),
            }
        }
    }
}

#[test]
fn a_bomb_makes_no_more_than_the_new_image() {
    // A gigabyte of zeros in 32 KiB, behind a new image of 45 bytes.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.set_parameter(CParameter::WindowLog(10)).unwrap();
    let first = operation(0, NEW.len().try_into().unwrap(), 0, NEW);
    std::io::Write::write_all(&mut encoder, &first).unwrap();
    for _ in 0..64 {
        std::io::Write::write_all(&mut encoder, &vec![0; 1 << 20]).unwrap();
    }
    let bytes = [&[10], encoder.finish().unwrap().as_slice()].concat();
    let mut decoder = decoder(OLD, NEW.len(), workspace(10));
    let mut held = 0;
    let mut buffer = [0; 4096];
    let mut rest = bytes.as_slice();
    let refusal = loop {
        held = held.max(decoder.content.capacity() + decoder.input.capacity());
        match decoder.pull(&mut Old(OLD), &mut buffer) {
            Ok(Pull::Output(_)) => {}
            Ok(Pull::NeedInput) => {
                let taken = decoder.push(rest).unwrap();
                rest = &rest[taken..];
            }
            Ok(Pull::Done) => panic!("a bomb is no patch"),
            Err(e) => break e,
        }
    };
    assert_eq!(refusal, PullError::Codec(CodecError::Trailing));
    assert!(held < 64 << 10, "{held} B held");
}

#[test]
fn no_byte_of_a_stream_can_be_changed_into_a_panic() {
    let encoded = encode(OLD, NEW, RAM).unwrap();
    for at in 0..encoded.bytes.len() {
        for bit in 0..8 {
            let mut bytes = encoded.bytes.clone();
            bytes[at] ^= 1 << bit;
            // Blocks are authenticated before they come here; what matters is that it ends.
            if let Ok(made) = decode(OLD, NEW.len(), &bytes) {
                assert_eq!(made.len(), NEW.len());
            }
        }
    }
    let mut numbers = noise(99);
    for _ in 0..2_000 {
        let length = usize::from(numbers.next().unwrap());
        let mut bytes: Vec<u8> = numbers.by_ref().take(length).collect();
        if let [window, rest @ ..] = bytes.as_mut_slice() {
            *window = 10 + *window % 18;
            for (to, from) in rest.iter_mut().zip([0x28, 0xb5, 0x2f, 0xfd]) {
                *to = from;
            }
        }
        assert!(decode(OLD, NEW.len(), &bytes).is_err());
    }
}

/// A long sequence of bytes without pattern (xorshift64).
fn noise(mut state: u64) -> impl Iterator<Item = u8> {
    core::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
}
