//! 200 to 299: the package is not signed by somebody whom the device trusts.

use super::Explanation;

/// Codes of `sprag_verifier`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 201,
        name: "UNKNOWN_KEY",
        meaning: "No signature of the package names a key that the device trusts.",
        cause: "It was signed with another key: one for development, a new one that the device has \
                not been given, or a stranger's.",
        remedy: "Compare the key id in the message with the trust store; sign with a key that the \
                 devices hold, or bring them the new one first.",
    },
    Explanation {
        code: 202,
        name: "SIGNATURE_INVALID",
        meaning: "A signature names a trusted key, but the key did not make it over these bytes.",
        cause: "The manifest or the signature was changed after it was made, by damage or by \
                somebody; or two keys bear the same id.",
        remedy: "Fetch the package again from where it was built and compare its SHA-256; if they \
                 agree, compare the key in the trust store.",
    },
    Explanation {
        code: 203,
        name: "ALGORITHM_UNSUPPORTED",
        meaning: "A trusted key is named together with an algorithm that this build does not \
                  verify.",
        cause: "The package was signed with something other than Ed25519, which is COSE algorithm \
                -8.",
        remedy: "Sign with Ed25519, or update the devices to a build that knows the algorithm \
                 first.",
    },
    Explanation {
        code: 204,
        name: "KEY_ROLE",
        meaning: "The package is signed by a trusted key that may not sign releases.",
        cause: "A root key was used where a release key belongs.",
        remedy: "Sign with a release key; a root key signs key sets and nothing else.",
    },
    Explanation {
        code: 205,
        name: "WEAK_KEY",
        meaning: "A key of the trust store is no point of full order on the curve, so that \
                  signatures under it would prove nothing.",
        cause: "The trust store was filled with damaged bytes, or with a key made to be weak.",
        remedy: "Put the key from its owner's .pub file into the trust store, and find out where \
                 the other one came from.",
    },
    Explanation {
        code: 206,
        name: "EXAMPLE_KEY",
        meaning: "The package is signed with an example key, whose secret half is published.",
        cause: "The keys of the walk-through were taken into a product, or a demonstration reached \
                a real device.",
        remedy: "Make keys with `sprag key generate` and sign with them; only tests and \
                 demonstrations pass `--allow-example-keys`.",
    },
    Explanation {
        code: 207,
        name: "KEY_REVOKED",
        meaning: "A signature names a key that the key set has revoked.",
        cause: "The package was signed before the revocation, or by whoever the key was taken from.",
        remedy: "Sign with a key of the current key set; if nobody of yours made the signature, find out who did.",
    },
    Explanation {
        code: 208,
        name: "THRESHOLD",
        meaning: "Fewer keys have signed than the key set asks for.",
        cause: "A ceremony ended early, a key signed twice, or some signatures are by keys that do not count here.",
        remedy: "Add the missing signatures with `sprag sign` or `sprag trust sign`; each key counts once.",
    },
    Explanation {
        code: 209,
        name: "KEY_SCOPE",
        meaning: "The keys that signed may sign releases, but not this one.",
        cause: "A delegate signed for a vendor, product or hardware revision that the key set does not give to it.",
        remedy: "Sign with the keys of the role that covers the release, or widen the delegate's role in the next key set.",
    },
    Explanation {
        code: 210,
        name: "LMS_MISSING",
        meaning: "The device asks for an LMS signature beside the Ed25519 one, and the package has none by a key that \
                  it trusts.",
        cause: "The package was signed with Ed25519 alone, or somebody took the second signature off.",
        remedy: "Add the signature with `sprag sign PKG --key lms.key`.",
    },
    Explanation {
        code: 211,
        name: "LMS_TYPE",
        meaning: "An LMS signature names other parameters than its key has, or more levels than one.",
        cause: "It was made by another key under the same id, by a tool that uses HSS with several levels, or damaged.",
        remedy: "Sign with the key whose public half the device holds, with one level (RFC 8778).",
    },
    Explanation {
        code: 212,
        name: "LMS_LENGTH",
        meaning: "An LMS signature is shorter or longer than those of its key.",
        cause: "It was cut or lengthened on its way.",
        remedy: "Fetch the package again from where it was built; if it is the same there, sign it again.",
    },
    Explanation {
        code: 213,
        name: "LMS_LEAF",
        meaning: "An LMS signature is by a leaf that its key's tree does not have.",
        cause: "A signer went on when its key was used up, or the signature was damaged.",
        remedy: "Make a new LMS key and bring it to the devices while the old one has signatures left.",
    },
    Explanation {
        code: 214,
        name: "LMS_KEY",
        meaning: "An LMS key has several levels, or parameters that are not supported.",
        cause: "It was made by another tool: supported are one level, trees of 5, 10 and 15, and LM-OTS with w = 4 and 8, \
                with SHA-256 and 32 bytes.",
        remedy: "Make a key with `sprag key generate --lms`.",
    },
];
