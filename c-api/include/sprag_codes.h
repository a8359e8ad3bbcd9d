/*
 * The stable numbers of Sprag's errors, as functions return them. `sprag explain NUMBER` tells cause and remedy.
 *
 * Made from the registers by `cargo xtask header`; do not edit.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */

#ifndef SPRAG_CODES_H
#define SPRAG_CODES_H

/** The header, the envelope or the manifest ends before one of its items is complete. */
#define SPRAG_E_TRUNCATED (-100)

/** Bytes are left over behind the last item of the envelope, the manifest or a protected header. */
#define SPRAG_E_TRAILING_BYTES (-101)

/** The first four bytes are not SPRG. */
#define SPRAG_E_BAD_MAGIC (-102)

/** The header or the manifest names another format version than 1. */
#define SPRAG_E_UNSUPPORTED_FORMAT (-103)

/** A length, a count or a value is above the format's limit; the message names both. */
#define SPRAG_E_LIMIT_EXCEEDED (-104)

/** A length, a count or a value is below the format's minimum; the message names both. */
#define SPRAG_E_BELOW_MINIMUM (-105)

/** An integer or a length is written in more bytes than it needs, which the deterministic encoding forbids (RFC 8949, section 4.2.1). */
#define SPRAG_E_NON_MINIMAL_INTEGER (-106)

/** A string, an array or a map does not state its length, which the deterministic encoding demands (RFC 8949, section 4.2.1). */
#define SPRAG_E_INDEFINITE_LENGTH (-107)

/** The data holds a float, a simple value such as true or null, or a tag where none may stand. */
#define SPRAG_E_FORBIDDEN_ITEM (-108)

/** A field holds another type than the format gives it, such as text in place of bytes. */
#define SPRAG_E_WRONG_TYPE (-109)

/** The envelope is not under CBOR tag 98, that of COSE_Sign (RFC 9052). */
#define SPRAG_E_WRONG_TAG (-110)

/** A field that this reader may skip nests arrays and maps more than 4 levels deep. */
#define SPRAG_E_NESTING_TOO_DEEP (-111)

/** The same key stands twice in a map, so that readers could disagree on its value. */
#define SPRAG_E_DUPLICATE_KEY (-112)

/** A key does not sort behind the one before it (RFC 8949, section 4.2.1). */
#define SPRAG_E_KEY_ORDER (-113)

/** A field is critical, because its key is positive, and unknown to this reader. */
#define SPRAG_E_UNKNOWN_CRITICAL_FIELD (-114)

/** A field that every package has is not there; the message names its key. */
#define SPRAG_E_MISSING_FIELD (-115)

/** A text holds bytes that are not UTF-8. */
#define SPRAG_E_INVALID_UTF8 (-116)

/** A name, an identifier or a version has a character outside A-Z a-z 0-9 . _ + -. */
#define SPRAG_E_INVALID_TEXT (-117)

/** A digest, a key id, a signature or a structure has another length than it must have, or a length in the header is not the signed one. */
#define SPRAG_E_LENGTH_MISMATCH (-118)

/** A field holds a number that means nothing there, such as an unknown codec or instruction set. */
#define SPRAG_E_INVALID_VALUE (-119)

/** A field holds its default, which has one encoding only: the field is left out. */
#define SPRAG_E_DEFAULT_WRITTEN (-120)

/** A list or a structure without entries stands where it must be left out. */
#define SPRAG_E_EMPTY (-121)

/** A lower bound is above its upper bound, so that no device and no day could satisfy it. */
#define SPRAG_E_EMPTY_RANGE (-122)

/** A COSE header that no signature covers holds something. */
#define SPRAG_E_UNPROTECTED_HEADER (-123)

/** The envelope's protected content type is not application/sprag. */
#define SPRAG_E_WRONG_CONTENT_TYPE (-124)

/** A payload is for a source image whose number is above the last one listed. */
#define SPRAG_E_SOURCE_OUT_OF_RANGE (-125)

/** A delta or a reverse payload does not say which image it belongs to. */
#define SPRAG_E_SOURCE_MISSING (-126)

/** A full payload makes the new image from nothing, and yet names a source. */
#define SPRAG_E_SOURCE_UNEXPECTED (-127)

