"""Takes packages as a device does, by docs/FORMAT.md alone, and says the code with which each is refused.

usage: package_reader.py V1 TABLES...

V1 is the folder of the test vectors; its index describes the devices. Prints a line for each file: its name, the code
(0 if it is taken), and the SHA-256 of the image that it leads to. TABLES are the sources whose constants appendix A
refers to. Nothing here was taken from Sprag's sources.
"""

import hashlib
import json
import os
import struct
import sys

import cbor2

import delta_coding
from delta_decoder import Decoder
from full_decoder import FullDecoder, NotRead
from package_documents import (
    EDDSA, KEYSET, MANIFEST, envelope, header, holds, is_canonical, is_weak, keyset, manifest, message,
)
from strict_cbor import Refused, u16, u32

ISAS = ["none", "thumb", "a32", "a64", "rv32", "rv64", "xtensa", "x86-64"]
DELTA, FULL, REVERSE = range(3)
STORED, NATIVE_DELTA, NATIVE_FULL, BSDIFF = range(4)
# keys-example/example-release.pub, whose secret half is published.
EXAMPLE_KEYS = [bytes.fromhex("38a00d18f148cd300a6f9ceecad75d477f8b162c83bdf5b7932dc53ed29d3a9e")]


# Section 6, steps 2 to 4: who signed.


class FixedKeys:
    def __init__(self, device):
        self.keys = [(bytes.fromhex(k["id"]), bytes.fromhex(k["key"]), k["role"]) for k in device["keys"]]
        self.examples = device["example_keys"]

    def follow(self, section):
        if section:
            raise Refused(325)

    def judge(self, content, body_protected, signatures):
        accepted, refusal = False, None
        for protected, algorithm, key_id, signature in signatures:
            named = [key for key in self.keys if key[0] == key_id]
            release = [key for key in named if key[2] == "release"]
            if release and algorithm == EDDSA:
                check_signature(release[0][1], MANIFEST, body_protected, protected, content, signature, self.examples)
                accepted = True
            else:
                refusal = refusal or (203 if release else 204 if named else 201)
        if not accepted:
            raise Refused(refusal)

    def allow(self, found, device):
        version = device["keyset_version"]
        return version


def check_signature(key, document, body_protected, protected, content, signature, examples):
    if key in EXAMPLE_KEYS and not examples:
        raise Refused(206)
    if is_weak(key):
        raise Refused(205)
    if not holds(key, message(document, body_protected, protected, content), signature):
        raise Refused(202)


