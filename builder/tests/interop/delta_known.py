"""What a decoder of native delta streams remembers: docs/FORMAT.md, sections A.7 and A.8."""

from delta_coding import WORD, lg

# Section A.7: what is known of where old addresses went.


def width(largest):
    return max(lg(largest), 1)


class Widths:
    def __init__(self, old_len, new_len, ram_len, profile):
        s, n, r = (width(max(length, 1) - 1) for length in (old_len, new_len, ram_len))
        record = (s + n + 16 + 7) // 8
        bits = record * 8 - s - n
        self.lacks = n - bits + 1 if bits < n else 0
        self.short = 1 << (bits - 1) if self.lacks else 1 << 32
        room = profile["map"] + (0 if ram_len else profile["anchors"])
        self.majors = min(room // record, 65536)
        self.ram = r
        self.anchors = profile["anchors"] // ((2 * r + 7) // 8)
        self.target = min(max(width((max(old_len, 1) - 1) | (max(new_len, 1) - 1)) + 1, r), 32)
        length = 4 if self.target <= 24 else 6
        self.learned = profile["learned"] // length
        self.check = min(16, 8 * length - self.target)

        self.numbers = ram_len >= 1 << 31
        if self.numbers:
            self.majors = min(profile["beside"] // record, 65536)
            self.ram, self.target, self.check = 28, 28, 12
            self.anchors = (profile["map"] + profile["anchors"] - profile["beside"]) // 7
            self.learned = profile["learned"] // 5

    def length(self, kept):
        """Least length, and how many low bits are lacking."""
        if kept < self.short:
            return kept + 1, 0
        return ((kept - self.short) << self.lacks) + self.short + 1, self.lacks


class Learned:
    def __init__(self, widths):
        self.widths, self.entries = widths, {}

    def place(self, target):
        h = target * 0x9E3779B1 & WORD
        low = (h ^ target >> 16) & 0xFFFF
        return h * self.widths.learned >> 32, max(1, low >> (16 - self.widths.check))

    def get(self, target):
        slot, check = self.place(target)
        known = self.entries.get(slot)
        return known[1] if known and known[0] == check else None

    def put(self, target, new):
        slot, check = self.place(target)
        self.entries[slot] = check, new & (1 << self.widths.target) - 1


# Section A.8: recalled bytes and substitutions.


class Recalls:
    def __init__(self, count):
        self.count, self.entries = count, {}

    def place(self, context):
        x = context * 0x9E3779B1 & WORD
        key = (x ^ x >> 15) * 0x2C1B3C6D & WORD
        return key * self.count >> 32, key & 0xF8

    def get(self, context):
        slot, check = self.place(context)
        byte, known, sure = self.entries.get(slot, (0, 0, 0))
        return (byte, sure) if sure and known == check else None

    def put(self, context, new):
        slot, check = self.place(context)
        byte, known, sure = self.entries.get(slot, (0, 0, 0))
        if known == check and byte == new:
            entry = byte, check, min(sure + 1, 7)
        elif known == check and sure > 3:
            entry = byte, check, sure >> 2
        elif known != check and sure > 2:
            entry = byte, known, sure - 1
        else:
            entry = new, check, 1
        self.entries[slot] = entry


class Substitutions:
    def __init__(self, count):
        self.count, self.entries = count, {}

    def get(self, key):
        if not self.count:
            return None
        known = self.entries.get((key * 0x9E3779B1 & WORD) >> 16 & self.count - 1)
        return known[1:] if known and known[0] == key else None

    def put(self, key, old, new):
        known = self.get(key)
        if not self.count or known is None and new == old:
            return
        if known is None:
            known = new, 0
        elif known[0] == new:
            known = new, min(known[1] + 1, 3)
        elif known[1] > 1:
            known = known[0], known[1] // 2
        else:
            known = new, 0
        self.entries[(key * 0x9E3779B1 & WORD) >> 16 & self.count - 1] = (key, *known)


def h(value):
    t = value * 0x9E3779B1 & WORD
    return t ^ t >> 15
