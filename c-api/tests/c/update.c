/* Applies a package as a firmware does, on a simulated flash: update SCENARIO PACKAGE OLD NEW [DUMP]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nor.h"
#include "sprag.h"
#include "trust.h"

#define CHECK(what)                                                        \
    do {                                                                   \
        if (!(what)) {                                                     \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what);      \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

#define IS(call, expected)                                                                   \
    do {                                                                                     \
        int32_t came_ = (call), wanted_ = (expected);                                        \
        if (came_ != wanted_) {                                                              \
            printf("%s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #call, (long)came_,    \
                   (long)wanted_);                                                           \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file package, old_image, new_image;
static struct nor nor;
static struct sprag_handle handle;
static uint8_t memory[SPRAG_MEMORY_8K];
static struct sprag_flash flash;
static struct sprag_device device;
static struct sprag_config config;
static const struct sprag_key keys[] = {{test_release_id, test_release, SPRAG_ROLE_RELEASE}};

static struct file read_file(const char *path) {
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    long len;
    CHECK(stream != NULL);
    CHECK(fseek(stream, 0, SEEK_END) == 0);
    len = ftell(stream);
    CHECK(len > 0);
    rewind(stream);
    file.len = (size_t)len;
    file.bytes = malloc(file.len);
    CHECK(file.bytes != NULL && fread(file.bytes, 1, file.len, stream) == file.len);
    fclose(stream);
    return file;
}

/* RAM as after a reset: nothing is left, and nothing is zero. */
static void forget(void) {
    memset(memory, 0xa5, sizeof memory);
    memset(&handle, 0x5a, sizeof handle);
}

/* A device as it leaves the factory, with the old image in slot A. */
static void prepare(void) {
    nor_init(&nor);
    flash = nor_config(&nor);
    nor_load(&nor, flash.slot_a.address, old_image.bytes, old_image.len);
    memset(&device, 0, sizeof device);
    device.struct_size = sizeof device;
    device.isa = SPRAG_ISA_THUMB;
    device.vendor = "acme";
    device.product = "sensor";
    device.hardware = "r1";
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.flash = &flash;
    config.device = &device;
    config.keys = keys;
    config.key_count = 1;
    config.memory = memory;
    config.memory_len = sizeof memory;
    config.trial_boots = 3;
    forget();
}

/* Pushes the package from `offset` on, so many bytes at a time. */
static int32_t push(uint64_t offset, size_t chunk) {
    int32_t status = SPRAG_OK;
    size_t at = (size_t)offset;
    while (status == SPRAG_OK && at < package.len) {
        size_t len = package.len - at < chunk ? package.len - at : chunk;
        status = sprag_process(&handle, package.bytes + at, len);
        at += len;
    }
    return status;
}

static int holds(struct sprag_area slot, struct file image) {
    return memcmp(nor.cells + (slot.address - NOR_BASE), image.bytes, image.len) == 0;
}

static struct sprag_boot choose(void) {
    struct sprag_boot boot;
    memset(&boot, 0, sizeof boot);
    boot.struct_size = sizeof boot;
    IS(sprag_boot_choose(&flash, &boot), SPRAG_OK);
    return boot;
}

static struct sprag_status report(void) {
    struct sprag_status status;
    memset(&status, 0xee, sizeof status);
    status.struct_size = sizeof status;
    IS(sprag_report(&handle, &status), SPRAG_OK);
    return status;
}

static struct sprag_record record(void) {
    struct sprag_record seen;
    seen.struct_size = sizeof seen;
    IS(sprag_record_read(&flash, &seen), SPRAG_OK);
    return seen;
}