class StoredKeyset:
    def __init__(self, device):
        self.encoded = bytes.fromhex(device["keyset"])
        self.current = keyset(self.encoded)
        self.examples = device["example_keys"]
        self.now = device["now"]

    def signers(self, judge, document, members, content, body_protected, signatures):
        """Which keys of the keyset `judge` have signed, and why the first that does not count does not."""
        keys, refusal = set(), None
        for protected, algorithm, key_id, signature in signatures:
            numbers = [n for n, key in enumerate(judge[4]) if key[1] == key_id]
            if not numbers:
                revoked = key_id in [key[1] for key in judge.get(10, [])]
                refusal = refusal or (207 if revoked else 201)
            elif not members >> numbers[0] & 1:
                refusal = refusal or 204
            elif algorithm != EDDSA:
                refusal = refusal or 203
            else:
                key = judge[4][numbers[0]][2]
                check_signature(key, document, body_protected, protected, content, signature, self.examples)
                keys.add(numbers[0])
        return keys, refusal

    @staticmethod
    def satisfy(quorum, keys, refusal):
        have = sum(1 for key in keys if quorum[2] >> key & 1)
        if have < quorum[1]:
            raise Refused(refusal if refusal and have == 0 else 208)

    def follow(self, section):
        """Section 3.3."""
        at, last, count = 0, None, 0
        while at < len(section):
            if len(section) - at < 6:
                raise Refused(100)
            version, length = u32(section[at : at + 4]), u16(section[at + 4 : at + 6])
            if length == 0:
                raise Refused(105)
            if length > 2048:
                raise Refused(104)
            count += 1
            if count > 8:
                raise Refused(104)
            if length > len(section) - at - 6:
                raise Refused(100)
            if last is not None and version != last + 1:
                raise Refused(326)
            last = version
            update = section[at + 6 : at + 6 + length]
            at += 6 + length
            if version < self.current[2]:
                continue
            if version > self.current[2] + 1:
                raise Refused(326)
            content, body_protected, signatures = envelope(update, KEYSET)
            if version == self.current[2]:
                if content != self.encoded:
                    raise Refused(327)
                continue
            self.step(content, body_protected, signatures)

    def step(self, content, body_protected, signatures):
        """Section 6, step 2: the next version."""
        root = self.current[5]
        signed = self.signers(self.current, KEYSET, root[2], content, body_protected, signatures)
        self.satisfy(root, *signed)
        new = keyset(content)
        if new[2] != self.current[2] + 1:
            raise Refused(326)
        if new[3] != self.current[3]:
            raise Refused(314)
        revoked = [key[2] for key in new.get(10, [])]
        if any(key[2] not in revoked for key in self.current.get(10, [])):
            raise Refused(315)
        for key in new[4]:
            if 3 not in key:
                if key[2] in EXAMPLE_KEYS and not self.examples:
                    raise Refused(206)
                if not is_canonical(key[2]) or is_weak(key[2]):
                    raise Refused(205)
        own = self.signers(new, KEYSET, new[5][2], content, body_protected, signatures)
        self.satisfy(new[5], *own)
        self.current, self.encoded = new, content

    def judge(self, content, body_protected, signatures):
        validity = self.current.get(7, {})
        if self.now is not None:
            if self.now < validity.get(1, 0):
                raise Refused(313)
            if self.now > validity.get(2, self.now):
                raise Refused(328)
        members = 0
        for role in self.current[6]:
            members |= role[2]
        keys, refusal = self.signers(self.current, MANIFEST, members, content, body_protected, signatures)
        self.roles, failure = [], None
        for role in self.current[6]:
            try:
                self.satisfy(role, keys, refusal)
                self.roles.append(role)
            except Refused as refused:
                failure = failure or refused
        if not self.roles:
            raise failure

    def allow(self, found, device):
        """Section 6, step 5: what the keyset says of releases."""
        def covers(role):
            hardware = role.get(5)
            return (
                role.get(3, found[4]) == found[4]
                and role.get(4, found[5]) == found[5]
                and (hardware is None or set(found[6]) <= set(hardware))
            )

        if not any(covers(role) for role in self.roles):
            raise Refused(209)
        if found.get(16, 0) > self.current[2]:
            raise Refused(324)
        for key, number, code in [(8, found[2], 311), (9, found[3], 312)]:
            limits = self.current.get(key, {})
            if number < limits.get(1, 0) or number > limits.get(2, number):
                raise Refused(code)
        return self.current[2]


# Section 6, steps 6 and 7.


def check_binding(found, device):
    if found[4] != device["vendor"]:
        raise Refused(301)
    if found[5] != device["product"]:
        raise Refused(302)
    if device["hardware"] not in found[6]:
        raise Refused(303)
    if ISAS[found[7]] != device["isa"]:
        raise Refused(304)
    for key, name, code in [(11, "bootloader", 305), (12, "os", 307)]:
        need, have = found.get(key), device[name]
        if need is None:
            continue
        if have is None or have["id"] != need[1]:
            raise Refused(code)
        if have["version"] < need.get(2, 0) or have["version"] > need.get(3, have["version"]):
            raise Refused(code + 1)
    if 13 in found and found[13] != device["layout"]:
        raise Refused(309)
    address = device["load_address"]
    if address is not None and found[8].get(4, address) != address:
        raise Refused(310)


def check_freshness(found, device):
    if found[3] < device["security_counter"]:
        raise Refused(320)
    # The devices of the index know no digest of what they run.
    if found[2] < device["sequence"] or (found[2] == device["sequence"] and found[2] != 0):
        raise Refused(321)
    now, validity = device["now"], found.get(14, {})
    if now is not None:
        if now < validity.get(1, 0):
            raise Refused(322)
        if now > validity.get(2, now):
            raise Refused(323)


def check_preconditions(found, device):
    needs = found.get(15, {})
    for key, name, code in [(1, "battery_percent", 330), (2, "free_storage", 331), (5, "free_ram", 333)]:
        if key in needs and (device[name] is None or device[name] < needs[key]):
            raise Refused(code)
    degrees = device["temperature"]
    if 3 in needs or 4 in needs:
        if degrees is None or degrees < needs.get(3, degrees) or degrees > needs.get(4, degrees):
            raise Refused(332)
    if 6 in needs:
        minute, start, end = device["minute_of_day"], needs[6], needs[7]
        if minute is None:
            raise Refused(334)
        inside = start <= minute < end if start < end else minute >= start or minute < end
        if not inside:
            raise Refused(334)


# Section 6, steps 8 and 9.


