//! `sprag delta`: the bare codec, for measuring.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use sprag_delta::{Decoder, Images, Pull, full};
use sprag_manifest::Isa;

use super::build::same_address;
use super::{Format, Steps, args, print, print_json, ui};
use crate::codec::{CodecLimits, DEFAULT_RAM, Effort, Found, encode_found, find, native_full};
use crate::container::InputFormat;
use crate::delta::InPlace;
use crate::error::Error;
use crate::input::{Image, is_stdin, single_stdin};
use crate::inspect::SCHEMA;
use crate::output::{Access, Existing, Target};

/// Encode a native delta without a package around it, decode it again, and tell the figures
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sprag delta --old fw-1.5.1.bin --new fw-1.5.2.bin --ram 16384
  sprag delta --full --new fw-1.5.2.bin")]
pub(super) struct DeltaArgs {
    /// Old image (`-` reads standard input)
    #[arg(long, value_name = "PATH", required_unless_present = "full")]
    old: Option<PathBuf>,
    /// Encode the new image without an old one
    #[arg(long, conflicts_with = "old")]
    full: bool,
    /// New image (`-` reads standard input)
    #[arg(long, value_name = "PATH")]
    new: PathBuf,
    /// Patch to write; without it, only the figures are told
    #[arg(long, value_name = "PATCH")]
    out: Option<PathBuf>,
    /// What the images' files are: auto, bin, elf, hex, srec or uf2; auto converts hex, srec and uf2
    #[arg(long, value_name = "FORMAT", value_parser = args::input_format, default_value = "auto")]
    input_format: InputFormat,
    /// Instruction set to code for; found from the images if left out
    #[arg(long, value_name = "ISA", value_parser = args::isa)]
    codec_isa: Option<Isa>,
    /// Address the images are linked to run at; guessed from the old one if left out
    #[arg(long, value_name = "ADDRESS", value_parser = args::number)]
    load_address: Option<u64>,
    /// Decoder workspace on the device: 8192, 16384, 65536 or 8388608 (gateways) select a profile
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, default_value_t = DEFAULT_RAM)]
    ram: u32,
    /// Code for a device with a single slot, which makes groups of so many bytes before they overwrite old ones
    #[arg(long, value_name = "GROUP", value_parser = args::group, conflicts_with = "full")]
    in_place: Option<u32>,
    /// With --in-place: bytes by which the device moves the old image up first; by default as far as a slot
    /// goes that has two sectors of 4 KiB more than the larger image
    #[arg(long, value_name = "BYTES", value_parser = args::bytes, requires = "in_place")]
    shift: Option<u32>,
    /// How hard to try: fast, default or best
    #[arg(long, value_name = "EFFORT", value_parser = args::effort, default_value = "default")]
    effort: Effort,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Serialize)]
struct DeltaReport {
    schema: u32,
    old_bytes: u64,
    new_bytes: u64,
    payload_bytes: u64,
    encode_seconds: f64,
    decode_seconds: f64,
    ram_bytes: u64,
    /// Binary decisions of the decoder, which do not depend on the machine.
    decode_decisions: u64,
    /// `null` for a full image.
    found: Option<FoundReport>,
}

/// What was found out about the images.
#[derive(Debug, Serialize)]
struct FoundReport {
    isa: &'static str,
    isa_evidence: String,
    old_load_address: u64,
    new_load_address: u64,
    ram_address: u32,
    ram_bytes: u32,
}

