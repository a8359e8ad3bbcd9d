//! Text from outside, made fit for a terminal.

/// A text from a file that nobody has vouched for, made fit for a terminal: characters that move
/// the cursor, hide themselves or turn the direction of writing are shown as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || DECEPTIVE.iter().any(|range| range.contains(&character)) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters without width, and those that change the direction of the text around them
/// (Unicode, UAX 9 and Technical Report 36).
const DECEPTIVE: [core::ops::RangeInclusive<char>; 6] = [
    '\u{061c}'..='\u{061c}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{e0000}'..='\u{e007f}',
];