def choose(found, device, old):
    """The number of the payload for this device."""
    if found[8][3] > device["flash"]["slot-size"]:
        raise Refused(404)
    single = device["flash"]["slots"] == 1
    usable = [entry for entry in found[10] if entry[1] != REVERSE]
    if not usable:
        raise Refused(407)
    if all(entry[3] == BSDIFF and not device["decodes_bsdiff"] for entry in usable):
        raise Refused(405)
    if all(entry[8] > device["ram"] for entry in usable):
        raise Refused(402)
    source = find_source(found, device, old) if any(entry[1] == DELTA for entry in usable) else None
    for number, entry in enumerate(found[10]):
        if entry[1] == FULL or entry[1] == DELTA and entry[2] == source:
            sector = device["flash"]["sector-size"]
            if single and (entry.get(12, sector) % sector or entry.get(14, 0) % sector):
                raise Refused(408)
            if not single and entry.get(9) and not entry.get(11) and not entry.get(12):
                raise Refused(403)
            return number
    raise Refused(407)


def find_source(found, device, old):
    version = device["installed_version"]
    for number, source in enumerate(found.get(9, [])):
        if hashlib.sha256(old[: source[3]]).digest() == source[2] and source[3] <= len(old):
            if version not in (None, source[1]):
                raise Refused(502)
            return number
    if any(source[1] == version for source in found.get(9, [])):
        raise Refused(501)
    raise Refused(503)


# Section 3.7.


