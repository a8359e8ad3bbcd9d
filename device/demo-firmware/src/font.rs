//! Two fonts drawn at compile time from the strokes of a sixteen-segment display.

/// Strokes of each character from ' ' to '_'. Upper edge A B, right C D, lower edge E (right) F (left),
/// left G (lower) H (upper), middle I (left) J (right), diagonals K N (left) M P (right), uprights L O.
const STROKES: [&str; 64] = [
    "",
    "CE",
    "HL",
    "IJLOCDEF",
    "ABHIJDEFLO",
    "HIJDMN",
    "KABMGFEP",
    "L",
    "MP",
    "KN",
    "IJKLMNOP",
    "IJLO",
    "N",
    "IJ",
    "F",
    "MN",
    "ABCDEFGHMN",
    "CDM",
    "ABCJIGFE",
    "ABCDEFJ",
    "HIJCD",
    "ABHIJDEF",
    "ABHGFEDIJ",
    "ABMO",
    "ABCDEFGHIJ",
    "ABCDEFHIJ",
    "LO",
    "LN",
    "MP",
    "IJEF",
    "KN",
    "ABCJO",
    "ABCDEFGL",
    "ABCDGHIJ",
    "ABCDEFLOJ",
    "ABHGFE",
    "ABCDEFLO",
    "ABHGFEI",
    "ABHGI",
    "ABHGFEDJ",
    "HGCDIJ",
    "ABLOEF",
    "CDEFG",
    "HGIMP",
    "HGFE",
    "HGCDKM",
    "HGCDKP",
    "ABCDEFGH",
    "ABHGCIJ",
    "ABCDEFGHP",
    "ABHGCIJP",
    "ABHIJDEF",
    "ABLO",
    "HGFEDC",
    "HGNM",
    "HGDCNP",
    "KMNP",
    "KMO",
    "ABMNFE",
    "ABLOF",
    "KP",
    "AEFL",
    "NP",
    "EF",
];

/// End points of the strokes A to P on a grid of 2 by 4 half cells.
const ENDS: [(i32, i32, i32, i32); 16] = [
    (0, 0, 1, 0),
    (1, 0, 2, 0),
    (2, 0, 2, 2),
    (2, 2, 2, 4),
    (1, 4, 2, 4),
    (0, 4, 1, 4),
    (0, 2, 0, 4),
    (0, 0, 0, 2),
    (0, 2, 1, 2),
    (1, 2, 2, 2),
    (0, 0, 1, 2),
    (1, 0, 1, 2),
    (2, 0, 1, 2),
    (1, 2, 0, 4),
    (1, 2, 1, 4),
    (1, 2, 2, 4),
];

/// Draws a character into rows of 32 pixels, the left one in the lowest bit.
const fn draw<const HEIGHT: usize>(strokes: &str, width: i32, pen: i32) -> [u32; HEIGHT] {
    let mut rows = [0_u32; HEIGHT];
    let strokes = strokes.as_bytes();
    let (x_unit, y_unit) = ((width - pen) / 2, (HEIGHT as i32 - pen) / 4);
    let mut s = 0;
    while s < strokes.len() {
        let (x0, y0, x1, y1) = ENDS[(strokes[s] - b'A') as usize];
        let steps = 4 * y_unit;
        let mut step = 0;
        while step <= steps {
            let x = x0 * x_unit + (x1 - x0) * x_unit * step / steps;
            let y = y0 * y_unit + (y1 - y0) * y_unit * step / steps;
            let mut dot = 0;
            while dot < pen * pen {
                rows[(y + dot / pen) as usize] |= 1 << (x + dot % pen);
                dot += 1;
            }
            step += 1;
        }
        s += 1;
    }
    rows
}

pub(crate) const SMALL_WIDTH: usize = 7;
pub(crate) const SMALL_HEIGHT: usize = 11;
pub(crate) const LARGE_WIDTH: usize = 20;
pub(crate) const LARGE_HEIGHT: usize = 32;

pub(crate) static SMALL: [[u8; SMALL_HEIGHT]; 64] = {
    let mut font = [[0; SMALL_HEIGHT]; 64];
    let mut c = 0;
    while c < 64 {
        let rows = draw::<SMALL_HEIGHT>(STROKES[c], SMALL_WIDTH as i32 - 1, 1);
        let mut y = 0;
        while y < SMALL_HEIGHT {
            font[c][y] = rows[y] as u8;
            y += 1;
        }
        c += 1;
    }
    font
};

pub(crate) static LARGE: [[u32; LARGE_HEIGHT]; 64] = {
    let mut font = [[0; LARGE_HEIGHT]; 64];
    let mut c = 0;
    while c < 64 {
        font[c] = draw::<LARGE_HEIGHT>(STROKES[c], LARGE_WIDTH as i32 - 2, 3);
        c += 1;
    }
    font
};

/// The place of a character in both fonts; lower case looks like upper case, anything else like '?'.
pub(crate) fn glyph(character: u8) -> usize {
    match character.to_ascii_uppercase() {
        known @ b' '..=b'_' => usize::from(known - b' '),
        _ => usize::from(b'?' - b' '),
    }
}
