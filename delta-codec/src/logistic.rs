//! The logistic arithmetic of the mixer, in integers of fixed width, so that every target computes
//! the same bits.
//!
//! The *stretch* of a probability p is ln(p / (1 - p)), with 8 fraction bits, clamped to +-2047;
//! *squash* is its inverse. Both are tables: the exponential is never evaluated on a device.

#[cfg(target_pointer_width = "64")]
use crate::model::usize_of;

/// Largest magnitude of a stretched probability.
const STRETCH_LIMIT: i32 = 2047;

/// Probability of a one, in 1/65536, for the stretched value `x`; between 24 and 65511.
#[inline]
pub(crate) fn squash(x: i32) -> u16 {
    let x = x.clamp(-STRETCH_LIMIT, STRETCH_LIMIT).wrapping_add(2048);
    #[cfg(target_pointer_width = "64")]
    {
        let row = usize_of(x.unsigned_abs()) & 4095;
        ALL_SQUASHED.get(row).copied().unwrap_or(32768)
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        between(x)
    }
}

/// Of 0 < x < 4096: 128 intervals of 32, linear in between.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "within the table's 129 rows; u16 to i32"
)]
const fn between(x: i32) -> u16 {
    let row = (x >> 5 & 127) as usize;
    let (low, high) = (SQUASH[row] as i32, SQUASH[row.wrapping_add(1)] as i32);
    let between = high.wrapping_sub(low).wrapping_mul(x & 31) >> 5;
    let [a, b, ..] = low.wrapping_add(between).to_le_bytes();
    u16::from_le_bytes([a, b])
}

/// All of [`between`], where 8 KiB are cheaper than a dozen instructions.
#[cfg(target_pointer_width = "64")]
static ALL_SQUASHED: [u16; 4096] = {
    let mut table = [0; 4096];
    let mut row = 0_u16;
    while row < 4096 {
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            table[row as usize] = between(row as i32);
        }
        row = row.wrapping_add(1);
    }
    table
};

/// Stretched value of a probability `p` in 1/65536; its lowest four bits do not matter.
#[inline]
pub(crate) fn stretch(p: u16) -> i32 {
    #[cfg(target_pointer_width = "64")]
    {
        let row = usize::from(p >> 4);
        i32::from(WHOLE.get(row).copied().unwrap_or(0))
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        fold(p)
    }
}

/// All of [`fold`], where 8 KiB are cheaper than a dozen instructions.
#[cfg(target_pointer_width = "64")]
static WHOLE: [i16; 4096] = {
    let mut table = [0; 4096];
    let mut row = 0_u16;
    while row < 4096 {
        let [low, high, ..] = fold(row << 4).to_le_bytes();
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "evaluated when compiled"
        )]
        {
            table[row as usize] = i16::from_le_bytes([low, high]);
        }
        row = row.wrapping_add(1);
    }
    table
};

/// [`stretch`] by a table of one half, fine where it is steep.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "within the table's 512 rows; u16 to usize"
)]
const fn fold(p: u16) -> i32 {
    // All ones if p is at least one half: the table has the lower half, which is negative.
    let upper = p.cast_signed() >> 15;
    let folded = (p >> 4 ^ upper.cast_unsigned()) & 2047;
    let row = if folded < TAIL_LEN {
        folded
    } else {
        (folded >> 3).wrapping_add(MIDDLE_START)
    };
    let lower = STRETCH[(row & 511) as usize];
    (lower ^ upper).wrapping_sub(upper) as i32
}

/// Step of a counter that has seen `count` bits, 16384 / (count + 1.6), of 0 to 31.
#[inline]
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "within the table's 32 rows; u8 to usize, u16 to i32"
)]
pub(crate) const fn step(count: u8) -> i32 {
    STEP[(count & 31) as usize] as i32
}

/// Rows of [`STRETCH`] that come from its steep end.
const TAIL_LEN: u16 = 256;

/// What leads from an eighth of 256.. to the rows behind the steep end.
const MIDDLE_START: u16 = TAIL_LEN - TAIL_LEN / 8;

/// Stretched values below one half: the steep end, then the flat part.
static STRETCH: [i16; 512] = {
    let mut table = [0; 512];
    let mut row = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    while row < STRETCH_TAIL.len() + STRETCH_MIDDLE.len() {
        table[row] = if row < STRETCH_TAIL.len() {
            -STRETCH_TAIL[row]
        } else {
            -STRETCH_MIDDLE[row - STRETCH_TAIL.len()]
        };
        row += 1;
    }
    table
};

/// 65536 / (1 + exp(-x)) for x = -8, -7.875, ... 8.
#[rustfmt::skip]
static SQUASH: [u16; 129] = [
    24, 25, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87,
    98, 111, 126, 143, 162, 184, 208, 236, 267, 302, 342, 387,
    439, 497, 562, 636, 720, 815, 922, 1042, 1179, 1333, 1506, 1701,
    1921, 2168, 2446, 2758, 3108, 3500, 3938, 4427, 4971, 5577, 6249, 6992,
    7812, 8714, 9702, 10782, 11955, 13226, 14595, 16062, 17625, 19282, 21025, 22849,
    24743, 26695, 28693, 30723, 32768, 34813, 36843, 38841, 40793, 42687, 44511, 46254,
    47911, 49474, 50941, 52310, 53581, 54754, 55834, 56822, 57724, 58544, 59287, 59959,
    60565, 61109, 61598, 62036, 62428, 62778, 63090, 63368, 63615, 63835, 64030, 64203,
    64357, 64494, 64614, 64721, 64816, 64900, 64974, 65039, 65097, 65149, 65194, 65234,
    65269, 65300, 65328, 65352, 65374, 65393, 65410, 65425, 65438, 65449, 65459, 65468,
    65476, 65483, 65489, 65495, 65500, 65504, 65508, 65511, 65512,
];

