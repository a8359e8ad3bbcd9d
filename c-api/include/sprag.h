/*
 * Sprag: signed delta updates for firmware. The device side, as a library for C.
 *
 * Made from the crate `sprag-c` by `cargo xtask header`; do not edit.
 *
 *   application: sprag_init, sprag_resume after a reset, sprag_process for each chunk, sprag_finalize, restart
 *   bootloader:  sprag_boot_choose at each reset
 *   new image:   sprag_confirm when it is well, or sprag_give_up
 *
 * Every function returns 0 or above for success, and the negative of a stable number below: sprag_codes.h has them all,
 * and `sprag explain NUMBER` tells cause and remedy. Nothing is allocated; one thread at a time may use a handle or a
 * flash.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */

#ifndef SPRAG_H
#define SPRAG_H

#include <stddef.h>
#include <stdint.h>
#include "sprag_codes.h"
#if UINTPTR_MAX <= 0xffffffffu
#define SPRAG_32_BIT
#endif

/**
 * Version of this interface: the major number in the upper 16 bits, the minor in the lower.
 */
#define SPRAG_API_VERSION 65536

/**
 * Bytes of memory that hold the head of a package whose envelope has `n` bytes are this and `n`. An envelope with
 * one source and one signature has about 311.
 */
#define SPRAG_INTAKE_OVERHEAD 97

/**
 * Bytes of memory for packages built with `--ram 8192` and blocks of 4096 bytes.
 */
#define SPRAG_MEMORY_8K 12288

/**
 * Bytes of memory for packages built with `--ram 16384` and blocks of 4096 bytes.
 */
#define SPRAG_MEMORY_16K 20480

/**
 * Most keys of a trust store.
 */
#define SPRAG_MAX_KEYS 8

/**
 * Most runs of a sector table.
 */
#define SPRAG_MAX_SECTOR_RUNS 64

/**
 * Most bytes of a text, without the zero byte at its end.
 */
#define SPRAG_MAX_TEXT 32

#if defined(SPRAG_32_BIT)
/**
 * Words of 64 bits of a handle.
 */
#define SPRAG_HANDLE_WORDS 224
#endif

#if !defined(SPRAG_32_BIT)
/**
 * Words of 64 bits of a handle.
 */
#define SPRAG_HANDLE_WORDS 256
#endif

/**
 * Not bound to an instruction set.
 */
#define SPRAG_ISA_NONE 0

/**
 * Arm T32 (Thumb).
 */
#define SPRAG_ISA_THUMB 1

/**
 * Arm A32.
 */
#define SPRAG_ISA_A32 2

/**
 * Arm A64.
 */
#define SPRAG_ISA_A64 3

/**
 * RISC-V, 32 bits.
 */
#define SPRAG_ISA_RV32 4

/**
 * RISC-V, 64 bits.
 */
#define SPRAG_ISA_RV64 5

/**
 * Xtensa.
 */
#define SPRAG_ISA_XTENSA 6

/**
 * x86, 64 bits.
 */
#define SPRAG_ISA_X86_64 7

/**
 * The key may sign releases.
 */
#define SPRAG_ROLE_RELEASE 0

/**
 * The key may sign key sets, and no release.
 */
#define SPRAG_ROLE_ROOT 1

/**
 * `sprag_device.known`: `load_address` is filled in.
 */
#define SPRAG_KNOWN_LOAD_ADDRESS 1

/**
 * `sprag_device.known`: `now` is filled in, from a clock that is trusted.
 */
#define SPRAG_KNOWN_NOW 2

/**
 * `sprag_device.known`: `battery_percent` is filled in.
 */
#define SPRAG_KNOWN_BATTERY 4

/**
 * `sprag_device.known`: `free_storage` is filled in.
 */
#define SPRAG_KNOWN_STORAGE 8

/**
 * `sprag_device.known`: `temperature` is filled in.
 */
#define SPRAG_KNOWN_TEMPERATURE 16

/**
 * `sprag_device.known`: `free_ram` is filled in.
 */
#define SPRAG_KNOWN_RAM 32

/**
 * `sprag_device.known`: `minute_of_day` is filled in.
 */
#define SPRAG_KNOWN_MINUTE 64

/**
 * `sprag_config.flags`: the published example keys count. For tests and demonstrations only.
 */
#define SPRAG_FLAG_EXAMPLE_KEYS 1

/**
 * `sprag_config.flags`: the bootloader of a device with a single slot runs, and applies what is staged.
 */
#define SPRAG_FLAG_BOOTLOADER 2

