//! A decoder of native delta streams in Python, `interop/delta_decoder.py`, written from docs/FORMAT.md alone,
//! makes the same images as the library.
//!
//! It needs a plain Python 3: the one that `SPRAG_PYTHON` names, or `python3`. Without one the test says so and
//! passes, unless `SPRAG_REQUIRE_TOOLS` is set.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::process::Command;

use sprag::delta::{self, EncodeOptions};
use sprag_delta::{
    Addresses, ByteSink, Bytes, Class, Code, Data, Encoding, Isa, Kind, Operation, Profile, Region,
    Segment, Segments, Side, Unit, encode, workspace_len,
};
use tempfile::TempDir;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/interop/delta_decoder.py"
);
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../delta-codec/src/");

struct Bench {
    python: String,
    folder: TempDir,
}

impl Bench {
    /// `None` where Python is missing and may be.
    fn new(test: &str) -> Option<Self> {
        let python = std::env::var("SPRAG_PYTHON").unwrap_or_else(|_| "python3".into());
        let found = Command::new(&python).arg("--version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            assert!(
                std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
                "{test}: SPRAG_REQUIRE_TOOLS is set, and there is no {python}"
            );
            println!("skipped {test}: there is no {python}");
            return None;
        }
        Some(Self {
            python,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// The image that the Python decoder makes, or what it says.
    fn decode(&self, stream: &[u8], old: &[u8], new_len: usize) -> Result<Vec<u8>, String> {
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("stream"), stream).unwrap();
        fs::write(path("old"), old).unwrap();
        let mut command = Command::new(&self.python);
        // Without a cache of compiled code in the source folder.
        command
            .args(["-B", SCRIPT])
            .args([path("stream"), path("old")]);
        command.arg(new_len.to_string()).arg(path("new"));
        for name in ["logistic.rs", "priors.rs"] {
            command.arg(format!("{TABLES}{name}"));
        }
        let output = command.output().unwrap();
        if output.status.success() {
            Ok(fs::read(path("new")).unwrap())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }

    fn check(&self, name: &str, stream: &[u8], old: &[u8], new: &[u8]) {
        println!("{name}: {} bytes of {}", stream.len(), new.len());
        let made = self.decode(stream, old, new.len());
        let made = made.unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let differs = made.iter().zip(new).position(|(made, new)| made != new);
        assert_eq!(differs, None, "{name}");
        assert_eq!(made.len(), new.len(), "{name}");
    }
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        u32::try_from(self.0 >> 32).unwrap()
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

struct Sink(Vec<u8>);

impl ByteSink for Sink {
    fn put(&mut self, byte: u8) {
        self.0.push(byte);
    }
}

/// Forms of fields with the distance 0, little-endian.
fn forms(class: Class) -> &'static [(Kind, u8, u64)] {
    use Kind::{
        Address, Branch, Call, CompareBranch, Jump, Load, Page, Place, Pointer, Ram, Relative,
        ShortBranch, ShortLoad,
    };
    match class {
        Class::Code(Isa::Thumb) => &[
            (Call, 4, 0xd000_f000),
            (Call, 4, 0xc000_f000),
            (Jump, 4, 0x9000_f000),
            (Branch, 4, 0x8000_f000),
            (ShortLoad, 2, 0x4800),
            (Address, 2, 0xa000),
            (ShortBranch, 2, 0xd000),
            (ShortBranch, 2, 0xe000),
            (CompareBranch, 2, 0xb100),
            (Load, 4, 0x1000_f8df),
            (Pointer, 4, 0),
            (Ram, 4, 0),
        ],
        Class::Code(Isa::A32) => &[
            (Call, 4, 0xeb00_0000),
            (Jump, 4, 0xea00_0000),
            (Load, 4, 0xe59f_0000),
            (Pointer, 4, 0),
            (Ram, 4, 0),
        ],
        Class::Code(Isa::A64) => &[
            (Call, 4, 0x9400_0000),
            (Jump, 4, 0x1400_0000),
            (Branch, 4, 0x5400_0000),
            (CompareBranch, 4, 0x3400_0000),
            (ShortBranch, 4, 0x3600_0000),
            (Load, 4, 0x5800_0000),
            (Address, 4, 0x1000_0000),
            (Page, 8, 0x9100_0000_9000_0000),
            (Page, 8, 0xf940_0000_9000_0000),
            (Page, 4, 0xd503_201f_9000_0001),
            (Place, 4, 0x9100_0021),
            (Place, 4, 0x3940_0021),
            (Pointer, 8, 0),
        ],
        Class::Code(Isa::Rv32 | Isa::Rv64) => &[
            (Call, 4, 0x0000_00ef),
            (Jump, 4, 0x0000_006f),
            (Branch, 4, 0x0000_0063),
            (Page, 8, 0x0005_0513_0000_0517),
            (Page, 8, 0x0005_2023_0000_0517),
            (ShortLoad, 2, 0xa001),
            (Call, 2, 0x2001),
            (ShortBranch, 2, 0xc001),
            (Pointer, 4, 0),
            (Ram, 4, 0),
        ],
        Class::Code(Isa::Xtensa) => &[
            (Call, 3, 0x25),
            (Load, 3, 0x21),
            (Jump, 3, 0x06),
            (Branch, 3, 0x16),
            (ShortBranch, 3, 0x26),
            (ShortBranch, 3, 0x07),
            (Pointer, 4, 0),
            (Ram, 4, 0),
        ],
        Class::Code(Isa::X86_64) => &[
            (Call, 5, 0xe8),
            (Jump, 5, 0xe9),
            (Branch, 6, 0x840f),
            (Page, 7, 0x05_8b48),
            (Page, 6, 0x058d),
            (Pointer, 8, 0),
        ],
        Class::Data(Data::Relative32) => &[(Relative, 4, 0)],
        Class::Data(Data::Pointer64) => &[(Pointer, 8, 0)],
        Class::Data(_) => &[(Pointer, 4, 0), (Ram, 4, 0)],
        Class::Code(_) => &[],
    }
}

/// What a case is made of.
struct Case {
    isa: Isa,
    unit: Unit,
    addresses: Addresses,
    regions: Vec<Region>,
    old_len: u32,
}

impl Case {
    fn new(isa: Isa) -> Self {
        let unit = match isa.unit_log2() {
            0 => Unit::Byte,
            1 => Unit::Halfword,
            _ => Unit::Word,
        };
        let addresses = match isa {
            Isa::None => Addresses::default(),
            _ => Addresses {
                old: Segments::at(0x0800_4000),
                new: Segments::at(0x0801_4004),
                ram_base: 0x2000_0000,
                ram_len: 0x1_8000,
            },
        };
        Self {
            isa,
            unit,
            addresses,
            regions: Vec::new(),
            old_len: 6000,
        }
    }

    fn side(&self, segments: Segments, len: usize) -> Side {
        Side {
            segments,
            len: u32::try_from(len).unwrap(),
            ram_base: self.addresses.ram_base,
            ram_len: self.addresses.ram_len,
        }
    }

    fn class_at(&self, offset: u32) -> Class {
        let below = self.regions.iter().rfind(|region| region.start <= offset);
        below.map_or(Class::Code(self.isa), |region| region.class)
    }

    /// Fields among bytes that mean nothing.
    fn old(&self, random: &mut Random) -> Vec<u8> {
        let len = usize::try_from(self.old_len).unwrap();
        let side = self.side(self.addresses.old, len);
        let mut old = Vec::new();
        while old.len() < len {
            let offset = u32::try_from(old.len()).unwrap();
            let class = self.class_at(offset);
            let forms = forms(class);
            let step = class.step_log2();
            if forms.is_empty() || random.one_in(3) {
                // Mostly the same few, so that there is something to recall.
                let some = if random.one_in(4) { 256 } else { 5 };
                for _ in 0..1 << step {
                    old.push(u8::try_from(random.below(some)).unwrap());
                }
                continue;
            }
            let (kind, width, form) = forms[usize::try_from(random.next()).unwrap() % forms.len()];
            if let Some(bytes) = aim(&side, class, kind, form.to_le_bytes(), offset, random) {
                old.extend(&bytes[..usize::from(width)]);
            }
        }
        old.truncate(len);
        old
    }

    /// A new image out of pieces of the old one, and the operations that tell it.
    fn new_image(&self, old: &[u8], random: &mut Random) -> (Vec<u8>, Vec<Operation>) {
        let mut cuts = vec![0];
        while *cuts.last().unwrap() < self.old_len {
            let step = if random.one_in(2) {
                40
            } else {
                self.old_len / 3
            };
            let next = cuts.last().unwrap() + 8 + random.below(step);
            let next = if random.one_in(4) { next } else { next & !7 };
            cuts.push(next.clamp(8, self.old_len));
        }
        let mut pieces: Vec<(u32, u32)> = cuts.windows(2).map(|cut| (cut[0], cut[1])).collect();
        pieces.retain(|(from, to)| from < to && !random.one_in(9));
        let count = pieces.len();
        if count > 3 {
            pieces.swap(1, count - 2);
        }
        let mut new = Vec::new();
        let mut operations = Vec::new();
        for (index, (from, to)) in pieces.iter().enumerate() {
            let literal_len = [0, 0, 4, 24, 8][index % 5];
            for _ in 0..literal_len {
                new.push(u8::try_from(random.below(12)).unwrap());
            }
            new.extend(&old[usize::try_from(*from).unwrap()..usize::try_from(*to).unwrap()]);
            operations.push(Operation {
                literal_len,
                copy_len: to - from,
                source: *from,
                major: to - from > 100 || random.one_in(4),
            });
        }
        new.extend([7, 7, 9, 7, 7, 9, 1]);
        self.change(old, &mut new, &operations, random);
        (new, operations)
    }

    /// Moves the targets of fields with what they point at, or elsewhere, and changes bytes.
    fn change(&self, old: &[u8], new: &mut [u8], operations: &[Operation], random: &mut Random) {
        let old_side = self.side(self.addresses.old, old.len());
        let new_side = self.side(self.addresses.new, new.len());
        let mut moved = Vec::new();
        let mut start = 0;
        for operation in operations {
            start += operation.literal_len;
            moved.push((operation.source, operation.copy_len, start));
            start += operation.copy_len;
        }
        for (source, len, start) in &moved {
            let mut gone = 0;
            while gone < *len {
                let (from, to) = (source + gone, usize::try_from(start + gone).unwrap());
                let at = usize::try_from(from).unwrap();
                let class = self.class_at(from);
                gone += 1;
                let mut bytes = Bytes::default();
                for (slot, byte) in bytes.iter_mut().zip(&old[at..]) {
                    *slot = *byte;
                }
                let around = Code::new(old, at);
                let Some(field) = old_side.recognise_in(class, from, bytes, around) else {
                    if random.one_in(150) {
                        new[to] = new[to].wrapping_add(if random.one_in(2) { 8 } else { 77 });
                    }
                    continue;
                };
                gone += u32::from(field.len) - 1;
                let holds =
                    |(from, len, _): &&(u32, u32, u32)| field.target.wrapping_sub(*from) < *len;
                let target = match random.below(8) {
                    0 => field.target.wrapping_add(random.below(64) << 2),
                    1 => field.target ^ 0x40,
                    2 => field.target.wrapping_mul(7) % 1250 * 4,
                    _ => moved
                        .iter()
                        .find(holds)
                        .map_or(field.target, |(from, _, to)| {
                            field.target.wrapping_sub(*from).wrapping_add(*to)
                        }),
                };
                let place = start + (from - source);
                let Some(rewritten) = new_side.rewrite(class, field.kind, bytes, place, target)
                else {
                    continue;
                };
                let end = usize::try_from(start + len).unwrap().min(new.len());
                let room = new.get_mut(to..end).unwrap();
                for (slot, byte) in room.iter_mut().zip(&rewritten[..usize::from(field.len)]) {
                    *slot = *byte;
                }
            }
        }
    }

    fn stream(
        &self,
        profile: Profile,
        (old, new): (&[u8], &[u8]),
        operations: &[Operation],
    ) -> Vec<u8> {
        let mut workspace = vec![0; workspace_len(profile)];
        let mut sink = Sink(Vec::new());
        let encoding = Encoding {
            profile,
            unit: self.unit,
            isa: self.isa,
            addresses: self.addresses,
            regions: &self.regions,
        };
        encode(
            &mut workspace,
            encoding,
            (old, new),
            operations,
            &mut sink,
            |_| (),
        )
        .unwrap();
        sink.0
    }

    fn check(&self, bench: &Bench, profile: Profile, seed: u64) {
        let mut random = Random(seed);
        let old = self.old(&mut random);
        let (new, mut operations) = self.new_image(&old, &mut random);
        let mut majors = 0;
        for operation in &mut operations {
            operation.major &= majors < 20;
            majors += u32::from(operation.major);
        }
        let stream = self.stream(profile, (&old, &new), &operations);
        let name = format!("{:?} {profile:?} {:?}", self.isa, self.unit);
        bench.check(&name, &stream, &old, &new);
    }
}

/// The bytes of a form for a target that it reaches.
fn aim(
    side: &Side,
    class: Class,
    kind: Kind,
    form: Bytes,
    offset: u32,
    random: &mut Random,
) -> Option<Bytes> {
    let mask = match kind {
        Kind::Ram => return side.rewrite(class, kind, form, offset, random.below(50) * 24),
        Kind::Pointer | Kind::Page | Kind::Place | Kind::Relative => 7,
        _ => 3,
    };
    // Few targets, so that some come again.
    let far = random.below(40) * (side.len / 41);
    let near = offset.wrapping_add(random.below(120)).wrapping_sub(40);
    [far, near, near & !15]
        .into_iter()
        .filter(|target| *target < side.len)
        .find_map(|target| side.rewrite(class, kind, form, offset, target & !mask))
}

const ISAS: [Isa; 8] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
    Isa::X86_64,
];

#[test]
fn an_independent_decoder_agrees_on_every_instruction_set() {
    let Some(bench) = Bench::new("an_independent_decoder_agrees_on_every_instruction_set") else {
        return;
    };
    for (seed, isa) in (1..).zip(ISAS) {
        let mut case = Case::new(isa);
        if isa == Isa::A64 {
            // Its pages come in many forms.
            case.old_len = 14_000;
        }
        case.check(&bench, Profile::Kib16, seed);
    }
}

#[test]
fn an_independent_decoder_agrees_on_every_profile() {
    let Some(bench) = Bench::new("an_independent_decoder_agrees_on_every_profile") else {
        return;
    };
    for (seed, profile) in (20..).zip(Profile::ALL) {
        let units = Unit::ALL;
        let mut case = Case::new(if seed % 2 == 0 { Isa::Thumb } else { Isa::A64 });
        case.unit = units[usize::try_from(seed).unwrap() % units.len()];
        case.old_len = 5000;
        case.check(&bench, profile, seed);
    }
}

/// Segments, memory behind the images, and regions of all classes.
#[test]
fn an_independent_decoder_agrees_on_layouts() {
    let Some(bench) = Bench::new("an_independent_decoder_agrees_on_layouts") else {
        return;
    };
    let segments = |base: u64| {
        let starts = [(0, 0), (2048, 0x20_0000), (4000, 0x1000)];
        let list: Vec<_> = starts
            .map(|(offset, more)| Segment {
                offset,
                address: base + u64::from(offset) + more,
            })
            .into();
        let all = Segments::of(&list).unwrap();
        all.with_tail(0x400).with_origin(0x100)
    };
    let mut case = Case::new(Isa::Thumb);
    case.addresses.old = segments(0xffff_8000_1000_0000);
    case.addresses.new = segments(0xffff_8000_1008_0000);
    // The last two need room for numbers.
    let data = Data::ALL[..4].iter().copied().map(Class::Data);
    let code = [Isa::None, Isa::A64, Isa::X86_64, Isa::Xtensa].map(Class::Code);
    let classes = data.chain(code);
    case.regions = (1..)
        .zip(classes)
        .map(|(rank, class)| Region {
            start: rank * 768,
            class,
        })
        .collect();
    case.old_len = 9 * 768;
    case.check(&bench, Profile::Kib16, 40);
    case.addresses.old = Segments::at(0xffff_8000_1000_0000);
    case.addresses.new = Segments::at(0xffff_8000_1008_0000);
    case.check(&bench, Profile::Kib64, 41);
    let wide = [Data::Numbers32, Data::Relocation64];
    for (region, class) in case.regions.iter_mut().zip(wide.map(Class::Data)) {
        region.class = class;
    }
    case.addresses = case.addresses.with_numbers();
    case.check(&bench, Profile::Gateway, 42);
    // More numbers than there is room for.
    case.regions.truncate(1);
    case.check(&bench, Profile::Kib8, 43);
}

/// What the encoder makes of a larger image: verbatim stretches, and lengths of which the map has not all.
#[test]
fn an_independent_decoder_agrees_on_a_long_image() {
    let Some(bench) = Bench::new("an_independent_decoder_agrees_on_a_long_image") else {
        return;
    };
    let mut random = Random(60);
    let mut old: Vec<u8> = (0..300_000_u32)
        .map(|place| u8::try_from((place >> 8 ^ place) & 0xff).unwrap())
        .collect();
    for _ in 0..3000 {
        let at = usize::try_from(random.below(300_000)).unwrap();
        old[at] = u8::try_from(random.below(256)).unwrap();
    }
    let mut new = old[200_001..].to_vec();
    new.extend([1; 12]);
    new.extend(&old[..200_001]);
    for place in [70, 20_000, 150_000, 150_500] {
        new[place] ^= 0x55;
    }
    let options = EncodeOptions::new(Profile::Gateway);
    let stream = delta::encode(&old, &new, &options).unwrap();
    bench.check("long", &stream, &old, &new);

    let major = |literal_len, copy_len, source| Operation {
        literal_len,
        copy_len,
        source,
        major: true,
    };
    let operations = [major(0, 99_999, 200_001), major(12, 200_001, 0)];
    let stream = Case::new(Isa::None).stream(Profile::Kib8, (&old, &new), &operations);
    bench.check("long map", &stream, &old, &new);
}

#[test]
fn an_independent_decoder_refuses_what_is_no_stream() {
    let Some(bench) = Bench::new("an_independent_decoder_refuses_what_is_no_stream") else {
        return;
    };
    let old = vec![5; 500];
    let new = vec![6; 400];
    let stream = delta::encode(&old, &new, &EncodeOptions::new(Profile::Kib8)).unwrap();
    bench.check("good", &stream, &old, &new);
    let (_, short) = stream.split_last().unwrap();
    let longer = [stream.as_slice(), &[0]].concat();
    let other = [&[9], &stream[1..]].concat();
    for (wrong, reason) in [
        (short, "truncated"),
        (&longer, "trailing input"),
        (&other, "kind"),
    ] {
        let said = bench.decode(wrong, &old, new.len()).unwrap_err();
        assert_eq!(said.trim_end(), format!("refused: {reason}"));
    }
}