/* Chunks of any size lead to the same flash; then trial, confirm. */
static void chunks(const char *dump) {
    static const size_t sizes[] = {1, 7, 128, 4096, 1 << 20};
    static uint8_t first[NOR_SIZE];
    struct sprag_status status;
    struct sprag_boot boot;
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        prepare();
        IS(sprag_init(&handle, &config), SPRAG_OK);
        IS(push(0, sizes[i]), SPRAG_DONE);
        status = report();
        CHECK(status.status == SPRAG_DONE && status.lwm2m_result == 1);
        CHECK(status.image == new_image.len && status.image_done == new_image.len);
        CHECK(status.blocks > 0 && status.blocks_done == status.blocks);
        /* What follows is passed over. */
        IS(sprag_process(&handle, package.bytes, 1), SPRAG_DONE);
        IS(sprag_finalize(&handle), SPRAG_DONE);
        IS(sprag_finalize(&handle), SPRAG_E_WRONG_STATE);
        CHECK(holds(flash.slot_a, old_image) && holds(flash.slot_b, new_image));
        CHECK(nor.idle > 0);
        if (i == 0) {
            memcpy(first, nor.cells, sizeof first);
        }
        CHECK(memcmp(first, nor.cells, sizeof first) == 0);
    }
    if (dump != NULL) {
        FILE *stream = fopen(dump, "wb");
        CHECK(stream != NULL && fwrite(nor.cells, 1, NOR_SIZE, stream) == NOR_SIZE);
        fclose(stream);
    }
    IS(sprag_confirm(&flash, SPRAG_SLOT_B), SPRAG_E_NOTHING_TO_CONFIRM);
    boot = choose();
    CHECK(boot.kind == SPRAG_BOOT_TRIAL && boot.slot == SPRAG_SLOT_B);
    CHECK(boot.address == flash.slot_b.address && boot.size == flash.slot_b.size);
    CHECK(record().phase == 4 && record().tries_left == 2);
    IS(sprag_confirm(&flash, SPRAG_SLOT_A), SPRAG_E_NOTHING_TO_CONFIRM);
    IS(sprag_confirm(&flash, 2), SPRAG_E_BAD_ARGUMENT);
    IS(sprag_confirm(&flash, SPRAG_SLOT_B), SPRAG_OK);
    boot = choose();
    CHECK(boot.kind == SPRAG_BOOT_CONFIRMED && boot.slot == SPRAG_SLOT_B);
    CHECK(record().outcome == 1 && record().confirmed == SPRAG_SLOT_B && record().sequence > 0);
    /* The package again: its old image is not there. */
    forget();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    CHECK(push(0, 999) < 0);
}

/* An image that gives itself up is reverted, and not taken again until it is forgiven. */
static void gives_up(void) {
    prepare();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), SPRAG_DONE);
    CHECK(choose().kind == SPRAG_BOOT_TRIAL);
    IS(sprag_give_up(&flash, SPRAG_SLOT_B), SPRAG_OK);
    CHECK(choose().kind == SPRAG_BOOT_REVERTED && choose().kind == SPRAG_BOOT_CONFIRMED);
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), SPRAG_E_REVERTED_BEFORE);
    IS(sprag_forgive(&flash), SPRAG_OK);
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), SPRAG_DONE);
}

/* Power fails in the n-th operation, and again m operations into the next run; each time the device boots, and in the
 * end the update is whole. */
static void cuts(uint32_t step) {
    uint32_t all, first, runs = 0, resumed = 0;
    prepare();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), SPRAG_DONE);
    all = nor.operations;
    for (first = 1; first <= all; first += step) {
        uint32_t next = first % 37 + 1, tries;
        int32_t status = SPRAG_OK;
        prepare();
        nor_power_on(&nor, first);
        for (tries = 0; status != SPRAG_DONE; tries++) {
            uint64_t offset = 99;
            struct sprag_boot boot;
            CHECK(tries < 4);
            IS(sprag_init(&handle, &config), SPRAG_OK);
            status = sprag_resume(&handle, &offset);
            if (status == SPRAG_OK) {
                resumed += offset > 0;
                status = push(offset, 500);
            }
            runs++;
            if (status == SPRAG_DONE) {
                IS(sprag_finalize(&handle), SPRAG_DONE);
                break;
            }
            CHECK(!nor.is_powered);
            CHECK(status == SPRAG_E_FLASH_READ || status == SPRAG_E_FLASH_WRITE ||
                  status == SPRAG_E_FLASH_ERASE);
            IS(sprag_finalize(&handle), status);
            forget();
            nor_power_on(&nor, 0);
            /* The mark may have been the last that was written; otherwise the old image boots. */
            CHECK(holds(flash.slot_a, old_image));
            boot = choose();
            if (boot.kind == SPRAG_BOOT_TRIAL) {
                break;
            }
            CHECK(boot.kind == SPRAG_BOOT_CONFIRMED && boot.slot == SPRAG_SLOT_A);
            nor_power_on(&nor, tries == 0 ? next : 0);
        }
        CHECK(holds(flash.slot_b, new_image));
    }
    CHECK(resumed > 0);
    printf("%lu operations, %lu runs, %lu of them resumed\n", (unsigned long)all,
           (unsigned long)runs, (unsigned long)resumed);
}