pub(super) fn run(args: &DeltaArgs) -> Result<(), Error> {
    let inputs = || args.old.iter().chain([&args.new]).map(PathBuf::as_path);
    single_stdin(inputs())?;
    let check = |out: &PathBuf| Target::check(out, inputs(), Existing::Replace, Access::Ordinary);
    let target = args.out.as_ref().map(check).transpose()?;
    let read = |path| Image::read(path, args.input_format);
    let old = args.old.as_deref().map(read).transpose()?;
    let new = read(&args.new)?;
    let old_bytes = old.as_ref().map(Image::bytes);
    let told = same_address(old.iter().chain([&new]));
    let old_len = old_bytes.map_or(0, <[u8]>::len);
    let in_place = args.in_place.map(|group_len| InPlace {
        group_len,
        shift: args
            .shift
            .unwrap_or_else(|| InPlace::usual_shift(old_len, new.bytes().len())),
    });
    let limits = CodecLimits {
        ram: args.ram,
        effort: args.effort,
        isa: args.codec_isa,
        load_address: args.load_address.or(told),
        in_place,
    };
    let total = u64::try_from(new.bytes().len()).unwrap_or(u64::MAX);
    let mut steps = Steps::default();
    let started = Instant::now();
    let mut show = |step, done, total| steps.show(step, done, total);
    let (encoded, found) = match old_bytes {
        Some(old) => {
            let found = find(old, new.bytes(), &limits)?;
            let encoded = encode_found(old, new.bytes(), &limits, &found, &mut show)?;
            (encoded, Some(FoundReport::of(&found)))
        }
        None => (native_full(new.bytes(), &limits, &mut show)?, None),
    };
    let patch = encoded.bytes;
    let encode_seconds = started.elapsed().as_secs_f64();
    drop(steps);

    let started = Instant::now();
    let mut workspace = vec![0; usize::try_from(encoded.workspace).unwrap_or(usize::MAX)];
    let images = InMemory::new(old_bytes, new.bytes().len(), in_place);
    let (made, decisions) = decode(&mut workspace, images, &patch)?;
    let decode_seconds = started.elapsed().as_secs_f64();
    if made != new.bytes() {
        return Err(Error::SelfCheckBytes {
            source: crate::input::shown(args.old.as_ref().unwrap_or(&args.new)),
        });
    }
    if let Some(target) = target {
        target.write(&patch)?;
    }
    if args.out.as_deref().is_some_and(is_stdin) {
        // Standard output holds the patch.
        return Ok(());
    }
    let result = DeltaReport {
        schema: SCHEMA,
        old_bytes: old_bytes.map_or(0, |old| u64::try_from(old.len()).unwrap_or(u64::MAX)),
        new_bytes: total,
        payload_bytes: u64::try_from(patch.len()).unwrap_or(u64::MAX),
        encode_seconds,
        decode_seconds,
        ram_bytes: u64::try_from(workspace.len()).unwrap_or(u64::MAX),
        decode_decisions: decisions.into(),
        found,
    };
    match Format::from(args.json) {
        Format::Json => print_json(&result),
        Format::Text => {
            let mut table = ui::Table::new([ui::Align::Left, ui::Align::Right]);
            table
                .row(["old image", &ui::size(result.old_bytes)])
                .row(["new image", &ui::size(result.new_bytes)])
                .row(["patch", &ui::size(result.payload_bytes)])
                .row([
                    "share of the new image",
                    &ui::percent(result.payload_bytes, total),
                ]);
            if let Some(found) = &result.found {
                table
                    .row(["instruction set", found.isa])
                    .row(["known by", &found.isa_evidence])
                    .row(["load address", &load_addresses(found)])
                    .row(["RAM", &ram(found)]);
            }
            table
                .row(["decoder workspace", &ui::size(result.ram_bytes)])
                .row(["encoded in", &format!("{encode_seconds:.2} s")])
                .row(["decoded in", &format!("{decode_seconds:.3} s")]);
            print(&table.to_string())
        }
    }
}

impl FoundReport {
    fn of(found: &Found) -> Self {
        let at = found.addresses;
        let isa = Isa::from_number(found.isa.code().into());
        Self {
            isa: isa.unwrap_or(Isa::None).name(),
            isa_evidence: found.isa_evidence.to_string(),
            old_load_address: at.old.address_of(0),
            new_load_address: at.new.address_of(0),
            ram_address: at.ram_base,
            ram_bytes: at.ram_len,
        }
    }
}

fn load_addresses(found: &FoundReport) -> String {
    let (old, new) = (found.old_load_address, found.new_load_address);
    if old == new {
        format!("{old:#x}")
    } else {
        format!("{old:#x}, new {new:#x}")
    }
}

