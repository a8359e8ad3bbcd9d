use core::fmt;

use crate::coder::{ByteSink, RangeEncoder};
use crate::error::DecodeError;
use crate::header::Header;
use crate::images::Images;
use crate::isa::{Addresses, Bytes, Code, Isa};
use crate::machine::{Context, Mode, WINDOW_LEN, front};
use crate::map::Widths;
use crate::model::usize_of;
use crate::profile::{Profile, workspace_len};
use crate::region::{REGION_UNIT, Region};
use crate::tables::Tables;
use crate::truth::{Operation, Truth};

/// Alignment of the instructions in an image, which some contexts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// No alignment, for example Xtensa.
    Byte,
    /// Two bytes, for example Thumb and compressed RISC-V.
    Halfword,
    /// Four bytes, for example A32 and A64.
    Word,
}

impl Unit {
    /// All units, smallest first.
    pub const ALL: [Self; 3] = [Self::Byte, Self::Halfword, Self::Word];

    pub(crate) const fn log2(self) -> u8 {
        match self {
            Self::Byte => 0,
            Self::Halfword => 1,
            Self::Word => 2,
        }
    }

    pub(crate) const fn from_log2(log2: u8) -> Option<Self> {
        match log2 {
            0 => Some(Self::Byte),
            1 => Some(Self::Halfword),
            2 => Some(Self::Word),
            _ => None,
        }
    }
}

/// What a stream says of the images as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding<'r> {
    /// RAM of the decoder.
    pub profile: Profile,
    /// Alignment of instructions.
    pub unit: Unit,
    /// Instruction set of the first region.
    pub isa: Isa,
    /// Where the images lie in memory. With [`Isa::None`] the stream does not tell: all counts from 0.
    pub addresses: Addresses,
    /// The regions of the old image behind the first one, in order; at most
    /// [`Profile::region_count`](crate::Profile::region_count).
    pub regions: &'r [Region],
}

impl Encoding<'_> {
    /// The most major operations of a stream between images of so many bytes.
    #[must_use]
    pub fn major_count(&self, old_len: usize, new_len: usize) -> usize {
        let [old_len, new_len] =
            [old_len, new_len].map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        let ram_len = self.addresses.ram_len;
        self.profile.major_count(old_len, new_len, ram_len)
    }
}

/// Why nothing could be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The workspace is smaller than the profile needs, in bytes.
    WorkspaceTooSmall {
        /// Bytes the profile needs.
        need: usize,
        /// Bytes given.
        have: usize,
    },
    /// An image is longer than 2^32 - 1 bytes.
    ImageTooLong,
    /// A region begins where none may.
    InvalidRegion {
        /// Offset in the old image at which it begins.
        offset: u32,
    },
    /// An operation leaves an image, or more are major than the profile holds.
    InvalidOperation {
        /// Offset in the new image at which it begins.
        offset: u32,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkspaceTooSmall { need, have } => {
                write!(
                    f,
                    "the encoder needs {need} bytes of workspace and has {have}"
                )
            }
            Self::ImageTooLong => f.write_str("an image is longer than 2^32 - 1 bytes"),
            Self::InvalidRegion { offset } => {
                write!(f, "no region may begin at {offset}")
            }
            Self::InvalidOperation { offset } => {
                write!(f, "the operation at {offset} does not fit the images")
            }
        }
    }
}

impl core::error::Error for EncodeError {}

/// Encodes the stream that makes `new` out of `old` by `operations`; what follows the last of them
/// in the new image becomes literal.
///
/// The bytes of the new image that an operation copies may differ from the old ones; the stream
/// then says how. `workspace` is as long as the decoder's. `progress` is called now and then with
/// the bytes of the new image done.
///
/// # Errors
///
/// [`EncodeError`]; what was put into `sink` until then is of no use.
pub fn encode<S: ByteSink>(
    workspace: &mut [u8],
    encoding: Encoding<'_>,
    (old, new): (&[u8], &[u8]),
    operations: &[Operation],
    sink: &mut S,
    mut progress: impl FnMut(u32),
) -> Result<(), EncodeError> {
    let mut reported = 0_u32;
    let observe = |spent: Spent| {
        if spent.offset.saturating_sub(reported) >= 1 << 16 {
            reported = spent.offset;
            progress(reported);
        }
    };
    encode_observed(workspace, encoding, (old, new), operations, sink, observe)
}

/// What a part of a stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A number of the map: of a major operation, or how many there are.
    Map,
    /// A flag or number of an operation.
    Operation,
    /// A literal byte.
    Literal,
    /// Whether the next bytes of a copy are as predicted.
    Stretch,
    /// Bytes of a copy, one or a field or some that were said to be as predicted.
    Copy,
}

/// How far an encoder is, and what that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// The part just coded.
    pub part: Part,
    /// Bytes of the new image made so far.
    pub offset: u32,
    /// Bits of the stream so far without its header, in 1/256, to within a few of these.
    pub bits: u64,
}

