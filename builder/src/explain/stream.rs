//! 600 to 699: blocks on their way, and the image that they make. The old image runs on after all of these.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 601,
        name: "BLOCK_HASH",
        meaning: "A block does not have the hash that the manifest was signed for; it was not \
                  decoded.",
        cause: "The transport damaged it, or somebody changed it.",
        remedy: "Fetch the block again: the update goes on from there. If it fails again, put the \
                 built file back on the server.",
    },
    Explanation {
        code: 602,
        name: "PAGE_HASH",
        meaning: "An index page, which holds the hashes of the blocks behind it, is not the one \
                  that the manifest was signed for.",
        cause: "The transport damaged it, or somebody changed it.",
        remedy: "Fetch the page again: the update goes on from there. If it fails again, put the \
                 built file back on the server.",
    },
    Explanation {
        code: 603,
        name: "STREAM_GAP",
        meaning: "Bytes of the package are missing before those that came, or at its end.",
        cause: "The connection broke, the file was cut, or the integration pushed bytes at a wrong \
                offset.",
        remedy: "Go on from the offset that the message wants, which `Updater::wanted` names; \
                 compare a file's length with that of the build.",
    },
    Explanation {
        code: 604,
        name: "STREAM_END",
        meaning: "There are bytes behind the end of the package.",
        cause: "Something was appended to the file, or the integration pushed bytes at a wrong \
                offset.",
        remedy: "Send the file as it was built, and no more.",
    },
    Explanation {
        code: 605,
        name: "STAGED_BLOCK",
        meaning: "A block that was staged in flash can no longer be read back as it was.",
        cause: "The flash loses bits, or something else writes to the staging area.",
        remedy: "Offer the package again: the update begins anew. On one device suspect its flash, \
                 on many another writer.",
    },
    Explanation {
        code: 606,
        name: "STAGING_EXHAUSTED",
        meaning: "Torn blocks have used up the staging area.",
        cause: "The power failed again and again while blocks were staged, or the area is barely \
                larger than the payload.",
        remedy: "Offer the package again under steady power: the update begins anew. If it recurs, \
                 enlarge the area.",
    },
    Explanation {
        code: 607,
        name: "TARGET_DIGEST",
        meaning: "The new image, read back from flash, is not the one that the manifest was signed \
                  for; it will not be booted.",
        cause: "The flash changed after it was written, or the signed payload makes another image, \
                which `sprag build` rules out.",
        remedy: "Offer the package again. If it fails on every device, run `sprag apply` with it; \
                 on one device suspect its flash.",
    },
    Explanation {
        code: 608,
        name: "BLOCK_RETRIES",
        meaning: "A block came wrong each time it was fetched, and the tries are used up.",
        cause: "The server's copy of the package is damaged at that block, or something on the way \
                changes it each time.",
        remedy: "Compare the server's file with `sprag verify`, upload it again, and offer the \
                 package again: only that block is missing.",
    },
    Explanation {
        code: 609,
        name: "PAGE_RETRIES",
        meaning: "An index page came wrong each time it was fetched, and the tries are used up.",
        cause: "The server's copy of the package is damaged at that page, or something on the way \
                changes it each time.",
        remedy: "Compare the server's file with `sprag verify`, upload it again, and offer the \
                 package again: only what follows that page is missing.",
    },
    Explanation {
        code: 610,
        name: "CHECKPOINT_LOST",
        meaning: "The state in which the decoder was to go on is not whole in flash, and the only slot is partly \
                  overwritten.",
        cause: "The scratch area lost its bytes, or was used for something else while the update was under way.",
        remedy: "The device stays in its bootloader: send it a package with a full image.",
    },
];
