/* The application: confirms itself if it is on trial; the first version updates itself to what lies in memory. */
#include "board.h"
#include "trust.h"

static struct sprag_handle handle;
static uint8_t memory[SPRAG_MEMORY_8K];

static const struct sprag_key keys[] = {
    {.id = release_key_id, .key = release_key, .role = SPRAG_ROLE_RELEASE},
};

static const struct sprag_device device = {
    .struct_size = sizeof(struct sprag_device),
    .isa = SPRAG_ISA_THUMB,
    .vendor = "example",
    .product = "c-firmware",
    .hardware = "an386",
};

static const struct sprag_config config = {
    .struct_size = sizeof(struct sprag_config),
    .flags = SPRAG_FLAG_EXAMPLE_KEYS, /* a demonstration */
    .flash = &board_flash,
    .device = &device,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .memory = memory,
    .memory_len = sizeof memory,
    .trial_boots = 3,
};

/* From where an earlier run came to. */
static int32_t update(void) {
    const uint32_t len = *(const uint32_t *)PACKAGE_ADDRESS;
    const uint8_t *package = (const uint8_t *)(PACKAGE_ADDRESS + 16);
    uint64_t offset = 0;
    int32_t status = sprag_init(&handle, &config);
    if (status == SPRAG_OK) {
        status = sprag_resume(&handle, &offset);
    }
    /* All that was missing may be in flash already. */
    board_say("from", status == SPRAG_DONE ? -1 : (int32_t)offset);
    while (status == SPRAG_OK && offset < len) {
        const uint32_t left = len - (uint32_t)offset, chunk = left < 200 ? left : 200;
        status = sprag_process(&handle, package + offset, chunk);
        offset += chunk;
    }
    return status == SPRAG_OK || status == SPRAG_DONE ? sprag_finalize(&handle) : status;
}

int firmware_main(void) {
    int32_t status;
    board_say("version", VERSION);
    if (HANDOVER->kind == SPRAG_BOOT_TRIAL) {
        board_say("confirms", sprag_confirm(&board_flash, HANDOVER->slot));
    }
    if (VERSION > 1) {
        return 0;
    }
    status = update();
    board_say("update", status);
    if (status != SPRAG_DONE) {
        return 3;
    }
    board_reset();
}
