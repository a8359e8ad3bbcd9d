//! Decoders that are watched: whatever the stream, what they promise must hold.

use sprag_delta::{
    DecodeError, Decoder, Images, Profile, Pull, WORK_PER_BYTE, checkpoint_len, full, workspace_len,
};

use crate::choices::{Choices, Noise};

/// Decisions after which a hostile stream has shown what it can do.
const WORK_MAX: u32 = 200_000;

/// In which pieces a stream is decoded.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    noise: Noise,
    /// Longest piece of input and of output, in bytes.
    longest: usize,
    /// How many times at most decoding goes on in another workspace, from a checkpoint.
    saves: usize,
    /// Whether bytes of checkpoints are changed.
    damage: bool,
}

impl Pace {
    /// Everything at once.
    pub(crate) const WHOLE: Self = Self {
        noise: Noise(0),
        longest: 1 << 16,
        saves: 0,
        damage: false,
    };

    pub(crate) fn take(choices: &mut Choices<'_>) -> Self {
        let seed = choices.u8();
        Self {
            noise: Noise(seed.into()),
            longest: choices.pick(&[1, 2, 3, 7, 16, 64, 130, 300]),
            saves: choices.pick(&[0, 1, 4, 20]),
            damage: false,
        }
    }

    /// The same, with damaged checkpoints.
    pub(crate) fn with_damage(self) -> Self {
        Self {
            saves: 1,
            damage: true,
            ..self
        }
    }

    fn len(&mut self) -> usize {
        match self.longest {
            1 => 1,
            longest if longest >= 1 << 16 => longest,
            longest => 1 + self.noise.below(longest),
        }
    }
}

/// How decoding ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Refused(DecodeError<Outside>),
    /// Enough was seen.
    Stopped,
}

/// What a decoder gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

impl Made {
    /// Two ways through one stream: neither pieces nor checkpoints may change what it means.
    pub(crate) fn assert_same(&self, other: &Self) {
        let len = self.bytes.len().min(other.bytes.len());
        assert!(
            self.bytes[..len] == other.bytes[..len],
            "other pieces gave other bytes"
        );
        match (&self.end, &other.end) {
            (End::Stopped, _) | (_, End::Stopped) => {}
            // How much of what follows the stream was looked at depends on the pieces.
            (
                End::Refused(DecodeError::TrailingInput { .. }),
                End::Refused(DecodeError::TrailingInput { .. }),
            ) => {}
            (one, other) => assert_eq!(one, other),
        }
    }
}

/// A read of bytes that a decoder must not ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outside;

/// The images: all of the old one, and of the new one what was given out.
struct Watched<'m> {
    old: &'m [u8],
    new: &'m [u8],
}

fn read(image: &[u8], offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
    let start = usize::try_from(offset).map_err(|_| Outside)?;
    let bytes = image.get(start..).and_then(|rest| rest.get(..buf.len()));
    buf.copy_from_slice(bytes.expect("a read outside the image"));
    Ok(())
}

impl Images for Watched<'_> {
    type Error = Outside;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        read(self.old, offset, buf)
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), Outside> {
        read(self.new, offset, buf)
    }
}

pub(crate) fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// The profile that a stream asks for, as far as it can be told.
pub(crate) fn profile_of(code: Option<u8>) -> Profile {
    code.and_then(Profile::from_code).unwrap_or(Profile::Kib8)
}