/** Two payloads have the same role and the same source, so that devices could choose differently. */
#define SPRAG_E_DUPLICATE_PAYLOAD (-128)

/** Two sources have the same digest. */
#define SPRAG_E_DUPLICATE_SOURCE (-129)

/** The new image is also listed as an old one, so that there is nothing to update. */
#define SPRAG_E_SOURCE_IS_TARGET (-130)

/** A payload states less RAM than its workspace and its buffers take together. */
#define SPRAG_E_RAM_BELOW_MINIMUM (-131)

/** A payload states a larger workspace than RAM in all. */
#define SPRAG_E_WORKSPACE_EXCEEDS_RAM (-132)

/** The lengths of the payloads add up to more than 64 bits can hold. */
#define SPRAG_E_SUM_OVERFLOW (-133)

/** A full payload states groups of sectors for applying it in place. */
#define SPRAG_E_GROUP_UNEXPECTED (-134)

/** Two keys of a key set have the same bytes or the same id. */
#define SPRAG_E_DUPLICATE_SIGNER (-135)

/** A role of a key set asks for signatures by more keys than it has. */
#define SPRAG_E_THRESHOLD_UNREACHABLE (-136)

/** A key set lists a key that it revokes as well. */
#define SPRAG_E_REVOKED_SIGNER (-137)

/** The revoked keys of a key set are not in ascending order, each once. */
#define SPRAG_E_REVOKED_ORDER (-138)

/** No signature of the package names a key that the device trusts. */
#define SPRAG_E_UNKNOWN_KEY (-201)

/** A signature names a trusted key, but the key did not make it over these bytes. */
#define SPRAG_E_SIGNATURE_INVALID (-202)

/** A trusted key is named together with an algorithm that this build does not verify. */
#define SPRAG_E_ALGORITHM_UNSUPPORTED (-203)

/** The package is signed by a trusted key that may not sign releases. */
#define SPRAG_E_KEY_ROLE (-204)

/** A key of the trust store is no point of full order on the curve, so that signatures under it would prove nothing. */
#define SPRAG_E_WEAK_KEY (-205)

/** The package is signed with an example key, whose secret half is published. */
#define SPRAG_E_EXAMPLE_KEY (-206)

/** A signature names a key that the key set has revoked. */
#define SPRAG_E_KEY_REVOKED (-207)

/** Fewer keys have signed than the key set asks for. */
#define SPRAG_E_THRESHOLD (-208)

/** The keys that signed may sign releases, but not this one. */
#define SPRAG_E_KEY_SCOPE (-209)

/** The device asks for an LMS signature beside the Ed25519 one, and the package has none by a key that it trusts. */
#define SPRAG_E_LMS_MISSING (-210)

/** An LMS signature names other parameters than its key has, or more levels than one. */
#define SPRAG_E_LMS_TYPE (-211)

/** An LMS signature is shorter or longer than those of its key. */
#define SPRAG_E_LMS_LENGTH (-212)

/** An LMS signature is by a leaf that its key's tree does not have. */
#define SPRAG_E_LMS_LEAF (-213)

/** An LMS key has several levels, or parameters that are not supported. */
#define SPRAG_E_LMS_KEY (-214)

/** The package is made for devices of another vendor. */
#define SPRAG_E_VENDOR (-301)

/** The package is made for another product. */
#define SPRAG_E_PRODUCT (-302)

/** The hardware revision of this board is not among those that the package lists. */
#define SPRAG_E_HARDWARE (-303)

/** The package is made for another instruction set than the device's. */
#define SPRAG_E_ISA (-304)

/** The package needs another bootloader than the device has or names. */
#define SPRAG_E_BOOTLOADER_ID (-305)

/** The device's bootloader is of a version outside the range that the package needs. */
#define SPRAG_E_BOOTLOADER_VERSION (-306)

/** The package needs another operating system or firmware stack than the device has or names. */
#define SPRAG_E_OS_ID (-307)

/** The device's operating system is of a version outside the range that the package needs. */
#define SPRAG_E_OS_VERSION (-308)

/** The package is made for another partition layout than the device has or names. */
#define SPRAG_E_LAYOUT (-309)

/** The new image is linked for another address than the one at which the device runs its slot. */
#define SPRAG_E_LOAD_ADDRESS (-310)

