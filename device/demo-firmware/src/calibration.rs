//! From converter counts to engineering units: knots per sensor, straight lines between them.

/// One knot: converter counts (12 bits) and the value there, in hundredths of the unit.
#[derive(Clone, Copy)]
pub(crate) struct Knot {
    counts: u16,
    value: i32,
}

const fn knot(counts: u16, value: i32) -> Knot {
    Knot { counts, value }
}

/// A thermistor in a divider, in hundredths of a degree.
#[cfg(not(feature = "release-1-1"))]
const TEMPERATURE_KNOTS: [Knot; 12] = [
    knot(0, 15_000),
    knot(178, 12_500),
    knot(351, 10_000),
    knot(702, 7_500),
    knot(1_024, 6_050),
    knot(1_480, 4_500),
    knot(2_048, 2_500),
    knot(2_610, 1_050),
    knot(3_020, 100),
    knot(3_480, -1_250),
    knot(3_890, -3_300),
    knot(4_095, -5_500),
];

/// A thermistor in a divider, in hundredths of a degree; two knots more between 40 and 70 degrees, where
/// release 1.0.0 read up to 0.8 degrees too high.
#[cfg(feature = "release-1-1")]
const TEMPERATURE_KNOTS: [Knot; 14] = [
    knot(0, 15_000),
    knot(178, 12_500),
    knot(351, 10_000),
    knot(702, 7_500),
    knot(856, 6_618),
    knot(1_024, 5_972),
    knot(1_251, 5_174),
    knot(1_480, 4_467),
    knot(2_048, 2_500),
    knot(2_610, 1_050),
    knot(3_020, 100),
    knot(3_480, -1_250),
    knot(3_890, -3_300),
    knot(4_095, -5_500),
];

const HUMIDITY_KNOTS: [Knot; 7] = [
    knot(0, 0),
    knot(410, 350),
    knot(1_020, 2_010),
    knot(1_730, 4_020),
    knot(2_490, 6_090),
    knot(3_300, 8_480),
    knot(4_095, 10_000),
];

const PRESSURE_KNOTS: [Knot; 6] = [
    knot(0, 30_000),
    knot(819, 46_200),
    knot(1_638, 62_150),
    knot(2_457, 78_330),
    knot(3_276, 94_400),
    knot(4_095, 110_000),
];

const LIGHT_KNOTS: [Knot; 9] = [
    knot(0, 0),
    knot(64, 90),
    knot(200, 420),
    knot(512, 2_300),
    knot(1_024, 10_400),
    knot(1_800, 48_000),
    knot(2_700, 180_000),
    knot(3_500, 620_000),
    knot(4_095, 1_200_000),
];

const SUPPLY_KNOTS: [Knot; 2] = [knot(0, 0), knot(4_095, 3_600)];

/// Interpolates `knots` for every 32nd count, so that a reading costs one multiplication.
const fn expand<const N: usize>(knots: &[Knot; N]) -> [i32; 129] {
    let mut table = [0; 129];
    let (mut i, mut segment) = (0, 0);
    while i < 129 {
        let counts = if i == 128 { 4_095 } else { i as i32 * 32 };
        while segment + 2 < N && counts > knots[segment + 1].counts as i32 {
            segment += 1;
        }
        let (from, to) = (knots[segment], knots[segment + 1]);
        let span = to.counts as i32 - from.counts as i32;
        let rise = (to.value - from.value) as i64 * (counts - from.counts as i32) as i64;
        table[i] = from.value + (rise / span as i64) as i32;
        i += 1;
    }
    table
}

pub(crate) static TEMPERATURE: [i32; 129] = expand(&TEMPERATURE_KNOTS);
pub(crate) static HUMIDITY: [i32; 129] = expand(&HUMIDITY_KNOTS);
pub(crate) static PRESSURE: [i32; 129] = expand(&PRESSURE_KNOTS);
pub(crate) static LIGHT: [i32; 129] = expand(&LIGHT_KNOTS);
pub(crate) static SUPPLY: [i32; 129] = expand(&SUPPLY_KNOTS);

/// The calibrated value of a 12-bit reading.
pub(crate) fn convert(table: &[i32; 129], counts: u16) -> i32 {
    let index = usize::from(counts >> 5).min(127);
    let part = i32::from(counts & 31);
    let (from, to) = (table[index], table[index + 1]);
    from + (to - from) * part / 32
}
