/* A NOR flash in memory: sectors of two sizes, units of eight bytes that are written once between erases, and power
 * that fails in the middle of an operation. */
#ifndef NOR_H
#define NOR_H

#include <stddef.h>
#include <stdint.h>

#include "sprag.h"

#define NOR_BASE 0x08000000u
#define NOR_SMALL 2048u
#define NOR_LARGE 4096u
/* Four small sectors, then large ones: two slots of 24 and a staging area of 8. */
#define NOR_SIZE (4u * NOR_SMALL + 56u * NOR_LARGE)

struct nor {
    uint8_t cells[NOR_SIZE];
    /* Writes and erases so far. */
    uint32_t operations;
    /* The operation in which power fails; 0 for never. */
    uint32_t fails_at;
    int is_powered;
    /* Calls of `idle`. */
    uint32_t idle;
    /* Called by `idle`, if it is there. */
    void (*on_idle)(void);
};

/* Blank, and powered. */
void nor_init(struct nor *nor);
/* Power returns; it fails again in the operation `fails_at` from now, or never if that is 0. */
void nor_power_on(struct nor *nor, uint32_t fails_at);
/* Puts bytes where they belong, as a programmer does. */
void nor_load(struct nor *nor, uint32_t address, const uint8_t *bytes, size_t len);
/* What the library is told of it. */
struct sprag_flash nor_config(struct nor *nor);

#endif
