//! 400 to 499: the update needs more than the device has. No flash was written or erased.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 401,
        name: "ENVELOPE_TOO_LARGE",
        meaning: "The package's envelope does not fit the buffer that the firmware gives to \
                  `Intake`.",
        cause: "Many sources, payloads or signatures in one package, or a small buffer.",
        remedy: "Build with fewer `--old` images, or give the buffer the bytes that the message \
                 names.",
    },
    Explanation {
        code: 402,
        name: "INSUFFICIENT_RAM",
        meaning: "The update needs more RAM than the device gives to it.",
        cause: "The package was built for a larger profile, or with larger blocks.",
        remedy: "Build with a smaller `--ram` or `--block-size`, or with the device's profile; or \
                 give the updater a larger arena.",
    },
    Explanation {
        code: 403,
        name: "INSUFFICIENT_SCRATCH",
        meaning: "The payload needs scratch sectors, which an update of the other slot does not have.",
        cause: "The package was made for devices with a single slot.",
        remedy: "Build for devices with two slots.",
    },
    Explanation {
        code: 404,
        name: "SLOT_TOO_SMALL",
        meaning: "The new image does not fit the slot, less what the bootloader keeps at its end.",
        cause: "The image has grown, or the device has an older and smaller partition layout.",
        remedy: "Make the image smaller, or release it only for layouts with larger slots.",
    },
    Explanation {
        code: 405,
        name: "CODEC_UNSUPPORTED",
        meaning: "This build of the verifier has no decoder for the payload's codec.",
        cause: "A bsdiff-zstd package, made for devices that run Linux, was sent to a \
                microcontroller.",
        remedy: "Build with `--codec native` or `--codec stored`, or with the device's profile.",
    },
    Explanation {
        code: 406,
        name: "GEOMETRY",
        meaning: "The flash's write size is not a power of two of at most 256 bytes.",
        cause: "The flash driver, the partition table or the device profile states it wrongly.",
        remedy: "Correct the driver's `WRITE_SIZE`, or `write-size` in the profile.",
    },
    Explanation {
        code: 407,
        name: "NO_PAYLOAD",
        meaning: "No payload of the package can be used by this device.",
        cause: "The package serves other versions only and has no full image.",
        remedy: "Build with the installed version as a further `--old`, or with `--with-full`.",
    },
    Explanation {
        code: 408,
        name: "GROUP_OF_SECTORS",
        meaning: "A payload for a single slot is made in groups, or moves the old image by a way, that are not whole \
                  sectors of this device.",
        cause: "The package was built for a device with smaller sectors.",
        remedy: "Build with the profile of this device (`--profile`).",
    },
    Explanation {
        code: 409,
        name: "KEYSET_AREA",
        meaning: "The flash area for the stored key set has no room for two copies.",
        cause: "The firmware's layout gives it fewer than two sectors, or none.",
        remedy: "Give it two sectors, or as many as twice 1024 bytes take.",
    },
];