static void expect_refusal(int32_t expected) {
    forget();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), expected);
    /* It stays refused, and flash is as it was. */
    IS(sprag_process(&handle, package.bytes, 1), expected);
    CHECK(nor.operations == 0);
}

/* Another's keys, another's device. */
static void refusals(void) {
    static const uint8_t other[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t wrong[32];
    struct sprag_key key = keys[0];
    struct sprag_status status;
    struct file whole;
    prepare();
    config.keys = &key;
    key.id = other;
    expect_refusal(SPRAG_E_UNKNOWN_KEY);
    status = report();
    CHECK(memcmp(status.package_bytes, test_release_id, 8) == 0);
    CHECK(status.device_number == 1 && status.lwm2m_result == 5);
    key = keys[0];
    key.role = SPRAG_ROLE_ROOT;
    expect_refusal(SPRAG_E_KEY_ROLE);
    /* Another key under the right id. */
    key = keys[0];
    memcpy(wrong, other_key, sizeof wrong);
    key.key = wrong;
    expect_refusal(SPRAG_E_SIGNATURE_INVALID);
    config.keys = keys;
    device.vendor = "apex";
    expect_refusal(SPRAG_E_VENDOR);
    status = report();
    CHECK(strcmp((const char *)status.package_text, "acme") == 0);
    CHECK(strcmp((const char *)status.device_text, "apex") == 0);
    CHECK(status.status == SPRAG_E_VENDOR && status.lwm2m_result == 6);
    IS(sprag_finalize(&handle), SPRAG_E_VENDOR);
    device.vendor = "acme";
    device.hardware = "r2";
    expect_refusal(SPRAG_E_HARDWARE);
    device.hardware = "r1";
    device.isa = SPRAG_ISA_RV32;
    expect_refusal(SPRAG_E_ISA);
    device.isa = SPRAG_ISA_THUMB;
    config.memory_len = 64;
    expect_refusal(SPRAG_E_ENVELOPE_TOO_LARGE);
    CHECK(report().package_number > 64 && report().device_number == 64);
    config.memory_len = 1024;
    expect_refusal(SPRAG_E_INSUFFICIENT_RAM);
    CHECK(report().package_number <= SPRAG_MEMORY_8K && report().device_number == 1024);
    config.memory_len = sizeof memory;
    nor.cells[flash.slot_a.address - NOR_BASE + 5] ^= 1;
    expect_refusal(SPRAG_E_SOURCE_NOT_LISTED);
    nor.cells[flash.slot_a.address - NOR_BASE + 5] ^= 1;
    /* A bit of the manifest. */
    whole = package;
    whole.bytes[120] ^= 4;
    forget();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    CHECK(push(0, 999) < 0 && nor.operations == 0);
    whole.bytes[120] ^= 4;
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(push(0, 999), SPRAG_DONE);
}

/* A block that comes wrong is fetched again; so is one behind a gap. */
static void damage(void) {
    struct sprag_range range;
    size_t at = package.len - 5;
    range.struct_size = sizeof range;
    prepare();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(sprag_wanted(&handle, &range), SPRAG_OK);
    CHECK(range.offset == 0 && range.len == 20);
    IS(sprag_seek(&handle, 7), SPRAG_E_WRONG_STATE);
    package.bytes[at] ^= 0x10;
    IS(push(0, 333), SPRAG_E_BLOCK_HASH);
    package.bytes[at] ^= 0x10;
    IS(sprag_wanted(&handle, &range), SPRAG_OK);
    CHECK(range.len > 0 && range.offset + range.len == package.len);
    IS(sprag_seek(&handle, range.offset + 1), SPRAG_OK);
    IS(sprag_process(&handle, package.bytes, 1), SPRAG_E_STREAM_GAP);
    IS(sprag_seek(&handle, package.len), SPRAG_OK);
    IS(sprag_process(&handle, package.bytes, 1), SPRAG_E_STREAM_END);
    /* The next bytes are taken to be the wanted ones; some before them do no harm. */
    IS(sprag_seek(&handle, range.offset - 3), SPRAG_OK);
    IS(push(range.offset - 3, 333), SPRAG_DONE);
    CHECK(holds(flash.slot_b, new_image));
    /* Without a word: after the refusal, the next bytes are the wanted ones. */
    prepare();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    at = package.len / 2;
    package.bytes[at] ^= 0x10;
    IS(push(0, 100), SPRAG_E_BLOCK_HASH);
    package.bytes[at] ^= 0x10;
    IS(sprag_wanted(&handle, &range), SPRAG_OK);
    CHECK(range.offset <= at && at < range.offset + range.len);
    IS(push(range.offset, 100), SPRAG_DONE);
}

static int32_t nested[4];

static void calls_back(void) {
    uint64_t offset;
    struct sprag_status status;
    status.struct_size = sizeof status;
    nested[0] = sprag_process(&handle, package.bytes, 1);
    nested[1] = sprag_resume(&handle, &offset);
    nested[2] = sprag_report(&handle, &status);
    nested[3] = sprag_finalize(&handle);
}

/* What C lets a caller do wrong. */
static void misuse(void) {
    struct sprag_range range;
    struct sprag_boot boot;
    struct sprag_status status;
    struct sprag_record seen;
    uint64_t offset, room[8];
    int i;
    range.struct_size = sizeof range;
    boot.struct_size = sizeof boot;
    status.struct_size = sizeof status;
    seen.struct_size = sizeof seen;
    CHECK(sprag_version() == SPRAG_API_VERSION);
    CHECK(sprag_handle_size() == sizeof handle);
    prepare();
    /* Before anything: zeros are no update. */
    memset(&handle, 0, sizeof handle);
    IS(sprag_process(&handle, package.bytes, 1), SPRAG_E_WRONG_STATE);
    IS(sprag_resume(&handle, &offset), SPRAG_E_WRONG_STATE);
    IS(sprag_wanted(&handle, &range), SPRAG_E_WRONG_STATE);
    IS(sprag_seek(&handle, 0), SPRAG_E_WRONG_STATE);
    IS(sprag_report(&handle, &status), SPRAG_E_WRONG_STATE);
    IS(sprag_finalize(&handle), SPRAG_E_WRONG_STATE);
    /* Null. */
    IS(sprag_init(NULL, &config), SPRAG_E_NULL_POINTER);
    IS(sprag_init(&handle, NULL), SPRAG_E_NULL_POINTER);
    IS(sprag_process(NULL, package.bytes, 1), SPRAG_E_NULL_POINTER);
    IS(sprag_finalize(NULL), SPRAG_E_NULL_POINTER);
    IS(sprag_boot_choose(NULL, &boot), SPRAG_E_NULL_POINTER);
    IS(sprag_boot_choose(&flash, NULL), SPRAG_E_NULL_POINTER);
    IS(sprag_record_read(&flash, NULL), SPRAG_E_NULL_POINTER);
    IS(sprag_confirm(NULL, SPRAG_SLOT_A), SPRAG_E_NULL_POINTER);
    IS(sprag_give_up(NULL, SPRAG_SLOT_A), SPRAG_E_NULL_POINTER);
    IS(sprag_forgive(NULL), SPRAG_E_NULL_POINTER);
#define REFUSED(change, code)                             \
    do {                                                  \
        prepare();                                        \
        change;                                           \
        IS(sprag_init(&handle, &config), code);           \
        IS(sprag_finalize(&handle), SPRAG_E_WRONG_STATE); \
    } while (0)
    REFUSED(config.flash = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(config.device = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(config.keys = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(config.memory = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(flash.read = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(flash.write = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(flash.erase = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(flash.sectors = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(device.vendor = NULL, SPRAG_E_NULL_POINTER);
    REFUSED(device.hardware = NULL, SPRAG_E_NULL_POINTER);
    /* Sizes. */
    REFUSED(config.struct_size = 0, SPRAG_E_STRUCT_SIZE);
    REFUSED(config.struct_size += 4, SPRAG_E_STRUCT_SIZE);
    REFUSED(flash.struct_size -= 4, SPRAG_E_STRUCT_SIZE);
    REFUSED(device.struct_size = 0, SPRAG_E_STRUCT_SIZE);
    REFUSED(config.memory_len = 0, SPRAG_E_BAD_MEMORY);
    REFUSED(config.memory_len = (size_t)-1, SPRAG_E_BAD_MEMORY);
    boot.struct_size = 1;
    prepare();
    IS(sprag_boot_choose(&flash, &boot), SPRAG_E_STRUCT_SIZE);
    /* Numbers. */
    REFUSED(config.flags = 0x80, SPRAG_E_BAD_ARGUMENT);
    REFUSED(config.trial_boots = 256, SPRAG_E_BAD_ARGUMENT);
    REFUSED(config.key_count = SPRAG_MAX_KEYS + 1, SPRAG_E_BAD_ARGUMENT);
    REFUSED(device.isa = 99, SPRAG_E_BAD_ARGUMENT);
    /* Texts. */
    REFUSED(device.product = "123456789012345678901234567890123", SPRAG_E_BAD_TEXT);
    REFUSED(device.version = "\xff", SPRAG_E_BAD_TEXT);
    /* The layout. */
    REFUSED(flash.write_size = 0, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.sector_runs = SPRAG_MAX_SECTOR_RUNS + 1, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.sector_runs = 0, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.base += 8, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.slot_a.address += 8, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.slot_a.size -= 8, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.slot_a.size = 0, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.record.size = 0, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.staging.size += NOR_LARGE, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.staging.size = 0xfffff000u, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.slot_b.address -= NOR_LARGE, SPRAG_E_FLASH_LAYOUT);
    REFUSED(flash.slot_b = flash.slot_a, SPRAG_E_FLASH_LAYOUT);
    /* Alignment. */
    prepare();
    IS(sprag_init((struct sprag_handle *)((uint8_t *)&handle + 1), &config), SPRAG_E_MISALIGNED);
    IS(sprag_init(&handle, (struct sprag_config *)((uint8_t *)room + 2)), SPRAG_E_MISALIGNED);
    /* The order of calls. */
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(sprag_finalize(&handle), SPRAG_E_INCOMPLETE);
    IS(sprag_process(&handle, package.bytes, 1), SPRAG_E_WRONG_STATE);
    IS(sprag_init(&handle, &config), SPRAG_OK);
    IS(sprag_process(&handle, NULL, 0), SPRAG_OK);
    IS(sprag_process(&handle, NULL, 1), SPRAG_E_NULL_POINTER);
    IS(sprag_process(&handle, package.bytes, (size_t)-1), SPRAG_E_BAD_MEMORY);
    IS(sprag_process(&handle, package.bytes, 50), SPRAG_OK);
    IS(sprag_resume(&handle, &offset), SPRAG_E_WRONG_STATE);
    IS(sprag_wanted(&handle, NULL), SPRAG_E_NULL_POINTER);
    IS(sprag_report(&handle, NULL), SPRAG_E_NULL_POINTER);
    IS(push(50, 50), SPRAG_DONE);
    IS(sprag_wanted(&handle, &range), SPRAG_OK);
    CHECK(range.len == 0);
    IS(sprag_finalize(&handle), SPRAG_DONE);
    /* From inside a callback. */
    prepare();
    IS(sprag_init(&handle, &config), SPRAG_OK);
    nor.on_idle = calls_back;
    IS(push(0, 999), SPRAG_DONE);
    for (i = 0; i < 4; i++) {
        CHECK(nested[i] == SPRAG_E_WRONG_STATE);
    }
    IS(sprag_finalize(&handle), SPRAG_DONE);
    CHECK(sprag_lwm2m_result(SPRAG_OK) == 0 && sprag_lwm2m_result(SPRAG_STAGED) == 1);
    CHECK(sprag_lwm2m_result(SPRAG_E_INSUFFICIENT_RAM) == 3);
}

int main(int argc, char **argv) {
    CHECK(argc >= 5);
    package = read_file(argv[2]);
    old_image = read_file(argv[3]);
    new_image = read_file(argv[4]);
    if (strcmp(argv[1], "chunks") == 0) {
        chunks(argc > 5 ? argv[5] : NULL);
    } else if (strcmp(argv[1], "gives-up") == 0) {
        gives_up();
    } else if (strcmp(argv[1], "cuts") == 0) {
        CHECK(argc > 5);
        cuts((uint32_t)strtoul(argv[5], NULL, 10));
    } else if (strcmp(argv[1], "refusals") == 0) {
        refusals();
    } else if (strcmp(argv[1], "damage") == 0) {
        damage();
    } else if (strcmp(argv[1], "misuse") == 0) {
        misuse();
    } else {
        CHECK(!"a scenario");
    }
    free(package.bytes);
    free(old_image.bytes);
    free(new_image.bytes);
    printf("well\n");
    return 0;
}
