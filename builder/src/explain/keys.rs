//! 1200 to 1299: keys, passwords and detached signatures.

use super::Explanation;

/// Codes of key and signature files.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 1200,
        name: "KEY_MISSING",
        meaning: "There is no key file at the path.",
        cause: "The path is misspelled, or the key is on another machine.",
        remedy: "Check the path; `sprag key generate --out FILE.key` makes a pair.",
    },
    Explanation {
        code: 1201,
        name: "KEY_UNREADABLE",
        meaning: "The system refused to open or to read the key file.",
        cause: "Secret keys are readable by one user only.",
        remedy: "Run the command as the key's owner, or ask for the right to read it.",
    },
    Explanation {
        code: 1202,
        name: "KEY_NOT_A_KEY",
        meaning: "The file is not a minisign key.",
        cause: "Another file was named, a key in another format such as PEM or ssh's, or a damaged \
                one.",
        remedy: "Name a file made by `sprag key generate` or `minisign -G`.",
    },
    Explanation {
        code: 1203,
        name: "KEY_SECRET_WHERE_PUBLIC_BELONGS",
        meaning: "A secret key was given where a public one belongs.",
        cause: "The .key file was named in place of the .pub file.",
        remedy: "Name the .pub file; if the secret key has left its machine, replace the pair.",
    },
    Explanation {
        code: 1204,
        name: "KEY_PUBLIC_WHERE_SECRET_BELONGS",
        meaning: "A public key was given where a secret one is needed to sign.",
        cause: "The .pub file was named in place of the .key file.",
        remedy: "Name the .key file.",
    },
    Explanation {
        code: 1205,
        name: "KEY_BROKEN",
        meaning: "The key file's checksum is wrong, or its secret and public halves disagree.",
        cause: "The file was damaged or edited.",
        remedy: "Restore it from its backup.",
    },
    Explanation {
        code: 1206,
        name: "KEY_WEAK",
        meaning: "The public key is no point of full order on the curve, so that anyone could make \
                  signatures that it accepts.",
        cause: "It was damaged, or made to be weak; no honest tool makes such a key.",
        remedy: "Refuse it, and ask its owner for another by a way you trust.",
    },
    Explanation {
        code: 1207,
        name: "KEY_EXISTS",
        meaning: "A key file of that name exists, and keys are never overwritten.",
        cause: "A pair was generated there before.",
        remedy: "Choose another name, or move the old pair away.",
    },
    Explanation {
        code: 1208,
        name: "KEY_PASSWORD_WRONG",
        meaning: "The password does not open the key file.",
        cause: "It is mistyped or another key's; a damaged file looks the same.",
        remedy: "Try again; if the password is right, restore the file from its backup.",
    },
    Explanation {
        code: 1209,
        name: "KEY_TOO_COSTLY",
        meaning: "The key file asks for more work or memory to open it than any tool writes.",
        cause: "The file is damaged, or made to stall whoever opens it.",
        remedy: "Check where it comes from, and restore it from its backup.",
    },
    Explanation {
        code: 1210,
        name: "KEY_NO_MEMORY",
        meaning: "There is not enough memory to open the key.",
        cause: "An encrypted key takes 1 GiB for some seconds, so that passwords cannot be guessed \
                fast.",
        remedy: "Free memory or raise the limit of the process or container.",
    },
    Explanation {
        code: 1211,
        name: "KEY_NO_RANDOMNESS",
        meaning: "The system gave no randomness to make a key from.",
        cause: "The random number generator is missing, as in some small containers and early at \
                boot.",
        remedy: "Make the key on another machine, or repair the generator.",
    },
    Explanation {
        code: 1212,
        name: "KEY_PASSWORD_NEEDED",
        meaning: "The key is encrypted, no password was given, and there is no terminal to ask on.",
        cause: "A pipeline runs the command without a password.",
        remedy: "Pass `--password-file FILE`, or set SPRAG_PASSWORD.",
    },
    Explanation {
        code: 1213,
        name: "KEY_PASSWORDS_DIFFER",
        meaning: "The two entries of a new password differ.",
        cause: "One of them was mistyped.",
        remedy: "Run the command again.",
    },
    Explanation {
        code: 1214,
        name: "KEY_PASSWORD_FILE",
        meaning: "The password file cannot be read.",
        cause: "Its path is misspelled, or the user may not read it.",
        remedy: "Read the system's reason in the message; correct path or permissions.",
    },
    Explanation {
        code: 1215,
        name: "KEY_PASSWORD_EMPTY",
        meaning: "A new key would be encrypted under an empty password.",
        cause: "The first line of the password file, or SPRAG_PASSWORD, is empty.",
        remedy: "Give a password, or ask for an unencrypted key with `--no-password`.",
    },
    Explanation {
        code: 1216,
        name: "KEY_PASSWORD_TOO_LONG",
        meaning: "The password is longer than 1023 bytes, which stock minisign cannot read back.",
        cause: "A whole file was given in place of a password.",
        remedy: "Choose a shorter password.",
    },
    Explanation {
        code: 1217,
        name: "KEY_PASSWORD_NOT_TEXT",
        meaning: "The password is not UTF-8.",
        cause: "The password file is binary, or in another encoding.",
        remedy: "Save the password as UTF-8.",
    },
    Explanation {
        code: 1218,
        name: "KEY_TO_STANDARD_OUTPUT",
        meaning: "A new key pair was asked for on standard output.",
        cause: "A pair is two files, and a secret key in a pipe ends up in logs.",
        remedy: "Name a file: `--out FILE.key`.",
    },
    Explanation {
        code: 1219,
        name: "KEY_FOREIGN",
        meaning: "No Ed25519 key can be read from a file that another tool made.",
        cause: "It is a key of another algorithm, encrypted, damaged, or in a form Sprag does not read.",
        remedy: "Give PEM (PKCS#8 or a public key), a minisign key, or 32 bytes with --raw.",
    },
    Explanation {
        code: 1220,
        name: "MINISIG_MALFORMED",
        meaning: "The detached signature is not in minisign's format.",
        cause: "Another file was named, or it was damaged, for example by a mail program that \
                breaks lines.",
        remedy: "Name the .minisig file that was made with the package.",
    },
    Explanation {
        code: 1221,
        name: "MINISIG_OTHER_KEY",
        meaning: "The detached signature bears the id of another key.",
        cause: "The file was signed by somebody else, or with the key before or after a rotation.",
        remedy: "Verify with the key that made it, if you trust that key.",
    },
    Explanation {
        code: 1222,
        name: "MINISIG_INVALID",
        meaning: "The key did not make this detached signature over these bytes and this comment.",
        cause: "File, signature or trusted comment was changed, or they belong to different files.",
        remedy: "Do not use the file; fetch file and signature again from where they were made.",
    },
    Explanation {
        code: 1223,
        name: "MINISIG_COMMENT_REFUSED",
        meaning: "The output's name cannot stand in a signature's trusted comment.",
        cause: "It is longer than 255 bytes, not UTF-8, or has control characters.",
        remedy: "Choose a plain name for the output.",
    },
    Explanation {
        code: 1224,
        name: "MINISIG_DATA_UNREADABLE",
        meaning: "The bytes to be signed could not be read.",
        cause: "The disk failed, or the file was removed meanwhile.",
        remedy: "Check the file and run the command again.",
    },
    Explanation {
        code: 1225,
        name: "KEY_EXPORT_NAME",
        meaning: "The name given for an exported key cannot be one of a constant.",
        cause: "It does not begin with a letter, or has more than letters, digits and underscores.",
        remedy: "Give --name NAME.",
    },
    Explanation {
        code: 1226,
        name: "KEY_EXPOSED",
        meaning: "Others than its owner can reach the file of a secret key.",
        cause: "It was copied or unpacked without its mode 0600.",
        remedy: "Run `chmod 600` on it; if others may have read it unencrypted, replace the key.",
    },
    Explanation {
        code: 1227,
        name: "KEY_PUBLISHED",
        meaning: "The key is one of the examples whose secret halves are published.",
        cause: "A key of `keys-example/` was taken for a real one.",
        remedy: "Make a key of your own with `sprag key generate`; devices refuse the examples.",
    },
    Explanation {
        code: 1228,
        name: "KEY_LMS_STATE",
        meaning: "Which signatures of an LMS key were made is not known, or not sure.",
        cause: "The key's .state file is missing, was edited, or has another creation time (where the file system keeps \
                none, another inode) than it was made with: it was copied, moved to another disk or restored.",
        remedy: "If the file was only renamed, put it back; else make a new LMS key, since two signatures by one leaf \
                 let anybody forge a third. Keep it on a local file system of one machine: there this is noticed.",
    },
    Explanation {
        code: 1229,
        name: "KEY_LMS_USED_UP",
        meaning: "An LMS key has made all its signatures.",
        cause: "A tree has so many leaves: 32, 1024 or 32768, as the key was made.",
        remedy: "Make a new LMS key and bring it to the devices.",
    },
];
