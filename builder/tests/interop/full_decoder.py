"""A decoder of native full images, written from docs/FORMAT.md, appendix C, alone. Each part names its section."""

from delta_coding import Coder, Model, NEW, Refused, WORD, signed

THUMB, A32, A64 = 1, 2, 3
UNIT = [0, 1, 2, 2, 1, 1, 0, 0]
# Section C.4: sizes of the literal tables and of the tables of flags, log2.
TABLES = [
    [8, 8, 8, 5, 5, 8, 8],
    [9, 11, 10, 6, 6, 9, 9],
    [10, 13, 13, 11, 11, 11, 11],
    [12, 16, 16, 16, 16, 16, 13],
]
FLAGS = [5, 7, 9, 12]
GOLDEN = 0x9E3779B1


class NotRead(Exception):
    """Something that is not written here, as the filters of some instruction sets."""


def h(value):
    t = value * GOLDEN & WORD
    return t ^ t >> 15


def slot_of(x):
    """Section C.4.3."""
    if x < 4:
        return x
    t = x.bit_length() - 1
    return 2 * t + (x >> (t - 1) & 1)


class FullModel(Model):
    """Counters and weights as appendix C has them: without priors, and clamped."""

    def first(self, table, index):
        return NEW

    def update(self, counter, bit, limit):
        state = self.state(counter)
        one, count = state & 0xFFF0 | 8, state & 15
        one += ((65535 if bit else 0) - one) * self.logistic.step[count] >> 14
        one = max(16, min(65519, one))
        self.counters[counter] = one & 0xFFF0 | (count + (count < limit))

    def decide(self, weights, counters, rate=5):
        w = self.weights.setdefault(weights, [18350] * len(counters))
        s = [self.logistic.stretch(self.one(counter)) for counter in counters]
        dot = signed(sum(a * (b >> 4) for a, b in zip(s, w)))
        one = self.logistic.squash(dot >> 12)
        bit = self.coder.bit(one)
        error = ((bit << 16) - one) * rate >> 4
        most = (1 << 20) - 1
        for i, value in enumerate(s):
            w[i] = max(-most, min(most, w[i] + (signed(value * error) >> 14)))
        for counter in counters:
            self.update(counter, bit, 15)
        return bit


