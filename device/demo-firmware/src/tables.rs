//! Number tables computed at compile time: sine, window, dew point.

/// Sine over a quarter turn in Q15 steps of 1/256, by Taylor series.
const fn sine_q15(step: usize) -> i16 {
    let x = step as f64 * core::f64::consts::FRAC_PI_2 / 256.0;
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while n < 12.0 {
        term = -term * x * x / ((2.0 * n) * (2.0 * n + 1.0));
        sum += term;
        n += 1.0;
    }
    (sum * 32_767.0 + 0.5) as i16
}

/// Quarter wave, both ends included.
pub(crate) static QUARTER_SINE: [i16; 257] = {
    let mut table = [0; 257];
    let mut i = 0;
    while i < 257 {
        table[i] = sine_q15(i);
        i += 1;
    }
    table
};

/// Raised cosine over 256 points in Q15.
pub(crate) static WINDOW: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        // cos(2 pi i / 256) by symmetry of the quarter wave: step 4 i of 1024.
        let turn = 4 * i;
        let cosine = match turn / 256 {
            0 => sine_q15(256 - turn) as i32,
            1 => -(sine_q15(turn - 256) as i32),
            2 => -(sine_q15(768 - turn) as i32),
            _ => sine_q15(turn - 768) as i32,
        };
        table[i] = ((32_767 - cosine) / 2) as i16;
        i += 1;
    }
    table
};

/// Natural logarithm for positive numbers: halve or double into [0.75, 1.5), then a series.
const fn ln(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x >= 1.5 {
        x /= 2.0;
        sum += core::f64::consts::LN_2;
    }
    while x < 0.75 {
        x *= 2.0;
        sum -= core::f64::consts::LN_2;
    }
    let y = (x - 1.0) / (x + 1.0);
    let (mut power, mut n) = (y, 1.0);
    while n < 40.0 {
        sum += 2.0 * power / n;
        power *= y * y;
        n += 2.0;
    }
    sum
}

pub(crate) const DEW_ROWS: usize = 26;
pub(crate) const DEW_COLUMNS: usize = 33;

/// Dew point in hundredths of a degree: rows are -20 to 80 degrees by 4, columns 2 to 98 % humidity by 3
/// (Magnus formula with the constants 17.62 and 243.12).
pub(crate) static DEW_POINT: [[i16; DEW_COLUMNS]; DEW_ROWS] = {
    let mut table = [[0; DEW_COLUMNS]; DEW_ROWS];
    let mut row = 0;
    while row < DEW_ROWS {
        let temperature = row as f64 * 4.0 - 20.0;
        let mut column = 0;
        while column < DEW_COLUMNS {
            let humidity = (column as f64 * 3.0 + 2.0) / 100.0;
            let gamma = ln(humidity) + 17.62 * temperature / (243.12 + temperature);
            table[row][column] = (243.12 * gamma / (17.62 - gamma) * 100.0) as i16;
            column += 1;
        }
        row += 1;
    }
    table
};

/// Sine of a 10-bit angle (1024 is a full turn) in Q15.
pub(crate) fn sine(angle: u16) -> i16 {
    let step = usize::from(angle & 0xFF);
    match angle >> 8 & 3 {
        0 => QUARTER_SINE[step],
        1 => QUARTER_SINE[256 - step],
        2 => -QUARTER_SINE[step],
        _ => -QUARTER_SINE[256 - step],
    }
}

/// Dew point in hundredths of a degree, between the table's points by bilinear interpolation.
///
/// `temperature` is in hundredths of a degree, `humidity` in hundredths of a percent.
pub(crate) fn dew_point(temperature: i32, humidity: i32) -> i32 {
    let row_position = (temperature + 2000).clamp(0, (DEW_ROWS as i32 - 1) * 400 - 1);
    let column_position = (humidity - 200).clamp(0, (DEW_COLUMNS as i32 - 1) * 300 - 1);
    let (row, row_part) = ((row_position / 400) as usize, row_position % 400);
    let (column, column_part) = ((column_position / 300) as usize, column_position % 300);
    let across = |row: usize| {
        let (left, right) = (
            i32::from(DEW_POINT[row][column]),
            i32::from(DEW_POINT[row][column + 1]),
        );
        left + (right - left) * column_part / 300
    };
    let (above, below) = (across(row), across(row + 1));
    above + (below - above) * row_part / 400
}
