"""Section A.10 of docs/FORMAT.md: what a field is."""

from delta_coding import WORD, signed

CALL, JUMP, POINTER, RAM, PAGE, RELATIVE, BRANCH, SHORT_BRANCH, COMPARE_BRANCH, LOAD, SHORT_LOAD, ADDRESS, PLACE = range(13)
FAR = {CALL, JUMP, POINTER, RAM, PAGE, RELATIVE, PLACE}
NONE, THUMB, A32, A64, RV32, RV64, XTENSA, X86_64 = range(8)
POINTERS_32, POINTERS_64, RELATIVES, OFFSETS, NUMBERS, RELOCATIONS = range(16, 22)
STEP = {NONE: 1, THUMB: 2, A32: 4, A64: 4, RV32: 2, RV64: 2, XTENSA: 1, X86_64: 1,
        POINTERS_32: 4, POINTERS_64: 4, RELATIVES: 4, OFFSETS: 4, NUMBERS: 4, RELOCATIONS: 4}


def reaches(distance, bits, unit):
    return distance % unit == 0 and signed(distance, bits) == signed(distance)


def gather(word, pieces):
    """The number whose bits lie in pieces: (place in the word, bits, place in the number)."""
    return sum((word >> at & (1 << bits) - 1) << to for at, bits, to in pieces)


def scatter(word, pieces, number):
    for at, bits, to in pieces:
        mask = (1 << bits) - 1
        word = word & ~(mask << at) | (number >> to & mask) << at
    return word


# Where the bits of a distance lie: (place in the instruction, bits, place in the distance).
THUMB_FAR = [(0, 10, 12), (16, 11, 1), (10, 1, 24)]
THUMB_BRANCH = [(10, 1, 20), (27, 1, 19), (29, 1, 18), (0, 6, 12), (16, 11, 1)]
THUMB_COMPARE = [(9, 1, 6), (3, 5, 1)]
RISCV_JAL = [(31, 1, 20), (12, 8, 12), (20, 1, 11), (21, 10, 1)]
RISCV_BRANCH = [(31, 1, 12), (7, 1, 11), (25, 6, 5), (8, 4, 1)]
RISCV_CJ = [(12, 1, 11), (11, 1, 4), (9, 2, 8), (8, 1, 10), (7, 1, 6), (6, 1, 7), (3, 3, 1), (2, 1, 5)]
RISCV_CB = [(12, 1, 8), (10, 2, 3), (5, 2, 6), (3, 2, 1), (2, 1, 5)]
ADR = [(5, 19, 2), (29, 2, 0)]


def thumb_far_swap(word, number):
    """Bits 23 and 22 are stored as the opposite of their difference from the sign."""
    sign = number >> 24 & 1
    high, low = 1 ^ (number >> 23 & 1) ^ sign, 1 ^ (number >> 22 & 1) ^ sign
    return word & ~(1 << 29 | 1 << 27) | high << 29 | low << 27


def thumb_far(word):
    number = gather(word, THUMB_FAR)
    sign = number >> 24 & 1
    number |= (1 ^ (word >> 29 & 1) ^ sign) << 23 | (1 ^ (word >> 27 & 1) ^ sign) << 22
    return signed(number, 25)


def a64_scale(w):
    if w & 0xFFC00000 == 0x91000000:
        return 0
    if w & 0x3B000000 == 0x39000000:
        return 4 if w & 0x04800000 == 0x04800000 else w >> 30
    return None


def a64_stops(w, register):
    if w & 0x7C000000 == 0x14000000 or w & 0xFE000000 == 0xD6000000:
        return True
    return w & 31 == register and w & 0x1C000000 != 0x14000000 and w & 0x0A400000 != 0x08000000


def a64_page(p, w):
    pages = gather(w, ADR)
    if signed(pages, 21) != signed(pages, 20):
        return None
    return ((p & ~0xFFF) + (pages << 12)) & WORD


