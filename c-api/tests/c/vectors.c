/* Offers packages to devices, each on a flash of its own: vectors LIST. A line of LIST is a package, the image that it
 * leads to, and the device that it is offered to, in fields that tabs separate; the answer is a line with the status, the
 * flash operations, whether slot A is as it was, and whether slot B holds the image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nor.h"
#include "sprag.h"

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct nor nor;
static struct sprag_handle handle;
static uint8_t ids[SPRAG_MAX_KEYS][8], publics[SPRAG_MAX_KEYS][32];

static void stop(const char *why) {
    printf("stopped: %s\n", why);
    exit(1);
}

static struct file read_file(const char *path) {
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    long len;
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0 || (len = ftell(stream)) < 0) {
        stop(path);
    }
    rewind(stream);
    file.len = (size_t)len;
    file.bytes = malloc(file.len + 1);
    if (file.bytes == NULL || fread(file.bytes, 1, file.len, stream) != file.len) {
        stop(path);
    }
    fclose(stream);
    return file;
}

static char *rest;

/* The next field; the list has as many as are asked for. */
static char *field(void) {
    char *start = rest, *end;
    if (start == NULL) {
        stop("a field is missing");
    }
    end = strchr(start, '\t');
    rest = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = 0;
    }
    return start;
}

/* The same, null for a dash. */
static char *text(void) {
    char *found = field();
    return strcmp(found, "-") == 0 ? NULL : found;
}

static uint64_t number(void) {
    return (uint64_t)strtoull(field(), NULL, 10);
}

static void hexadecimal(uint8_t *bytes, size_t len) {
    char *digits = field();
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned value;
        if (sscanf(digits + 2 * i, "%2x", &value) != 1) {
            stop(digits);
        }
        bytes[i] = (uint8_t)value;
    }
}

static void offer(char *line) {
    struct sprag_flash flash;
    struct sprag_device device;
    struct sprag_config config;
    struct sprag_key keys[SPRAG_MAX_KEYS];
    struct file package, image, old;
    int32_t status;
    size_t at = 0, chunk;
    int i, holds, intact;
    rest = line;
    package = read_file(field());
    image = read_file(field());
    old = read_file(field());
    chunk = (size_t)number();
    nor_init(&nor);
    flash = nor_config(&nor);
    nor_load(&nor, flash.slot_a.address, old.bytes, old.len);
    memset(&device, 0, sizeof device);
    device.struct_size = sizeof device;
    device.vendor = field();
    device.product = field();
    device.hardware = field();
    device.isa = (uint32_t)number();
    device.version = text();
    device.bootloader = text();
    device.bootloader_version = number();
    device.os = text();
    device.os_version = number();
    device.layout = text();
    device.known = (uint32_t)number();
    device.load_address = number();
    device.now = number();
    device.battery_percent = (uint8_t)number();
    device.free_storage = (uint32_t)number();
    device.temperature = (int8_t)strtol(field(), NULL, 10);
    device.free_ram = (uint32_t)number();
    device.minute_of_day = (uint16_t)number();
    device.keyset_version = (uint32_t)number();
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.flags = (uint32_t)number();
    config.flash = &flash;
    config.device = &device;
    config.keys = keys;
    config.memory_len = (size_t)number();
    config.memory = malloc(config.memory_len);
    config.trial_boots = 3;
    config.key_count = (uint32_t)number();
    if (config.key_count > SPRAG_MAX_KEYS || config.memory == NULL) {
        stop("too much");
    }
    for (i = 0; i < (int)config.key_count; i++) {
        hexadecimal(ids[i], 8);
        hexadecimal(publics[i], 32);
        keys[i].id = ids[i];
        keys[i].key = publics[i];
        keys[i].role = (uint32_t)number();
    }
    memset(&handle, 0x5a, sizeof handle);
    status = sprag_init(&handle, &config);
    while (status == SPRAG_OK && at < package.len) {
        size_t len = package.len - at < chunk ? package.len - at : chunk;
        status = sprag_process(&handle, package.bytes + at, len);
        at += len;
    }
    /* More may come; but it does not. */
    if (status == SPRAG_OK) {
        status = sprag_finalize(&handle);
    }
    intact = memcmp(nor.cells + (flash.slot_a.address - NOR_BASE), old.bytes, old.len) == 0;
    holds = memcmp(nor.cells + (flash.slot_b.address - NOR_BASE), image.bytes, image.len) == 0;
    printf("%ld %lu %d %d\n", (long)status, (unsigned long)nor.operations, intact, holds);
    free(config.memory);
    free(package.bytes);
    free(image.bytes);
    free(old.bytes);
}

int main(int argc, char **argv) {
    struct file list;
    char *line, *end;
    if (argc != 2) {
        stop("vectors LIST");
    }
    list = read_file(argv[1]);
    list.bytes[list.len] = 0;
    for (line = (char *)list.bytes; *line != 0; line = end + 1) {
        end = strchr(line, '\n');
        if (end == NULL) {
            stop("a line does not end");
        }
        *end = 0;
        offer(line);
    }
    free(list.bytes);
    return 0;
}
