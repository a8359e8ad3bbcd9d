//! 1000 to 1099, in part: what `sprag build` refuses. Nothing was written.

use super::Explanation;

/// Codes of the release's description.
pub(super) const RELEASE: &[Explanation] = &[
    Explanation {
        code: 1001,
        name: "MISSING_FIELD",
        meaning: "A field that every package must have was given neither as a flag nor in \
                  release.toml.",
        cause: "A flag was forgotten, or the release file was not named with `--release`.",
        remedy: "Pass the flag that the message names, or set the field in release.toml.",
    },
    Explanation {
        code: 1002,
        name: "BAD_VALUE",
        meaning: "A flag or a field has a value that cannot be used; the message says why.",
        cause: "A name has characters that packages do not allow, or a number is out of its range.",
        remedy: "Correct the value; docs/CLI.md lists what each field takes.",
    },
    Explanation {
        code: 1003,
        name: "AUTHORING_FILE",
        meaning: "The release file or the device profile is not one; the message names the line.",
        cause: "A key is misspelled or unknown, a value has the wrong type, or the file is not \
                TOML.",
        remedy: "Correct the line; docs/CLI.md lists the keys of both files.",
    },
];

/// Codes of the images and of what is made of them.
pub(super) const BUILD: &[Explanation] = &[
    Explanation {
        code: 1020,
        name: "SAME_IMAGES",
        meaning: "The new image equals an old one.",
        cause: "Both flags name the same file, or the build did not change the image.",
        remedy: "Check `--old` and `--new`; if the image has not changed, there is nothing to \
                 release.",
    },
    Explanation {
        code: 1021,
        name: "EMPTY_IMAGE",
        meaning: "An image has no bytes.",
        cause: "The step that was to write it failed, or it was cut.",
        remedy: "Check the step that makes the image and run the command again.",
    },
    Explanation {
        code: 1022,
        name: "DUPLICATE_SOURCE_IMAGE",
        meaning: "Two old images have the same bytes.",
        cause: "One file was given under two versions, or a release changed nothing.",
        remedy: "List each old image once, under the version that devices report.",
    },
    Explanation {
        code: 1023,
        name: "ISA_MISMATCH",
        meaning: "The header of the new image names another instruction set than `--isa`.",
        cause: "The image of another chip was taken, or `isa` is wrong in release.toml.",
        remedy: "Correct one of the two; `--allow-isa-mismatch` builds all the same.",
    },
    Explanation {
        code: 1024,
        name: "DOES_NOT_FIT",
        meaning: "Something needs more memory or flash than the device gives; the message says what, and both \
                  numbers.",
        cause: "`--ram`, or the profile's `ram` less the buffers, is below the smallest decoder; an image is \
                longer than the slot; or, with a single slot, the scratch or the staging area is too small.",
        remedy: "Raise `--ram`, lower `--block-size`, or let `--codec auto` choose; give the areas what the \
                 message says, or leave out `--with-reverse`.",
    },
    Explanation {
        code: 1025,
        name: "CODEC_FAILED",
        meaning: "An encoder or a decoder failed; the message says at what.",
        cause: "An image is longer than the codec handles, or the library behind it ran out of \
                memory.",
        remedy: "Try another `--codec`; report it with both images if they can be shown.",
    },
    Explanation {
        code: 1026,
        name: "MANIFEST_RULES",
        meaning: "The manifest would break a rule of the format, so nothing was signed.",
        cause: "Too many sources, payloads or hardware revisions, a range with swapped bounds, or \
                a total that is too large.",
        remedy: "Follow the message, which names the rule and both sides of it.",
    },
    Explanation {
        code: 1027,
        name: "SELF_CHECK_BYTES",
        meaning: "The device code applied the new package and got other bytes than the new image.",
        cause: "A codec has a bug, or the memory of this machine has.",
        remedy: "Run it again; if it repeats, report it with both images if they can be shown, and \
                 build with `--codec stored` meanwhile.",
    },
    Explanation {
        code: 1030,
        name: "GATE_FAILED",
        meaning: "A simulation or an attack says that the package must not ship to this device.",
        cause: "A power cut, the device's power, its link or its other duties get in the way of the \
                update, or the device took what it had to refuse; the report says which.",
        remedy: "Follow the report: build for less RAM or smaller blocks, or correct the device's \
                 profile. An attack that came through is a bug: report it with the package.",
    },
    Explanation {
        code: 1040,
        name: "TRUST_FILE",
        meaning: "The file is not a trust store.",
        cause: "Another file was named, or it was cut or edited; the message says where.",
        remedy: "Name a file made by `sprag trust init`, or restore it from its backup.",
    },
    Explanation {
        code: 1041,
        name: "TRUST_CHANGE",
        meaning: "The trust store cannot be changed, signed or used in this way.",
        cause: "A key is missing, listed twice or revoked, a signer has no part in it, or a version lacks signatures.",
        remedy: "Look at it with `sprag trust show`, and follow the message.",
    },
    Explanation {
        code: 1042,
        name: "SIGN_REQUEST",
        meaning: "A request for a signature, or its answer, does not fit what it is about.",
        cause: "Its text was changed, it belongs to another package, or the key is not the one it asks for.",
        remedy: "Sign nothing; make the request again from the package, and compare the digests by another way.",
    },
];