def unwrap(number, entry, stored):
    """The encoded bytes of a payload, if every hash holds, and what follows them."""
    at = 0

    def part(tag, item, length, expected, code):
        nonlocal at
        data = stored[at : at + length]
        if len(data) < length:
            raise Refused(603)
        at += length
        if hashlib.sha256(tag + struct.pack("<II", number, item) + data).digest() != expected:
            raise Refused(code)
        return data

    size, block_size, expected = entry[4], entry[5], entry[6]
    count = -(-size // block_size)
    encoded, done, page = b"", 0, 0

    def block(i, expected_hash):
        return part(b"SPB1", i, min(block_size, size - i * block_size), expected_hash, 601)

    if count == 1:
        encoded = block(0, expected)
    while count > 1 and done < count:
        entries = min(count - done, 32)
        data = part(b"SPP1", page, 32 * entries, expected, 602)
        hashes = [data[i : i + 32] for i in range(0, len(data), 32)]
        if count - done > 32:
            expected = hashes.pop()
        for entry_hash in hashes:
            encoded += block(done, entry_hash)
            done += 1
        page += 1
    return encoded, stored[at:]


# Section 4. The appendices name what is refused; section 4.3 and appendix C number it.

STREAM_CODES = {"kind": 701, "header": 701, "number": 701, "truncated": 705, "trailing input": 706, "source": 703, "room": 704}


def decode(entry, encoded, old, new_len, tables):
    if entry[3] == STORED:
        return stored_image(encoded, new_len)
    if entry[3] == NATIVE_DELTA:
        try:
            return bytes(Decoder(encoded, old, new_len, tables).decode())
        except delta_coding.Refused as refused:
            raise Refused(STREAM_CODES.get(str(refused), 707), str(refused)) from None
    if entry[3] == BSDIFF:
        return bsdiff_image(entry, encoded, old, new_len)
    try:
        return FullDecoder(encoded, new_len, tables).decode()
    except delta_coding.Refused as refused:
        raise Refused(STREAM_CODES.get(str(refused), 707), str(refused)) from None


def stored_image(encoded, new_len):
    if len(encoded) < new_len:
        raise Refused(705)
    if len(encoded) > new_len:
        raise Refused(704)
    return encoded


def frame_content(data, window_log):
    """Content of a zstd frame (RFC 8878) of raw blocks and blocks of one byte; and the bytes behind it."""
    magic = data[:4]
    if len(magic) == 4 and 0x184D2A50 <= u32(magic) <= 0x184D2A5F:
        return b"", data[8 + u32(data[4:8]) :]
    if magic != b"\x28\xb5\x2f\xfd":
        raise Refused(707)
    descriptor = data[4]
    if descriptor & 0b11101011 and descriptor & 3 == 0:
        raise NotRead("a frame with a size, a checksum or one segment")
    if descriptor & 3:
        raise Refused(707)
    exponent, mantissa = data[5] >> 3, data[5] & 7
    if (1 << 10 + exponent) * (8 + mantissa) // 8 > 1 << window_log:
        raise Refused(707)
    content, at, last = b"", 6, 0
    while not last:
        if len(data) < at + 3:
            return content, None
        head = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        at += 3
        if kind == 0:
            content += data[at : at + size]
            if len(data) < at + size:
                return content, None
            at += size
        elif kind == 1:
            content += data[at : at + 1] * size
            at += 1
        elif kind == 2:
            raise NotRead("a compressed block")
        else:
            raise Refused(707)
    return content, data[at:]


def bsdiff_image(entry, encoded, old, new_len):
    """Section 4.3."""
    if not 10 <= encoded[0] <= 27:
        raise Refused(701)
    if (1 << encoded[0]) + 524288 > entry[7]:
        raise Refused(702)
    content, behind = frame_content(encoded[1:], encoded[0])
    new, at, place, first = b"", 0, 0, True

    def number(offset):
        value = int.from_bytes(content[at + offset : at + offset + 8], "little")
        return -(value & (1 << 63) - 1) if value >> 63 else value

    while len(new) < new_len:
        if len(content) < at + 24:
            raise Refused(705 if behind is None or behind == b"" else 706)
        plus, insert, seek = number(0), number(8), number(16)
        if plus < 0 or insert < 0 or plus == insert == 0 and not first:
            raise Refused(707)
        if plus + insert > new_len - len(new):
            raise Refused(704)
        first, at = False, at + 24
        if plus and not 0 <= place <= place + plus <= len(old):
            raise Refused(703)
        if len(content) < at + plus + insert:
            raise Refused(705)
        new += bytes((a + b) % 256 for a, b in zip(old[place : place + plus], content[at : at + plus]))
        new += content[at + plus : at + plus + insert]
        at, place = at + plus + insert, place + plus + seek
        if not -(1 << 63) <= place < 1 << 63:
            raise Refused(707)
    if behind is None:
        raise Refused(705)
    if at < len(content) or behind:
        raise Refused(706)
    return new


# Section 6 as a whole.


def take(package, device, old, tables):
    """The new image."""
    if len(package) < 20:
        raise Refused(603)
    keysets_len, envelope_len, payloads_len = header(package[:20])
    trust = StoredKeyset(device) if device["keyset"] else FixedKeys(device)
    trust.follow(package[20 : 20 + keysets_len]) if len(package) >= 20 + keysets_len or not device["keyset"] else None
    if envelope_len > device["envelope_max"]:
        raise Refused(401)
    start = 20 + keysets_len
    if len(package) < start + envelope_len:
        raise Refused(603)
    content, body_protected, signatures = envelope(package[start : start + envelope_len], MANIFEST)
    trust.judge(content, body_protected, signatures)
    found = manifest(content)
    check_canonical(content)
    stored_lens = [stored_len(entry) for entry in found[10]]
    if keysets_len != found.get(17, 0) or payloads_len != sum(stored_lens):
        raise Refused(118)
    version = trust.allow(found, device)
    check_binding(found, device)
    if found.get(16, 0) > version:
        raise Refused(324)
    check_freshness(found, device)
    check_preconditions(found, device)
    number = choose(found, device, old)
    stored = package[start + envelope_len + sum(stored_lens[:number]) :]
    entry = found[10][number]
    encoded, _ = unwrap(number, entry, stored)
    source = found[9][entry[2]] if entry[1] == DELTA else None
    new = decode(entry, encoded, old[: source[3]] if source else b"", found[8][3], tables)
    if hashlib.sha256(new).digest() != found[8][2]:
        raise Refused(607)
    if len(package) > start + envelope_len + payloads_len:
        raise Refused(604)
    return new


def stored_len(entry):
    blocks = -(-entry[4] // entry[5])
    pages = 0 if blocks == 1 else -(-(blocks - 1) // 31)
    return entry[4] + (32 * (blocks + pages - 1) if blocks > 1 else 0)


def check_canonical(content):
    """Other people's library agrees that this is the deterministic encoding."""
    if cbor2.dumps(cbor2.loads(content), canonical=True) != content:
        raise AssertionError("cbor2 would write this manifest in another way")


def main():
    folder, *tables = sys.argv[1:]
    tables = delta_coding.constants(tables)
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
        index = json.load(file)

    def read(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    images = {image["sha256"]: read(image["file"]) for image in index["images"]}
    devices = {device["name"]: device for device in index["devices"]}
    for vector in index["vectors"]:
        device, package = devices[vector["device"]], read(vector["file"])
        if hashlib.sha256(package).hexdigest() != vector["sha256"]:
            sys.exit(f"{vector['file']} is not the file of the index")
        try:
            new = take(package, device, images[device["old_sha256"]], tables)
            print(vector["file"], 0, hashlib.sha256(new).hexdigest())
        except Refused as refused:
            print(vector["file"], refused.code)
        except NotRead as what:
            print(vector["file"], "not-read", what)


if __name__ == "__main__":
    main()
