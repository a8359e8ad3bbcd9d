"""Sections A.2 to A.4 of docs/FORMAT.md: binary decisions, counters, mixing, numbers."""

import re

WORD = 0xFFFFFFFF


class Refused(Exception):
    """The stream is none."""


def signed(value, bits=32):
    """A two's complement number of the low bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def lg(value):
    """0 for 0, else 1 + floor(log2)."""
    return value.bit_length()


# Section A.3: tables of the logistic arithmetic.


def constants(paths):
    """The arrays of numbers in Rust sources, by name."""
    found = {}
    pattern = re.compile(r"(?:const|static) (\w+): \[[^\]]*\] = \[([-\d_,\s]*)\];")
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for name, numbers in pattern.findall(file.read()):
                found[name] = [int(number) for number in numbers.replace(",", " ").split()]
    return found


class Logistic:
    def __init__(self, tables):
        self.squash_table = tables["SQUASH"]
        tail, middle = tables["STRETCH_TAIL"], tables["STRETCH_MIDDLE"]
        lower = [-tail[q] if q < 256 else -middle[(q - 256) >> 3] for q in range(2048)]
        self.stretch_table = lower + [-value for value in reversed(lower)]
        self.step = [int(16384 / (n + 1.6)) for n in range(16)]

    def stretch(self, one):
        return self.stretch_table[one >> 4]

    def squash(self, x):
        y = max(-2047, min(2047, x)) + 2048
        low, high = self.squash_table[y >> 5], self.squash_table[(y >> 5) + 1]
        return low + ((high - low) * (y & 31) >> 5)


# Section A.2: binary decisions.


class Coder:
    def __init__(self, stream, place):
        self.stream, self.place = stream, place
        self.range, self.code = WORD, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        self.place += 1
        if self.place > len(self.stream) + 3:
            raise Refused("truncated")
        return self.stream[self.place - 1] if self.place <= len(self.stream) else 0

    def bit(self, one):
        one = max(24, min(65512, one))
        bound = (self.range >> 16) * (65536 - one)
        if self.code < bound:
            bit, self.range = 0, bound
        else:
            bit = 1
            self.range -= bound
            self.code -= bound
        while self.range < 1 << 24:
            self.range <<= 8
            self.code = (self.code << 8 | self.next()) & WORD
        return bit

    def raw(self, count):
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit(32768)
        return value


# Sections A.3 and A.8: counters, mixing, sizes.

PROFILES = {
    0: dict(order1=7, recalls=90, flag=6, history=6, phase=0, map=578, beside=289, learned=128, anchors=120, substitutions=0, regions=6),
    1: dict(order1=9, recalls=994, flag=8, history=8, phase=1, map=2984, beside=1492, learned=512, anchors=320, substitutions=128, regions=32),
    2: dict(order1=12, recalls=3042, flag=10, history=8, phase=2, map=29640, beside=14820, learned=4096, anchors=1250, substitutions=512, regions=128),
    3: dict(order1=17, recalls=1 << 20, flag=16, history=14, phase=2, map=360000, beside=360000, learned=6 << 16, anchors=192000, substitutions=65536, regions=8192),
}

NEW = 2048 << 4


# Where the priors of a table begin: in BITS or FLAGS, and in WEIGHTS with the inputs of a set.
BITS = {"number": 0, "single": 780, "bits": 824, "delta": 1080, "literal": 1336, "missed": 1528}
FLAGS = {"equal run": 0, "stretch run": 64, "stretch past": 128, "stretch size": 160, "field history": 288, "field place": 416, "first": 544}
WEIGHTS = {"equal": (0, 5), "literal": (40, 8), "miss": (72, 9), "stretch": (144, 3), "field": (156, 2), "first": (168, 3)}


class Model:
    """All counters and weights, by names of tables."""

    def __init__(self, coder, tables):
        self.coder, self.logistic = coder, Logistic(tables)
        self.tables, self.counters, self.weights = tables, {}, {}

    def state(self, counter):
        if counter not in self.counters:
            self.counters[counter] = self.first(*counter)
        return self.counters[counter]

    def first(self, table, index):
        """The prior of a counter, if it has one."""
        for name, places in (("BITS", BITS), ("FLAGS", FLAGS)):
            if table in places:
                prior = self.tables[name][places[table] + index]
                one = self.logistic.squash(((prior >> 2) - 32) << 6)
                return one & 0xFFF0 | (0, 2, 5, 12)[prior & 3]
        return NEW

    def one(self, counter):
        return self.state(counter) & 0xFFF0 | 8

    def set_of(self, weights):
        if weights not in self.weights:
            section, number = weights
            first, inputs = WEIGHTS[section]
            first += number * inputs
            priors = self.tables["WEIGHTS"][first:first + inputs]
            self.weights[weights] = [prior << 11 for prior in priors]
        return self.weights[weights]

    def update(self, counter, bit, limit):
        state = self.state(counter)
        one, count = state & 0xFFF0 | 8, state & 15
        one += ((65535 if bit else 0) - one) * self.logistic.step[count] >> 14
        self.counters[counter] = one & 0xFFF0 | (count + (count < limit))

    def single(self, counter):
        bit = self.coder.bit(self.one(counter))
        self.update(counter, bit, 15)
        return bit

    def mixed(self, weights, inputs, rate, limit):
        """Inputs: (counter, expected bit) or None."""
        w = self.set_of(weights)
        s = []
        for known in inputs:
            if known is None:
                s.append(0)
            else:
                stretched = self.logistic.stretch(self.one(known[0]))
                s.append(stretched if known[1] else -stretched)
        dot = signed(sum(a * (b >> 4) for a, b in zip(s, w)))
        one = self.logistic.squash(dot >> 12)
        bit = self.coder.bit(one)
        error = ((bit << 16) - one) * rate >> 4
        for i, value in enumerate(s):
            w[i] = signed(w[i] + (signed(value * error) >> 14))
        for known in inputs:
            if known is not None:
                self.update(known[0], bit ^ (not known[1]), limit)
        return bit

    # Section A.4: numbers.

    def unsigned(self, kind):
        length = 0
        while length < 32 and self.single(("number", 52 * kind + min(length, 19))):
            length += 1
        if length < 2:
            return length
        below, value = length - 1, 1
        for k in range(below - 1, -1, -1):
            if k == below - 1:
                bit = self.single(("number", 52 * kind + 20 + min(below, 11)))
            elif k == 0:
                bit = self.single(("number", 52 * kind + 44 + min(below, 3)))
            elif k == 1:
                bit = self.single(("number", 52 * kind + 40 + min(below, 3)))
            elif k == below - 2:
                bit = self.single(("number", 52 * kind + 32 + 2 * min(below - 4, 3) + (value & 1)))
            else:
                bit = self.coder.raw(1)
            value = value << 1 | bit
        return value

    def signed(self, kind):
        value = self.unsigned(kind)
        if value and self.single(("number", 52 * kind + 48 + min(lg(value) - 1, 3))):
            return -value
        return value
