//! 500 to 599: the image in flash is not the old image of the package. No flash was written or erased.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 501,
        name: "SOURCE_DIGEST",
        meaning: "The installed version is one that the package serves, but the image in flash is \
                  another.",
        cause: "The device runs a private build under a released version, its flash has lost bits, \
                or the package was not made from the released file.",
        remedy: "Compare the digests with that of the released image; send a full image, or build \
                 from the image that the device has.",
    },
    Explanation {
        code: 502,
        name: "SOURCE_VERSION",
        meaning: "The image in flash is one that the package serves, but the device reports it \
                  under another version.",
        cause: "An `--old` was given with a wrong version, or the firmware reports a wrong one.",
        remedy: "Correct the version, at the build or in the firmware.",
    },
    Explanation {
        code: 503,
        name: "SOURCE_NOT_LISTED",
        meaning: "The image in flash is none that the package serves, and the package has no full \
                  image.",
        cause: "The device has missed releases, or runs an image of its own.",
        remedy: "Build with that image as a further `--old`, or with `--with-full`.",
    },
];