/**
 * `sprag_config.flags`: this package was deferred the last time (codes 330 to 334).
 */
#define SPRAG_FLAG_DEFERRED 4

/**
 * First slot.
 */
#define SPRAG_SLOT_A 0

/**
 * Second slot.
 */
#define SPRAG_SLOT_B 1

/**
 * `sprag_boot.kind`: the confirmed image.
 */
#define SPRAG_BOOT_CONFIRMED 0

/**
 * `sprag_boot.kind`: the new image, on trial, until it is confirmed or its boots are used up.
 */
#define SPRAG_BOOT_TRIAL 1

/**
 * `sprag_boot.kind`: the confirmed image, because the new one was not confirmed in time or is not whole.
 */
#define SPRAG_BOOT_REVERTED 2

/**
 * `sprag_boot.kind`: none yet; the bootloader makes it in the only slot: `sprag_init` with
 * `SPRAG_FLAG_BOOTLOADER`, then `sprag_resume`.
 */
#define SPRAG_BOOT_APPLY 3

/**
 * `sprag_boot.kind`: the confirmed image, or what an only slot holds and is whole: the boot record cannot be written, so
 * that no boot can be counted and no update begun. To be reported.
 */
#define SPRAG_BOOT_UNRECORDED 4

/**
 * A callback's answer: done.
 */
#define SPRAG_FLASH_OK 0

/**
 * A callback's answer: the call was not aligned as the part wants it.
 */
#define SPRAG_FLASH_NOT_ALIGNED 1

/**
 * A callback's answer: the call reached outside the part.
 */
#define SPRAG_FLASH_OUT_OF_BOUNDS 2

/**
 * Done; after `sprag_process`: more bytes are wanted.
 */
#define SPRAG_OK 0

/**
 * The new image is whole and marked for its trial boot: restart.
 */
#define SPRAG_DONE 1

/**
 * All is staged for the bootloader, which makes the new image in the only slot: restart.
 */
#define SPRAG_STAGED 2

/**
 * An update under way. Fill it with zeros, and leave it alone but for handing it over.
 */
struct sprag_handle {
  /**
   * The library's.
   */
  uint64_t opaque[SPRAG_HANDLE_WORDS];
};

/**
 * Sectors of one size that follow each other.
 */
struct sprag_sectors {
  /**
   * How many.
   */
  uint32_t count;
  /**
   * Bytes of each; whole write units.
   */
  uint32_t size;
};

/**
 * A part of the flash: whole sectors, inside the sector table, apart from all others. Size 0: there is none.
 */
struct sprag_area {
  /**
   * Address of its first byte.
   */
  uint32_t address;
  /**
   * Bytes.
   */
  uint32_t size;
};

/**
 * Fills `len` bytes from `address` on, at any alignment; 0 if it did.
 */
typedef int32_t (*sprag_flash_read)(void *user, uint32_t address, uint8_t *bytes, size_t len);

/**
 * Writes `len` bytes from `address` on: whole write units, at most 256 bytes, into an erased sector; 0 if it did.
 * `bytes` has no alignment.
 */
typedef int32_t (*sprag_flash_write)(void *user, uint32_t address, const uint8_t *bytes, size_t len);

/**
 * Erases whole sectors, `len` bytes from `address` on; 0 if it did.
 */
typedef int32_t (*sprag_flash_erase)(void *user, uint32_t address, uint32_t len);

/**
 * Called between two bounded pieces of work: feed the watchdog here. It must not call the library with the same
 * handle.
 */
typedef void (*sprag_idle)(void *user);

/**
 * The device's flash. It must stay as it is while a handle knows it.
 *
 * Each write unit is written at most once between erases, so parts with ECC serve.
 */
struct sprag_flash {
  /**
   * `sizeof(struct sprag_flash)`.
   */
  uint32_t struct_size;
  /**
   * Bytes of the smallest write: a power of two, at most 256.
   */
  uint32_t write_size;
  /**
   * What an erased byte reads as: 0xff on most parts, 0x00 on some.
   */
  uint32_t erased;
  /**
   * Address of the first sector of the table.
   */
  uint32_t base;
  /**
   * The sector table: runs of sectors from `base` on, without gaps.
   */
  const struct sprag_sectors *sectors;
  /**
   * How many runs, at most `SPRAG_MAX_SECTOR_RUNS`.
   */
  uint32_t sector_runs;
  /**
   * First slot.
   */
  struct sprag_area slot_a;
  /**
   * Second slot; none on a device with a single slot.
   */
  struct sprag_area slot_b;
  /**
   * Where blocks wait, if anywhere outside the slots.
   */
  struct sprag_area staging;
  /**
   * The boot record: two sectors, or twice as many as 212 bytes take.
   */
  struct sprag_area record;
  /**
   * Checkpoints, and groups of sectors of a single slot, if anywhere outside the slots.
   */
  struct sprag_area scratch;
  /**
   * Handed to each callback.
   */
  void *user;
  /**
   * Reads.
   */
  sprag_flash_read read;
  /**
   * Writes.
   */
  sprag_flash_write write;
  /**
   * Erases.
   */
  sprag_flash_erase erase;
  /**
   * May be null.
   */
  sprag_idle idle;
};

