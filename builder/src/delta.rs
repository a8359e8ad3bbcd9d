//! The encoder of native delta patches: operations by a cost-based parse, then the coder that
//! `sprag-delta` shares with the decoder, then a local search on what that spends. Pure functions of
//! slices.

mod ablation;
mod btf;
mod coding;
mod detect;
mod fields;
mod in_place;
mod matcher;
mod parse;
mod pieces;
pub(crate) mod regions;
mod search;

use sprag_delta::{
    Addresses, Class, EncodeError, Encoding, Isa, Operation, Profile, Region, Segments, Unit,
};

use ablation::{Stage, is_on};
use coding::{Attempt, Coding, Task};
use fields::{Fields, MovedTo, choose_majors, is_plain, step_of};
use matcher::Matcher;
use parse::{Images, Limits, Masked, Prices};
use search::refine;

pub use detect::detect_addresses;
pub use in_place::InPlace;

/// How hard the encoder tries. Every effort gives a valid patch; equal inputs give equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Effort {
    /// Fewer candidates and one pass: about three times as fast as the default.
    Fast,
    /// The default.
    #[default]
    Default,
    /// Local search on what the coder really spends: many times slower.
    Best,
}

/// What [`encode`] aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions<'r> {
    /// RAM of the device's decoder.
    pub profile: Profile,
    /// How hard to try.
    pub effort: Effort,
    /// Instruction set of what lies before the regions.
    pub isa: Isa,
    /// Where the images lie in memory; [`detect_addresses`] can guess.
    pub addresses: Addresses,
    /// What the parts of the old image hold, from the first that `isa` is not right for; at most
    /// [`Profile::region_count`], else only the first count.
    pub old_regions: &'r [Region],
    /// The same of the new image, to find what moved; the decoder never learns it.
    pub new_regions: &'r [Region],
    /// For a device with a single slot.
    pub in_place: Option<InPlace>,
}

impl EncodeOptions<'_> {
    /// The usual options for a device with `profile` and images of which nothing is known.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self {
            profile,
            effort: Effort::Default,
            isa: Isa::None,
            addresses: Addresses {
                old: Segments::at(0),
                new: Segments::at(0),
                ram_base: 0,
                ram_len: 0,
            },
            old_regions: &[],
            new_regions: &[],
            in_place: None,
        }
    }
}

/// What the encoder is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Sorting the old image's suffixes.
    Sort,
    /// Choosing operations.
    Parse,
    /// Coding them.
    Code,
}

/// Encodes a patch that makes `new` out of `old`.
///
/// # Errors
///
/// [`EncodeError::ImageTooLong`] if an image is longer than 2^32 - 1 bytes.
pub fn encode(old: &[u8], new: &[u8], options: &EncodeOptions<'_>) -> Result<Vec<u8>, EncodeError> {
    encode_with_progress(old, new, options, &mut |_, _| ())
}

