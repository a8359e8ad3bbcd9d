/* QEMU's mps2-an386: what the bootloader and the application share. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#include "sprag.h"

/* The flash part lies in the machine's external memory, which QEMU shares with a file. */
#define FLASH_BASE 0x21000000u
#define FLASH_SECTOR 4096u
#define FLASH_SECTORS 512u
#define RECORD_ADDRESS FLASH_BASE
#define SLOT_A_ADDRESS (FLASH_BASE + 0x010000u)
#define SLOT_B_ADDRESS (FLASH_BASE + 0x090000u)
#define SLOT_SIZE 0x080000u
#define STAGING_ADDRESS (FLASH_BASE + 0x110000u)
#define STAGING_SIZE 0x040000u
/* What a radio would have received: length, then the package. */
#define PACKAGE_ADDRESS (FLASH_BASE + 0x200000u)
/* Where the application is linked. */
#define APP_ADDRESS 0x00100000u

/* What the bootloader tells the application, at the start of RAM, which nothing initialises. */
struct handover {
    uint32_t kind;
    uint32_t slot;
};
#define HANDOVER ((volatile struct handover *)0x20000000u)

/* The program's. */
int firmware_main(void);

/* A word and a number, on the terminal of the one who started QEMU. */
void board_say(const char *word, int32_t number);
/* Ends QEMU. */
void board_stop(int code) __attribute__((noreturn));
/* Resets the machine. */
void board_reset(void) __attribute__((noreturn));
/* What the library is told of the flash. */
extern const struct sprag_flash board_flash;

#endif
