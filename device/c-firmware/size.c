/* An update and no more, for `cargo xtask footprint`: linked, never run. Without LIBRARY, what the firmware has besides:
 * the difference is what the library costs. */
#include "board.h"

static const struct sprag_flash *volatile flash = &board_flash;

#ifdef LIBRARY

static struct sprag_handle handle;
static const struct sprag_config *volatile config;
static const uint8_t *volatile package;

int firmware_main(void) {
    int32_t status = flash == 0 ? SPRAG_E_NULL_POINTER : sprag_init(&handle, config);
    while (status == SPRAG_OK) {
        status = sprag_process(&handle, package, 200);
    }
    return sprag_finalize(&handle);
}

#else

int firmware_main(void) {
    return flash == 0;
}

#endif
