//! The state machine that encoder and decoder both run: from binary decisions to the bytes of the
//! new image. `operation` has what lies between copies, `copy`,
//! `clean`, `field` and `expect` what happens inside one.

mod clean;
mod copy;
mod expect;
mod field;
mod layout;
mod operation;
mod window;

use crate::coder::{BYTES_PER_DECISION, Coder};
use crate::error::DecodeError;
use crate::fifo::FIFO_LEN;
use crate::images::Images;
use crate::isa::{FAR_KIND_COUNT, Isa, KIND_COUNT, Side};
use crate::model::{self, Place, STRETCH_MIN};
use crate::moving::put;
use crate::number::NUMBER_WORK;
use crate::region::{Class, Span};
use crate::tables::Tables;
use crate::truth::Truth;

use clean::VERBATIM_STEPS;
pub(crate) use clean::{VERBATIM_MAX, VERBATIM_MIN};
pub(crate) use layout::{LAYOUT_STEPS, REGION_STEPS};
pub(crate) use window::front;

/// Bytes of the old image kept at hand.
pub(crate) const WINDOW_LEN: usize = 88;

/// Most binary decisions of one [`Machine::step`]: a source has three flags and a number, a field
/// three candidates, two flags and a number.
pub(crate) const STEP_WORK: u32 = NUMBER_WORK + 5;

/// Most stream bytes one step consumes: besides five flags a number's unary length, four bits below
/// the leading one and the sign are modelled; the other 27 are raw, eight to a byte.
pub(crate) const STEP_INPUT: usize = BYTES_PER_DECISION * (5 + 32 + 4 + 1) + 27 / 8 + 2;

const _: () = assert!(STEP_INPUT <= FIFO_LEN);

/// Steps that produce no byte between two that do: a flag and three numbers of an operation (of a
/// major one at most one), refused
/// verbatim stretches, until a stretch is small enough for single bytes four refused ones, and a
/// field that is none.
pub(crate) const IDLE_STEPS: u32 = 1 + 3 + VERBATIM_STEPS + 4 + 1;

/// Steps before the first byte for each major operation: gap, source, length.
pub(crate) const MAJOR_STEPS: u32 = 3;

/// Hits after which single bytes become a stretch again.
pub(crate) const HITS_TO_STRETCH: u32 = 16;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Whether segments and regions are told.
    Layout,
    SegmentCount,
    Segment,
    RegionCount,
    Region,
    MajorCount,
    MajorGap,
    MajorSource,
    MajorLen,
    /// Of a major operation that begins: the bits of its length that the map lacks.
    MajorRest,
    /// Between two operations.
    Operation,
    LiteralLen,
    Source,
    CopyLen,
    Literal,
    /// In a copy: a stretch is offered.
    Offer,
    /// In a copy: a stretch was taken.
    Clean,
    /// In a copy: single bytes and fields.
    Unit,
    End,
}

