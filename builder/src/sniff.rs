//! What an image's own header says of its instruction set. Only what is certain counts: a guess never refuses.

use sprag_manifest::Isa;

/// An instruction set that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// The instruction set.
    pub(crate) isa: Isa,
    /// How it was seen, for people.
    pub(crate) evidence: &'static str,
    /// Others that the same header also stands for.
    also: &'static [Isa],
}

impl Sighting {
    const fn new(isa: Isa, also: &'static [Isa], evidence: &'static str) -> Self {
        Self {
            isa,
            evidence,
            also,
        }
    }

    /// What the image may be.
    pub(crate) fn all(&self) -> impl Iterator<Item = Isa> {
        core::iter::once(self.isa).chain(self.also.iter().copied())
    }

    /// Whether the sighting agrees with what was declared; `none` declares nothing.
    #[must_use]
    pub(crate) fn allows(&self, declared: Isa) -> bool {
        declared == Isa::None || declared == self.isa || self.also.contains(&declared)
    }
}

/// What the headers of `image` say.
#[must_use]
pub(crate) fn isa(image: &[u8]) -> Option<Sighting> {
    elf(image)
        .or_else(|| linux(image))
        .or_else(|| esp(image))
        .or_else(|| uimage(image))
        .or_else(|| mcuboot(image))
        .or_else(|| vectors(image))
}

/// ELF: `e_ident` and `e_machine` (System V gABI, chapter 4).
fn elf(image: &[u8]) -> Option<Sighting> {
    if image.get(..4)? != b"\x7fELF" {
        return None;
    }
    let wide = *image.get(4)? == 2;
    let machine = u16::from_le_bytes(*image.get(18..)?.first_chunk()?);
    match (machine, wide) {
        (40, _) => Some(Sighting::new(Isa::A32, &[Isa::Thumb], "ELF machine 40")),
        (183, _) => Some(Sighting::new(Isa::A64, &[], "ELF machine 183")),
        (243, false) => Some(Sighting::new(Isa::Rv32, &[], "32-bit ELF, machine 243")),
        (243, true) => Some(Sighting::new(Isa::Rv64, &[], "64-bit ELF, machine 243")),
        (94, _) => Some(Sighting::new(Isa::Xtensa, &[], "ELF machine 94")),
        (62, _) => Some(Sighting::new(Isa::X86_64, &[], "ELF machine 62")),
        _ => None,
    }
}

/// The kernel image headers of AArch64 and RISC-V: a magic number at byte 56 (Linux, Documentation/arch/arm64/booting.rst
/// and Documentation/arch/riscv/boot-image-header.rst).
fn linux(image: &[u8]) -> Option<Sighting> {
    match image.get(56..60)? {
        b"ARM\x64" => Some(Sighting::new(Isa::A64, &[], "AArch64 Linux image header")),
        b"RSC\x05" if image.get(48..56)? == b"RISCV\0\0\0" => Some(Sighting::new(
            Isa::Rv64,
            &[Isa::Rv32],
            "RISC-V Linux image header",
        )),
        _ => None,
    }
}

/// The ESP32 image header: magic 0xE9 and a known chip id at byte 12 (ESP-IDF, `esp_app_format.h`).
fn esp(image: &[u8]) -> Option<Sighting> {
    let [0xe9, segments, ..] = image else {
        return None;
    };
    // The extended header's last byte says whether a hash is appended; it and the segment count make chance rare.
    // The ESP8266 has the same magic and no extended header: where the drive of the SPI pins would be, which is 0,
    // it has the upper bytes of a load address, which are not.
    if !(1..=16).contains(segments) || image.get(9..12)? != [0; 3] || *image.get(23)? > 1 {
        return None;
    }
    match u16::from_le_bytes(*image.get(12..)?.first_chunk()?) {
        2 | 9 => Some(Sighting::new(
            Isa::Xtensa,
            &[],
            "ESP image header, Xtensa chip",
        )),
        5 | 12 | 13 | 16 | 18 | 20 => Some(Sighting::new(
            Isa::Rv32,
            &[],
            "ESP image header, RISC-V chip",
        )),
        _ => None,
    }
}

/// U-Boot's legacy image header of 64 bytes, if what follows is not compressed: magic number, and the architecture at
/// byte 29 (`include/image.h`).
fn uimage(image: &[u8]) -> Option<Sighting> {
    let header: &[u8; 64] = image.first_chunk()?;
    if header[..4] != [0x27, 0x05, 0x19, 0x56] || header[31] != 0 {
        return None;
    }
    let sighting = |isa, also| Some(Sighting::new(isa, also, "U-Boot image header"));
    match header[29] {
        2 => sighting(Isa::A32, &[Isa::Thumb]),
        22 => sighting(Isa::A64, &[]),
        24 => sighting(Isa::X86_64, &[]),
        25 => sighting(Isa::Xtensa, &[]),
        26 => sighting(Isa::Rv64, &[Isa::Rv32]),
        _ => None,
    }
}

/// MCUboot's image header, and a vector table behind it: magic number, and the header's length at byte 8 (`image.h`).
fn mcuboot(image: &[u8]) -> Option<Sighting> {
    if image.get(..4)? != [0x3d, 0xb8, 0xf3, 0x96] {
        return None;
    }
    let header_len = u16::from_le_bytes(*image.get(8..)?.first_chunk()?);
    let program = image.get(header_len.into()..)?;
    vectors(program).map(|sighting| Sighting {
        evidence: "Cortex-M vector table behind an MCUboot header",
        ..sighting
    })
}

/// The vector table of a Cortex-M: a stack pointer in RAM, and handlers that are odd addresses close together
/// (Armv7-M Architecture Reference Manual, B1.5.3).
fn vectors(image: &[u8]) -> Option<Sighting> {
    let (words, _) = image.get(..64)?.as_chunks::<4>();
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let stack = words.next()?;
    if !(0x1000_0000..0x4000_0000).contains(&stack) || stack % 4 != 0 {
        return None;
    }
    let handlers: Vec<u32> = words.filter(|&word| word != 0).collect();
    let (low, high) = (handlers.iter().min()?, handlers.iter().max()?);
    let close = usize::try_from(high - low).is_ok_and(|span| span < image.len());
    let all_thumb = handlers.iter().all(|handler| handler % 2 == 1);
    (handlers.len() >= 6 && all_thumb && close).then_some(Sighting::new(
        Isa::Thumb,
        &[],
        "Cortex-M vector table",
    ))
}

#[cfg(test)]
mod tests;
