//! 1160 to 1199: the audit log.

use super::Explanation;

/// Codes of audit logs and their heads.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 1160,
        name: "AUDIT_FAILED",
        meaning: "The system refused to open, lock, read, write or sync the audit log.",
        cause: "The path is misspelled, the log was never begun, the user may not write it, or the disk is full.",
        remedy: "Follow the system's reason in the message; `sprag audit init` begins a log.",
    },
    Explanation {
        code: 1161,
        name: "AUDIT_EXISTS",
        meaning: "An audit log is to be begun where a file is, and logs are never overwritten.",
        cause: "The log was begun before.",
        remedy: "Append to it, or choose another name.",
    },
    Explanation {
        code: 1162,
        name: "AUDIT_LINE",
        meaning: "A line of the audit log is no entry in the one spelling that an entry has.",
        cause: "The line was edited, or another file was named.",
        remedy: "Keep the log as it is, and compare it with a copy from elsewhere.",
    },
    Explanation {
        code: 1163,
        name: "AUDIT_UNTRUSTED",
        meaning: "An entry of the audit log is by a key that is not trusted to write it.",
        cause: "Somebody else inserted it, or the key of a new machine or person is not given with --trust.",
        remedy: "Find out whose key it is; give its .pub file with --trust if it is one of yours.",
    },
    Explanation {
        code: 1164,
        name: "AUDIT_SIGNATURE",
        meaning: "The key that an entry of the audit log names did not sign it.",
        cause: "The entry was edited, or forged in the name of that key.",
        remedy: "Keep the log as it is, and compare the entry with a copy from elsewhere.",
    },
    Explanation {
        code: 1165,
        name: "AUDIT_SEQUENCE",
        meaning: "An entry of the audit log has another number than its place.",
        cause: "Lines were deleted, inserted, repeated or moved.",
        remedy: "Keep the log as it is, and compare it with a copy from elsewhere; the message names the place.",
    },
    Explanation {
        code: 1166,
        name: "AUDIT_CHAIN",
        meaning: "An entry of the audit log names another line as the one before it.",
        cause: "The line before was replaced, or lines of two logs were mixed.",
        remedy: "Keep the log as it is, and compare it with a copy from elsewhere; the message has both digests.",
    },
    Explanation {
        code: 1167,
        name: "AUDIT_TORN",
        meaning: "The last line of the audit log is torn; all entries before it are whole.",
        cause: "Power or the disk failed while an entry was written, so what it was to tell has not happened.",
        remedy: "Run `sprag audit repair`, which keeps the torn bytes in a file of their own and says so in the log.",
    },
    Explanation {
        code: 1168,
        name: "AUDIT_HEAD",
        meaning: "The file is not a head of an audit log that a trusted key signed.",
        cause: "Another file was named, it was edited, or its key is not given with --trust.",
        remedy: "Name a file that `sprag audit head` wrote, and trust its key.",
    },
    Explanation {
        code: 1169,
        name: "AUDIT_TRUNCATED",
        meaning: "The audit log ends before an entry that a signed head or a package names.",
        cause: "Its end was cut off, or it is an old copy.",
        remedy: "Find the whole log; entries that are missing can be told from what the head and the packages name.",
    },
    Explanation {
        code: 1170,
        name: "AUDIT_FORK",
        meaning: "Another entry stands in the place of one that a signed head or a package names.",
        cause: "It is another log, or this one was written anew from some entry on by somebody who holds its keys.",
        remedy: "Find the log that was named, and treat the keys that signed the other entries as lost.",
    },
    Explanation {
        code: 1171,
        name: "AUDIT_NOT_APPROVED",
        meaning: "Fewer keys approved the package in the audit log than must, or approvals were withdrawn.",
        cause: "Nobody approved this manifest or its image, or the log given is not the one it was approved in.",
        remedy: "Ask for the approvals that are missing: `sprag audit approve`.",
    },
    Explanation {
        code: 1172,
        name: "AUDIT_NAMES_OTHER",
        meaning: "The entry of the audit log that the package names is there, and does not approve the package.",
        cause: "The package was built with the number of another entry.",
        remedy: "Build the package with the number of the entry that approves its image: `--approval`.",
    },
    Explanation {
        code: 1173,
        name: "AUDIT_WITHDRAWS_NOTHING",
        meaning: "No approval stands that the withdrawal would take back, so it was not written.",
        cause: "Version, vendor, product or hardware is spelt in another way than in the approval, it is another image \
                or another log, or the approvals were withdrawn before.",
        remedy: "Look up the approval with `sprag audit show` and withdraw what it names.",
    },
];