def x86_form(w):
    first, second, third = w & 255, w >> 8 & 255, w >> 16 & 255

    def access(code):
        return code in (0x63, 0x8D, 0xFF) or 0x84 <= code <= 0x8B or code < 0x40 and code & 7 < 4

    if first == 0xE8:
        return CALL, 1
    if first == 0xE9:
        return JUMP, 1
    if first == 0x0F and second & 0xF0 == 0x80:
        return BRANCH, 2
    if 0x40 <= first <= 0x4F and third & 0xC7 == 5:
        return (PAGE, 3) if access(second) else None
    if second & 0xC7 == 5:
        return (PAGE, 2) if access(first) else None
    return None


REFERRING = {2, 8, 9, 10, 11, 12, 13, 14, 17, 18}
NAME, TYPE = 1 << 26, 2 << 26


def number(value, word_at):
    """A number of BTF: of a name or of a type."""
    near = {d: word_at(d) or 0 for d in (-8, -4, 4)}
    if value == 0 or value >= 1 << 24:
        return None
    if near[4] >= 1 << 24:
        which = NAME
    elif near[-4] >= 1 << 24:
        which = TYPE if near[-4] >> 24 & 31 in REFERRING else None
    elif value >= 1 << 18:
        which = NAME
    elif near[-4] >= 1 << 18 or near[-4] == 0:
        which = TYPE
    elif value < 1 << 12 or 1 << 18 <= near[-8] < 1 << 24:
        which = None
    else:
        which = NAME
    return (RAM, 4, which | value) if which else None


def is_type(word_at, distance):
    """Whether a relocation's type "relative" lies there."""
    return word_at(distance + 4) == 0 and word_at(distance) in (3, 8, 0x403)


def riscv_low(w, n):
    """The immediate of the second half of an AUIPC pair."""
    if n >> 15 & 31 != w >> 7 & 31:
        return None
    if n & 0x7F in (0x03, 0x07, 0x13, 0x67):
        return signed(n >> 20, 12)
    if n & 0x7F in (0x23, 0x27):
        return signed((n >> 25) << 5 | n >> 7 & 31, 12)
    return None