/// Like [`encode`]; `progress` is called now and then with the step and the bytes of the new image
/// it has done.
///
/// # Errors
///
/// [`EncodeError::ImageTooLong`] if an image is longer than 2^32 - 1 bytes.
pub fn encode_with_progress(
    old: &[u8],
    new: &[u8],
    options: &EncodeOptions<'_>,
    progress: &mut dyn FnMut(Step, u32),
) -> Result<Vec<u8>, EncodeError> {
    if u32::try_from(old.len()).is_err() || u32::try_from(new.len()).is_err() {
        return Err(EncodeError::ImageTooLong);
    }
    let &EncodeOptions {
        profile,
        effort,
        isa,
        addresses,
        old_regions,
        new_regions,
        in_place,
    } = options;
    let mut regions = old_regions[..old_regions.len().min(profile.region_count())].to_vec();
    let mut addresses = addresses;
    if isa == Isa::None {
        // The stream would not say that there are numbers.
        for region in regions
            .iter_mut()
            .filter(|region| region.class.has_numbers())
        {
            region.class = Class::NONE;
        }
    } else if regions.iter().any(|region| region.class.has_numbers()) {
        addresses = addresses.with_numbers();
    }
    let regions = regions.as_slice();
    let options = &EncodeOptions {
        addresses,
        old_regions: regions,
        ..*options
    };
    let limits = Limits::of(old.len().max(new.len()), effort);
    progress(Step::Sort, 0);
    let matcher = Matcher::new(old);
    let mut parsing = |done| progress(Step::Parse, done);
    if is_plain(Class::Code(isa), regions) {
        let images = Images {
            old,
            new,
            matcher: &matcher,
            masked: None,
            in_place,
        };
        let prices = Prices::default();
        let operations = parse::parse(images, None, &prices, limits, &mut parsing);
        progress(Step::Code, 0);
        let mut best: Option<(Coding<'_>, Attempt)> = None;
        for unit in Unit::ALL {
            let encoding = Encoding {
                profile,
                unit,
                isa,
                addresses,
                regions: &[],
            };
            let mut coding = Coding::new(Task {
                encoding,
                old,
                new,
                in_place,
            });
            let attempt = coding.attempt(operations.clone())?;
            if best
                .as_ref()
                .is_none_or(|(_, best)| attempt.is_shorter_than(best))
            {
                best = Some((coding, attempt));
            }
        }
        let Some((mut coding, attempt)) = best else {
            return Ok(Vec::new());
        };
        return refine(images, &prices, &mut coding, attempt, effort, &|_| ());
    }

    let old_fields = Fields::old(options, old);
    let new_fields = Fields::new_image(options, new);
    let (masked_old, masked_new) = (old_fields.masked(), new_fields.masked());
    let masked_matcher = Matcher::new(&masked_old);
    let first = Class::Code(isa);
    let step = step_of(first, regions).min(step_of(first, new_regions));
    let masked = Some(Masked {
        old_fields: &old_fields,
        new_fields: &new_fields,
        old: &masked_old,
        new: &masked_new,
        matcher: &masked_matcher,
        step,
    });
    let images = Images {
        old,
        new,
        matcher: &matcher,
        masked,
        in_place,
    };
    let unit = match step {
        1 => Unit::Byte,
        2 => Unit::Halfword,
        _ => Unit::Word,
    };
    let encoding = Encoding {
        profile,
        unit,
        isa,
        addresses,
        regions,
    };
    let mut coding = Coding::new(Task {
        encoding,
        old,
        new,
        in_place,
    });
    let mut prices = Prices::default();
    let operations = parse::parse(images, None, &prices, limits, &mut parsing);
    // Too many major operations mislead the map: as many as pay.
    let mut count = encoding.major_count(old.len(), new.len());
    let mut attempt = |operations: &[Operation], count| {
        let mut operations = operations.to_vec();
        choose_majors(&mut operations, &old_fields, count);
        coding.attempt(operations)
    };
    let mut best = attempt(&operations, count)?;
    loop {
        let fewer = count.min(operations.len()) * 2 / 3;
        let again = attempt(&operations, fewer)?;
        if !again.is_shorter_than(&best) {
            break;
        }
        (best, count) = (again, fewer);
    }
    let choose = |operations: &mut [Operation]| choose_majors(operations, &old_fields, count);
    if effort > Effort::Fast && is_on(Stage::Reparse) {
        // Now it is known about where addresses went, and what that costs.
        let moved = MovedTo::of(&best.operations);
        prices = Prices::measured(&images, &best.operations, &best.costs, &moved);
        let mut operations = parse::parse(images, Some(&moved), &prices, limits, &mut parsing);
        choose(&mut operations);
        let again = coding.attempt(operations)?;
        if again.is_shorter_than(&best) {
            best = again;
        }
    }
    progress(Step::Code, 0);
    refine(images, &prices, &mut coding, best, effort, &choose)
}

#[cfg(test)]
mod tests;
