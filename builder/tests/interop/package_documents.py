"""Sections 3.2 to 3.6 and 5 of docs/FORMAT.md: header, envelopes, manifests, keysets, signatures."""

import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strict_cbor import BYTES, MAP, Reader, Refused, TAG, whole

MANIFEST = ("application/sprag", b"sprag.manifest.v1")
KEYSET = ("application/sprag-keyset", b"sprag.keyset.v1")
EDDSA = -8

# Ed25519 (RFC 8032, section 5.1), as far as it takes to know points of small order.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def point(data):
    """A point from its encoding, which need not be the canonical one; none if it is no point."""
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255 % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return (P - x if x % 2 != sign else x), y


def add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, P - 2, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P) % P
    return x, y


def is_weak(data):
    """Whether the bytes are no point, or one whose order divides 8."""
    place = point(data)
    if place is None:
        return True
    for _ in range(3):
        place = add(place, place)
    return place == (0, 1)


def is_canonical(data):
    return int.from_bytes(data, "little") % 2**255 < P


def holds(key, message, signature):
    """Section 5: strict verification."""
    if is_weak(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# Section 3.2.


def header(data):
    magic, version, keysets, envelope, payloads = struct.unpack("<4sHHIQ", data)
    if magic != b"SPRG":
        raise Refused(102)
    if version != 1:
        raise Refused(103)
    if keysets > 8192 or envelope > 16384 or payloads > 348966092800:
        raise Refused(104)
    if envelope == 0 or payloads == 0:
        raise Refused(105)
    return keysets, envelope, payloads


# Section 3.4.


def sign_protected(data):
    fields = {1: Reader.int, 4: lambda r: r.bytes(8)}
    found = whole(data, lambda r: r.map(fields, [1, 4], exact=True))
    return found[1], found[4]


def empty_map(reader):
    _, count = reader.head([MAP])
    if count:
        raise Refused(123)


def signature_entry(reader):
    reader.tuple(3)
    protected = reader.bytes()
    algorithm, key_id = sign_protected(protected)
    empty_map(reader)
    signature = reader.bytes()
    if algorithm == EDDSA and len(signature) != 64:
        raise Refused(118)
    if not signature:
        raise Refused(105)
    return protected, algorithm, key_id, signature


def envelope(data, document):
    """Content, protected header and signatures."""

    def body(reader):
        major, tag = reader.head()
        if major != TAG:
            raise Refused(109)
        if tag != 98:
            raise Refused(110)
        reader.tuple(4)
        protected = reader.bytes()
        found = whole(protected, lambda r: r.map({3: Reader.text}, [3], exact=True))
        if found[3] != document[0]:
            raise Refused(124)
        empty_map(reader)
        content = reader.bytes()
        return content, protected, reader.list(8, signature_entry)

    return whole(data, body)


def string(data):
    """A byte string."""
    length = len(data)
    if length < 24:
        return bytes([BYTES << 5 | length]) + data
    if length < 256:
        return bytes([0x58, length]) + data
    return b"\x59" + struct.pack(">H", length) + data


def message(document, body_protected, protected, content):
    parts = [body_protected, protected, document[1], content]
    return b"\x85\x69Signature" + b"".join(map(string, parts))


# Sections 3.5 and 3.6.


def flag(value, low, high):
    """A number with a meaning between two others."""
    if not low <= value <= high:
        raise Refused(119)
    return value


def version_1(reader):
    if reader.uint() != 1:
        raise Refused(103)


def not_default(high):
    def decode(reader):
        value = reader.uint(high=high)
        if value == 0:
            raise Refused(120)
        return value

    return decode


def u32(reader):
    return reader.uint(high=2**32 - 1)


def ordered(low, high, code):
    if low is not None and high is not None and high < low:
        raise Refused(code)


def image(reader):
    fields = {
        1: Reader.name,
        2: lambda r: r.bytes(32),
        3: lambda r: r.uint(1, 2**32 - 1),
        4: Reader.uint,
    }
    return reader.map(fields, [1, 2, 3])


def requirement(reader):
    found = reader.map({1: Reader.name, 2: Reader.uint, 3: Reader.uint}, [1])
    ordered(found.get(2), found.get(3), 122)
    return found


def span(reader):
    found = reader.map({1: Reader.uint, 2: Reader.uint})
    ordered(found.get(1), found.get(2), 122)
    return found


def preconditions(reader):
    def degrees(r):
        return flag(r.int(), -128, 127)

    def minute(r):
        return flag(r.uint(), 0, 1439)

    fields = {1: lambda r: r.uint(high=100), 2: u32, 3: degrees, 4: degrees, 5: u32, 6: minute, 7: minute}
    found = reader.map(fields)
    ordered(found.get(3), found.get(4), 119)
    if (6 in found) != (7 in found):
        raise Refused(115)
    if 6 in found and found[6] == found[7]:
        raise Refused(119)
    return found


def payload(reader):
    def block_size(r):
        size = r.uint(256, 65536)
        if size & (size - 1):
            raise Refused(119)
        return size

    default = not_default(2**32 - 1)
    fields = {
        1: lambda r: flag(r.uint(), 0, 2),
        2: u32,
        3: lambda r: flag(r.uint(), 0, 3),
        4: lambda r: r.uint(1, 2**32 - 1),
        5: block_size,
        6: lambda r: r.bytes(32),
        7: u32,
        8: u32,
        9: default,
        10: u32,
        11: default,
        12: default,
        13: default,
        14: default,
        15: default,
    }
    return reader.map(fields, [1, 3, 4, 5, 6, 7, 8, 10])


def check_payload(entry, sources):
    if entry[1] == 1:
        if 2 in entry:
            raise Refused(127)
        if 12 in entry or 14 in entry:
            raise Refused(134)
    elif 2 not in entry:
        raise Refused(126)
    elif entry[2] >= sources:
        raise Refused(125)
    if entry[7] > entry[8]:
        raise Refused(132)
    blocks = -(-entry[4] // entry[5])
    page = 0 if blocks == 1 else 32 * min(32, blocks)
    if entry[8] < entry[7] + page + min(entry[5], entry[4]) + 256:
        raise Refused(131)


def distinct(values, code):
    values = list(values)
    if len(set(values)) != len(values):
        raise Refused(code)


def manifest(data):
    if len(data) > 16384:
        raise Refused(104)
    fields = {
        1: version_1,
        2: Reader.uint,
        3: Reader.uint,
        4: Reader.name,
        5: Reader.name,
        6: lambda r: r.list(32, Reader.name),
        7: lambda r: flag(r.uint(), 0, 7),
        8: image,
        9: lambda r: r.list(32, image),
        10: lambda r: r.list(65, payload),
        11: requirement,
        12: requirement,
        13: Reader.name,
        14: span,
        15: preconditions,
        16: u32,
        17: not_default(8192),
    }
    found = whole(data, lambda r: r.map(fields, [1, 2, 3, 4, 5, 6, 7, 8, 10]))
    sources = found.get(9, [])
    distinct((source[2] for source in sources), 129)
    if found[8][2] in [source[2] for source in sources]:
        raise Refused(130)
    for entry in found[10]:
        check_payload(entry, len(sources))
    distinct(((entry[1], entry.get(2)) for entry in found[10]), 128)
    return found


# Section 3.3.


def key(reader):
    def algorithm(r):
        value = r.int()
        if value == EDDSA:
            raise Refused(120)
        return value

    found = reader.map({1: lambda r: r.bytes(8), 2: Reader.bytes, 3: algorithm}, [1, 2])
    if 3 not in found and len(found[2]) != 32:
        raise Refused(118)
    if not found[2]:
        raise Refused(105)
    if len(found[2]) > 64:
        raise Refused(104)
    return found


QUORUM = {1: lambda r: r.uint(1, 4), 2: lambda r: r.uint(high=2**16 - 1)}
ROLE = {**QUORUM, 3: Reader.name, 4: Reader.name, 5: lambda r: r.list(32, Reader.name)}


def check_quorum(found, keys):
    if found[2] >> keys:
        raise Refused(119)
    if bin(found[2]).count("1") < found[1]:
        raise Refused(136)


def keyset(data):
    if len(data) > 1000:
        raise Refused(104)
    fields = {
        1: version_1,
        2: lambda r: r.uint(1, 2**32 - 1),
        3: Reader.name,
        4: lambda r: r.list(16, key),
        5: lambda r: r.map(QUORUM, [1, 2]),
        6: lambda r: r.list(8, lambda r: r.map(ROLE, [1, 2])),
        7: span,
        8: span,
        9: span,
        10: lambda r: r.list(16, key),
    }
    found = whole(data, lambda r: r.map(fields, [1, 2, 3, 4, 5, 6]))
    distinct((entry[2] for entry in found[4]), 135)
    distinct((entry[1] for entry in found[4]), 135)
    for quorum in [found[5], *found[6]]:
        check_quorum(quorum, len(found[4]))
    revoked = [entry[2] for entry in found.get(10, [])]
    if any(a >= b for a, b in zip(revoked, revoked[1:])):
        raise Refused(138)
    if set(revoked) & {entry[2] for entry in found[4]}:
        raise Refused(137)
    return found