def instruction(isa, p, raw, word_at):
    """Kind, length and the address of the target; p is the address, word_at(d) the word d bytes on."""
    w, n = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:8], "little")
    w1, w2 = w & 0xFFFF, w >> 16
    if isa == THUMB:
        aligned = (p + 4) & ~3
        if w1 & 0xF800 == 0x4800:
            return SHORT_LOAD, 2, aligned + 4 * (w1 & 0xFF)
        if w1 & 0xF800 == 0xA000:
            return ADDRESS, 2, aligned + 4 * (w1 & 0xFF)
        if w1 & 0xF500 == 0xB100:
            return COMPARE_BRANCH, 2, p + 4 + gather(w, THUMB_COMPARE)
        if w1 & 0xF000 == 0xD000 and w1 & 0xF00 < 0xE00:
            return SHORT_BRANCH, 2, p + 4 + signed(2 * (w1 & 0xFF), 9)
        if w1 & 0xF800 == 0xE000:
            return SHORT_BRANCH, 2, p + 4 + signed(2 * (w1 & 0x7FF), 12)
        if w1 & 0xF800 == 0xF000:
            if w2 & 0xD000 in (0xD000, 0x9000):
                return (CALL if w2 & 0x4000 else JUMP), 4, p + 4 + thumb_far(w)
            if w2 & 0xD001 == 0xC000:
                return CALL, 4, aligned + thumb_far(w)
            if w2 & 0xD000 == 0x8000 and w1 >> 6 & 15 < 14:
                return BRANCH, 4, p + 4 + signed(gather(w, THUMB_BRANCH), 21)
            return None
        if w1 & 0xFF7F == 0xF85F:
            return LOAD, 4, aligned + (w2 & 0xFFF) * (1 if w1 & 0x80 else -1)
    elif isa == A32:
        if w & 0x0E000000 == 0x0A000000:
            return (CALL if w & 0x01000000 else JUMP), 4, p + 8 + signed(4 * w, 26)
        if w & 0x0F7F0000 == 0x051F0000:
            return LOAD, 4, p + 8 + (w & 0xFFF) * (1 if w & 0x800000 else -1)
    elif isa == A64:
        imm19 = signed((w >> 5 & 0x7FFFF) << 2, 21)
        if w & 0x7C000000 == 0x14000000:
            return (CALL if w >> 31 else JUMP), 4, p + signed(4 * w, 28)
        if w & 0xFF000010 == 0x54000000:
            return BRANCH, 4, p + imm19
        if w & 0x7E000000 == 0x34000000:
            return COMPARE_BRANCH, 4, p + imm19
        if w & 0x7E000000 == 0x36000000:
            return SHORT_BRANCH, 4, p + signed((w >> 5 & 0x3FFF) << 2, 16)
        if w & 0x3B000000 == 0x18000000:
            return LOAD, 4, p + imm19
        if w & 0x9F000000 == 0x90000000:
            page = a64_page(p, w)
            if page is None:
                return None
            register, scale = w & 31, a64_scale(n)
            if scale is not None and n >> 5 & 31 == register:
                return PAGE, 8, page + ((n >> 10 & 0xFFF) << scale)
            for d in range(4, 28, 4):
                found = word_at(d)
                if found is None:
                    break
                scale = a64_scale(found)
                if scale is not None and found >> 5 & 31 == register:
                    return PAGE, 4, page + ((found >> 10 & 0xFFF) << scale)
                if a64_stops(found, register):
                    break
            return PAGE, 4, page
        scale = a64_scale(w)
        if scale is not None:
            register = w >> 5 & 31
            for d in range(4, 28, 4):
                found = word_at(-d)
                if found is None:
                    return None
                if found & 0x9F000000 == 0x90000000 and found & 31 == register:
                    page = a64_page(p - d, found)
                    return None if page is None else (PLACE, 4, page + ((w >> 10 & 0xFFF) << scale))
                if a64_stops(found, register):
                    return None
            return None
        if w & 0x9F000000 == 0x10000000:
            return ADDRESS, 4, p + signed(gather(w, ADR), 21)
    elif isa in (RV32, RV64):
        if w & 0x7F == 0x6F:
            return (CALL if w & 0xF80 else JUMP), 4, p + signed(gather(w, RISCV_JAL), 21)
        if w & 0x7F == 0x63:
            return BRANCH, 4, p + signed(gather(w, RISCV_BRANCH), 13)
        if w & 0x7F == 0x17:
            low = riscv_low(w, n)
            return None if low is None else (PAGE, 8, p + (w & 0xFFFFF000) + low)
        if w & 3 == 1:
            form = w >> 13 & 7
            if form == 1 and isa == RV32:
                return CALL, 2, p + signed(gather(w, RISCV_CJ), 12)
            if form == 5:
                return SHORT_LOAD, 2, p + signed(gather(w, RISCV_CJ), 12)
            if form in (6, 7):
                return SHORT_BRANCH, 2, p + signed(gather(w, RISCV_CB), 9)
    elif isa == XTENSA:
        if w & 15 == 5:
            return CALL, 3, (p & ~3) + 4 + 4 * signed(w >> 6, 18)
        if w & 15 == 1:
            return LOAD, 3, ((p + 3) & ~3) + 0xFFFC0000 + 4 * (w >> 8 & 0xFFFF)
        if w & 0x3F == 6:
            return JUMP, 3, p + 4 + signed(w >> 6, 18)
        if w & 0x3F == 0x16:
            return BRANCH, 3, p + 4 + signed(w >> 12, 12)
        if w & 15 in (6, 7):
            return SHORT_BRANCH, 3, p + 4 + signed(w >> 16, 8)
    elif isa == X86_64:
        form = x86_form(w)
        if form:
            kind, before = form
            distance = int.from_bytes(raw[before:before + 4], "little")
            if distance:
                return kind, before + 4, p + before + 4 + distance
    return None


