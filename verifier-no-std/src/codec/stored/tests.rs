use std::vec::Vec;

use super::StoredDecoder;
use crate::codec::{CodecError, Images, PatchDecoder, Pull, PullError};

/// No images: this codec reads none.
struct Nothing;

impl Images for Nothing {
    type Error = ();

    fn read_old(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
        Err(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
        Err(())
    }
}

/// Decodes `input`, pushed in pieces of `pushed` bytes and pulled in pieces of `pulled`.
fn decode(
    decoder: &mut StoredDecoder,
    input: &[u8],
    pushed: usize,
    pulled: usize,
) -> Result<Vec<u8>, PullError<()>> {
    let mut pieces = input.chunks(pushed);
    let mut piece: &[u8] = &[];
    let (mut made, mut out) = (Vec::new(), std::vec![0; pulled]);
    loop {
        match decoder.pull(&mut Nothing, &mut out)? {
            Pull::Output(count) => made.extend_from_slice(&out[..count]),
            Pull::Done => return Ok(made),
            Pull::NeedInput => {
                if piece.is_empty() {
                    piece = pieces.next().unwrap_or_default();
                }
                match piece {
                    [] => decoder.finish(),
                    _ => piece = &piece[decoder.push(piece)?..],
                }
            }
        }
    }
}

#[test]
fn any_pieces_give_the_image() {
    let image: Vec<u8> = (0..=255).cycle().take(300).collect();
    let mut decoder = StoredDecoder::new(300);
    for pushed in [1, 2, 63, 64, 65, 300] {
        for pulled in [1, 7, 64, 256, 300] {
            let made = decode(&mut decoder, &image, pushed, pulled);
            assert_eq!(made, Ok(image.clone()), "{pushed} {pulled}");
            decoder.restart();
        }
    }
}

#[test]
fn too_few_and_too_many_bytes_are_refused() {
    let image = [7; 300];
    let short = decode(&mut StoredDecoder::new(300), &image[..299], 64, 64);
    assert_eq!(short, Err(CodecError::Truncated { made: 299 }.into()));
    let long = decode(&mut StoredDecoder::new(299), &image, 64, 64);
    assert_eq!(long, Err(CodecError::OutputOverrun { size: 299 }.into()));
    let empty = decode(&mut StoredDecoder::new(1), &[], 64, 64);
    assert_eq!(empty, Err(CodecError::Truncated { made: 0 }.into()));
}
