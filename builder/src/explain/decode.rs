//! 700 to 799: the payload's stream is wrong although its blocks have their hashes, so it was signed like this.
//! `sprag build` applies what it signs, so these are faults of another encoder, of the codec, or of memory.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 701,
        name: "STREAM_HEADER",
        meaning: "The payload's stream begins with a byte that this decoder does not know.",
        cause: "The payload was encoded by a newer Sprag, in a profile or with a feature that came \
                after this decoder.",
        remedy: "Encode with the release that the devices have, or bring them a newer decoder by a \
                 full image (`--codec stored`).",
    },
    Explanation {
        code: 702,
        name: "WORKSPACE_TOO_SMALL",
        meaning: "The stream needs a larger workspace than its manifest states.",
        cause: "The manifest was not made from the figures of the encoder.",
        remedy: "Build the package again with `sprag build`; report it if that made it.",
    },
    Explanation {
        code: 703,
        name: "SOURCE_RANGE",
        meaning: "The stream copies from outside the image.",
        cause: "It was encoded against a longer old image, or it is malformed.",
        remedy: "Build the package again with the right old image; report it if `sprag build` made \
                 it.",
    },
    Explanation {
        code: 704,
        name: "OUTPUT_OVERRUN",
        meaning: "The stream makes more bytes than the new image has.",
        cause: "It belongs to another new image, or it is malformed.",
        remedy: "Build the package again with `sprag build`; report it if that made it.",
    },
    Explanation {
        code: 705,
        name: "STREAM_TRUNCATED",
        meaning: "The stream ends before the new image is whole.",
        cause: "It was cut before it was signed, or it belongs to a longer new image.",
        remedy: "Build the package again with `sprag build`; report it if that made it.",
    },
    Explanation {
        code: 706,
        name: "STREAM_TRAILING",
        meaning: "Bytes follow the end of the stream.",
        cause: "Something was appended before it was signed, or it belongs to a shorter new image.",
        remedy: "Build the package again with `sprag build`; report it if that made it.",
    },
    Explanation {
        code: 707,
        name: "STREAM_MALFORMED",
        meaning: "The stream breaks a rule of its codec, or its own checksum.",
        cause: "Its encoder is at fault, or the device's memory is: the same blocks passed their \
                hashes.",
        remedy: "Run `sprag apply` with the package: if that fails too, report it; if not, test \
                 the device's RAM.",
    },
    Explanation {
        code: 708,
        name: "SAVED_STATE",
        meaning: "A saved state of the decoder is torn, or belongs to another stream.",
        cause: "The power failed while it was saved, or it was left behind by another update.",
        remedy: "Discard it and decode from the beginning of the payload.",
    },
    Explanation {
        code: 720,
        name: "OUTPUT_SIZE",
        meaning: "The stream ended with another number of bytes than the manifest states.",
        cause: "It belongs to another new image, or its encoder is at fault.",
        remedy: "Build the package again with `sprag build`; report it if that made it.",
    },
];
