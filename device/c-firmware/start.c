/* From reset to `main`. */
#include <stdint.h>

#include "board.h"

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;

void reset(void);

static void fault(void) {
    board_say("fault", 0);
    board_stop(99);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault,
};

void reset(void) {
    uint32_t *from = &data_load, *to;
    /* The floating-point unit is off after a reset. */
    *(volatile uint32_t *)0xe000ed88 |= 0x00f00000;
    for (to = &data_start; to < &data_end; to++, from++) {
        *to = *from;
    }
    for (to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    board_stop(firmware_main());
}
