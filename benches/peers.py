"""Peers that have no command line of their own: bsdiff's operations under xz, and HDiffPatch.

usage: peers.py bsdiff-xz OLD NEW PATCH | bsdiff-xz-apply OLD PATCH OUT
                detools-in-place OLD NEW PATCH COMPRESSION SLOT | hdiff-lite OLD NEW PATCH DICTIONARY
                hdiff-lzma2 OLD NEW PATCH | hdiff-brotli OLD NEW PATCH | hdiff-apply OLD PATCH OUT
                version MODULE
"""

import bz2
import lzma
import struct
import subprocess
import sys

HEADER = struct.Struct("<8sqqq")  # BSDIFF40: magic, control size, diff size, new size
TRIPLE = struct.Struct("<QQQ")    # sign and magnitude: diff length, extra length, seek


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def magnitude(word):
    return word & (1 << 63) - 1


def bsdiff_xz(old, new, patch):
    """Unpacks bsdiff's three bzip2 streams and packs them as one: triple, diff, extra, ..."""
    subprocess.run(["bsdiff", old, new, patch], check=True)
    data = read(patch)
    magic, control_size, diff_size, new_size = HEADER.unpack_from(data)
    assert magic == b"BSDIFF40"
    diff_at = HEADER.size + control_size
    control = bz2.decompress(data[HEADER.size:diff_at])
    diff = bz2.decompress(data[diff_at:diff_at + diff_size])
    extra = bz2.decompress(data[diff_at + diff_size:])
    parts = []
    diff_at = extra_at = 0
    for words in TRIPLE.iter_unpack(control):
        diff_len, extra_len = magnitude(words[0]), magnitude(words[1])
        parts.append(TRIPLE.pack(*words))
        parts.append(diff[diff_at:diff_at + diff_len])
        parts.append(extra[extra_at:extra_at + extra_len])
        diff_at += diff_len
        extra_at += extra_len
    packed = lzma.compress(b"".join(parts), preset=9 | lzma.PRESET_EXTREME)
    write(patch, packed)


def bsdiff_xz_apply(old, patch, out):
    """Goes back to BSDIFF40 and lets bspatch apply it."""
    data = lzma.decompress(read(patch))
    control, diff, extra = [], [], []
    at = new_size = 0
    while at < len(data):
        words = TRIPLE.unpack_from(data, at)
        diff_len, extra_len = magnitude(words[0]), magnitude(words[1])
        at += TRIPLE.size
        control.append(TRIPLE.pack(*words))
        diff.append(data[at:at + diff_len])
        extra.append(data[at + diff_len:at + diff_len + extra_len])
        at += diff_len + extra_len
        new_size += diff_len + extra_len
    streams = [bz2.compress(b"".join(parts)) for parts in (control, diff, extra)]
    header = HEADER.pack(b"BSDIFF40", len(streams[0]), len(streams[1]), new_size)
    plain = out + ".bsdiff"
    write(plain, header + b"".join(streams))
    subprocess.run(["bspatch", old, out, plain], check=True)


def hdiff(old, new, patch, config):
    import hdiffpatch

    configs = {
        "hdiff-lzma2": hdiffpatch.Lzma2Config(level=9, window=27),
        "hdiff-brotli": hdiffpatch.BrotliConfig.best_compression(),
    }
    write(patch, hdiffpatch.diff(read(old), read(new), configs[config], validate=False))


def hdiff_apply(old, patch, out):
    import hdiffpatch

    write(out, hdiffpatch.apply(read(old), read(patch)))


def detools_in_place(old, new, patch, compression, slot):
    """Segments of 4 KiB in a slot of so many bytes; applied in a copy of it, and compared."""
    import detools

    with open(patch, "wb") as file, open(old, "rb") as source, open(new, "rb") as target:
        detools.create_patch(source, target, file, compression, patch_type="in-place",
                             algorithm="bsdiff", memory_size=int(slot), segment_size=4096)
    memory, image = patch + ".slot", read(new)
    write(memory, read(old).ljust(int(slot), b"\xff"))
    detools.apply_patch_in_place_filenames(memory, patch)
    assert read(memory)[:len(image)] == image


def hdiff_lite(old, new, patch, dictionary):
    """HPatchLite across two slots: what its tools do in place is in no registry."""
    import hdiffpatch

    config = hdiffpatch.TuzConfig(dict_size=int(dictionary), literal_line=True)
    old, new = read(old), read(new)
    data = hdiffpatch.diff_lite(old, new, compression=config)
    assert hdiffpatch.apply_lite(old, data) == new
    write(patch, data)


def version(module):
    import importlib.metadata

    print(module, importlib.metadata.version(module))


def main(task, *args):
    if task in ("hdiff-lzma2", "hdiff-brotli"):
        hdiff(*args, task)
        return
    tasks = {
        "bsdiff-xz": bsdiff_xz,
        "bsdiff-xz-apply": bsdiff_xz_apply,
        "hdiff-apply": hdiff_apply,
        "hdiff-lite": hdiff_lite,
        "detools-in-place": detools_in_place,
        "version": version,
    }
    tasks[task](*args)


if __name__ == "__main__":
    main(*sys.argv[1:])