fn ram(found: &FoundReport) -> String {
    match (found.ram_address, found.ram_bytes) {
        (_, 0) => "none known".into(),
        (start, len) => format!("{start:#x}..{:#x}", u64::from(start) + u64::from(len)),
    }
}

/// The image that a stream makes, and the binary decisions that took.
fn decode(
    workspace: &mut [u8],
    mut images: InMemory<'_>,
    patch: &[u8],
) -> Result<(Vec<u8>, u32), Error> {
    let new_len = images.new.capacity();
    let mut decoder = match images.old {
        Some(old) => Either::Delta(Decoder::new(workspace, narrow(old.len()), narrow(new_len))),
        None => Either::Full(full::Decoder::new(workspace, narrow(new_len))),
    };
    let mut rest = patch;
    let mut buffer = [0; 4096];
    loop {
        let taken = match &mut decoder {
            Either::Delta(decoder) => decoder.push(rest),
            Either::Full(decoder) => decoder.push(rest),
        };
        rest = rest.get(taken..).unwrap_or_default();
        let is_last = rest.is_empty();
        let room = images.room(buffer.len());
        let buffer = &mut buffer[..room];
        let (pulled, work) = match &mut decoder {
            Either::Delta(decoder) => {
                if is_last {
                    decoder.finish();
                }
                (decoder.pull(&mut images, buffer), decoder.work())
            }
            Either::Full(decoder) => {
                if is_last {
                    decoder.finish();
                }
                (decoder.pull(&mut images, buffer), decoder.work())
            }
        };
        match pulled {
            Ok(Pull::Output(count)) => images.new.extend(buffer.iter().take(count)),
            Ok(Pull::NeedInput) => {}
            Ok(Pull::Done) => return Ok((images.new, work)),
            Err(e) => {
                return Err(Error::Codec {
                    codec: "native",
                    reason: e.to_string(),
                });
            }
        }
    }
}

fn narrow(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The decoder of a delta, or of a full image.
#[expect(clippy::large_enum_variant, reason = "one value")]
enum Either<'w> {
    Delta(Decoder<'w>),
    Full(full::Decoder<'w>),
}

/// The images in memory, the new one as far as it is made.
struct InMemory<'o> {
    old: Option<&'o [u8]>,
    new: Vec<u8>,
    in_place: Option<InPlace>,
}

impl<'o> InMemory<'o> {
    fn new(old: Option<&'o [u8]>, new_len: usize, in_place: Option<InPlace>) -> Self {
        Self {
            old,
            new: Vec::with_capacity(new_len),
            in_place,
        }
    }

    /// How much of `len` bytes may be made at once: in place, to the end of a group.
    fn room(&self, len: usize) -> usize {
        let made = narrow(self.new.len());
        let left = self.in_place.map(|in_place| in_place.left(made));
        left.and_then(|left| usize::try_from(left).ok())
            .map_or(len, |left| left.min(len))
    }

    fn read(image: &[u8], offset: u32, buf: &mut [u8]) -> Result<(), OutOfRange> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| image.get(start..));
        let bytes = bytes
            .and_then(|bytes| bytes.get(..buf.len()))
            .ok_or(OutOfRange)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

/// A read outside an image; the decoder checks first, so that it does not come to that.
#[derive(Debug)]
struct OutOfRange;

impl core::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("read outside the image")
    }
}

impl Images for InMemory<'_> {
    type Error = OutOfRange;

    fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), OutOfRange> {
        Self::read(self.old.unwrap_or_default(), offset, buf)?;
        if let Some(in_place) = self.in_place {
            // What the device has overwritten is anything.
            let floor = in_place.floor(narrow(self.new.len()));
            for (byte, at) in buf.iter_mut().zip(offset..floor) {
                *byte = !*byte ^ at.to_le_bytes()[0];
            }
        }
        Ok(())
    }

    fn read_new(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), OutOfRange> {
        Self::read(&self.new, offset, buf)
    }
}
