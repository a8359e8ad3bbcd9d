/* The bootloader: chooses a slot, copies its image to where it is linked, and starts it. */
#include "board.h"

int firmware_main(void) {
    struct sprag_boot boot = {.struct_size = sizeof boot};
    const int32_t status = sprag_boot_choose(&board_flash, &boot);
    const uint32_t *from, *vectors = (const uint32_t *)APP_ADDRESS;
    volatile uint32_t *to = (volatile uint32_t *)APP_ADDRESS;
    uint32_t i;
    if (status != SPRAG_OK) {
        board_say("boot-error", status);
        return 1;
    }
    board_say("boots", (int32_t)(boot.kind * 10 + boot.slot));
    HANDOVER->kind = boot.kind;
    HANDOVER->slot = boot.slot;
    from = (const uint32_t *)boot.address;
    for (i = 0; i < boot.size / 4; i++) {
        to[i] = from[i];
    }
    *(volatile uint32_t *)0xe000ed08 = APP_ADDRESS;
    __asm__ volatile("dsb\n isb\n msr msp, %0\n bx %1" : : "r"(vectors[0]), "r"(vectors[1]));
    return 2;
}
