#include "board.h"

#define WRITE_SIZE 8u

/* Semihosting: SYS_WRITE0, SYS_EXIT_EXTENDED. */
static void call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_say(const char *word, int32_t number) {
    char line[64];
    uint32_t at = 0, unit = 1000000000u;
    uint32_t value = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    while (*word != 0 && at < 40) {
        line[at++] = *word++;
    }
    line[at++] = ' ';
    if (number < 0) {
        line[at++] = '-';
    }
    for (; unit > 0; unit /= 10) {
        if (value >= unit || unit == 1) {
            line[at++] = (char)('0' + value / unit % 10);
        }
    }
    line[at++] = '\n';
    line[at] = 0;
    call(0x04, line);
}

void board_stop(int code) {
    const uint32_t block[2] = {0x20026, (uint32_t)code};
    call(0x20, block);
    for (;;) {
    }
}

void board_reset(void) {
    *(volatile uint32_t *)0xe000ed0c = 0x05fa0004;
    for (;;) {
    }
}

/* A NOR part: what is written was erased, in whole units; what is erased is whole sectors. */

static int is_inside(uint32_t address, uint32_t len) {
    const uint32_t size = FLASH_SECTORS * FLASH_SECTOR, at = address - FLASH_BASE;
    return address >= FLASH_BASE && at <= size && len <= size - at;
}

static int32_t flash_read(void *user, uint32_t address, uint8_t *bytes, size_t len) {
    const volatile uint8_t *from = (const volatile uint8_t *)address;
    size_t i;
    (void)user;
    if (!is_inside(address, len)) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    for (i = 0; i < len; i++) {
        bytes[i] = from[i];
    }
    return SPRAG_FLASH_OK;
}

static int32_t flash_write(void *user, uint32_t address, const uint8_t *bytes, size_t len) {
    volatile uint8_t *to = (volatile uint8_t *)address;
    size_t i;
    (void)user;
    if (!is_inside(address, len)) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    if (address % WRITE_SIZE != 0 || len % WRITE_SIZE != 0) {
        return SPRAG_FLASH_NOT_ALIGNED;
    }
    for (i = 0; i < len; i++) {
        if (to[i] != 0xff) {
            board_say("written-twice", (int32_t)address);
            return 100;
        }
        to[i] = bytes[i];
    }
    return SPRAG_FLASH_OK;
}

static int32_t flash_erase(void *user, uint32_t address, uint32_t len) {
    volatile uint8_t *to = (volatile uint8_t *)address;
    size_t i;
    (void)user;
    if (!is_inside(address, len)) {
        return SPRAG_FLASH_OUT_OF_BOUNDS;
    }
    if (address % FLASH_SECTOR != 0 || len % FLASH_SECTOR != 0) {
        return SPRAG_FLASH_NOT_ALIGNED;
    }
    for (i = 0; i < len; i++) {
        to[i] = 0xff;
    }
    return SPRAG_FLASH_OK;
}

static const struct sprag_sectors sectors[] = {{FLASH_SECTORS, FLASH_SECTOR}};

const struct sprag_flash board_flash = {
    .struct_size = sizeof(struct sprag_flash),
    .write_size = WRITE_SIZE,
    .erased = 0xff,
    .base = FLASH_BASE,
    .sectors = sectors,
    .sector_runs = sizeof sectors / sizeof sectors[0],
    .slot_a = {SLOT_A_ADDRESS, SLOT_SIZE},
    .slot_b = {SLOT_B_ADDRESS, SLOT_SIZE},
    .staging = {STAGING_ADDRESS, STAGING_SIZE},
    .record = {RECORD_ADDRESS, 2 * FLASH_SECTOR},
    .read = flash_read,
    .write = flash_write,
    .erase = flash_erase,
};
