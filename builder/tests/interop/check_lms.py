#!/usr/bin/env python3
"""Verifies the LMS signature of a Sprag package as RFC 8554 and RFC 8778 describe it.

usage: check_lms.py PACKAGE LMS_PUBLIC_KEY

Written from the RFCs and docs/FORMAT.md: nothing here was taken from Sprag's sources. Prints the leaf and ends with 0,
or ends with 1 and what is wrong.
"""

import base64
import hashlib
import struct
import sys

import cbor2

HSS_LMS = -46  # RFC 8778, section 5.1
LMS = {5: 5, 6: 10, 7: 15}  # type to height (RFC 8554, section 5.1)
LMOTS = {3: (4, 67, 4), 4: (8, 34, 0)}  # type to w, p, ls (section 4.1)
D_PBLC, D_MESG, D_LEAF, D_INTR = b"\x80\x80", b"\x81\x81", b"\x82\x82", b"\x83\x83"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u16(number):
    return struct.pack(">H", number)


def u32(number):
    return struct.pack(">I", number)


def coef(string, i, w):
    """Section 3.1.3."""
    return (2**w - 1) & (string[i * w // 8] >> (8 - (w * (i % (8 // w)) + w)))


def checksum(string, w, ls):
    """Section 4.4."""
    return (sum((2**w - 1) - coef(string, i, w) for i in range(256 // w)) << ls) & 0xFFFF


def ots_candidate(signature, ots_type, identifier, q, message):
    """Algorithm 4b."""
    w, p, ls = LMOTS[ots_type]
    assert signature[:4] == u32(ots_type), "LM-OTS type"
    c, y = signature[4:36], signature[36:]
    digest = sha256(identifier, u32(q), D_MESG, c, message)
    digits = digest + u16(checksum(digest, w, ls))
    z = b""
    for i in range(p):
        value = y[32 * i : 32 * i + 32]
        for j in range(coef(digits, i, w), 2**w - 1):
            value = sha256(identifier, u32(q), u16(i), bytes([j]), value)
        z += value
    return sha256(identifier, u32(q), D_PBLC, z)


def verify(public, message, signature):
    """Algorithms 6 and 6a, below section 6.3 with one level; the leaf, or an assertion that failed."""
    levels, lms_type, ots_type = struct.unpack_from(">III", public)
    identifier, root = public[12:28], public[28:]
    assert levels == 1 and len(root) == 32, "one level"
    height, chains = LMS[lms_type], LMOTS[ots_type][1]
    assert signature[:4] == u32(0), "no level above the lowest"
    signature = signature[4:]
    assert len(signature) == 12 + 32 * (1 + chains + height), "length"
    (q,) = struct.unpack_from(">I", signature)
    assert q < 2**height, "leaf"
    ots_len = 4 + 32 * (1 + chains)
    key = ots_candidate(signature[4 : 4 + ots_len], ots_type, identifier, q, message)
    assert signature[4 + ots_len : 8 + ots_len] == u32(lms_type), "LMS type"
    path = signature[8 + ots_len :]
    number = 2**height + q
    node = sha256(identifier, u32(number), D_LEAF, key)
    for i in range(height):
        sibling = path[32 * i : 32 * i + 32]
        pair = sibling + node if number % 2 else node + sibling
        number //= 2
        node = sha256(identifier, u32(number), D_INTR, pair)
    assert node == root, "root"
    return q


def main(package, public):
    with open(public, encoding="utf-8") as file:
        data = base64.b64decode(file.read().splitlines()[1], validate=True)
    assert data[:2] == b"LM" and len(data) == 70, "public key file"
    key_id, public = data[2:10], data[10:]
    with open(package, "rb") as file:
        package = file.read()
    keysets_len, envelope_len = struct.unpack_from("<HI", package, 6)
    envelope = cbor2.loads(package[20 + keysets_len : 20 + keysets_len + envelope_len])
    assert envelope.tag == 98, "COSE_Sign"
    body, unprotected, manifest, signatures = envelope.value
    assert unprotected == {}, "unprotected header"
    found = [s for s in signatures if cbor2.loads(s[0]) == {1: HSS_LMS, 4: key_id}]
    assert len(found) == 1, "one signature by the key"
    (header, _, signature) = found[0]
    message = cbor2.dumps(["Signature", body, header, b"sprag.manifest.v1", manifest])
    print("leaf", verify(public, message, signature))
    for place in (7, 20, 60, len(signature) - 1):
        bent = bytearray(signature)
        bent[place] ^= 1
        try:
            verify(public, message, bytes(bent))
        except AssertionError:
            continue
        raise AssertionError(f"a signature that is bent at {place} holds")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except AssertionError as wrong:
        sys.exit(f"wrong: {wrong}")
