//! Geometries of common parts, each with its source.

use super::{Geometry, WriteRule};

const KIB: u32 = 1024;

/// Whole parts; [`first_sectors`](Geometry::first_sectors) cuts one down for a sweep.
impl Geometry {
    /// nRF52840: 1 MiB in pages of 4 KiB, words of 4 B.
    ///
    /// Source: nRF52840 product specification, "NVMC". It permits `nWRITE` = 2 writes of a word
    /// between erases; the rule here permits more, and
    /// [`FlashSim::unit_writes`](crate::FlashSim::unit_writes) tells how many there were.
    #[must_use]
    pub fn nrf52840() -> Self {
        Self::uniform(4 * KIB, 256).with_write_size(4)
    }

    /// STM32F405/407: 1 MiB as 4 x 16 KiB, 64 KiB and 7 x 128 KiB, words of 4 B.
    ///
    /// Source: RM0090, "Embedded flash memory interface": sector table; programming by words at
    /// 2.7 to 3.6 V; bits may go from 1 to 0 in successive writes.
    #[must_use]
    pub fn stm32f4() -> Self {
        Self::uneven(&[(4, 16 * KIB), (1, 64 * KIB), (7, 128 * KIB)]).with_write_size(4)
    }

    /// STM32L476: 1 MiB in pages of 2 KiB, double words of 8 B with ECC.
    ///
    /// Source: RM0351, "Embedded flash memory": 72 bits a double word, 8 of them ECC. It would
    /// also let a written double word be overwritten by zeros; the rule here does not.
    #[must_use]
    pub fn stm32l4() -> Self {
        Self::uniform(2 * KIB, 512)
            .with_write_size(8)
            .with_write_rule(WriteRule::WriteOnce)
    }

    /// STM32H743: 2 MiB in sectors of 128 KiB, flash words of 32 B with ECC.
    ///
    /// Source: RM0433, "Embedded flash memory": 256-bit flash words with 10 bits of ECC.
    #[must_use]
    pub fn stm32h7() -> Self {
        Self::uniform(128 * KIB, 16)
            .with_write_size(32)
            .with_write_rule(WriteRule::WriteOnce)
    }

    /// STM32U585: 2 MiB in pages of 8 KiB, quad words of 16 B with ECC.
    ///
    /// Source: RM0456, "Embedded flash memory": 137 bits a quad word, 9 of them ECC.
    #[must_use]
    pub fn stm32u5() -> Self {
        Self::uniform(8 * KIB, 256)
            .with_write_size(16)
            .with_write_rule(WriteRule::WriteOnce)
    }

    /// STM32L073: 192 KiB in pages of 128 B, words of 4 B with ECC, erased value `0x00`.
    ///
    /// Source: RM0367, "Flash program memory and data EEPROM": 6 bits of ECC a word, and
    /// `NOTZEROERR` for a write to a word that is not zero.
    #[must_use]
    pub fn stm32l0() -> Self {
        Self::uniform(128, 1536)
            .with_write_size(4)
            .with_erased_value(0x00)
            .with_write_rule(WriteRule::WriteOnce)
    }

    /// RP2040 with a W25Q16: 2 MiB in sectors of 4 KiB, pages of 256 B.
    ///
    /// Source: RP2040 datasheet, bootrom "Flash access functions": `flash_range_program` takes
    /// multiples of 256 bytes, `flash_range_erase` of 4096.
    #[must_use]
    pub fn rp2040() -> Self {
        Self::uniform(4 * KIB, 512).with_write_size(256)
    }

    /// ESP32 with a flash of 4 MiB: sectors of 4 KiB, words of 4 B for reads and writes.
    ///
    /// Source: the ESP32 ROM's `esp_rom_spiflash_read` and `_write`, which take whole words.
    #[must_use]
    pub fn esp32() -> Self {
        Self::uniform(4 * KIB, 1024)
            .with_write_size(4)
            .with_read_size(4)
    }

    /// SAM D21G18: 256 KiB in rows of 256 B, pages of 64 B.
    ///
    /// Source: SAM D21 data sheet, "NVMCTRL": rows of four pages, erase by row, write by page.
    #[must_use]
    pub fn samd21() -> Self {
        Self::uniform(256, 1024).with_write_size(64)
    }
}
