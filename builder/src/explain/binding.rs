//! 920 to 939: what a caller in C can do wrong.

use super::Explanation;

/// Codes that `sprag_verifier` keeps for bindings.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 921,
        name: "NULL_POINTER",
        meaning: "A pointer that must not be null is null.",
        cause: "A member of a structure was left out, such as `read`, `vendor` or `memory`, or an \
                argument was forgotten.",
        remedy: "Look up in `sprag.h` which pointers may be null, and fill in the others.",
    },
    Explanation {
        code: 922,
        name: "STRUCT_SIZE",
        meaning: "A structure says another size than the library knows.",
        cause: "Its `struct_size` was not set to `sizeof`, or firmware and library were built from \
                different versions of `sprag.h`.",
        remedy: "Set `struct_size`, and build the firmware with the header that belongs to the \
                 library.",
    },
    Explanation {
        code: 923,
        name: "MISALIGNED",
        meaning: "A structure does not lie at an address that its type asks for.",
        cause: "It was cast from a byte array, or stands in a packed structure.",
        remedy: "Declare the structure or the handle with its own type.",
    },
    Explanation {
        code: 924,
        name: "BAD_MEMORY",
        meaning: "The memory for the update has no length, or one that no object has.",
        cause: "`memory_len` was left out, or is a negative number.",
        remedy: "Give `sizeof` of the array; `SPRAG_MEMORY_8K` serves packages of the profile of \
                 8 KiB.",
    },
    Explanation {
        code: 925,
        name: "BAD_TEXT",
        meaning: "A text of the device is longer than 32 bytes, or is not UTF-8.",
        cause: "It was read from a place that holds no text, such as blank flash, or it does not \
                end with a zero byte.",
        remedy: "Give names and versions as they stand in the release file, with a zero byte at \
                 the end.",
    },
    Explanation {
        code: 926,
        name: "FLASH_LAYOUT",
        meaning: "The flash's areas are not whole sectors of the sector table, or overlap.",
        cause: "An address or a size is wrong, a sector is not whole write units, or slot A or the \
                boot record is missing.",
        remedy: "Hold the areas against the part's sector map; docs/PORTING.md has an example.",
    },
    Explanation {
        code: 927,
        name: "INCOMPLETE",
        meaning: "The update was ended before the new image was whole.",
        cause: "The transfer broke off, or `sprag_finalize` was called while `sprag_process` still \
                asked for more.",
        remedy: "Begin again with `sprag_init` and `sprag_resume`: what is in flash is not fetched \
                 again.",
    },
    Explanation {
        code: 928,
        name: "BAD_ARGUMENT",
        meaning: "A number stands for nothing that the library knows.",
        cause: "An instruction set, a key's role, a slot, a flag or a number of keys or boots is \
                out of its range.",
        remedy: "Use the constants of `sprag.h`.",
    },
];
