//! 1060 to 1067: files that hold an image in another form.

use super::Explanation;

/// Codes of [`crate::ContainerError`].
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 1060,
        name: "NOT_IN_FORMAT",
        meaning: "The file is not in the format that `--input-format` names.",
        cause: "The wrong file or the wrong format was named, or the file is damaged at its beginning.",
        remedy: "Name the file's format; `auto` recognises Intel HEX, S-records and UF2.",
    },
    Explanation {
        code: 1061,
        name: "BAD_RECORD",
        meaning: "A line or block of an image file breaks the rules of its format; the message names it.",
        cause: "The file was edited, converted between text encodings, or damaged on its way.",
        remedy: "Make or download the file again; if it is the image itself, pass `--input-format bin`.",
    },
    Explanation {
        code: 1062,
        name: "BAD_RECORD_CHECKSUM",
        meaning: "The bytes of a line of Intel HEX or S-records do not agree with its checksum.",
        cause: "The line was edited or damaged.",
        remedy: "Make or download the file again.",
    },
    Explanation {
        code: 1063,
        name: "RECORDS_CUT_SHORT",
        meaning: "An image file ends before the record or block that ends the image.",
        cause: "A download or a copy ended early.",
        remedy: "Make or download the file again.",
    },
    Explanation {
        code: 1064,
        name: "RANGES_OVERLAP",
        meaning: "An image file gives bytes to one address twice.",
        cause: "Files of two programs that share addresses were joined, or one program was joined twice.",
        remedy: "Join the files so that each address has its bytes once, and name the result.",
    },
    Explanation {
        code: 1065,
        name: "RANGES_TOO_FAR_APART",
        meaning: "An image file has bytes for addresses too far apart to be in one slot.",
        cause: "It also holds configuration words, or the contents of a second flash.",
        remedy: "Leave out what is not in the slot, such as with `objcopy --remove-section`.",
    },
    Explanation {
        code: 1066,
        name: "NO_IMAGE_DATA",
        meaning: "An image file gives no byte to any address.",
        cause: "The step that was to fill it failed, or an ELF file is no program.",
        remedy: "Check that step, and name the program's file.",
    },
    Explanation {
        code: 1067,
        name: "MIXED_FAMILIES",
        meaning: "A UF2 file holds images for several families of chips.",
        cause: "Files for several boards were joined.",
        remedy: "Name the file of this device's chip alone.",
    },
];