/// -stretch(p) for p = (i + 1/2) / 4096, i < 256: the steep end.
#[rustfmt::skip]
const STRETCH_TAIL: [i16; 256] = [
    2047, 2025, 1895, 1808, 1744, 1693, 1650, 1613, 1581, 1552, 1527, 1503,
    1482, 1462, 1444, 1427, 1411, 1396, 1381, 1368, 1355, 1343, 1331, 1320,
    1309, 1299, 1289, 1279, 1270, 1261, 1252, 1244, 1236, 1228, 1221, 1213,
    1206, 1199, 1192, 1186, 1179, 1173, 1167, 1161, 1155, 1149, 1144, 1138,
    1133, 1127, 1122, 1117, 1112, 1107, 1102, 1098, 1093, 1088, 1084, 1080,
    1075, 1071, 1067, 1063, 1059, 1055, 1051, 1047, 1043, 1039, 1035, 1032,
    1028, 1025, 1021, 1018, 1014, 1011, 1007, 1004, 1001, 998, 994, 991,
    988, 985, 982, 979, 976, 973, 970, 967, 965, 962, 959, 956,
    953, 951, 948, 945, 943, 940, 938, 935, 933, 930, 928, 925,
    923, 920, 918, 915, 913, 911, 909, 906, 904, 902, 899, 897,
    895, 893, 891, 889, 886, 884, 882, 880, 878, 876, 874, 872,
    870, 868, 866, 864, 862, 860, 858, 856, 854, 853, 851, 849,
    847, 845, 843, 842, 840, 838, 836, 834, 833, 831, 829, 827,
    826, 824, 822, 821, 819, 817, 816, 814, 813, 811, 809, 808,
    806, 805, 803, 801, 800, 798, 797, 795, 794, 792, 791, 789,
    788, 786, 785, 783, 782, 780, 779, 778, 776, 775, 773, 772,
    770, 769, 768, 766, 765, 764, 762, 761, 759, 758, 757, 755,
    754, 753, 752, 750, 749, 748, 746, 745, 744, 743, 741, 740,
    739, 738, 736, 735, 734, 733, 731, 730, 729, 728, 727, 725,
    724, 723, 722, 721, 719, 718, 717, 716, 715, 714, 713, 711,
    710, 709, 708, 707, 706, 705, 704, 702, 701, 700, 699, 698,
    697, 696, 695, 694,
];

/// -stretch(p) for p = 256/4096 to 1/2 in steps of 8/4096: the flat part.
#[rustfmt::skip]
const STRETCH_MIDDLE: [i16; 224] = [
    689, 680, 672, 664, 658, 650, 642, 636, 628, 622, 615, 608,
    602, 596, 590, 584, 578, 572, 566, 560, 556, 550, 544, 540,
    534, 530, 524, 520, 514, 510, 505, 500, 496, 492, 487, 482,
    478, 474, 470, 466, 462, 457, 453, 449, 445, 442, 438, 434,
    430, 426, 422, 418, 415, 412, 408, 404, 401, 398, 394, 390,
    387, 384, 380, 377, 374, 370, 367, 364, 361, 358, 354, 352,
    348, 346, 342, 339, 336, 333, 330, 328, 324, 322, 318, 316,
    313, 310, 307, 304, 302, 299, 296, 294, 290, 288, 285, 282,
    280, 277, 274, 272, 270, 267, 264, 262, 259, 256, 254, 252,
    249, 246, 244, 242, 239, 236, 234, 232, 229, 227, 224, 222,
    220, 217, 215, 212, 210, 208, 205, 203, 201, 198, 196, 194,
    192, 189, 187, 184, 182, 180, 178, 176, 173, 171, 169, 167,
    164, 162, 160, 158, 156, 154, 151, 149, 147, 145, 142, 140,
    138, 136, 134, 132, 130, 128, 126, 123, 121, 119, 117, 115,
    113, 111, 108, 106, 104, 102, 100, 98, 96, 94, 92, 90,
    88, 86, 84, 82, 80, 78, 76, 74, 72, 70, 68, 65,
    63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41,
    39, 37, 35, 33, 31, 29, 27, 25, 23, 21, 19, 17,
    15, 13, 11, 9, 7, 5, 3, 1,
];

/// See [`step`].
#[rustfmt::skip]
static STEP: [u16; 32] = [
    10240, 6301, 4551, 3561, 2925, 2482, 2155, 1905, 1706, 1545, 1412, 1300,
    1204, 1122, 1050, 986, 930, 880, 835, 795, 758, 724, 694, 666,
    640, 615, 593, 572, 553, 535, 518, 502,
];

#[cfg(test)]
mod tests;
