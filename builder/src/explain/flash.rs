//! 800 to 899: flash. The message names area and address.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 801,
        name: "FLASH_READ",
        meaning: "The flash driver could not read.",
        cause: "It refused the address or its alignment, or the part or its bus failed.",
        remedy: "Look up the address in the partition table: not aligned and out of bounds are \
                 faults of driver or layout, anything else of the part.",
    },
    Explanation {
        code: 802,
        name: "FLASH_WRITE",
        meaning: "The flash driver could not write.",
        cause: "It refused the address or its alignment, the sector is protected, or the part \
                failed or lost its power.",
        remedy: "Check write protection and the partition table, then offer the package again: it \
                 goes on where it was.",
    },
    Explanation {
        code: 803,
        name: "FLASH_ERASE",
        meaning: "The flash driver could not erase.",
        cause: "It refused the address or its alignment, the sector is protected, or the part \
                failed or lost its power.",
        remedy: "Check write protection and the partition table, then offer the package again: it \
                 goes on where it was.",
    },
    Explanation {
        code: 804,
        name: "FLASH_VERIFY",
        meaning: "Flash does not read back as it was written, even after an erase.",
        cause: "The sector is worn out or stuck, or the driver reports success before the part has \
                finished.",
        remedy: "On one device replace the part; on many, check the driver's waiting, its cache \
                 and the supply voltage.",
    },
];