/**
 * What this device is, and how it is doing. Texts end with a zero byte, have at most 32 bytes of UTF-8, and may be
 * null where "may be null" is said. All of it must stay as it is while a handle knows it.
 */
struct sprag_device {
  /**
   * `sizeof(struct sprag_device)`.
   */
  uint32_t struct_size;
  /**
   * `SPRAG_ISA_...`.
   */
  uint32_t isa;
  /**
   * Vendor, compared byte for byte.
   */
  const char *vendor;
  /**
   * Product, compared byte for byte.
   */
  const char *product;
  /**
   * Revision of this board; must be one of those listed.
   */
  const char *hardware;
  /**
   * Version of the running image; may be null.
   */
  const char *version;
  /**
   * Id of the bootloader; may be null.
   */
  const char *bootloader;
  /**
   * Id of the operating system; may be null.
   */
  const char *os;
  /**
   * Name of the partition layout; may be null.
   */
  const char *layout;
  /**
   * Packed version of the bootloader.
   */
  uint64_t bootloader_version;
  /**
   * Packed version of the operating system.
   */
  uint64_t os_version;
  /**
   * Address at which the slot runs.
   */
  uint64_t load_address;
  /**
   * Seconds of Unix time.
   */
  uint64_t now;
  /**
   * `SPRAG_KNOWN_...`: which of `load_address`, `now` and the following are filled in.
   */
  uint32_t known;
  /**
   * Version of the stored key set; 0 while the trust store is compiled in.
   */
  uint32_t keyset_version;
  /**
   * Bytes of storage free for the application.
   */
  uint32_t free_storage;
  /**
   * Bytes of RAM free beside the update.
   */
  uint32_t free_ram;
  /**
   * Minutes since 00:00 UTC.
   */
  uint16_t minute_of_day;
  /**
   * Battery charge in percent.
   */
  uint8_t battery_percent;
  /**
   * Temperature in degrees Celsius.
   */
  int8_t temperature;
};

/**
 * One key of the trust store: the two arrays that `sprag key export --c` writes.
 */
struct sprag_key {
  /**
   * Its id, 8 bytes.
   */
  const uint8_t *id;
  /**
   * The Ed25519 public key, 32 bytes.
   */
  const uint8_t *key;
  /**
   * `SPRAG_ROLE_...`.
   */
  uint32_t role;
};

/**
 * Everything an update needs. It is copied; what it points at is not, and must stay until the handle has ended.
 */
struct sprag_config {
  /**
   * `sizeof(struct sprag_config)`.
   */
  uint32_t struct_size;
  /**
   * `SPRAG_FLAG_...`.
   */
  uint32_t flags;
  /**
   * The flash.
   */
  const struct sprag_flash *flash;
  /**
   * The device.
   */
  const struct sprag_device *device;
  /**
   * The trust store.
   */
  const struct sprag_key *keys;
  /**
   * How many keys, at most `SPRAG_MAX_KEYS`.
   */
  uint32_t key_count;
  /**
   * Memory for both phases, of any alignment. Only the library may touch it until the handle has ended.
   */
  uint8_t *memory;
  /**
   * Bytes of it.
   */
  size_t memory_len;
  /**
   * Bytes at the end of each slot that belong to the bootloader.
   */
  uint32_t trailer_reserve;
  /**
   * Boots in which a new image must confirm itself; at most 255.
   */
  uint32_t trial_boots;
};

/**
 * A range of the package.
 */
struct sprag_range {
  /**
   * `sizeof(struct sprag_range)`.
   */
  uint32_t struct_size;
  /**
   * Bytes up to the end of the page or block; 0 if nothing is wanted.
   */
  uint32_t len;
  /**
   * Offset of the first byte, from the start of the package.
   */
  uint64_t offset;
};

/**
 * Where an update stands, and why it was refused, with both sides of the comparison. What a code does not have is
 * zero.
 */