/// Like [`encode`]; `observe` is called after each part of the stream, so that the choice of
/// operations can learn what they really cost.
///
/// # Errors
///
/// As of [`encode`].
pub fn encode_observed<S: ByteSink>(
    workspace: &mut [u8],
    encoding: Encoding<'_>,
    (old, new): (&[u8], &[u8]),
    operations: &[Operation],
    sink: &mut S,
    mut observe: impl FnMut(Spent),
) -> Result<(), EncodeError> {
    let (Ok(old_len), Ok(new_len)) = (u32::try_from(old.len()), u32::try_from(new.len())) else {
        return Err(EncodeError::ImageTooLong);
    };
    let Encoding {
        profile,
        unit,
        isa,
        addresses,
        regions,
    } = encoding;
    let addresses = match isa {
        Isa::None => Addresses::default(),
        _ => addresses,
    };
    let mut last = 0;
    for region in regions {
        if region.start <= last || region.start >= old_len || region.start % REGION_UNIT != 0 {
            return Err(EncodeError::InvalidRegion {
                offset: region.start,
            });
        }
        last = region.start;
    }
    let have = workspace.len();
    let too_small = EncodeError::WorkspaceTooSmall {
        need: workspace_len(profile),
        have,
    };
    if have < workspace_len(profile) {
        return Err(too_small);
    }
    let (window, tables) = workspace
        .split_at_mut_checked(WINDOW_LEN)
        .ok_or(too_small)?;
    let header = Header {
        profile,
        unit,
        isa,
        old_base: addresses.old.base,
        new_base: addresses.new.base,
        ram_base: addresses.ram_base,
        ram_len: addresses.ram_len,
    };
    let mut machine = header.machine(old_len, new_len);
    let widths = Widths::of(&machine.old, &machine.new);
    let mut tables = Tables::split(tables, profile, widths).ok_or(too_small)?;
    if let Some(region) = regions.iter().find(|region| region.class.has_numbers())
        && !widths.has_numbers
    {
        return Err(EncodeError::InvalidRegion {
            offset: region.start,
        });
    }
    tables.reset();
    header.write(sink);
    let mut coder = RangeEncoder::new(sink);
    let mut truth = Known {
        old,
        new,
        addresses,
        regions,
        rest: operations,
        majors: operations,
        announced: 0,
    };
    let mut context = Context {
        coder: &mut coder,
        tables: &mut tables,
        window,
        images: &mut OldSlice { old },
        truth: &mut truth,
    };
    let mut out = [0; 4096];
    while !machine.is_done() {
        let (offset, part) = (machine.given(), part_of(machine.mode));
        let invalid = EncodeError::InvalidOperation { offset };
        let step: Result<usize, DecodeError<OutsideSlice>> = machine.step(&mut context, &mut out);
        let len = step.map_err(|_| invalid)?;
        if out.get(..len) != new.get(usize_of(offset)..).and_then(|new| new.get(..len)) {
            return Err(invalid);
        }
        observe(Spent {
            part,
            offset: machine.given(),
            bits: context.coder.spent(),
        });
    }
    if !truth.rest.is_empty() {
        return Err(EncodeError::InvalidOperation { offset: new_len });
    }
    coder.finish();
    Ok(())
}

fn part_of(mode: Mode) -> Part {
    match mode {
        Mode::Layout
        | Mode::SegmentCount
        | Mode::Segment
        | Mode::RegionCount
        | Mode::Region
        | Mode::MajorCount
        | Mode::MajorGap
        | Mode::MajorSource
        | Mode::MajorLen => Part::Map,
        Mode::MajorRest
        | Mode::Operation
        | Mode::LiteralLen
        | Mode::Source
        | Mode::CopyLen
        | Mode::End => Part::Operation,
        Mode::Literal => Part::Literal,
        Mode::Offer => Part::Stretch,
        Mode::Clean | Mode::Unit => Part::Copy,
    }
}

/// What the encoder knows.
struct Known<'a> {
    addresses: Addresses,
    regions: &'a [Region],
    old: &'a [u8],
    new: &'a [u8],
    /// Operations not done.
    rest: &'a [Operation],
    /// Operations not announced, should they be major.
    majors: &'a [Operation],
    /// Bytes of the new image before these.
    announced: u32,
}

impl Truth for Known<'_> {
    fn layout(&self) -> (Addresses, &[Region]) {
        (self.addresses, self.regions)
    }

    fn major_count(&self) -> u32 {
        let count = self
            .majors
            .iter()
            .filter(|operation| operation.major)
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn next_major(&mut self) -> Operation {
        while let Some((first, rest)) = self.majors.split_first() {
            self.majors = rest;
            let start = self.announced.saturating_add(first.literal_len);
            self.announced = start.saturating_add(first.copy_len);
            if first.major {
                return Operation {
                    literal_len: start,
                    ..*first
                };
            }
        }
        Operation::default()
    }

    fn operation(&self) -> Operation {
        self.rest.first().copied().unwrap_or_default()
    }

    fn skip(&mut self) {
        self.rest = self
            .rest
            .split_first()
            .map(|(_, rest)| rest)
            .unwrap_or_default();
    }

    fn new_bytes(&self, offset: u32) -> Bytes {
        front(self.new.get(usize_of(offset)..).unwrap_or_default())
    }

    fn old_bytes(&self, offset: u32) -> Bytes {
        front(self.old.get(usize_of(offset)..).unwrap_or_default())
    }

    fn old_code(&self, offset: u32) -> Code<'_> {
        Code::new(self.old, usize_of(offset))
    }

    fn is_equal(&self, offset: u32, source: u32, len: u32) -> bool {
        match (part(self.new, offset, len), part(self.old, source, len)) {
            (Some(new), Some(old)) => new == old,
            _ => false,
        }
    }
}

/// `len` bytes of an image at `offset`.
fn part(image: &[u8], offset: u32, len: u32) -> Option<&[u8]> {
    image.get(usize_of(offset)..)?.get(..usize_of(len))
}

/// The old image in memory.
struct OldSlice<'a> {
    old: &'a [u8],
}

/// A read outside the slice.
struct OutsideSlice;

impl Images for OldSlice<'_> {
    type Error = OutsideSlice;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), OutsideSlice> {
        let len = u32::try_from(buf.len()).map_err(|_| OutsideSlice)?;
        buf.copy_from_slice(part(self.old, offset, len).ok_or(OutsideSlice)?);
        Ok(())
    }

    fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), OutsideSlice> {
        Err(OutsideSlice)
    }
}