def encode_instruction(isa, kind, raw, p, target):
    """The bytes with another target, both addresses; None if that cannot be."""
    w, n = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:8], "little")
    d = (target - p) & WORD
    if isa == THUMB:
        near, aligned = (d - 4) & WORD, (target - ((p + 4) & ~3)) & WORD
        if kind in (CALL, JUMP):
            near, unit = (aligned, 4) if w >> 16 & 0xD000 == 0xC000 else (near, 2)
            if not reaches(near, 25, unit):
                return None
            w = thumb_far_swap(scatter(w, THUMB_FAR, near), near)
        elif kind == BRANCH and reaches(near, 21, 2):
            w = scatter(w, THUMB_BRANCH, near)
        elif kind in (SHORT_LOAD, ADDRESS) and aligned <= 1020 and aligned % 4 == 0:
            w = w & ~0xFF | aligned >> 2
        elif kind == SHORT_BRANCH and w & 0xF000 == 0xD000 and reaches(near, 9, 2):
            w = w & ~0xFF | near >> 1 & 0xFF
        elif kind == SHORT_BRANCH and w & 0xF000 != 0xD000 and reaches(near, 12, 2):
            w = w & ~0x7FF | near >> 1 & 0x7FF
        elif kind == COMPARE_BRANCH and near <= 126 and near % 2 == 0:
            w = scatter(w, THUMB_COMPARE, near)
        elif kind == LOAD and aligned <= 0xFFF:
            w = w & ~0x0FFF0000 | 0x80 | aligned << 16
        elif kind == LOAD and -aligned & WORD <= 0xFFF:
            w = w & ~0x0FFF0080 | (-aligned & 0xFFF) << 16
        else:
            return None
    elif isa == A32:
        d = (d - 8) & WORD
        if kind in (CALL, JUMP) and reaches(d, 26, 4):
            w = w & 0xFF000000 | d >> 2 & 0xFFFFFF
        elif kind == LOAD and d <= 0xFFF:
            w = w & 0xFF7FF000 | 0x800000 | d
        elif kind == LOAD and -d & WORD <= 0xFFF:
            w = w & 0xFF7FF000 | -d & 0xFFF
        else:
            return None
    elif isa == A64:
        if kind == PAGE:
            w = scatter(w, ADR, ((target & ~0xFFF) - (p & ~0xFFF)) >> 12)
            scale = a64_scale(n)
            if scale is not None and n >> 5 & 31 == w & 31:
                place = target & 0xFFF
                if place & (1 << scale) - 1:
                    return None
                n = n & 0xFFC003FF | place >> scale << 10
            return w.to_bytes(4, "little") + n.to_bytes(4, "little")
        if kind == PLACE:
            scale, place = a64_scale(w), target & 0xFFF
            if place & (1 << scale) - 1:
                return None
            w = w & 0xFFC003FF | place >> scale << 10
        elif kind in (CALL, JUMP) and reaches(d, 28, 4):
            w = w & 0xFC000000 | d >> 2 & 0x3FFFFFF
        elif kind in (BRANCH, COMPARE_BRANCH, LOAD) and reaches(d, 21, 4):
            w = w & 0xFF00001F | (d >> 2 & 0x7FFFF) << 5
        elif kind == SHORT_BRANCH and reaches(d, 16, 4):
            w = w & 0xFFF8001F | (d >> 2 & 0x3FFF) << 5
        elif kind == ADDRESS and reaches(d, 21, 1):
            w = scatter(w, ADR, d)
        else:
            return None
    elif isa in (RV32, RV64):
        if kind == PAGE:
            high = (d + 0x800) & 0xFFFFF000
            low = (d - high) & 0xFFF
            if n & 0x7F in (0x23, 0x27):
                n = n & 0x01FFF07F | (low >> 5) << 25 | (low & 31) << 7
            else:
                n = n & 0xFFFFF | low << 20
            return (w & 0xFFF | high).to_bytes(4, "little") + n.to_bytes(4, "little")
        if kind == SHORT_LOAD or kind == CALL and w & 3 != 3:
            if not reaches(d, 12, 2):
                return None
            w = scatter(w, RISCV_CJ, d)
        elif kind in (CALL, JUMP) and reaches(d, 21, 2):
            w = scatter(w, RISCV_JAL, d)
        elif kind == BRANCH and reaches(d, 13, 2):
            w = scatter(w, RISCV_BRANCH, d)
        elif kind == SHORT_BRANCH and reaches(d, 9, 2):
            w = scatter(w, RISCV_CB, d)
        else:
            return None
    elif isa == XTENSA:
        near = (d - 4) & WORD
        if kind == CALL:
            far = (target - ((p & ~3) + 4)) & WORD
            if not reaches(far, 20, 4):
                return None
            w = w & ~0xFFFFC0 | (far >> 2 & 0x3FFFF) << 6
        elif kind == LOAD:
            far = (target - ((p + 3) & ~3)) & WORD
            if far & 3 or far < 0xFFFC0000:
                return None
            w = w & ~0xFFFF00 | (far >> 2 & 0xFFFF) << 8
        elif kind == JUMP and reaches(near, 18, 1):
            w = w & ~0xFFFFC0 | (near & 0x3FFFF) << 6
        elif kind == BRANCH and reaches(near, 12, 1):
            w = w & ~0xFFF000 | (near & 0xFFF) << 12
        elif kind == SHORT_BRANCH and reaches(near, 8, 1):
            w = w & ~0xFF0000 | (near & 0xFF) << 16
        else:
            return None
    elif isa == X86_64:
        _, before = x86_form(w)
        distance = (d - before - 4) & WORD
        if not distance:
            return None
        return raw[:before] + distance.to_bytes(4, "little") + raw[before + 4:]
    return w.to_bytes(4, "little") + raw[4:8]