/// Decodes a delta.
pub(crate) fn delta(stream: &[u8], old: &[u8], new_len: u32, mut pace: Pace) -> Made {
    let profile = profile_of(stream.get(1).copied());
    let old_len = len_u32(old);
    let saves = pace.saves;
    let space = |byte, leg| {
        let len = if leg <= saves {
            workspace_len(profile)
        } else {
            0
        };
        vec![byte; len]
    };
    let mut spaces = [space(0x5a, 0), space(0xa5, 1)];
    let mut saved = vec![
        0;
        if saves == 0 {
            0
        } else {
            checkpoint_len(profile)
        }
    ];
    let mut saved_len = 0;
    let mut out = vec![0; pace.longest];
    let mut made = Vec::new();
    let mut rest = stream;
    let mut total = 0_u32;
    for leg in 0..=saves {
        let space = &mut spaces[leg % 2];
        let mut decoder = if leg == 0 {
            Decoder::new(space, old_len, new_len)
        } else {
            match Decoder::restore(space, old_len, new_len, &saved[..saved_len]) {
                Ok(decoder) => decoder,
                Err(error) => {
                    assert!(pace.damage, "{error:?}");
                    return Made {
                        bytes: made,
                        end: End::Stopped,
                    };
                }
            }
        };
        let calls = if leg < saves {
            pace.noise.below(24)
        } else {
            usize::MAX
        };
        let first = decoder.produced();
        for _ in 0..calls {
            let piece = rest.len().min(pace.len());
            rest = &rest[decoder.push(&rest[..piece])..];
            if rest.is_empty() {
                decoder.finish();
            }
            let before = decoder.work();
            let room = &mut out[..pace.len()];
            let room_len = len_u32(room);
            let pulled = decoder.pull(&mut Watched { old, new: &made }, room);
            let worked = decoder.work().wrapping_sub(before);
            let mut bound = WORK_PER_BYTE * (room_len + 1);
            if made.is_empty() || pace.damage {
                bound += profile.work_before_output();
            }
            assert!(worked <= bound, "{worked} decisions in one call");
            total = total.saturating_add(worked);
            match pulled {
                Ok(Pull::Output(len)) => {
                    assert!(len > 0, "an output of nothing");
                    made.extend_from_slice(&room[..len]);
                }
                Ok(Pull::NeedInput) => assert!(!rest.is_empty(), "asks for input after its end"),
                Ok(Pull::Done) => {
                    assert!(pace.damage || len_u32(&made) == new_len, "done too early");
                    return Made {
                        bytes: made,
                        end: End::Done,
                    };
                }
                Err(error) => {
                    let again = decoder.pull(&mut Watched { old, new: &made }, room);
                    assert_eq!(again, Err(DecodeError::Failed));
                    return Made {
                        bytes: made,
                        end: End::Refused(error),
                    };
                }
            }
            assert!(decoder.produced() <= new_len, "more than the new image");
            assert!(pace.damage || decoder.produced() == len_u32(&made));
            if total > WORK_MAX {
                return Made {
                    bytes: made,
                    end: End::Stopped,
                };
            }
        }
        assert!(decoder.produced() >= first);
        saved_len = decoder.save(&mut saved).expect("a decoder that runs");
        if pace.damage {
            damage(&mut saved[..saved_len], &mut pace.noise);
        }
    }
    unreachable!("the last leg ends only with the stream")
}

/// Flips one bit or some.
fn damage(saved: &mut [u8], noise: &mut Noise) {
    /// What comes before the tables.
    const FRONT: usize = 400;
    for _ in 0..=noise.below(3) {
        let end = match noise.below(4) {
            0 => saved.len(),
            _ => saved.len().min(FRONT),
        };
        let byte = noise.below(end);
        saved[byte] ^= 1 << noise.below(8);
    }
}

/// Decodes a full image.
pub(crate) fn full(stream: &[u8], len: u32, mut pace: Pace) -> Made {
    let profile = profile_of(stream.get(1).map(|code| code >> 4));
    let mut space = vec![0x5a; full::workspace_len(profile)];
    let mut decoder = full::Decoder::new(&mut space, len);
    let mut out = vec![0; pace.longest];
    let mut made = Vec::new();
    let mut rest = stream;
    loop {
        let piece = rest.len().min(pace.len());
        rest = &rest[decoder.push(&rest[..piece])..];
        if rest.is_empty() {
            decoder.finish();
        }
        let before = decoder.work();
        let room = &mut out[..pace.len()];
        let room_len = len_u32(room);
        let images = &mut Watched {
            old: &[],
            new: &made,
        };
        let pulled = decoder.pull(images, room);
        let worked = decoder.work().wrapping_sub(before);
        assert!(
            worked <= full::WORK_PER_BYTE * (room_len + 8),
            "{worked} decisions in one call"
        );
        let end = match pulled {
            Ok(Pull::Output(count)) => {
                assert!(count > 0, "an output of nothing");
                made.extend_from_slice(&room[..count]);
                assert_eq!(decoder.produced(), len_u32(&made));
                assert!(decoder.produced() <= len, "more than the image");
                if decoder.work() < WORK_MAX {
                    continue;
                }
                End::Stopped
            }
            Ok(Pull::NeedInput) => {
                assert!(!rest.is_empty(), "asks for input after its end");
                continue;
            }
            Ok(Pull::Done) => {
                assert_eq!(len_u32(&made), len, "done too early");
                End::Done
            }
            Err(error) => End::Refused(error),
        };
        return Made { bytes: made, end };
    }
}
