#!/usr/bin/env python3
"""Reads a Sprag package as docs/FORMAT.md describes it, with other people's COSE and CBOR libraries.

usage: check_package.py PACKAGE PUBLIC_KEY INSPECTION

PUBLIC_KEY is a minisign public key file, INSPECTION what `sprag inspect --json` printed. Everything is checked
against the document: nothing here was taken from Sprag's sources. Prints what was found and ends with 0, or ends
with 1 and the first thing that is wrong.
"""

import base64
import hashlib
import json
import struct
import subprocess
import sys

import cbor2
from pycose.headers import KID, Algorithm, ContentType
from pycose.keys import OKPKey
from pycose.messages import CoseMessage, SignMessage

EXTERNAL_AAD = b"sprag.manifest.v1"  # section 5
ROLES = ["delta", "full", "reverse"]  # section 3.6
CODECS = ["stored", "native-delta", "native-full", "bsdiff-zstd"]
ISAS = ["none", "thumb", "a32", "a64", "rv32", "rv64", "xtensa", "x86-64"]


class Wrong(Exception):
    """The package is not what the document says."""


def equal(what, found, expected):
    if found != expected:
        raise Wrong(f"{what}: {found!r}, expected {expected!r}")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read_public_key(path):
    """Key identifier and Ed25519 key of a minisign public key file."""
    with open(path, encoding="utf-8") as file:
        data = base64.b64decode(file.read().splitlines()[1], validate=True)
    equal("algorithm of the public key file", data[:2], b"Ed")
    equal("length of the public key file", len(data), 42)
    return data[2:10], data[10:]


def take_apart(package):
    """Sections 3.1 and 3.2: keysets, envelope and payloads."""
    magic, version, keysets_len, envelope_len, payloads_len = struct.unpack_from("<4sHHIQ", package)
    equal("magic", magic, b"SPRG")
    equal("format version", version, 1)
    equal("length of the file", len(package), 20 + keysets_len + envelope_len + payloads_len)
    envelope_start = 20 + keysets_len
    payloads_start = envelope_start + envelope_len
    keysets = package[20:envelope_start]
    return keysets, package[envelope_start:payloads_start], package[payloads_start:]


def check_envelope(envelope, key_id, public_key):
    """Sections 3.4 and 5: the manifest's bytes, if the signature holds."""
    message = CoseMessage.decode(envelope)
    if not isinstance(message, SignMessage):
        raise Wrong(f"the envelope is a {type(message).__name__}")
    equal("protected header", message.phdr, {ContentType: "application/sprag"})
    equal("unprotected header", message.uhdr, {})
    equal("number of signatures", len(message.signers), 1)
    (signer,) = message.signers
    equal("algorithm", signer.get_attr(Algorithm).fullname, "EDDSA")
    equal("key identifier", signer.get_attr(KID), key_id)
    equal("entries of a signature's header", len(signer.phdr), 2)
    equal("unprotected header of a signature", signer.uhdr, {})
    signer.key = OKPKey(crv="ED25519", x=public_key)
    signer.external_aad = EXTERNAL_AAD
    if not signer.verify_signature():
        raise Wrong("the signature does not verify")
    for name, aad in [("no context", b""), ("another context", b"sprag.manifest.v2")]:
        signer.external_aad = aad
        if signer.verify_signature():
            raise Wrong(f"the signature verifies with {name}")
    # Deterministic on the outside too: with the signature put back, the same bytes come out.
    entry = [signer.phdr_encoded, {}, signer.signature]
    again = cbor2.CBORTag(98, [message.phdr_encoded, {}, message.payload, [entry]])
    equal("envelope, encoded again", cbor2.dumps(again, canonical=True), envelope)
    for header in (message.phdr_encoded, signer.phdr_encoded):
        equal("header, encoded again", cbor2.dumps(cbor2.loads(header), canonical=True), header)
    return message.payload


def check_keys(what, value, required, optional):
    """Only keys that the document knows, and every one that it requires."""
    keys = set(value)
    if not set(required) <= keys <= set(required) | set(optional):
        raise Wrong(f"{what} has the keys {sorted(keys)}")