class Side:
    """An image as fields see it (sections A.5 and A.10)."""

    def __init__(self, length, base, ram_base, ram_len):
        self.length, self.base = length, base
        self.ram_base, self.ram_len = ram_base, ram_len
        self.further = []  # (start, shift)
        self.tail = self.origin = 0

    def shift(self, offset):
        shift = 0
        for start, further in self.further:
            if start > offset:
                break
            shift = further
        return shift

    def address(self, offset):
        return (self.base + offset + self.shift(offset)) & WORD

    def address_64(self, offset):
        return (self.base + offset + signed(self.shift(offset))) & (1 << 64) - 1

    def offset(self, address):
        end = min(self.length + self.tail, WORD)
        starts = [(0, 0)] + self.further
        for i, (start, shift) in enumerate(starts):
            offset = (address - self.base - shift) & WORD
            last = i + 1 == len(starts)
            if start <= offset < (end if last else min(starts[i + 1][0], self.length)):
                return offset
        return None

    def pointer_32(self, raw):
        w = int.from_bytes(raw[:4], "little")
        target = self.offset(w)
        if target is not None and w >= 256:
            return POINTER, 4, target
        target = (w - self.ram_base) & WORD
        return (RAM, 4, target) if target < self.ram_len else None

    def pointer_64(self, p, raw):
        w = int.from_bytes(raw, "little")
        if p & 7 or w < 256:
            return None
        target = self.offset(w & WORD)
        return (POINTER, 8, target) if target is not None and self.address_64(target) == w else None

    def pointer(self, isa, p, raw):
        if isa in (A64, RV64, X86_64):
            return self.pointer_64(p, raw)
        return None if p & 3 else self.pointer_32(raw)

    def field(self, kind, p, raw, word_at, inside):
        """Kind, length and target of the field at p in a region of a class; inside an instruction
        only pointers are looked for."""
        if not inside and (kind == NONE or p % STEP[kind]):
            return None
        w = int.from_bytes(raw[:4], "little")
        if kind == POINTERS_32:
            found = self.pointer_32(raw)
        elif kind == POINTERS_64:
            found = self.pointer_64(p, raw)
        elif kind == RELATIVES:
            target = self.offset((self.address(p) + w) & WORD)
            found = (RELATIVE, 4, target) if abs(signed(w)) >= 0x1000 and target is not None else None
        elif kind == OFFSETS:
            target = self.offset((self.base + self.origin + w) & WORD)
            found = (POINTER, 4, target) if target is not None else None
        elif kind == NUMBERS:
            found = number(w, word_at)
        elif kind == RELOCATIONS:
            found = self.pointer_64(p, raw)
            role = RAM if is_type(word_at, 8) else POINTER if is_type(word_at, -8) else None
            found = (role, 8, found[2]) if found and role is not None else None
            if found and role == RAM and found[2] >= 1 << 26:
                found = None
        else:
            found = self.pointer(kind, p, raw)
            if found is None and not inside:
                found = instruction(kind, self.address(p), raw, word_at)
                if found:
                    target = self.offset(found[2] & WORD)
                    found = (found[0], found[1], target) if target is not None else None
        return found if found and p + found[1] <= self.length else None

    def encode(self, region, kind, raw, p, target):
        """The bytes of a field at p of this image, for another target."""
        target &= WORD
        if region == RELATIVES:
            return ((self.address(target) - self.address(p)) & WORD).to_bytes(4, "little") + raw[4:]
        if region == OFFSETS:
            distance = self.address(target) - self.base - self.origin
            return (distance & WORD).to_bytes(4, "little") + raw[4:]
        if region == NUMBERS:
            return (target & ~0xC000000 & WORD).to_bytes(4, "little") + raw[4:]
        if region == RELOCATIONS or kind == POINTER and region in (A64, RV64, X86_64, POINTERS_64):
            return self.address_64(target).to_bytes(8, "little")
        if kind == POINTER:
            return self.address(target).to_bytes(4, "little") + raw[4:]
        if kind == RAM:
            return ((self.ram_base + target) & WORD).to_bytes(4, "little") + raw[4:]
        return encode_instruction(region, kind, raw, self.address(p), self.address(target))

    def target(self, region, kind, length, p, raw, mapped):
        """What a field with these bytes points at, if it is one of that kind and length (A.7)."""
        if region == NUMBERS:
            w = int.from_bytes(raw[:4], "little")
            return mapped & 0xC000000 | w if kind == RAM and w < 1 << 24 else None
        if region == RELOCATIONS:
            found = self.pointer_64(p, raw)
            return found[2] if found else None
        if region == A64 and (kind == PLACE or kind == PAGE and length == 4):
            w, near = int.from_bytes(raw[:4], "little"), self.address(mapped)
            if kind == PAGE:
                page = a64_page(self.address(p), w)
                return None if page is None else self.offset((page + (near & 0xFFF)) & WORD)
            place = (w >> 10 & 0xFFF) << a64_scale(w)
            return self.offset((near + signed(place - near, 12)) & WORD)
        found = self.field(region, p, raw, lambda d: None, False)
        return found[2] if found and found[:2] == (kind, length) else None


def instruction_length(region, p, raw):
    if region in (THUMB, RV32, RV64):
        if p & 1:
            return 1
        return 4 if (raw[1] >= 0xE8 if region == THUMB else raw[0] & 3 == 3) else 2
    if region == XTENSA:
        return 2 if raw[0] & 8 else 3
    return 1 if region in (NONE, X86_64) else 4 - (p & 3)