struct sprag_status {
  /**
   * `sizeof(struct sprag_status)`.
   */
  uint32_t struct_size;
  /**
   * What the last `sprag_resume` or `sprag_process` came to. Calls that were refused as calls do not count, nor do
   * those of other functions.
   */
  int32_t status;
  /**
   * The update result of the LwM2M Firmware Update object (Object 5, resource 5) for it.
   */
  uint32_t lwm2m_result;
  /**
   * Seconds after which another try pays; codes 330 to 335.
   */
  uint32_t retry_after;
  /**
   * Blocks fetched.
   */
  uint32_t blocks_done;
  /**
   * Blocks in all.
   */
  uint32_t blocks;
  /**
   * Bytes of the new image written.
   */
  uint32_t image_done;
  /**
   * Bytes of the new image.
   */
  uint32_t image;
  /**
   * The package's side, as a number: a counter, bytes needed, a block, an address of flash.
   */
  uint64_t package_number;
  /**
   * The device's side.
   */
  uint64_t device_number;
  /**
   * The package's side, as a text that ends with a zero byte.
   */
  uint8_t package_text[33];
  /**
   * The device's side.
   */
  uint8_t device_text[33];
  /**
   * The package's side, as bytes: a digest, or a key's id in the first eight.
   */
  uint8_t package_bytes[32];
  /**
   * The device's side.
   */
  uint8_t device_bytes[32];
};

/**
 * What to boot.
 */
struct sprag_boot {
  /**
   * `sizeof(struct sprag_boot)`.
   */
  uint32_t struct_size;
  /**
   * `SPRAG_BOOT_...`.
   */
  uint32_t kind;
  /**
   * `SPRAG_SLOT_...`.
   */
  uint32_t slot;
  /**
   * Address of the slot.
   */
  uint32_t address;
  /**
   * Bytes of the slot.
   */
  uint32_t size;
};

/**
 * What the boot record says.
 */