def check_manifest(data):
    """Section 3.5: the manifest, held against its types."""
    manifest = cbor2.loads(data)
    equal("manifest, encoded again", cbor2.dumps(manifest, canonical=True), data)
    check_keys("manifest", manifest, [1, 2, 3, 4, 5, 6, 7, 8, 10], [9, 11, 12, 13, 14, 15, 16, 17])
    equal("format", manifest[1], 1)
    for image in [manifest[8], *manifest.get(9, [])]:
        check_keys("image", image, [1, 2, 3], [4])
        equal("length of a digest", len(image[2]), 32)
    for payload in manifest[10]:
        check_keys("payload", payload, [1, 3, 4, 5, 6, 7, 8, 10], [2, 9, 11, 12, 13, 14, 15])
        equal("a source is named", 2 in payload, ROLES[payload[1]] != "full")
        blocks = -(-payload[4] // payload[5])
        page_buffer = 0 if blocks == 1 else 32 * min(32, blocks)
        least = payload[7] + page_buffer + min(payload[5], payload[4]) + 256
        if payload[8] < least:
            raise Wrong(f"a payload states {payload[8]} B of RAM and needs {least} B")
    return manifest


def unwrap(number, payload, stored):
    """Section 3.7: the encoded bytes of a payload whose hashes all hold, and the bytes behind it."""

    def part_hash(tag, item, data):
        return hashlib.sha256(tag + struct.pack("<II", number, item) + data).digest()

    size, block_size, expected = payload[4], payload[5], payload[6]
    count = -(-size // block_size)
    encoded, at, done, page = b"", 0, 0, 0

    def block(i, expected_hash):
        nonlocal encoded, at
        data = stored[at : at + min(block_size, size - i * block_size)]
        at += len(data)
        equal(f"hash of block {i} of payload {number}", part_hash(b"SPB1", i, data), expected_hash)
        encoded += data

    if count == 1:
        block(0, expected)
    while count > 1 and done < count:
        left = count - done
        entries = left if left <= 32 else 32
        data = stored[at : at + 32 * entries]
        at += len(data)
        equal(f"hash of page {page} of payload {number}", part_hash(b"SPP1", page, data), expected)
        hashes = [data[i : i + 32] for i in range(0, len(data), 32)]
        if left > 32:
            expected = hashes.pop()
        for entry in hashes:
            block(done, entry)
            done += 1
        page += 1
    equal(f"length of payload {number}", len(encoded), size)
    return encoded, stored[at:]


def compare(package, manifest_bytes, manifest, encoded, inspection):
    """What `sprag inspect --json` says of the same package."""
    equal("schema", inspection["schema"], 1)
    equal("package_bytes", inspection["package_bytes"], len(package))
    equal("package_sha256", inspection["package_sha256"], sha256(package))
    equal("manifest_bytes", inspection["manifest_bytes"], len(manifest_bytes))
    equal("manifest_sha256", inspection["manifest_sha256"], sha256(manifest_bytes))
    start = inspection["manifest_offset"]
    equal("manifest_offset", package[start : start + len(manifest_bytes)], manifest_bytes)
    view = inspection["manifest"]
    equal("sequence", view["sequence"], manifest[2])
    equal("security_counter", view["security_counter"], manifest[3])
    equal("vendor", view["vendor"], manifest[4])
    equal("product", view["product"], manifest[5])
    equal("hardware", view["hardware"], manifest[6])
    equal("isa", view["isa"], ISAS[manifest[7]])

    def image(what, shown, described):
        equal(f"{what} version", shown["version"], described[1])
        equal(f"{what} sha256", shown["sha256"], described[2].hex())
        equal(f"{what} bytes", shown["bytes"], described[3])
        equal(f"{what} load address", shown["load_address"], described.get(4))

    image("target", inspection["target"], manifest[8])
    equal("number of sources", len(view["sources"]), len(manifest.get(9, [])))
    for shown, described in zip(view["sources"], manifest.get(9, [])):
        image("source", shown, described)
    equal("number of payloads", len(inspection["payloads"]), len(manifest[10]))
    for shown, described, data in zip(inspection["payloads"], manifest[10], encoded):
        equal("role", shown["role"], ROLES[described[1]])
        equal("codec", shown["codec"], CODECS[described[3]])
        equal("payload_bytes", shown["payload_bytes"], described[4])
        equal("payload_sha256", shown["payload_sha256"], sha256(data))
        equal("ram_bytes", shown["ram_bytes"], described[7])
        equal("total_ram_bytes", shown["total_ram_bytes"], described[8])
        equal("bad_blocks", shown["bad_blocks"], [])


def main():
    package_path, key_path, inspection_path = sys.argv[1:]
    with open(package_path, "rb") as file:
        package = file.read()
    with open(inspection_path, encoding="utf-8") as file:
        inspection = json.load(file)
    key_id, public_key = read_public_key(key_path)

    keysets, envelope, stored = take_apart(package)
    manifest_bytes = check_envelope(envelope, key_id, public_key)
    manifest = check_manifest(manifest_bytes)
    equal("length of the keysets", len(keysets), manifest.get(17, 0))
    encoded = []
    for number, payload in enumerate(manifest[10]):
        data, stored = unwrap(number, payload, stored)
        encoded.append(data)
        # Section 4.1: a stored payload is the image.
        if CODECS[payload[3]] == "stored":
            equal("digest of a stored image", hashlib.sha256(data).digest(), manifest[8][2])
    equal("bytes behind the last payload", stored, b"")
    compare(package, manifest_bytes, manifest, encoded, inspection)

    tool = subprocess.run(["sha256sum", "--", package_path], capture_output=True, check=True, text=True)
    equal("sha256sum", tool.stdout.split()[0], inspection["package_sha256"])
    blocks = sum(payload["blocks"] for payload in inspection["payloads"])
    print(f"good: 1 signature, {len(encoded)} payloads, {blocks} blocks")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(f"wrong: {wrong}")