class FullDecoder:
    def __init__(self, stream, new_len, tables):
        # Section C.1.
        if len(stream) < 2 or stream[0] != 2 or stream[1] >> 4 > 3 or stream[1] & 15 > 7:
            raise Refused("header")
        self.profile, self.isa = stream[1] >> 4, stream[1] & 15
        self.u = UNIT[self.isa]
        self.stream, self.new_len = stream, new_len
        self.coder = Coder(stream, 2)
        self.model = FullModel(self.coder, tables)
        # Section C.3.
        self.out = bytearray()
        self.ops = self.since = 0
        self.distances = [1, 2, 3, 4]

    def r(self, n):
        return self.out[-n] if len(self.out) >= n else 0

    def expected(self):
        back = self.distances[0]
        return self.out[-back] if 0 < back <= len(self.out) else 0

    def lane(self):
        return len(self.out) & (1 << self.u) - 1

    def flag(self, name, index):
        return (name, index & (1 << FLAGS[self.profile]) - 1)

    def decode(self):
        while len(self.out) < self.new_len:
            if self.is_copy():
                self.copy()
            else:
                self.out.append(self.literal())
                self.ops, self.since = self.ops << 2 & 63, min(self.since + 1, 15)
        if self.coder.place != len(self.stream) + 3:
            raise Refused("trailing input")
        return unfiltered(self.out, self.isa)

    # Section C.4.1.

    def is_copy(self):
        r1, r2, e, lane = self.r(1), self.r(2), self.expected(), self.lane()
        since, q4 = self.since, len(self.out) & 3
        return self.model.decide(("copy", min(since, 7)), [
            ("kind", self.ops + 64 * q4),
            self.flag("F0", h(r1 | lane << 8 | min(since, 2) << 12)),
            self.flag("F1", h(r1 | r2 << 8 | lane << 16)),
            self.flag("F2", h(e | min(since, 7) << 8 | lane << 12)),
        ])

    def copy(self):
        """Section C.3, 2 to 4."""
        place = self.repeat()
        if place is None:
            self.distances = [self.distance()] + self.distances[:3]
        else:
            self.distances.insert(0, self.distances.pop(place))
        back = self.distances[0]
        if not 0 < back <= len(self.out):
            raise Refused("source")
        repeat = place is not None
        shortest, n = 1 if place == 0 else 2, 0
        while n < shortest or len(self.out) < self.new_len:
            if n == 32:
                n += self.long()
                break
            if n >= shortest and not self.goes_on(n, repeat):
                break
            if len(self.out) >= self.new_len:
                raise Refused("room")
            self.out.append(self.out[-back])
            n += 1
        kind = 1 if not repeat else 3 if n == 1 else 2
        self.ops, self.since = (self.ops << 2 | kind) & 63, 0

    def long(self):
        length = 0
        while length < 31 and self.model.single(("long", length)):
            length += 1
        count = (1 << length | self.coder.raw(length)) - 1
        if count > self.new_len - len(self.out):
            raise Refused("room")
        for _ in range(count):
            self.out.append(self.out[-self.distances[0]])
        return count

    # Section C.4.2: which of the last distances, if any.

    def repeat(self):
        r1, e, lane, since = self.r(1), self.expected(), self.lane(), self.since
        if not self.model.decide(("repeat", min(since, 3)), [
            ("repeated", self.ops),
            self.flag("F3", h(e | min(since, 3) << 8 | lane << 12)),
            self.flag("F3", h(since | r1 << 8 | 0x770000)),
        ]):
            return None
        for k in range(3):
            if not self.model.decide(("which", k), [
                ("which", 64 * k + self.ops),
                self.flag("F3", h(e | k << 8 | 0x550000)),
            ]):
                return k
        return 3

    # Section C.4.3.

    def distance(self):
        r1, lane, q4 = self.r(1), self.lane(), len(self.out) & 3
        last = min(slot_of(self.distances[0] - 1) >> 3, 3)
        c = 1
        for i in range(6):
            c = c << 1 | self.model.decide(("slot", i), [
                ("slot", 64 * q4 + c),
                ("last", 64 * last + c),
                self.flag("F4", h(r1 | lane << 8 | 0x330000) + c * GOLDEN),
            ])
        slot = c & 63
        if slot < 4:
            return slot + 1
        count = (slot >> 1) - 1
        high = self.coder.raw(max(count - 4, 0))
        low, c = 0, 1
        for i in range(min(count, 4)):
            bit = self.model.single(("low", 16 * (min(slot, 14) - 4) + c))
            low, c = low | bit << i, c << 1 | bit
        return ((2 | slot & 1) << count | high << 4 | low) + 1

    # Section C.4.4.

    def goes_on(self, n, repeat):
        r1, e, lane, q4 = self.r(1), self.expected(), self.lane(), len(self.out) & 3
        near = min(slot_of(self.distances[0] - 1) >> 2, 15)
        return self.model.decide(("on", 8 * repeat + min(n, 7)), [
            ("steps", 33 * (4 * repeat + q4) + n),
            ("stepslots", 4 * (16 * repeat + near) + max(min(n, 4), 1) - 1),
            self.flag("F5", h(e | r1 << 8 | lane << 16 | 0x1000000)),
            self.flag("F4", h(e | min(n, 4) << 8 | lane << 16 | repeat << 20 | 0x9000000)),
        ])

    # Section C.4.5.

    def literal(self):
        r1, r2, r3, r4 = (self.r(n) for n in (1, 2, 3, 4))
        e, lane, u = self.expected(), self.lane(), self.u
        q = len(self.out) & 3 if u == 0 else lane
        s = min(self.since, 3)
        op = r4 if u == 2 else r3 if u == 1 and lane == 0 else r2
        bf = r4 if u == 2 else r3 | 256 if lane == 0 else r2 | r4 << 16
        sizes = TABLES[self.profile]

        def row(v, bits):
            return (v >> (8 - max(bits - 8 - u, 0)) << u | lane) << 8

        c = 1
        for k in range(7, -1, -1):
            g = c * GOLDEN & WORD
            g ^= g >> 13
            places = [
                (q << 8) + c,
                row(r1, sizes[1]) + c,
                row(op, sizes[2]) + c,
                h(r1 | r2 << 8 | lane << 16 | 0x2000000) + g,
                h((r1 ^ bf << 8 ^ lane << 30) & WORD) + g,
                h(e | s << 8 | 0x6000000) + g,
                h(e | r1 << 8 | min(s, 1) << 16) + g,
            ]
            counters = [(f"T{i}", place & (1 << sizes[i]) - 1) for i, place in enumerate(places)]
            weights = 5 * q + (s if (e | 256) >> (k + 1) == c else 4)
            c = c << 1 | self.model.decide(("literal", weights), counters, rate=10)
        return c & 255


# Section C.2.


def unfiltered(data, isa):
    """The image, of filtered bytes."""
    if isa in (0, 7):
        return bytes(data)
    if isa not in (THUMB, A32, A64):
        raise NotRead(f"the filter of instruction set {isa}")
    reach = 0
    for p in range(0, len(data), 2 if isa == THUMB else 4):
        w = int.from_bytes(data[p : p + 4].ljust(4, b"\0"), "little")
        if isa == THUMB:
            begins, holds = w & 0xF800 == 0xF000, w & 0xB800F800 == 0xB800F000
        elif isa == A32:
            begins = holds = w & 0x0F000000 == 0x0B000000
        else:
            is_page = w & 0x9F000000 == 0x90000000
            begins = holds = is_page or w & 0xFC000000 == 0x94000000
        if not begins:
            continue
        if reach <= p and holds and p + 4 <= len(data):
            if isa == THUMB:
                value = (w & 0x7FF) << 11 | w >> 16 & 0x7FF
                value = value - (p >> 1) & (1 << 22) - 1
                w = w & ~0x07FF07FF | value >> 11 | (value & 0x7FF) << 16
            elif isa == A32:
                w = w & ~0xFFFFFF | (w - (p >> 2)) & 0xFFFFFF
            elif is_page:
                value = (w >> 5 & 0x7FFFF) << 2 | w >> 29 & 3
                value = value - (p >> 12) & (1 << 21) - 1
                w = w & 0x9F00001F | value >> 2 << 5 | (value & 3) << 29
            else:
                w = w & ~0x3FFFFFF | (w - (p >> 2)) & 0x3FFFFFF
            data[p : p + 4] = w.to_bytes(4, "little")
        reach = p + 4
    return bytes(data)
