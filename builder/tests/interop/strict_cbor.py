"""Section 2 of docs/FORMAT.md: the CBOR that the format uses, and the codes with which everything else is refused."""

import struct


class Refused(Exception):
    """A refusal, with its code of section 3.9 or of section 6."""

    def __init__(self, code, what=""):
        super().__init__(f"{code} {what}")
        self.code = code


UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
NAME = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-")


class Reader:
    """Takes items from the front of some bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, length):
        if length > self.left():
            raise Refused(100)
        self.at += length
        return self.data[self.at - length : self.at]

    def head(self, expected=None):
        """Major type and argument of the next item, which must be of one of the expected types."""
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if major == SIMPLE or 28 <= info <= 30:
            raise Refused(108)
        if info == 31:
            raise Refused(107 if BYTES <= major <= MAP else 108)
        value = info
        if info >= 24:
            size = 1 << (info - 24)
            value = int.from_bytes(self.take(size), "big")
            if value < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
                raise Refused(106)
        if expected is not None and major not in expected:
            raise Refused(108 if major == TAG else 109)
        return major, value

    def uint(self, low=0, high=(1 << 64) - 1):
        _, value = self.head([UINT])
        if value < low:
            raise Refused(105)
        if value > high:
            raise Refused(104)
        return value

    def int(self):
        major, value = self.head([UINT, NINT])
        if value >= 1 << 63:
            raise Refused(104)
        return value if major == UINT else -1 - value

    def bytes(self, length=None):
        _, found = self.head([BYTES])
        data = self.take(found)
        if length is not None and found != length:
            raise Refused(118)
        return data

    def text(self):
        _, length = self.head([TEXT])
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(116) from None

    def name(self):
        text = self.text()
        if not text:
            raise Refused(105)
        if len(text.encode()) > 32:
            raise Refused(104)
        if not set(text.encode()) <= NAME:
            raise Refused(117)
        return text

    def count(self, most=None):
        """Items of an array, of which there is at least one where a limit is given."""
        _, count = self.head([ARRAY])
        if most is not None and count > most:
            raise Refused(104)
        if most is not None and count == 0:
            raise Refused(121)
        if count > self.left():
            raise Refused(100)
        return count

    def list(self, most, item):
        return [item(self) for _ in range(self.count(most))]

    def tuple(self, length):
        if self.count() != length:
            raise Refused(118)

    def map(self, fields, required=(), exact=False, may_be_empty=False):
        """A map with these fields: decoders by key. Unknown keys are refused if positive or zero, and skipped if not."""
        _, count = self.head([MAP])
        if 2 * count > self.left():
            raise Refused(100)
        if count == 0 and not may_be_empty:
            raise Refused(121)
        found, last, skipped, unknown = {}, None, 0, False
        for _ in range(count):
            start = self.at
            major, value = self.head([UINT, NINT])
            encoded = self.data[start : self.at]
            if encoded == last:
                raise Refused(112)
            if last is not None and encoded < last:
                raise Refused(113)
            last = encoded
            key = value if major == UINT else -1 - value
            if key in fields:
                found[key] = fields[key](self)
            elif key >= 0 and not exact:
                raise Refused(114)
            else:
                skipped, unknown = skipped + 1, True
                if skipped > 16:
                    raise Refused(104)
                self.skip(4)
        for key in required:
            if key not in found:
                raise Refused(115)
        if exact and unknown:
            raise Refused(114)
        return found

    def skip(self, levels):
        """An item of which only the encoding is looked at."""
        major, value = self.head([UINT, NINT, BYTES, TEXT, ARRAY, MAP])
        if major == BYTES:
            self.take(value)
        elif major == TEXT:
            try:
                self.take(value).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused(116) from None
        elif major in (ARRAY, MAP):
            if levels == 0:
                raise Refused(111)
            items = value * (major - ARRAY + 1)
            if items > self.left():
                raise Refused(100)
            for _ in range(items):
                self.skip(levels - 1)

    def end(self):
        if self.left():
            raise Refused(101)


def u16(data):
    return struct.unpack("<H", data)[0]


def u32(data):
    return struct.unpack("<I", data)[0]


def whole(data, decode):
    """What `decode` makes of all the bytes."""
    reader = Reader(data)
    value = decode(reader)
    reader.end()
    return value
