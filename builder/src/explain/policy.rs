//! 300 to 399: the package is genuine, but not for this device, or not now. No flash was written or erased.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 301,
        name: "VENDOR",
        meaning: "The package is made for devices of another vendor.",
        cause: "It was sent to the wrong fleet, or the vendor is spelled differently in \
                release.toml and in the firmware: names are compared byte for byte.",
        remedy: "Take the device out of the rollout, or make both spellings equal and build again.",
    },
    Explanation {
        code: 302,
        name: "PRODUCT",
        meaning: "The package is made for another product.",
        cause: "It was sent to the wrong fleet, or the product is spelled differently in \
                release.toml and in the firmware.",
        remedy: "Take the device out of the rollout, or make both spellings equal and build again.",
    },
    Explanation {
        code: 303,
        name: "HARDWARE",
        meaning: "The hardware revision of this board is not among those that the package lists.",
        cause: "The new image was not released for this revision, or a new revision was not added \
                to the list.",
        remedy: "If the image runs on it, add the revision to `hardware` and build again; \
                 otherwise take the board out of the rollout.",
    },
    Explanation {
        code: 304,
        name: "ISA",
        meaning: "The package is made for another instruction set than the device's.",
        cause: "An image for another chip of the same product was sent, or `isa` is wrong in \
                release.toml.",
        remedy: "Send the package of this chip, or correct `isa` and build again.",
    },
    Explanation {
        code: 305,
        name: "BOOTLOADER_ID",
        meaning: "The package needs another bootloader than the device has or names.",
        cause: "The device is from a series with another bootloader, or its firmware does not say \
                which it has.",
        remedy: "Send it a package without this requirement, or let the firmware name its \
                 bootloader.",
    },
    Explanation {
        code: 306,
        name: "BOOTLOADER_VERSION",
        meaning: "The device's bootloader is of a version outside the range that the package \
                  needs.",
        cause: "The bootloader is older than the new image expects, or newer than the release was \
                tested with.",
        remedy: "Update the bootloader first, or widen `bootloader` in release.toml if the image \
                 runs with it.",
    },
    Explanation {
        code: 307,
        name: "OS_ID",
        meaning: "The package needs another operating system or firmware stack than the device has \
                  or names.",
        cause: "The image belongs to another variant of the product, or the firmware does not say \
                what it runs on.",
        remedy: "Send the package of this variant, or let the firmware name its system.",
    },
    Explanation {
        code: 308,
        name: "OS_VERSION",
        meaning: "The device's operating system is of a version outside the range that the package \
                  needs.",
        cause: "A system update, such as a radio stack's, was not installed before this package, \
                or has already been passed.",
        remedy: "Install the version that is named first, or widen `os` in release.toml if the \
                 image runs with it.",
    },
    Explanation {
        code: 309,
        name: "LAYOUT",
        meaning: "The package is made for another partition layout than the device has or names.",
        cause: "The image is linked for another division of the flash, or the firmware does not \
                say which it has.",
        remedy: "Build for the device's layout; a device moves to another layout only by its \
                 bootloader.",
    },
    Explanation {
        code: 310,
        name: "LOAD_ADDRESS",
        meaning: "The new image is linked for another address than the one at which the device \
                  runs its slot.",
        cause: "The image was linked for the other slot, or `--load-address` does not match the \
                linker script.",
        remedy: "Link for the slot's address and build again, or correct `--load-address`.",
    },
    Explanation {
        code: 311,
        name: "SEQUENCE_RANGE",
        meaning: "The package's sequence number is outside the range that the key set allows.",
        cause: "A release key gave out a number that the root keys did not foresee, by mistake or by malice.",
        remedy: "Choose a number within the range, or widen it in the next key set.",
    },
    Explanation {
        code: 312,
        name: "SECURITY_COUNTER_RANGE",
        meaning: "The package's security counter is outside the range that the key set allows.",
        cause: "A release key gave out a counter that the root keys did not foresee, by mistake or by malice.",
        remedy: "Choose a counter within the range, or widen it in the next key set.",
    },
    Explanation {
        code: 313,
        name: "KEYSET_NOT_YET_VALID",
        meaning: "The key set is not valid yet, by the device's trusted clock.",
        cause: "The clock is wrong, or the key set was published too early.",
        remedy: "Check the clock; wait for the first valid day.",
    },
    Explanation {
        code: 314,
        name: "KEYSET_NAME",
        meaning: "The update belongs to another fleet's key set.",
        cause: "Two fleets have the same root keys, and their files were confused.",
        remedy: "Send the chain of this fleet; the name is set by `sprag trust init`.",
    },
    Explanation {
        code: 315,
        name: "REVOCATION_LOST",
        meaning: "A key set update forgets that a key was revoked.",
        cause: "It was made by a tool that does not follow the format, or to bring a revoked key back.",
        remedy: "Make the update with `sprag trust`, which carries revocations on.",
    },
    Explanation {
        code: 320,
        name: "SECURITY_COUNTER",
        meaning: "The package's security counter is below the one that the device has stored.",
        cause: "An old package was offered, by mistake or by somebody who wants an old hole back.",
        remedy: "Build with the device's counter or a higher one; there is no way below it.",
    },
    Explanation {
        code: 321,
        name: "SEQUENCE",
        meaning: "The package is not newer than what is installed.",
        cause: "It was overtaken by another update, its version was not raised, or it holds \
                another image under the installed number.",
        remedy: "Do nothing if the device is where it should be; to go back to older code, build \
                 that again with a higher `--sequence`.",
    },
    Explanation {
        code: 322,
        name: "NOT_YET_VALID",
        meaning: "The package may not be installed yet, by the device's trusted clock.",
        cause: "It was sent before its first day, or the clock is slow.",
        remedy: "Wait for the day, or set the clock; `--not-before` is that of the build.",
    },
    Explanation {
        code: 323,
        name: "EXPIRED",
        meaning: "The package may no longer be installed, by the device's trusted clock.",
        cause: "It lay on a server or in a drawer for too long, or the clock is fast.",
        remedy: "Build and send it anew with a later `--not-after`, or set the clock.",
    },
    Explanation {
        code: 324,
        name: "KEYSET_VERSION",
        meaning: "The package asks for a newer key set than the device has.",
        cause: "Keys were rotated, and the device has not been given the new set.",
        remedy: "Bring it the new key set first, or build a package for it with a lower \
                 `--keyset-version`.",
    },
    Explanation {
        code: 325,
        name: "KEYSETS_UNSUPPORTED",
        meaning: "The package carries key set updates, which this build of the verifier cannot \
                  judge.",
        cause: "It was made by a newer Sprag, or the header was damaged.",
        remedy: "Transfer it again; if it is as it was built, send a package without key set \
                 updates.",
    },
    Explanation {
        code: 326,
        name: "KEYSET_SKIPPED",
        meaning: "A key set update is not the one that follows the last.",
        cause: "The chain begins too late for this device, or misses a version.",
        remedy: "Send a package with the whole chain: `sprag build --keyset-chain`.",
    },
    Explanation {
        code: 327,
        name: "KEYSET_FORK",
        meaning: "The package has another key set of the version that the device has stored.",
        cause: "Two key sets of one version were signed, by mistake or by whoever holds a quorum of root keys.",
        remedy: "Find out which one the fleet has, and never sign two key sets of one version.",
    },
    Explanation {
        code: 328,
        name: "KEYSET_EXPIRED",
        meaning: "The key set is no longer valid, by the device's trusted clock.",
        cause: "No newer key set has reached the device in time, or somebody holds them back.",
        remedy: "Sign the next key set and send it with the package; check the clock.",
    },
    Explanation {
        code: 330,
        name: "DEFERRED_BATTERY",
        meaning: "The battery holds less charge than the package asks for before it lets an update \
                  begin.",
        cause: "The battery is low; a device that cannot measure it counts as empty.",
        remedy: "Charge the device and offer the package again: it is deferred, not refused for \
                 good.",
    },
    Explanation {
        code: 331,
        name: "DEFERRED_STORAGE",
        meaning: "Less storage is free than the package asks for before it lets an update begin.",
        cause: "Logs or data fill the device; one that cannot tell counts as full.",
        remedy: "Free storage and offer the package again: it is deferred, not refused for good.",
    },
    Explanation {
        code: 332,
        name: "DEFERRED_TEMPERATURE",
        meaning: "The device is colder or hotter than the package allows for an update.",
        cause: "Flash and battery do not bear an update there; a device that cannot measure it does \
                not begin.",
        remedy: "Offer the package again when the device is within the range: it is deferred, not \
                 refused for good.",
    },
    Explanation {
        code: 333,
        name: "DEFERRED_RAM",
        meaning: "Less RAM is free beside the update than the package asks for.",
        cause: "The application is busy; a device that cannot tell counts as full.",
        remedy: "Stop what can wait and offer the package again: it is deferred, not refused for \
                 good.",
    },
    Explanation {
        code: 334,
        name: "DEFERRED_WINDOW",
        meaning: "It is not the time of day in which the package lets an update begin.",
        cause: "The package has a window (UTC), or the device cannot tell the time.",
        remedy: "Offer the package again in the window, which the error tells, or set the clock: it \
                 is deferred, not refused for good.",
    },
    Explanation {
        code: 335,
        name: "DEFERRED_LINK",
        meaning: "The link failed as often as a session allows; what was verified is kept.",
        cause: "There is no coverage, the server does not answer, or it refuses the token.",
        remedy: "Try again after the stated time, with a new address or token if need be: the update \
                 goes on at the part it lacks.",
    },
];
