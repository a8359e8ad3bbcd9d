//! 100 to 199: the bytes are not a well-formed package. A device reads the manifest only after its signature
//! holds, so there a malformed manifest is the fault of the tool that signed it; on a desk it may be damage.

use super::Explanation;

/// Codes of `sprag_manifest`.
pub(super) const TABLE: &[Explanation] = &[
    Explanation {
        code: 100,
        name: "TRUNCATED",
        meaning: "The header, the envelope or the manifest ends before one of its items is \
                  complete.",
        cause: "The download stopped early, the file was cut, or a length was damaged on the way.",
        remedy: "Compare size and SHA-256 of the file with those of the build, and transfer it \
                 again.",
    },
    Explanation {
        code: 101,
        name: "TRAILING_BYTES",
        meaning: "Bytes are left over behind the last item of the envelope, the manifest or a \
                  protected header.",
        cause: "A length was damaged on the way, or another tool wrote something behind the data.",
        remedy: "Transfer the file again; if it is byte for byte what was built, make it again \
                 with `sprag build`.",
    },
    Explanation {
        code: 102,
        name: "BAD_MAGIC",
        meaning: "The first four bytes are not SPRG.",
        cause: "The file is something else, such as a raw image, an archive or a web server's \
                error page, or it was fetched from a wrong offset.",
        remedy: "Check the path or address that was fetched; `head -c 4 FILE` prints SPRG for a \
                 package.",
    },
    Explanation {
        code: 103,
        name: "UNSUPPORTED_FORMAT",
        meaning: "The header or the manifest names another format version than 1.",
        cause: "The package was made by a newer Sprag than the one that reads it, or the version \
                was damaged.",
        remedy: "Read it with the release that made it; for devices in the field, build with a \
                 release that writes format version 1.",
    },
    Explanation {
        code: 104,
        name: "LIMIT_EXCEEDED",
        meaning: "A length, a count or a value is above the format's limit; the message names \
                  both.",
        cause: "A length was damaged, or another tool put more sources, payloads or signatures \
                into the package than the format allows.",
        remedy: "If the file is as it was built, split the release into packages with fewer \
                 sources each; docs/FORMAT.md lists the limits.",
    },
    Explanation {
        code: 105,
        name: "BELOW_MINIMUM",
        meaning: "A length, a count or a value is below the format's minimum; the message names \
                  both.",
        cause: "A length was damaged, or another tool wrote an image, a payload or a name of no \
                bytes.",
        remedy: "Transfer the file again; if it is as it was built, make it again with `sprag \
                 build`.",
    },
    Explanation {
        code: 106,
        name: "NON_MINIMAL_INTEGER",
        meaning: "An integer or a length is written in more bytes than it needs, which the \
                  deterministic encoding forbids (RFC 8949, section 4.2.1).",
        cause: "Another CBOR encoder wrote the envelope or the manifest, or a byte of it was \
                damaged.",
        remedy: "Make packages with `sprag build`, or set the other encoder to the core \
                 deterministic encoding.",
    },
    Explanation {
        code: 107,
        name: "INDEFINITE_LENGTH",
        meaning: "A string, an array or a map does not state its length, which the deterministic \
                  encoding demands (RFC 8949, section 4.2.1).",
        cause: "Another CBOR encoder wrote it piece by piece, or a byte was damaged.",
        remedy: "Make packages with `sprag build`, or let the other encoder state every length.",
    },
    Explanation {
        code: 108,
        name: "FORBIDDEN_ITEM",
        meaning: "The data holds a float, a simple value such as true or null, or a tag where none \
                  may stand.",
        cause: "Another CBOR encoder wrote it, or a byte was damaged.",
        remedy: "Transfer the file again; a tool of your own must keep to integers, strings, \
                 arrays and maps.",
    },
    Explanation {
        code: 109,
        name: "WRONG_TYPE",
        meaning: "A field holds another type than the format gives it, such as text in place of \
                  bytes.",
        cause: "Another tool wrote the field in its own way, or a byte was damaged.",
        remedy: "Transfer the file again; a tool of your own must follow the field's row in \
                 docs/FORMAT.md.",
    },
    Explanation {
        code: 110,
        name: "WRONG_TAG",
        meaning: "The envelope is not under CBOR tag 98, that of COSE_Sign (RFC 9052).",
        cause: "Another tool signed with another COSE structure, such as COSE_Sign1, or the \
                envelope was damaged.",
        remedy: "Sign with `sprag build`, or let the other tool write COSE_Sign with its tag.",
    },
    Explanation {
        code: 111,
        name: "NESTING_TOO_DEEP",
        meaning: "A field that this reader may skip nests arrays and maps more than 4 levels deep.",
        cause: "Somebody added an extension field that is deeper than the format allows.",
        remedy: "Make the extension flatter, or put its content into one byte string.",
    },
    Explanation {
        code: 112,
        name: "DUPLICATE_KEY",
        meaning: "The same key stands twice in a map, so that readers could disagree on its value.",
        cause: "Another tool wrote the map, or a byte was damaged.",
        remedy: "Transfer the file again; a tool of your own must write each key once.",
    },
    Explanation {
        code: 113,
        name: "KEY_ORDER",
        meaning: "A key does not sort behind the one before it (RFC 8949, section 4.2.1).",
        cause: "Another CBOR encoder kept the order in which the fields were added, or a byte was \
                damaged.",
        remedy: "Make packages with `sprag build`, or let the other encoder sort keys by their \
                 encoded bytes.",
    },
    Explanation {
        code: 114,
        name: "UNKNOWN_CRITICAL_FIELD",
        meaning: "A field is critical, because its key is positive, and unknown to this reader.",
        cause: "The package uses a feature that came after this firmware or this `sprag`.",
        remedy: "Update the reader first; until then build packages without that feature.",
    },
    Explanation {
        code: 115,
        name: "MISSING_FIELD",
        meaning: "A field that every package has is not there; the message names its key.",
        cause: "Another tool made the package, or a key was damaged into another one.",
        remedy: "Transfer the file again; a tool of your own must write the field that \
                 docs/FORMAT.md lists under this key.",
    },
    Explanation {
        code: 116,
        name: "INVALID_UTF8",
        meaning: "A text holds bytes that are not UTF-8.",
        cause: "Another tool wrote text in another encoding, or a byte was damaged.",
        remedy: "Transfer the file again; a tool of your own must write UTF-8.",
    },
    Explanation {
        code: 117,
        name: "INVALID_TEXT",
        meaning: "A name, an identifier or a version has a character outside A-Z a-z 0-9 . _ + -.",
        cause: "Another tool let through a blank, a slash or an umlaut, or a byte was damaged.",
        remedy: "Choose a name of the allowed characters, at most 32 of them, and build again.",
    },
    Explanation {
        code: 118,
        name: "LENGTH_MISMATCH",
        meaning: "A digest, a key id, a signature or a structure has another length than it must \
                  have, or a length in the header is not the signed one.",
        cause: "Bytes were lost, or somebody changed the header, which no signature covers by \
                itself.",
        remedy: "Fetch the package again from where it was built, and compare its SHA-256.",
    },
    Explanation {
        code: 119,
        name: "INVALID_VALUE",
        meaning: "A field holds a number that means nothing there, such as an unknown codec or \
                  instruction set.",
        cause: "The package uses a codec, a role or an instruction set that came after this \
                reader, or a byte was damaged.",
        remedy: "Update the reader, or build with a `--codec` and an `--isa` that it knows.",
    },
    Explanation {
        code: 120,
        name: "DEFAULT_WRITTEN",
        meaning: "A field holds its default, which has one encoding only: the field is left out.",
        cause: "Another tool wrote every field, whether it was needed or not.",
        remedy: "Make packages with `sprag build`, or let the other tool leave the field out.",
    },
    Explanation {
        code: 121,
        name: "EMPTY",
        meaning: "A list or a structure without entries stands where it must be left out.",
        cause: "Another tool wrote an empty list of sources, requirements or dates.",
        remedy: "Make packages with `sprag build`, or let the other tool leave the field out.",
    },
    Explanation {
        code: 122,
        name: "EMPTY_RANGE",
        meaning: "A lower bound is above its upper bound, so that no device and no day could \
                  satisfy it.",
        cause: "The tool that made the package was given the bounds of a version range or of the \
                validity dates the wrong way round.",
        remedy: "Swap the bounds and build again.",
    },
    Explanation {
        code: 123,
        name: "UNPROTECTED_HEADER",
        meaning: "A COSE header that no signature covers holds something.",
        cause: "Another tool put key id or algorithm there, or somebody added to the package on \
                its way.",
        remedy: "Put both into the protected header; if `sprag build` made the package, treat it \
                 as tampered with.",
    },
    Explanation {
        code: 124,
        name: "WRONG_CONTENT_TYPE",
        meaning: "The envelope's protected content type is not application/sprag.",
        cause: "The envelope belongs to another kind of signed document.",
        remedy: "Check which file is being sent.",
    },
    Explanation {
        code: 125,
        name: "SOURCE_OUT_OF_RANGE",
        meaning: "A payload is for a source image whose number is above the last one listed.",
        cause: "The tool that made the package left out a source, or a byte was damaged.",
        remedy: "Build the package again with `sprag build`, each old image as one `--old`.",
    },
    Explanation {
        code: 126,
        name: "SOURCE_MISSING",
        meaning: "A delta or a reverse payload does not say which image it belongs to.",
        cause: "The tool that made the package left the field out.",
        remedy: "Build the package again with `sprag build`, each old image as one `--old`.",
    },
    Explanation {
        code: 127,
        name: "SOURCE_UNEXPECTED",
        meaning: "A full payload makes the new image from nothing, and yet names a source.",
        cause: "The tool that made the package confused the roles of its payloads.",
        remedy: "Build the package again with `sprag build --with-full`.",
    },
    Explanation {
        code: 128,
        name: "DUPLICATE_PAYLOAD",
        meaning: "Two payloads have the same role and the same source, so that devices could \
                  choose differently.",
        cause: "The tool that made the package added a payload twice.",
        remedy: "Build the package again with one payload for each source.",
    },
    Explanation {
        code: 129,
        name: "DUPLICATE_SOURCE",
        meaning: "Two sources have the same digest.",
        cause: "One old image was listed twice, perhaps under two versions.",
        remedy: "List each old image once and build again.",
    },
    Explanation {
        code: 130,
        name: "SOURCE_IS_TARGET",
        meaning: "The new image is also listed as an old one, so that there is nothing to update.",
        cause: "The release was built with the new image among the old ones.",
        remedy: "Leave that image out of the sources and build again.",
    },
    Explanation {
        code: 131,
        name: "RAM_BELOW_MINIMUM",
        meaning: "A payload states less RAM than its workspace and its buffers take together.",
        cause: "The tool that made the package left out the buffers for page, block and output.",
        remedy: "Build the package again with `sprag build`; docs/FORMAT.md has the sum.",
    },
    Explanation {
        code: 132,
        name: "WORKSPACE_EXCEEDS_RAM",
        meaning: "A payload states a larger workspace than RAM in all.",
        cause: "The tool that made the package confused the two figures.",
        remedy: "Build the package again with `sprag build`.",
    },
    Explanation {
        code: 133,
        name: "SUM_OVERFLOW",
        meaning: "The lengths of the payloads add up to more than 64 bits can hold.",
        cause: "The lengths are made up, or damaged: no device has that much flash.",
        remedy: "Transfer the file again; refuse it if it stays like this.",
    },
    Explanation {
        code: 134,
        name: "GROUP_UNEXPECTED",
        meaning: "A full payload states groups of sectors for applying it in place.",
        cause: "The tool that made the package confused a full image with a delta: only what reads an old image can be \
                ordered for applying over it.",
        remedy: "Build the package again with `sprag build`.",
    },
    Explanation {
        code: 135,
        name: "DUPLICATE_SIGNER",
        meaning: "Two keys of a key set have the same bytes or the same id.",
        cause: "A key was added twice, perhaps under a second id, and would count twice for a threshold.",
        remedy: "Add each key once; make a new one where two happen to share an id.",
    },
    Explanation {
        code: 136,
        name: "THRESHOLD_UNREACHABLE",
        meaning: "A role of a key set asks for signatures by more keys than it has.",
        cause: "Keys were removed or revoked and the threshold was left as it was, or it was set too high.",
        remedy: "Lower the threshold or add keys in the same step: `sprag trust threshold`, `sprag trust add`.",
    },
    Explanation {
        code: 137,
        name: "REVOKED_SIGNER",
        meaning: "A key set lists a key that it revokes as well.",
        cause: "A revoked key was added again, under the same or another id.",
        remedy: "Make a new key; a revoked one never comes back.",
    },
    Explanation {
        code: 138,
        name: "REVOKED_ORDER",
        meaning: "The revoked keys of a key set are not in ascending order, each once.",
        cause: "The tool that made the key set does not follow the format.",
        remedy: "Make the key set with `sprag trust`.",
    },
];
