"""A decoder of native delta streams, written from docs/FORMAT.md, appendix A, alone.

Usage: delta_decoder.py STREAM OLD NEW_LEN OUT TABLES...

Clear, not fast. Each part names its section. TABLES are the sources whose constants the appendix
refers to: logistic.rs and priors.rs.
"""

import sys

from delta_coding import PROFILES, WORD, Coder, Model, Refused, constants, lg, signed
from delta_fields import (
    A32, A64, CALL, FAR, JUMP, NONE, PAGE, POINTER, RAM, RV32, RV64, STEP, THUMB, XTENSA,
    Side, instruction_length,
)
from delta_known import Learned, Recalls, Substitutions, Widths, h


class Decoder:
    def __init__(self, stream, old, new_len, tables):
        self.stream, self.old, self.new_len = stream, old, new_len
        self.new = bytearray()
        place = self.header()
        self.coder = Coder(stream, place)
        self.model = Model(self.coder, tables)
        self.recalls = Recalls(self.profile["recalls"])
        self.substitutions = Substitutions(self.profile["substitutions"])
        self.regions = []  # (start, class)
        self.diagonals = [0, 0, 0]
        # Section A.6.
        self.x, self.past, self.run, self.misses, self.delta = 6, 0, 0, 0, 0
        self.doubt = self.plain = self.inner = 0
        self.half = False
        self.field_past = [0] * 13
        self.residuals = [0] * 13
        self.anchors = {}

    # Section A.1.

    def header(self):
        if len(self.stream) < 3 or self.stream[0] != 1:
            raise Refused("kind")
        self.profile = PROFILES.get(self.stream[1])
        self.isa, self.u = self.stream[2] >> 4, self.stream[2] & 15
        if self.profile is None or self.isa > 7 or self.u > 2:
            raise Refused("header")
        self.mask = [0, 1, 3][self.u]
        place, numbers = 3, []
        for limit in (64, 64, 32, 32) if self.isa else ():
            value, shift = 0, 0
            while True:
                byte = self.stream[place]
                place += 1
                value |= (byte & 127) << shift
                if value >> limit or byte == 0 and shift:
                    raise Refused("number")
                shift += 7
                if byte < 128:
                    break
            numbers.append(value)
        base, distance, ram_base, ram_len = numbers or (0, 0, 0, 0)
        new_base = (base + ((distance >> 1) ^ -(distance & 1))) & (1 << 64) - 1
        seen = ram_len if ram_len < 1 << 31 else 0
        self.side_old = Side(len(self.old), base, ram_base, seen)
        self.side_new = Side(self.new_len, new_base, ram_base, seen)
        self.widths = Widths(len(self.old), self.new_len, ram_len, self.profile)
        self.learned = Learned(self.widths)
        return place

    # Section A.5.

    def layout(self):
        model, sides = self.model, (self.side_old, self.side_new)
        if not model.single(("single", 39)):
            return
        counts = [model.unsigned(7) for _ in sides]
        if max(counts) > 5:
            raise Refused("segments")
        for side in sides:
            side.tail = model.unsigned(7)
        for side in sides:
            side.origin = model.unsigned(7)
        old = []
        for _ in range(counts[0]):
            start, shift = old[-1] if old else (0, 0)
            start = (start + model.signed(9)) & WORD
            old.append((start, (shift + model.signed(10)) & WORD))
        new = []
        for rank in range(counts[1]):
            start, shift = old[rank] if rank < len(old) else (0, 0)
            start = (start + model.signed(9)) & WORD
            new.append((start, (shift + model.signed(10)) & WORD))
        self.side_old.further, self.side_new.further = old, new
        count = model.unsigned(7)
        if count > self.profile["regions"]:
            raise Refused("regions")
        start = 0
        for _ in range(count):
            start += 256 * (model.unsigned(8) + 1)
            region = model.unsigned(7)
            if start >= len(self.old) or region not in STEP or region in (20, 21) and not self.widths.numbers:
                raise Refused("region")
            self.regions.append((start, region))

    def front(self, diagonal):
        known = self.diagonals
        if diagonal == known[0]:
            return
        if diagonal == known[1]:
            self.diagonals = [known[1], known[0], known[2]]
        else:
            self.diagonals = [diagonal, known[0], known[1]]

    def read_source(self, out, gap, major, coming):
        to, d = out + gap, list(self.diagonals)
        if not major and coming:
            d[2] = coming[0] - coming[1]
        row, base = 3 * ((gap > 0) + 2 * major), 0
        while base < 3 and self.model.single(("single", row + base)):
            base += 1
        start = [out + d[0], to + d[0], to + d[1], to + d[2]][base]
        kind = [3 + (gap > 0) + 6 * major, 5, 6, 6][base]
        source = (start + self.model.signed(kind)) & WORD
        if source >= len(self.old):
            raise Refused("source")
        return source

    def check_copy(self, source, start, length):
        if source + length > len(self.old) or start + length > self.new_len:
            raise Refused("copy")

    def majors(self):
        count = self.model.unsigned(7)
        if count > self.widths.majors:
            raise Refused("majors")
        found, out = [], 0
        for _ in range(count):
            gap = self.model.unsigned(7)
            if gap >= self.new_len - out:
                raise Refused("gap")
            source = self.read_source(out, gap, True, None)
            length, lacks = self.widths.length(self.model.unsigned(8))
            start = out + gap
            self.check_copy(source, start, length)
            found.append((source, start, length, lacks))
            self.front((source - start) & WORD)
            out = start + length
        self.diagonals = [0, 0, 0]
        self.map, end = [], 0
        for major in sorted(found):
            if major[0] + major[2] > end:
                end = major[0] + major[2]
                self.map.append(major)
        return found

    def decode(self):
        if self.new_len:
            self.layout()
            coming = self.majors()
            while len(self.new) < self.new_len:
                self.operation(coming)
        if self.coder.place != len(self.stream) + 3:
            raise Refused("trailing input")
        return bytes(self.new)

    def operation(self, coming):
        out = len(self.new)
        limit = coming[0][1] if coming else self.new_len
        if limit == out:
            source, start, length, lacks = coming.pop(0)
            self.front((source - start) & WORD)
            length += self.coder.raw(lacks)
            self.check_copy(source, start, length)
            if start + length > (coming[0][1] if coming else self.new_len):
                raise Refused("room")
            self.copy(source, length)
            return
        if not self.model.single(("single", 12)):
            self.literals(limit - out)
            return
        gap = self.model.unsigned(0)
        if gap >= limit - out:
            raise Refused("room")
        source = self.read_source(out, gap, False, coming[0] if coming else None)
        length = self.model.unsigned(2 if gap else 1) + 1
        self.check_copy(source, out + gap, length)
        if out + gap + length > limit:
            raise Refused("room")
        self.front((source - out - gap) & WORD)
        self.literals(gap)
        self.copy(source, length)

    def literals(self, count):
        for _ in range(count):
            self.new.append(self.literal())
        if count:
            self.run = 0

    # Section A.6.

    def copy(self, source, length):
        self.source, self.left = source, length
        self.x = max(6, min(7, self.x))
        self.doubt = self.plain = self.inner = 0
        self.half, self.start = False, 1
        self.verbatim, self.wait = 12, 0
        self.units = False
        while self.left:
            if self.units:
                self.unit()
            else:
                self.stretch()

    def region(self):
        """Class of the region of the source."""
        found = self.isa
        for start, region in self.regions:
            if start <= self.source:
                found = region
        return found

    def take(self, data, surprise=False):
        """Bytes of the new image that a copy makes."""
        self.new += data
        self.source += len(data)
        self.left -= len(data)

    def stretch(self):
        if self.wait == 0 and self.left >= 4096:
            length = min(1 << self.verbatim, self.left)
            if self.model.single(("single", 40 + min(self.verbatim - 12 >> 1, 3))):
                self.half, self.inner = False, 0
                self.verbatim = min(self.verbatim + 2, 24)
                self.take(self.old[self.source:self.source + length])
                self.run += length
                self.misses = self.misses << min(length, 32) & WORD
            elif self.verbatim > 12:
                self.verbatim = max(self.verbatim - 4, 12)
            else:
                self.wait = 8
            return
        length = min(1 << self.x, self.left)
        self.risky = [past != 0 for past in self.field_past]
        s, l = self.x - 6, min(lg(length), 15)
        clean = self.model.mixed(
            ("stretch", s),
            [(("stretch run", 16 * s + min(lg(self.run), 15)), 1),
             (("stretch past", 8 * s + 2 * (self.past & 3) + self.start), 1),
             (("stretch size", 32 * s + 2 * l + self.start), 1)],
            8, 12)
        self.past = (self.past << 1 | clean) & 255
        self.start = 0
        if clean:
            self.half = False
            if self.x == 9:
                self.wait = max(self.wait - 1, 0)
            self.x = min(self.x + 1, 9)
            self.clean(length)
        elif self.x > 6 and length > 64:
            self.x -= 2
            while self.x > 6 and 1 << self.x >= length:
                self.x -= 1
            self.x = max(self.x, 6)
        else:
            self.x, self.doubt, self.units = 6, length, True

    def clean(self, length):
        """A stretch without surprise."""
        end = self.left - length
        while self.left > max(end, 0):
            region = self.region()
            field = None
            if region != NONE:
                field = self.find_field(region)
            if field is None:
                if region != NONE:
                    self.inner = max(self.inner - 1, 0)
                self.misses = self.misses << 1 & WORD
                self.run += 1
                self.take(self.old[self.source:self.source + 1])
            elif self.risky[field["kind"]]:
                if not self.decide(field):
                    self.units = True
                    return
                self.units = False
            else:
                self.misses = self.misses << 1 & WORD
                self.run += field["length"]
                self.take(field["candidates"][0][0][:field["length"]])

    def unit(self):
        region = self.region()
        if self.plain == 0:
            field = None
            if self.source % STEP[region] == 0:
                field = self.find_field(region)
            if field:
                self.decide(field)
                return
        self.byte()

    def surprise(self, expected, data):
        """Account of a unit."""
        self.misses = (self.misses << 1 | (not expected)) & WORD
        if expected:
            self.run += len(data)
            self.doubt = max(self.doubt - len(data), 0)
        else:
            self.run = self.doubt = 0
        self.take(data)
        if self.run >= 16 and self.doubt == 0 and self.plain == 0:
            self.units = False

    # Section A.7.

    def old_at(self, offset):
        return self.old[offset] if 0 <= offset < len(self.old) else 0

    def word_at(self, distance):
        at = self.source + distance
        if at < 0 or at + 4 > len(self.old):
            return None
        return int.from_bytes(self.old[at:at + 4], "little")

    def shift(self, kind, target):
        """Shift and inside, or None."""
        if kind == RAM:
            places = sorted(self.anchors)
            below = [place for place in places if place <= target]
            if not places:
                return None
            place = below[-1] if below else places[0]
            return (self.anchors[place] - place) & WORD, True
        found = None
        for source, start, length, _ in self.map:
            if source <= target:
                found = (start - source) & WORD, target - source < length
        return found

    def find_field(self, region):
        p, out = self.source, len(self.new)
        raw = bytes(self.old[p:p + 8]).ljust(8, b"\0")
        if self.inner:
            inside = region < 16
            found = self.side_old.field(region, p, raw, self.word_at, inside)
            if found is None:
                return None
        else:
            found = self.side_old.field(region, p, raw, self.word_at, False)
            if found is None:
                self.inner = instruction_length(region, p, raw)
                return None
        kind, length, target = found
        self.inner = length
        if length > self.left:
            return None
        known, far = self.shift(kind, target), kind in FAR
        if not far:
            own = (out - p) & WORD
            bases = self.side_new.address(0) - self.side_old.address(0)
            whole = not self.side_old.further and not self.side_new.further
            if known is None or whole and (own + bases) % 4 == 0 and known[0] == own:
                return None
        mapped = (target + (known[0] if known else 0)) & WORD
        candidates = []

        def add(new_target, origin):
            data = self.side_new.encode(region, kind, raw, out, new_target)
            if data is not None and all(data[:length] != other[:length] for other, _ in candidates):
                candidates.append((data, origin))

        if far and self.learned.get(target) is not None:
            add(self.learned.get(target), 0)
        if known:
            add(mapped, 1)
        if all(raw[:length] != other[:length] for other, _ in candidates):
            candidates.append((raw, 2))
        if not far and len(candidates) == 1:
            return None
        self.inner = 0
        return dict(region=region, kind=kind, length=length, target=target, mapped=mapped, raw=raw,
                    candidates=candidates, inside=bool(known and known[1]))

    def decide(self, field):
        """Whether the first candidate was right."""
        kind, length, candidates = field["kind"], field["length"], field["candidates"]
        self.half = False
        past, count, right = self.field_past[kind], len(candidates), None
        for index, (data, origin) in enumerate(candidates):
            if index == 0 and 0 < self.doubt <= length:
                continue
            q = 3 * kind + origin
            by_history = 8 * (2 * q + (count == 1)) + (past & 7)
            by_place = 8 * (2 * q + field["inside"]) + 2 * (count - 1) + (self.misses & 1)
            if self.model.mixed(
                    ("field", 2 * origin + (kind in FAR)),
                    [(("field history", by_history % 127), 1), (("field place", by_place % 127), 1)],
                    5, 12):
                right = index
                break
        expected = right == 0
        self.field_past[kind] = (past << 1 | (not expected)) & 255
        new_target = None
        if right is not None:
            data, origin = candidates[right]
            if origin == 2 and not expected:
                new_target = self.side_new.target(
                    field["region"], kind, length, len(self.new), data, field["mapped"])
        elif kind in FAR and self.model.single(("single", 13 + kind)):
            data, new_target = self.correct(field)
        else:
            self.plain, self.run, self.doubt = length, 0, 0
            return False
        if kind in FAR and new_target is not None:
            self.learned.put(field["target"], new_target)
            if kind == RAM:
                self.put_anchor(field["target"], new_target & (1 << self.widths.ram) - 1)
        self.surprise(expected, data[:length])
        return expected

    def put_anchor(self, target, new_target):
        most = self.widths.anchors
        if target not in self.anchors and len(self.anchors) >= most:
            if not self.widths.numbers:
                return
            hashed = target * 0x9E3779B1 & WORD
            del self.anchors[sorted(self.anchors)[hashed * most >> 32]]
        self.anchors[target] = new_target

    def correct(self, field):
        kind, length, region = field["kind"], field["length"], field["region"]
        relative = self.model.single(("single", 26 + kind))
        number = 14 if relative else {POINTER: 12, RAM: 13}.get(kind, 11)
        residual = self.model.signed(number)
        if relative:
            residual += self.residuals[kind]
        residual &= WORD
        self.residuals[kind] = residual
        align = 0
        if kind in (CALL, JUMP):
            align = {THUMB: 1, RV32: 1, RV64: 1, A32: 2, A64: 2}.get(region, 0)
            if kind == CALL and region == XTENSA:
                align = 2
        elif kind == PAGE and region == A64 and length == 4:
            align = 12
        target = (field["mapped"] + (residual << align)) & WORD
        data = self.side_new.encode(region, kind, field["raw"], len(self.new), target)
        return (field["raw"] if data is None else data), target

    # Section A.8.

    def byte(self):
        pos = self.source
        o, before, after = (self.old_at(at) for at in (pos, pos - 1, pos + 1))
        m = self.mask | 1
        op, lane = self.old_at(pos | m), pos & m
        halfword = bytes((self.old_at(pos & ~1), self.old_at(pos | 1)))
        if self.u < 2:
            key = int.from_bytes(halfword, "little")
        else:
            word = int.from_bytes(bytes(self.old_at(pos & ~3 | i) for i in range(4)), "little")
            key = ((word ^ pos >> 1 & 1) * 0x9E3779B1 & WORD) >> 16
        known = self.substitutions.get(key)
        last = self.new[-1] if self.new else 0
        hashed = (o, op, lane, op if self.u == 2 else (before if pos & 1 else after))
        in_pairs = not pos & 1 and self.u > 0 and STEP[self.region()] > 1
        if in_pairs and self.plain == 0 and self.left > 1 and self.doubt not in (1, 2):
            state = 0
            if known:
                state = 1 if known[0] == halfword else 2 + min(known[1], 2)
            if self.equal(state, hashed):
                self.substitutions.put(key, halfword, halfword)
                self.inner = max(self.inner - 2, 0)
                self.half = False
                self.surprise(True, halfword)
                return
            self.doubt = 2
        hint, state = None, 0
        if known:
            if pos & 1 and known[0][0] != last:
                state = 5
            else:
                hint = known[0][pos & 1]
                state = 1 if hint == o else 2 + min(known[1], 2)
        missed = self.doubt == 1
        if not missed:
            first = in_pairs and self.doubt == 2
            missed = not (self.first_equal if first else self.equal)(state, hashed)
        if missed:
            agreeing = (hint, known[1]) if hint is not None and hint != o else None
            new = self.missed_byte(o, before, op, lane, agreeing)
        else:
            new = o
        self.plain = max(self.plain - 1, 0)
        self.inner = max(self.inner - 1, 0)
        if pos & 1 and self.half:
            self.substitutions.put(key, halfword, bytes((last, new)))
        self.half = not pos & 1
        if missed:
            self.delta = (new - o) & 255
        self.surprise(not missed, bytes((new,)))

    def equal(self, state, hashed):
        """Whether a byte or pair is as in the old image."""
        o, op, lane, b = hashed
        pos = self.source
        if state:
            weights = state + 2
        else:
            weights = 1 + (self.misses & 1) if self.misses & 255 else 0
        flag = (1 << self.profile["flag"]) - 1
        history = (1 << self.profile["history"]) - 1
        return self.model.mixed(
            ("equal", weights),
            [(("history", self.misses & history), 1),
             (("equal run", 4 * min(lg(self.run), 15) + (pos & 3)), 1),
             (("flags 0", h(op | lane << 8 | 0x900) & flag), 1),
             (("flags 1", h(o | b << 8 | lane << 16) & flag), 1),
             (("states", 16 * state + 4 * (pos & 3) + (self.misses & 3)), 1)],
            8, 12)

    def first_equal(self, state, hashed):
        """The same for the first byte of a pair of which one is not."""
        o, op, lane, b = hashed
        flag = (1 << self.profile["flag"]) - 1
        return self.model.mixed(
            ("first", 0),
            [(("first", 8 * state + (self.misses & 7)), 1),
             (("flags 0", h(op | lane << 8 | 0x2900) & flag), 1),
             (("flags 1", h(o | b << 8 | lane << 16 | 1 << 20) & flag), 1)],
            8, 12)

    def recent(self):
        return int.from_bytes(bytes(self.new[-4:]).rjust(4, b"\0"), "big")

    def order0(self, c):
        phase = len(self.new) & (self.mask | 1) & (1 << self.profile["phase"]) - 1
        return ("order 0", 256 * phase + c), 1

    def recalled(self, table, contexts, c, i):
        inputs = []
        for number, context in enumerate(contexts):
            known = self.recalls.get(context)
            if known is None or (known[0] | 256) >> (8 - i) != c:
                inputs.append(None)
            else:
                counter = 32 * number + 4 * known[1] + (i >> 1)
                inputs.append(((table, counter), known[0] >> (7 - i) & 1))
        return inputs

    def missed_byte(self, o, before, op, lane, hint):
        pos, recent = self.source, self.recent()
        newest = recent & 255
        contexts = [bytes_ ^ number << 26 ^ lane << 24 for number, bytes_ in (
            (1, newest), (8, o), (9, o | op << 8), (10, o | self.delta << 8),
            (11, o | newest << 8), (12, o | before << 8 | newest << 16))]
        g, c, differs = (o + self.delta) & 255, 1, False
        for i in range(8):
            k = 7 - i
            if i == 7 and not differs:
                c = c << 1 | 1 ^ (o & 1)
                break
            apart = min(bin(c ^ (o | 256) >> (k + 1)).count("1"), 3)
            by_bits = (o >> k & 1) | i << 1 | apart << 4 | (pos & 3) << 6
            weights, by_delta = pos & 3, 0
            if hint and (hint[0] | 256) >> (k + 1) == c:
                weights = 4 + hint[1]
                by_delta = 32 + (hint[0] >> k & 1) + 2 * i + 16 * (hint[1] & 1)
            elif (g | 256) >> (k + 1) == c:
                by_delta = 1 + (g >> k & 1) + 2 * i + 16 * (pos & 1)
            inputs = [self.order0(c), (("bits", by_bits), 1), (("delta", by_delta + 64 * (pos & 3)), 1)]
            inputs += self.recalled("missed", contexts, c, i)
            bit = self.model.mixed(("miss", weights), inputs, 10, 15)
            differs |= bit != (o >> k & 1)
            c = c << 1 | bit
        for context in contexts:
            self.recalls.put(context, c & 255)
        return c & 255

    def literal(self):
        lane, r = len(self.new) & self.mask, self.recent()
        contexts = [bytes_ ^ number << 26 ^ lane << 24 for number, bytes_ in (
            (1, r & 0xFF), (2, r & 0xFFF0), (3, r & 0xF0FF), (4, r >> 8 & 0xFFFF),
            (5, r & 0xFF00FF), (6, r >> 8 & 0xFF00FF))]
        order1, mask = h(r & 0xFF | lane << 16), (1 << self.profile["order1"]) - 1
        c = 1
        for i in range(8):
            spread = (order1 + h(c * 0x3D4D51CB & WORD)) & mask
            inputs = [self.order0(c), (("order 1", spread), 1)]
            inputs += self.recalled("literal", contexts, c, i)
            c = c << 1 | self.model.mixed(("literal", lane), inputs, 10, 15)
        for context in contexts:
            self.recalls.put(context, c & 255)
        return c & 255


def main():
    stream_path, old_path, new_len, out_path, *tables = sys.argv[1:]
    with open(stream_path, "rb") as stream, open(old_path, "rb") as old:
        stream, old = stream.read(), old.read()
    try:
        new = Decoder(stream, old, int(new_len), constants(tables)).decode()
    except Refused as refused:
        sys.exit(f"refused: {refused}")
    with open(out_path, "wb") as out:
        out.write(new)


if __name__ == "__main__":
    main()