/** The package's sequence number is outside the range that the key set allows. */
#define SPRAG_E_SEQUENCE_RANGE (-311)

/** The package's security counter is outside the range that the key set allows. */
#define SPRAG_E_SECURITY_COUNTER_RANGE (-312)

/** The key set is not valid yet, by the device's trusted clock. */
#define SPRAG_E_KEYSET_NOT_YET_VALID (-313)

/** The update belongs to another fleet's key set. */
#define SPRAG_E_KEYSET_NAME (-314)

/** A key set update forgets that a key was revoked. */
#define SPRAG_E_REVOCATION_LOST (-315)

/** The package's security counter is below the one that the device has stored. */
#define SPRAG_E_SECURITY_COUNTER (-320)

/** The package is not newer than what is installed. */
#define SPRAG_E_SEQUENCE (-321)

/** The package may not be installed yet, by the device's trusted clock. */
#define SPRAG_E_NOT_YET_VALID (-322)

/** The package may no longer be installed, by the device's trusted clock. */
#define SPRAG_E_EXPIRED (-323)

/** The package asks for a newer key set than the device has. */
#define SPRAG_E_KEYSET_VERSION (-324)

/** The package carries key set updates, which this build of the verifier cannot judge. */
#define SPRAG_E_KEYSETS_UNSUPPORTED (-325)

/** A key set update is not the one that follows the last. */
#define SPRAG_E_KEYSET_SKIPPED (-326)

/** The package has another key set of the version that the device has stored. */
#define SPRAG_E_KEYSET_FORK (-327)

/** The key set is no longer valid, by the device's trusted clock. */
#define SPRAG_E_KEYSET_EXPIRED (-328)

/** The battery holds less charge than the package asks for before it lets an update begin. */
#define SPRAG_E_DEFERRED_BATTERY (-330)

/** Less storage is free than the package asks for before it lets an update begin. */
#define SPRAG_E_DEFERRED_STORAGE (-331)

/** The device is colder or hotter than the package allows for an update. */
#define SPRAG_E_DEFERRED_TEMPERATURE (-332)

/** Less RAM is free beside the update than the package asks for. */
#define SPRAG_E_DEFERRED_RAM (-333)

/** It is not the time of day in which the package lets an update begin. */
#define SPRAG_E_DEFERRED_WINDOW (-334)

/** The link failed as often as a session allows; what was verified is kept. */
#define SPRAG_E_DEFERRED_LINK (-335)

/** The package's envelope does not fit the buffer that the firmware gives to `Intake`. */
#define SPRAG_E_ENVELOPE_TOO_LARGE (-401)

/** The update needs more RAM than the device gives to it. */
#define SPRAG_E_INSUFFICIENT_RAM (-402)

/** The payload needs scratch sectors, which an update of the other slot does not have. */
#define SPRAG_E_INSUFFICIENT_SCRATCH (-403)

/** The new image does not fit the slot, less what the bootloader keeps at its end. */
#define SPRAG_E_SLOT_TOO_SMALL (-404)

/** This build of the verifier has no decoder for the payload's codec. */
#define SPRAG_E_CODEC_UNSUPPORTED (-405)

/** The flash's write size is not a power of two of at most 256 bytes. */
#define SPRAG_E_GEOMETRY (-406)

/** No payload of the package can be used by this device. */
#define SPRAG_E_NO_PAYLOAD (-407)

/** A payload for a single slot is made in groups, or moves the old image by a way, that are not whole sectors of this device. */
#define SPRAG_E_GROUP_OF_SECTORS (-408)

/** The flash area for the stored key set has no room for two copies. */
#define SPRAG_E_KEYSET_AREA (-409)

/** The installed version is one that the package serves, but the image in flash is another. */
#define SPRAG_E_SOURCE_DIGEST (-501)

/** The image in flash is one that the package serves, but the device reports it under another version. */
#define SPRAG_E_SOURCE_VERSION (-502)

/** The image in flash is none that the package serves, and the package has no full image. */
#define SPRAG_E_SOURCE_NOT_LISTED (-503)

/** A block does not have the hash that the manifest was signed for; it was not decoded. */
#define SPRAG_E_BLOCK_HASH (-601)

/** An index page, which holds the hashes of the blocks behind it, is not the one that the manifest was signed for. */
#define SPRAG_E_PAGE_HASH (-602)