/// All state besides tables and coder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) mode: Mode,
    pub(crate) old: Side,
    pub(crate) new: Side,
    /// The class of the first region.
    pub(crate) first_class: Class,
    /// Regions behind the first one.
    pub(crate) region_count: u32,
    /// Numbers read of what is being read of the layout.
    pub(crate) layout_done: u32,
    /// The region of the source, if it is there already.
    pub(crate) region: Span,
    /// Log2 of the alignment of instructions, 0 to 2.
    pub(crate) unit_log2: u8,
    /// Bytes of the new image so far, with those held.
    pub(crate) produced: u32,
    /// Bytes that found no room in the output buffer, the first lowest.
    pub(crate) held: u64,
    pub(crate) held_len: u8,
    /// Major operations in the map, at first those still to come.
    pub(crate) major_count: u32,
    /// While the map is read, how many there are; from then on the one due next, or their number.
    pub(crate) major_done: u32,
    /// Major operations that count for the map.
    pub(crate) map_len: u32,
    /// Literals left of the operation; while the map is read, bytes between two major operations.
    pub(crate) literal_left: u32,
    /// Whether the operation began with literals or, in the map, a gap.
    pub(crate) after_literals: bool,
    /// Bytes left of the copy.
    pub(crate) copy_left: u32,
    /// Offset in the old image of the next byte copied.
    pub(crate) source: u32,
    /// Source minus destination of recent copies, newest first.
    pub(crate) diagonals: [u32; 3],
    /// The last four bytes of the new image, newest lowest.
    pub(crate) recent: u32,
    /// See [`model::History`].
    pub(crate) misses: u32,
    pub(crate) run: u32,
    pub(crate) delta: u8,
    /// Log2 of the stretch offered next.
    pub(crate) exponent: u8,
    /// Stretch flags so far, newest lowest.
    pub(crate) past: u8,
    /// No stretch was offered yet in this copy.
    pub(crate) at_start: bool,
    /// Bytes left of a stretch taken.
    pub(crate) clean_left: u32,
    /// After a stretch was refused: bytes among which a surprise begins, 0 if none is known.
    pub(crate) doubt_left: u32,
    /// The kinds of fields that have their own flag in the current stretch, one bit each.
    pub(crate) risky: u16,
    /// Log2 of the verbatim stretch offered next, and how many others come before.
    pub(crate) verbatim: u8,
    pub(crate) verbatim_wait: u8,
    /// The stretch taken is verbatim.
    pub(crate) is_verbatim: bool,
    /// The source was found to be a risky field of a stretch; a checkpoint forgets it.
    pub(crate) at_risky: bool,
    /// Bytes of a field that are told one by one.
    pub(crate) plain_left: u8,
    /// Bytes left of an instruction without a field, within which none begins but a pointer.
    pub(crate) inner_left: u8,
    /// The byte before is the first of a halfword of this copy, and was no field.
    pub(crate) half: bool,
    /// For each kind of field, where the first candidate failed, newest lowest.
    pub(crate) field_past: [u8; KIND_COUNT],
    /// The last residual of each kind whose fields are far.
    pub(crate) residuals: [u32; FAR_KIND_COUNT],
    /// Anchors in RAM.
    pub(crate) anchor_count: u32,
    /// Place and length of the old bytes in the window.
    pub(crate) window_start: u32,
    pub(crate) window_len: u32,
}

/// What a step works with.
pub(crate) struct Context<'a, 't, C, I, T> {
    pub(crate) coder: &'a mut C,
    pub(crate) tables: &'a mut Tables<'t>,
    pub(crate) window: &'a mut [u8],
    pub(crate) images: &'a mut I,
    pub(crate) truth: &'a mut T,
}

pub(crate) type Step<I> = Result<usize, DecodeError<<I as Images>::Error>>;

impl Machine {
    #[inline]
    pub(crate) fn new(old: Side, new: Side, isa: Isa, unit_log2: u8) -> Self {
        Self {
            mode: if new.len == 0 {
                Mode::End
            } else {
                Mode::Layout
            },
            old,
            new,
            first_class: Class::Code(isa),
            region_count: 0,
            layout_done: 0,
            region: Span::EMPTY,
            unit_log2,
            produced: 0,
            held: 0,
            held_len: 0,
            major_count: 0,
            major_done: 0,
            map_len: 0,
            literal_left: 0,
            after_literals: false,
            copy_left: 0,
            source: 0,
            diagonals: [0; 3],
            recent: 0,
            misses: 0,
            run: 0,
            delta: 0,
            exponent: STRETCH_MIN,
            past: 0,
            at_start: false,
            clean_left: 0,
            doubt_left: 0,
            risky: 0,
            verbatim: VERBATIM_MIN,
            verbatim_wait: 0,
            is_verbatim: false,
            at_risky: false,
            plain_left: 0,
            inner_left: 0,
            half: false,
            field_past: [0; KIND_COUNT],
            residuals: [0; FAR_KIND_COUNT],
            anchor_count: 0,
            window_start: 0,
            window_len: 0,
        }
    }

    /// Does one unit of work: at most [`STEP_WORK`] binary decisions and [`STEP_INPUT`] bytes of
    /// input. Returns the bytes written to the front of `out`, which must not be empty.
    pub(crate) fn step<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> Step<I> {
        if self.held_len > 0 {
            return Ok(self.release(out));
        }
        match self.mode {
            Mode::Literal => Ok(self.literal(context, out)),
            Mode::Offer => Ok(self.offer(context)),
            Mode::Clean => self.clean(context, out),
            Mode::Unit => self.unit(context, out),
            Mode::End => Ok(0),
            _ => self.between(context),
        }
    }

