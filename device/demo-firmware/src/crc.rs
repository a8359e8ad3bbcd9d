//! Check sums: CRC-16 of Modbus, CRC-32 of stored records (four bytes a step), CRC-8 of sensor replies.

const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xA001
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

const CRC32: [[u32; 256]; 4] = {
    let mut tables = [[0; 256]; 4];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    let mut i = 0;
    while i < 256 {
        let mut slice = 1;
        while slice < 4 {
            let before = tables[slice - 1][i];
            tables[slice][i] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            slice += 1;
        }
        i += 1;
    }
    tables
};

static CRC16_TABLE: [u16; 256] = CRC16;
static CRC32_TABLES: [[u32; 256]; 4] = CRC32;

pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (crc >> 8) ^ CRC16_TABLE[usize::from((crc as u8) ^ *byte)]
    })
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mixed = crc ^ u32::from_le_bytes(*word);
        crc = CRC32_TABLES[3][(mixed & 0xFF) as usize]
            ^ CRC32_TABLES[2][(mixed >> 8 & 0xFF) as usize]
            ^ CRC32_TABLES[1][(mixed >> 16 & 0xFF) as usize]
            ^ CRC32_TABLES[0][(mixed >> 24) as usize];
    }
    for byte in rest {
        crc = (crc >> 8) ^ CRC32_TABLES[0][usize::from((crc as u8) ^ *byte)];
    }
    !crc
}

/// Polynomial 0x31, start 0xFF: what humidity sensors append to each word.
pub(crate) fn crc8(bytes: &[u8]) -> u8 {
    let mut crc = 0xFF_u8;
    for byte in bytes {
        crc ^= *byte;
        for _ in 0..8 {
            crc = if crc & 0x80 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x31
            };
        }
    }
    crc
}
