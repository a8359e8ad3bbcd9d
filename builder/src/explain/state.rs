//! 900 to 999: the boot record, and the order of calls.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 901,
        name: "UNCONFIRMED",
        meaning: "The last update's image has not been confirmed, and no slot is erased until it \
                  is or has reverted.",
        cause: "The application has not called `confirm` since, or the device has not been \
                restarted.",
        remedy: "Restart the device, and let the application confirm when it is well; unconfirmed, \
                 it reverts after its trial boots.",
    },
    Explanation {
        code: 902,
        name: "NOTHING_TO_CONFIRM",
        meaning: "`confirm` was called, but no image is on trial.",
        cause: "The running image was confirmed before, or the new one has reverted.",
        remedy: "Do nothing if the running version is the expected one; otherwise read the outcome \
                 in the boot record.",
    },
    Explanation {
        code: 903,
        name: "RECORD_LOST",
        meaning: "Neither copy of the boot record is whole, and its area is not blank.",
        cause: "Something else writes to the area, the flash failed, or the record is of a newer \
                layout.",
        remedy: "Read the area out for a report. Erase it only with the device in hand: that \
                 resets its counters, and slot A boots.",
    },
    Explanation {
        code: 904,
        name: "WRONG_STATE",
        meaning: "A call came in a state that cannot serve it.",
        cause: "The integration calls out of order, such as `authenticate` before the envelope is \
                whole, or goes on after an error.",
        remedy: "Follow the order in the documentation of `sprag-verifier`, and start over after \
                 an error.",
    },
    Explanation {
        code: 905,
        name: "REVERTED_BEFORE",
        meaning: "This very package was installed, and its image was reverted.",
        cause: "The new image did not confirm itself in its boots or in its time, gave itself up, \
                or did not hold; the package is offered again.",
        remedy: "Offer a release that mends what kept the image from confirming. To try the same \
                 package again, let the device call `BootRecord::forgive` first.",
    },
    Explanation {
        code: 906,
        name: "KEYSET_LOST",
        meaning: "Neither place of the stored key set holds a whole copy, and the device is not new, as it would be with \
                  nothing but the mark in the second place, or with both blank.",
        cause: "Flash wore out, or something else wrote to the area; power cuts alone leave one copy.",
        remedy: "Service the device: falling back to the factory's key set by itself would bring revoked keys back.",
    },
];
