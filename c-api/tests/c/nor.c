#include "nor.h"

#include <string.h>

#define WRITE_SIZE 8u
#define NO_POWER 100

static const struct sprag_sectors sectors[] = {{4, NOR_SMALL}, {56, NOR_LARGE}};

/* Whether the operation that begins now is the one in which power fails. */
static int fails_now(struct nor *nor) {
    nor->operations++;
    if (nor->fails_at == 0 || --nor->fails_at > 0) {
        return 0;
    }
    nor->is_powered = 0;
    return 1;
}

static int32_t nor_read(void *user, uint32_t address, uint8_t *bytes, size_t len) {
    struct nor *nor = user;
    uint32_t at = address - NOR_BASE;
    if (!nor->is_powered) {
        return NO_POWER;
    }
    if (at > NOR_SIZE || len > NOR_SIZE - at) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    memcpy(bytes, nor->cells + at, len);
    return SPRAG_FLASH_OK;
}

static int32_t nor_write(void *user, uint32_t address, const uint8_t *bytes, size_t len) {
    struct nor *nor = user;
    uint32_t at = address - NOR_BASE;
    size_t i;
    if (!nor->is_powered) {
        return NO_POWER;
    }
    if (at > NOR_SIZE || len > NOR_SIZE - at) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    if (at % WRITE_SIZE != 0 || len % WRITE_SIZE != 0 || len == 0 || len > 256) {
        return SPRAG_FLASH_NOT_ALIGNED;
    }
    if (fails_now(nor)) {
        len = len / 2 + 3; /* the last unit is torn */
        memcpy(nor->cells + at, bytes, len < NOR_SIZE - at ? len : NOR_SIZE - at);
        return NO_POWER;
    }
    for (i = 0; i < len; i++) {
        if (nor->cells[at + i] != 0xff) {
            return 101; /* a unit is written twice */
        }
    }
    memcpy(nor->cells + at, bytes, len);
    return SPRAG_FLASH_OK;
}

static uint32_t sector_size(uint32_t at) {
    return at < 4 * NOR_SMALL ? NOR_SMALL : NOR_LARGE;
}

static int32_t nor_erase(void *user, uint32_t address, uint32_t len) {
    struct nor *nor = user;
    uint32_t at = address - NOR_BASE;
    if (!nor->is_powered) {
        return NO_POWER;
    }
    if (at > NOR_SIZE || len > NOR_SIZE - at) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    if (len == 0 || at % sector_size(at) != 0 || (at + len) % sector_size(at + len - 1) != 0) {
        return SPRAG_FLASH_NOT_ALIGNED;
    }
    if (fails_now(nor)) {
        memset(nor->cells + at, 0xff, len / 3);
        return NO_POWER;
    }
    memset(nor->cells + at, 0xff, len);
    return SPRAG_FLASH_OK;
}

static void nor_idle(void *user) {
    struct nor *nor = user;
    nor->idle++;
    if (nor->on_idle != NULL) {
        nor->on_idle();
    }
}

void nor_init(struct nor *nor) {
    memset(nor, 0, sizeof *nor);
    memset(nor->cells, 0xff, sizeof nor->cells);
    nor->is_powered = 1;
}

void nor_power_on(struct nor *nor, uint32_t fails_at) {
    nor->is_powered = 1;
    nor->fails_at = fails_at;
}

void nor_load(struct nor *nor, uint32_t address, const uint8_t *bytes, size_t len) {
    memcpy(nor->cells + (address - NOR_BASE), bytes, len);
}

struct sprag_flash nor_config(struct nor *nor) {
    struct sprag_flash flash;
    uint32_t at = NOR_BASE + 4 * NOR_SMALL;
    memset(&flash, 0, sizeof flash);
    flash.struct_size = sizeof flash;
    flash.write_size = WRITE_SIZE;
    flash.erased = 0xff;
    flash.base = NOR_BASE;
    flash.sectors = sectors;
    flash.sector_runs = sizeof sectors / sizeof sectors[0];
    flash.record.address = NOR_BASE;
    flash.record.size = 2 * NOR_SMALL;
    flash.slot_a.address = at;
    flash.slot_a.size = 24 * NOR_LARGE;
    flash.slot_b.address = at + 24 * NOR_LARGE;
    flash.slot_b.size = 24 * NOR_LARGE;
    flash.staging.address = at + 48 * NOR_LARGE;
    flash.staging.size = 8 * NOR_LARGE;
    flash.user = nor;
    flash.read = nor_read;
    flash.write = nor_write;
    flash.erase = nor_erase;
    flash.idle = nor_idle;
    return flash;
}
