//! 1180 to 1199: keys in tokens and agents.

use super::Explanation;

/// Codes of PKCS #11 tokens and of ssh-agents.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 1180,
        name: "TOKEN_MODULE",
        meaning: "The PKCS #11 module cannot be loaded or started.",
        cause: "Its path is misspelled, it is for another processor, or it lacks its own configuration.",
        remedy: "Name the module that came with the token, and read its own reason in the message.",
    },
    Explanation {
        code: 1181,
        name: "TOKEN_NOT_FOUND",
        meaning: "Not exactly one token has the label that was given.",
        cause: "It is not plugged in, the label is misspelled, or two tokens have the same.",
        remedy: "Compare the label with those in the message, and plug in one token only.",
    },
    Explanation {
        code: 1182,
        name: "TOKEN_KEY_NOT_FOUND",
        meaning: "Not exactly one Ed25519 key on the token has the label that was given.",
        cause: "The label is misspelled, the key is of another algorithm, or two keys have the same label.",
        remedy: "List the token's keys with `pkcs11-tool --list-objects --login`.",
    },
    Explanation {
        code: 1183,
        name: "TOKEN_PIN",
        meaning: "The token's PIN is missing, wrong or locked.",
        cause: "None was given where nobody can be asked, it is another token's, or it was wrong too often.",
        remedy: "Pass `--pin-file FILE` or set SPRAG_PIN; a locked token is unlocked with its own tool.",
    },
    Explanation {
        code: 1184,
        name: "TOKEN_REFUSED",
        meaning: "The token refused to read or to sign.",
        cause: "It does not know Ed25519 (CKM_EDDSA), wants its PIN for each signature, or was pulled out.",
        remedy: "Read the token's own reason in the message; an external program can sign in its place.",
    },
    Explanation {
        code: 1185,
        name: "AGENT_UNREACHABLE",
        meaning: "No ssh-agent answers in its protocol at SSH_AUTH_SOCK.",
        cause: "None runs, the variable is not set in this shell, or the agent is locked.",
        remedy: "Start one with `eval $(ssh-agent)`, or unlock it with `ssh-add -X`.",
    },
    Explanation {
        code: 1186,
        name: "AGENT_KEY_NOT_FOUND",
        meaning: "The ssh-agent does not hold the key.",
        cause: "It was not added, it has expired, or it is of another type than ssh-ed25519.",
        remedy: "Compare with `ssh-add -L`, and add it: `ssh-add -c FILE`.",
    },
    Explanation {
        code: 1187,
        name: "AGENT_REFUSED",
        meaning: "The ssh-agent holds the key and refused to sign.",
        cause: "Whoever was asked did not confirm, or the hardware behind it was not touched.",
        remedy: "Confirm it at the agent.",
    },
    Explanation {
        code: 1188,
        name: "SIGNATURE_WRONG",
        meaning: "What a token or an agent answered is no signature by the key.",
        cause: "The public key given is another one's, or the token signs with another scheme.",
        remedy: "Take the public half from the token itself: `sprag key import --pkcs11`.",
    },
];