/** Bytes of the package are missing before those that came, or at its end. */
#define SPRAG_E_STREAM_GAP (-603)

/** There are bytes behind the end of the package. */
#define SPRAG_E_STREAM_END (-604)

/** A block that was staged in flash can no longer be read back as it was. */
#define SPRAG_E_STAGED_BLOCK (-605)

/** Torn blocks have used up the staging area. */
#define SPRAG_E_STAGING_EXHAUSTED (-606)

/** The new image, read back from flash, is not the one that the manifest was signed for; it will not be booted. */
#define SPRAG_E_TARGET_DIGEST (-607)

/** A block came wrong each time it was fetched, and the tries are used up. */
#define SPRAG_E_BLOCK_RETRIES (-608)

/** An index page came wrong each time it was fetched, and the tries are used up. */
#define SPRAG_E_PAGE_RETRIES (-609)

/** The state in which the decoder was to go on is not whole in flash, and the only slot is partly overwritten. */
#define SPRAG_E_CHECKPOINT_LOST (-610)

/** The payload's stream begins with a byte that this decoder does not know. */
#define SPRAG_E_STREAM_HEADER (-701)

/** The stream needs a larger workspace than its manifest states. */
#define SPRAG_E_WORKSPACE_TOO_SMALL (-702)

/** The stream copies from outside the image. */
#define SPRAG_E_SOURCE_RANGE (-703)

/** The stream makes more bytes than the new image has. */
#define SPRAG_E_OUTPUT_OVERRUN (-704)

/** The stream ends before the new image is whole. */
#define SPRAG_E_STREAM_TRUNCATED (-705)

/** Bytes follow the end of the stream. */
#define SPRAG_E_STREAM_TRAILING (-706)

/** The stream breaks a rule of its codec, or its own checksum. */
#define SPRAG_E_STREAM_MALFORMED (-707)

/** A saved state of the decoder is torn, or belongs to another stream. */
#define SPRAG_E_SAVED_STATE (-708)

/** The stream ended with another number of bytes than the manifest states. */
#define SPRAG_E_OUTPUT_SIZE (-720)

/** The flash driver could not read. */
#define SPRAG_E_FLASH_READ (-801)

/** The flash driver could not write. */
#define SPRAG_E_FLASH_WRITE (-802)

/** The flash driver could not erase. */
#define SPRAG_E_FLASH_ERASE (-803)

/** Flash does not read back as it was written, even after an erase. */
#define SPRAG_E_FLASH_VERIFY (-804)

/** The last update's image has not been confirmed, and no slot is erased until it is or has reverted. */
#define SPRAG_E_UNCONFIRMED (-901)

/** `confirm` was called, but no image is on trial. */
#define SPRAG_E_NOTHING_TO_CONFIRM (-902)

/** Neither copy of the boot record is whole, and its area is not blank. */
#define SPRAG_E_RECORD_LOST (-903)

/** A call came in a state that cannot serve it. */
#define SPRAG_E_WRONG_STATE (-904)

/** This very package was installed, and its image was reverted. */
#define SPRAG_E_REVERTED_BEFORE (-905)

/** Neither place of the stored key set holds a whole copy, and the device is not new, as it would be with nothing but the mark in the second place, or with both blank. */
#define SPRAG_E_KEYSET_LOST (-906)

/** A pointer that must not be null is null. */
#define SPRAG_E_NULL_POINTER (-921)

/** A structure says another size than the library knows. */
#define SPRAG_E_STRUCT_SIZE (-922)

/** A structure does not lie at an address that its type asks for. */
#define SPRAG_E_MISALIGNED (-923)

/** The memory for the update has no length, or one that no object has. */
#define SPRAG_E_BAD_MEMORY (-924)

/** A text of the device is longer than 32 bytes, or is not UTF-8. */
#define SPRAG_E_BAD_TEXT (-925)

/** The flash's areas are not whole sectors of the sector table, or overlap. */
#define SPRAG_E_FLASH_LAYOUT (-926)

/** The update was ended before the new image was whole. */
#define SPRAG_E_INCOMPLETE (-927)

/** A number stands for nothing that the library knows. */
#define SPRAG_E_BAD_ARGUMENT (-928)

#endif /* SPRAG_CODES_H */
