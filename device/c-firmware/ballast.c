/* 24 KiB that the first version does not have. */
__asm__(".section .ballast, \"a\"\n"
        ".incbin \"sensor-1.0.0.bin\", 0, 24576\n"
        ".balign 4\n"
        ".text\n");
