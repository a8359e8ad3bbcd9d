//! The encoder of native delta patches: operations by a cost-based parse, then the coder that
//! `sprag-delta` shares with the decoder. Pure functions of slices.

mod detect;
mod fields;
mod matcher;
mod parse;

use sprag_delta::{
    Addresses, ByteSink, Class, EncodeError, Encoding, Isa, Operation, Profile, Region, Segments,
    Unit, workspace_len,
};

use fields::{Fields, MovedTo, choose_majors, is_plain, step_of};
use matcher::Matcher;
use parse::{Images, Limits, Masked};

pub use detect::detect_addresses;

/// How hard the encoder tries. Every effort gives a valid patch; equal inputs give equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Effort {
    /// Fewer candidates: about twice as fast.
    Fast,
    /// The default.
    #[default]
    Normal,
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
}

impl EncodeOptions<'_> {
    /// The usual options for a device with `profile` and images of which nothing is known.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self {
            profile,
            effort: Effort::Normal,
            isa: Isa::None,
            addresses: Addresses {
                old: Segments::at(0),
                new: Segments::at(0),
                ram_base: 0,
                ram_len: 0,
            },
            old_regions: &[],
            new_regions: &[],
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
    } = options;
    let regions = &old_regions[..old_regions.len().min(profile.region_count())];
    let options = &EncodeOptions {
        old_regions: regions,
        ..*options
    };
    let limits = Limits::of(old.len().max(new.len()), effort);
    progress(Step::Sort, 0);
    let matcher = Matcher::new(old);
    let old_fields = Fields::old(options, old);
    let mut coder = StreamCoder {
        workspace: vec![0; workspace_len(profile)],
        best: None,
    };
    if is_plain(Class::Code(isa), regions) {
        let images = Images {
            old,
            new,
            matcher: &matcher,
            masked: None,
        };
        let operations = parse::parse(images, None, limits, &mut |done| {
            progress(Step::Parse, done);
        });
        for unit in Unit::ALL {
            let encoding = Encoding {
                profile,
                unit,
                isa,
                addresses,
                regions: &[],
            };
            coder.encode(encoding, (old, new), &operations, progress)?;
        }
        return Ok(coder.best.unwrap_or_default());
    }

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
    let mut moved = None;
    for _ in 0..2 {
        let mut operations = parse::parse(images, moved.as_ref(), limits, &mut |done| {
            progress(Step::Parse, done);
        });
        choose_majors(&mut operations, &old_fields, profile.major_count());
        coder.encode(encoding, (old, new), &operations, progress)?;
        moved = Some(MovedTo::of(&operations));
    }
    Ok(coder.best.unwrap_or_default())
}

/// Codes and keeps the shortest stream.
struct StreamCoder {
    workspace: Vec<u8>,
    best: Option<Vec<u8>>,
}

impl StreamCoder {
    fn encode(
        &mut self,
        encoding: Encoding<'_>,
        images: (&[u8], &[u8]),
        operations: &[Operation],
        progress: &mut dyn FnMut(Step, u32),
    ) -> Result<(), EncodeError> {
        let mut stream = Stream(Vec::new());
        let report = |done| progress(Step::Code, done);
        sprag_delta::encode(
            &mut self.workspace,
            encoding,
            images,
            operations,
            &mut stream,
            report,
        )?;
        if self
            .best
            .as_ref()
            .is_none_or(|best| stream.0.len() < best.len())
        {
            self.best = Some(stream.0);
        }
        Ok(())
    }
}

/// A stream growing in memory.
struct Stream(Vec<u8>);

impl ByteSink for Stream {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

#[cfg(test)]
mod tests;