    /// A step outside copies and literals. These are seldom, but need much stack; those that produce
    /// bytes shall not hold it.
    #[inline(never)]
    fn between<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
    ) -> Step<I> {
        match self.mode {
            Mode::Layout => self.layout(context),
            Mode::SegmentCount => self.segment_count(context),
            Mode::Segment => self.segment(context),
            Mode::RegionCount => self.count_regions(context),
            Mode::Region => self.region(context),
            Mode::MajorCount => self.count_majors(context),
            Mode::MajorGap => self.major_gap(context),
            Mode::MajorSource | Mode::Source => self.read_source(context),
            Mode::MajorLen => self.major_len(context),
            Mode::MajorRest => self.major_rest(context),
            Mode::Operation => self.next_operation(context),
            Mode::LiteralLen => self.literal_len(context),
            Mode::CopyLen => self.copy_len(context),
            Mode::Literal | Mode::Offer | Mode::Clean | Mode::Unit | Mode::End => Ok(0),
        }
    }

    /// Whether everything is out.
    pub(crate) fn is_done(&self) -> bool {
        self.mode == Mode::End && self.held_len == 0
    }

    /// Bytes given out.
    pub(crate) fn given(&self) -> u32 {
        if self.is_mapping() {
            0
        } else {
            self.produced.saturating_sub(u32::from(self.held_len))
        }
    }

    /// Whether layout or major operations are being read.
    pub(crate) fn is_mapping(&self) -> bool {
        use Mode::{
            Layout, MajorCount, MajorGap, MajorLen, MajorSource, Region, RegionCount, Segment,
            SegmentCount,
        };
        matches!(
            self.mode,
            Layout
                | SegmentCount
                | Segment
                | RegionCount
                | Region
                | MajorCount
                | MajorGap
                | MajorSource
                | MajorLen
        )
    }

    /// Bytes of the new image still to come.
    fn left(&self) -> u32 {
        self.new.len.saturating_sub(self.produced)
    }

    #[inline(never)]
    fn literal<C: Coder, I: Images, T: Truth>(
        &mut self,
        context: &mut Context<'_, '_, C, I, T>,
        out: &mut [u8],
    ) -> usize {
        let truth = if C::ENCODING {
            context.truth.byte(self.produced)
        } else {
            0
        };
        let byte = model::literal(context.tables, context.coder, self.place(), truth);
        self.literal_left = self.literal_left.saturating_sub(1);
        if self.literal_left == 0 {
            self.run = 0;
            if self.copy_left > 0 {
                self.start_copy();
            } else {
                self.mode = Mode::Operation;
            }
        }
        self.emit_byte(byte, out)
    }

    fn place(&self) -> Place {
        Place {
            offset: self.produced,
            recent: self.recent,
            unit_log2: self.unit_log2,
        }
    }

    /// Gives out a byte for which there is room.
    #[inline]
    fn emit_byte(&mut self, byte: u8, out: &mut [u8]) -> usize {
        let Some(room) = out.first_mut() else {
            return self.emit(&[byte], out);
        };
        *room = byte;
        self.recent = self.recent << 8 | u32::from(byte);
        self.produced = self.produced.saturating_add(1);
        1
    }

    /// Gives bytes out; what finds no room is held. Returns how many found room.
    fn emit(&mut self, bytes: &[u8], out: &mut [u8]) -> usize {
        for byte in bytes {
            self.recent = self.recent << 8 | u32::from(*byte);
        }
        let len = u32::try_from(bytes.len()).unwrap_or(0);
        self.produced = self.produced.saturating_add(len);
        if let Some(room) = out.get_mut(..bytes.len()) {
            put(room, bytes);
            return bytes.len();
        }
        let (now, later) = bytes.split_at_checked(out.len()).unwrap_or_default();
        if let Some(room) = out.get_mut(..now.len()) {
            put(room, now);
        }
        for byte in later {
            let place = u32::from(self.held_len).wrapping_mul(8);
            self.held |= u64::from(*byte).wrapping_shl(place);
            self.held_len = self.held_len.wrapping_add(1);
        }
        now.len()
    }

    /// Gives out what was held.
    fn release(&mut self, out: &mut [u8]) -> usize {
        let mut written = 0_usize;
        for (slot, _) in out.iter_mut().zip(0..self.held_len) {
            let [low, ..] = self.held.to_le_bytes();
            *slot = low;
            self.held >>= 8;
            written = written.wrapping_add(1);
        }
        let given = u8::try_from(written).unwrap_or(self.held_len);
        self.held_len = self.held_len.saturating_sub(given);
        written
    }
}

pub(crate) fn signed_of(value: u32) -> i32 {
    i32::from_le_bytes(value.to_le_bytes())
}
