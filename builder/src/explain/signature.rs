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
];