struct sprag_record {
  /**
   * `sizeof(struct sprag_record)`.
   */
  uint32_t struct_size;
  /**
   * The slot with the confirmed image: `SPRAG_SLOT_...`.
   */
  uint32_t confirmed;
  /**
   * Phase number, as docs/FORMAT.md has it: 0 idle, 1 erasing, 2 writing, 3 pending, 4 on trial, 5 and above for a
   * single slot.
   */
  uint32_t phase;
  /**
   * How the last update ended: 0 none has, 1 confirmed, 2 reverted.
   */
  uint32_t outcome;
  /**
   * Boots that the image on trial still has.
   */
  uint32_t tries_left;
  /**
   * Changes of the record so far.
   */
  uint32_t revision;
  /**
   * Security counter of the confirmed image.
   */
  uint64_t security_counter;
  /**
   * Sequence number of the confirmed image.
   */
  uint64_t sequence;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Begins an update, or begins it anew after a reset: then `sprag_resume` comes next.
 *
 * Nothing is read from flash or written to it before `sprag_resume` or `sprag_process`.
 *
 * Never call it from inside a callback with the handle that the callback works for. It begins anew over whatever the
 * handle holds, since memory that was never written, or that a reset left, cannot be told from a call under way.
 *
 * The caller sees to this:
 * `handle` is null or points at a `sprag_handle`, whatever is in it, and no function of this library is under way with
 * it. `config` is null or points at a
 * `sprag_config`. What that points at may be read, and its memory be written, and stays as it is, until
 * `sprag_finalize` or another `sprag_init` of the same handle; the callbacks may be called until then, from inside
 * the functions of this library.
 */
int32_t sprag_init(struct sprag_handle *handle, const struct sprag_config *config);

/**
 * Goes on after a reset: with the head of the package that is staged in flash, if there is one, and as far as flash
 * leads. `SPRAG_OK`: fetch the package from `*offset` on, which is 0 if nothing was staged, and hand it to
 * `sprag_process`. `SPRAG_DONE` and `SPRAG_STAGED`: no more is needed.
 *
 * Call it directly after `sprag_init`, or not at all: without it, a package that is pushed from its first byte
 * continues the same update, and what is known already is passed over.
 *
 * The caller sees to this:
 * `handle` is null or points at a `sprag_handle` of zeros or one that `sprag_init` has filled; `offset` is null or
 * points at a `uint64_t`.
 */
int32_t sprag_resume(struct sprag_handle *handle, uint64_t *offset);

/**
 * Takes the next bytes of the package, of any number, and does all the work that they allow. `SPRAG_OK`: more are
 * wanted. `SPRAG_DONE`: the new image is whole and marked for its trial boot; bytes behind it are passed over.
 *
 * After `SPRAG_E_BLOCK_HASH`, `SPRAG_E_PAGE_HASH`, `SPRAG_E_STREAM_GAP` or `SPRAG_E_STREAM_END`, fetch again from
 * `sprag_wanted` on: the update stands, and the next bytes are taken to be those. After any other error that the update came to it has ended. A call that is refused as a call
 * changes nothing: `SPRAG_E_NULL_POINTER` and what else is wrong with arguments, and `SPRAG_E_WRONG_STATE` from inside a
 * callback or without `sprag_init`.
 *
 * The caller sees to this:
 * `handle` as in `sprag_resume`. `bytes` is null, or `len` bytes may be read there.
 */
int32_t sprag_process(struct sprag_handle *handle,
                      const uint8_t *bytes,
                      size_t len);

/**
 * Says that the next bytes for `sprag_process` lie at this offset of the package. What lies before the wanted range
 * is passed over; what would leave a gap is refused then (`SPRAG_E_STREAM_GAP`).
 *
 * The caller sees to this:
 * `handle` as in `sprag_resume`.
 */
int32_t sprag_seek(struct sprag_handle *handle, uint64_t offset);

/**
 * The range of the package that is wanted next. It may lie ahead of what was pushed last: go there with
 * `sprag_seek`, or push what lies between as well.
 *
 * The caller sees to this:
 * `handle` as in `sprag_resume`; `wanted` is null or points at a `sprag_range` that says its size.
 */
int32_t sprag_wanted(struct sprag_handle *handle, struct sprag_range *wanted);

/**
 * Ends the update, and gives memory and configuration back. `SPRAG_DONE` or `SPRAG_STAGED` if it came to its end,
 * the error that ended it, or `SPRAG_E_INCOMPLETE`: then another `sprag_init` and `sprag_resume` goes on.
 *
 * The caller sees to this:
 * `handle` as in `sprag_resume`.
 */
int32_t sprag_finalize(struct sprag_handle *handle);

/**
 * Tells where the update stands, and why the last `sprag_resume` or `sprag_process` was refused.
 *
 * The caller sees to this:
 * `handle` as in `sprag_resume`; `report` is null or points at a `sprag_status` that says its size.
 */
int32_t sprag_report(struct sprag_handle *handle, struct sprag_status *report);

/**
 * The update result of the LwM2M Firmware Update object (Object 5, resource 5) for what a function has returned: 0
 * for `SPRAG_OK`, 1 for `SPRAG_DONE` and `SPRAG_STAGED`.
 */
uint8_t sprag_lwm2m_result(int32_t status);

/**
 * `SPRAG_API_VERSION` of the library.
 */
uint32_t sprag_version(void);

/**
 * `sizeof(struct sprag_handle)` of the library.
 */
size_t sprag_handle_size(void);

/**
 * Chooses the slot to boot, and counts the boot of an image on trial. That image is hashed each time, so that a slot
 * that lost its bytes is never booted.
 *
 * On an error (`SPRAG_E_RECORD_LOST`, or of flash where no whole image is known of) a bootloader boots the slot whose image it can check by its own
 * means.
 *
 * The caller sees to this:
 * `flash` is null or points at a `sprag_flash` that says its size, whose sector table may be read, and whose
 * callbacks may be called, until the function returns; `choice` is null or points at a `sprag_boot` that says its
 * size.
 */
int32_t sprag_boot_choose(const struct sprag_flash *flash,
                          struct sprag_boot *choice);

/**
 * Confirms the image on trial, which runs from `slot`: from now on it is the one that boots.
 *
 * The caller sees to this:
 * `flash` as in `sprag_boot_choose`.
 */
int32_t sprag_confirm(const struct sprag_flash *flash, uint32_t slot);

/**
 * Gives up the image on trial, which runs from `slot`: the next boot is the confirmed image's. Restart then.
 *
 * The caller sees to this:
 * `flash` as in `sprag_boot_choose`.
 */
int32_t sprag_give_up(const struct sprag_flash *flash, uint32_t slot);

/**
 * Lets a package that was reverted be tried again (`SPRAG_E_REVERTED_BEFORE`).
 *
 * The caller sees to this:
 * `flash` as in `sprag_boot_choose`.
 */
int32_t sprag_forgive(const struct sprag_flash *flash);

/**
 * Reads the boot record, for reports and for a choice of the bootloader's own.
 *
 * The caller sees to this:
 * `flash` as in `sprag_boot_choose`; `view` is null or points at a `sprag_record` that says its size.
 */
int32_t sprag_record_read(const struct sprag_flash *flash, struct sprag_record *view);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SPRAG_H */
