//! A link that loses, repeats, delays and bends datagrams, breaks off, and lets tokens grow old. Deterministic from
//! its seed, in virtual time.

use sprag_manifest::LinkProfile;

const MILLION: u64 = 1_000_000;

/// Bytes that arrived, and where in the package they lie.
pub(super) type Datagram = (u64, Vec<u8>);

/// A server with the package behind a bad link.
#[derive(Clone, Debug)]
pub(super) struct Link<'p> {
    package: &'p [u8],
    profile: LinkProfile,
    chance: Chance,
    /// Datagrams that arrive with the next answer.
    late: Vec<Datagram>,
    /// Nanoseconds of the clock at which the link or the token ends.
    ends: Option<u64>,
    token_ends: Option<u64>,
    /// The package offset at which the server's copy is wrong, and which answers that hold it are.
    damage: Option<(u64, Damage)>,
    asked_for_damage: u32,
    /// After so many requests the package is elsewhere, on such a link.
    moves: Option<(u64, &'p [u8], LinkProfile)>,
    pub(super) counts: Counts,
}

/// Which answers of a damaged server are wrong.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "only the links of tests are damaged")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The first.
    Once,
    /// All.
    Always,
    /// Every other one, from the first on.
    Alternating,
}

/// What happened on the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) corrupted: u64,
    pub(super) cuts: u64,
    pub(super) tokens: u64,
}

/// Why a request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The link broke off.
    Cut,
    /// The token is too old; the next request brings a new one.
    Token,
    /// The package is no longer there; the next request goes where it is.
    Moved,
    /// Nothing came before the time was up.
    Silence,
}

/// What a request led to, and the nanoseconds it took.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) took: u64,
    pub(super) result: Result<Vec<Datagram>, NoAnswer>,
}

impl<'p> Link<'p> {
    pub(super) const fn new(package: &'p [u8], profile: LinkProfile, seed: u64) -> Self {
        Self {
            package,
            profile,
            chance: Chance(seed),
            late: Vec::new(),
            ends: None,
            token_ends: None,
            damage: None,
            asked_for_damage: 0,
            moves: None,
            counts: Counts {
                requests: 0,
                bytes: 0,
                lost: 0,
                duplicated: 0,
                reordered: 0,
                corrupted: 0,
                cuts: 0,
                tokens: 0,
            },
        }
    }

    /// Lets the server's copy be wrong at `offset`.
    #[cfg(test)]
    pub(super) const fn damage(&mut self, offset: u64, damage: Damage) {
        self.damage = Some((offset, damage));
    }

    /// Lets the package move after so many requests: the next one is refused, those behind it are answered from there.
    #[cfg(test)]
    pub(super) const fn moves(&mut self, requests: u64, to: &'p [u8], over: LinkProfile) {
        self.moves = Some((requests, to, over));
    }

    /// Asks for `len` bytes at `offset`, at `now` nanoseconds.
    pub(super) fn request(&mut self, offset: u64, len: u32, now: u64) -> Answer {
        self.counts.requests += 1;
        if let Some((_, package, profile)) = self
            .moves
            .take_if(|(requests, ..)| self.counts.requests > *requests)
        {
            (self.package, self.profile) = (package, profile);
            (self.ends, self.token_ends) = (None, None);
            self.late.clear();
            return Answer {
                took: u64::from(profile.latency_ms) * MILLION,
                result: Err(NoAnswer::Moved),
            };
        }
        let LinkProfile {
            bytes_per_second,
            latency_ms,
            up_s,
            down_s,
            token_s,
            ..
        } = self.profile;
        let seconds = |s: u32| u64::from(s) * 1000 * MILLION;
        let latency = u64::from(latency_ms) * MILLION;
        // A link that broke off while nobody asked is back after its time.
        let known = self.ends.filter(|ends| now < ends + seconds(down_s));
        let ends = known.unwrap_or(now + seconds(up_s));
        self.ends = Some(ends);
        let token_ends = *self.token_ends.get_or_insert(now + seconds(token_s));
        if token_s > 0 && now >= token_ends {
            self.counts.tokens += 1;
            self.token_ends = None;
            return Answer {
                took: latency,
                result: Err(NoAnswer::Token),
            };
        }
        let transfer = u64::from(len) * 1000 * MILLION / u64::from(bytes_per_second.max(1));
        let took = latency + transfer;
        if up_s > 0 && now + took >= ends {
            // Within the answer or before it: nothing of it arrives.
            self.counts.cuts += 1;
            self.ends = None;
            self.late.clear();
            return Answer {
                took: (ends + seconds(down_s)).saturating_sub(now),
                result: Err(NoAnswer::Cut),
            };
        }
        let datagrams = self.answer(offset, len);
        match datagrams.is_empty() {
            true => Answer {
                took: took + latency,
                result: Err(NoAnswer::Silence),
            },
            false => Answer {
                took,
                result: Ok(datagrams),
            },
        }
    }

    fn answer(&mut self, offset: u64, len: u32) -> Vec<Datagram> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start
            .saturating_add(usize::try_from(len).unwrap_or(usize::MAX))
            .min(self.package.len());
        let mut bytes = self.package.get(start..end).unwrap_or_default().to_vec();
        self.counts.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bend(offset, &mut bytes);
        let size = usize::try_from(self.profile.datagram.max(1)).unwrap_or(1);
        let mut arrived = core::mem::take(&mut self.late);
        let mut at = offset;
        for piece in bytes.chunks(size) {
            let mut piece = piece.to_vec();
            let here = at;
            at += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if self.chance.of_million(self.profile.loss) {
                self.counts.lost += 1;
                continue;
            }
            if self.chance.of_million(self.profile.corrupt) {
                self.counts.corrupted += 1;
                let position = self.chance.below(piece.len());
                if let Some(byte) = piece.get_mut(position) {
                    *byte ^= 1 << self.chance.below(8);
                }
            }
            if self.chance.of_million(self.profile.duplicate) {
                self.counts.duplicated += 1;
                arrived.push((here, piece.clone()));
            }
            if self.chance.of_million(self.profile.reorder) {
                self.counts.reordered += 1;
                self.late.push((here, piece));
            } else {
                arrived.push((here, piece));
            }
        }
        arrived
    }

    /// The server's own damage.
    fn bend(&mut self, offset: u64, bytes: &mut [u8]) {
        let Some((at, damage)) = self.damage else {
            return;
        };
        let within = at
            .checked_sub(offset)
            .and_then(|at| usize::try_from(at).ok());
        let Some(byte) = within.and_then(|at| bytes.get_mut(at)) else {
            return;
        };
        let wrong = match damage {
            Damage::Once => self.asked_for_damage == 0,
            Damage::Always => true,
            Damage::Alternating => self.asked_for_damage.is_multiple_of(2),
        };
        self.asked_for_damage += 1;
        if wrong {
            *byte ^= 0x10;
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the only source of chance of a simulation.
#[derive(Clone, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        let number = self.next().checked_rem(bound).unwrap_or(0);
        usize::try_from(number).unwrap_or(0)
    }

    fn of_million(&mut self, share: u32) -> bool {
        // No draw where nothing can happen: a perfect link costs no chance.
        share > 0 && self.next() % MILLION < u64::from(share)
    }
}
