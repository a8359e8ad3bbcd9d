//! Packets on a serial line, as mcumgr's console transport frames them: lines of Base64, the first marked `06 09`, the others
//! `04 14`; in them the length, the packet and a CRC. Between the lines a console may say what it likes.

/// Bytes of the longest line, markers and line end included.
pub const LINE_LEN: usize = 127;
/// Base64 characters of a full line: whole groups, so that each line can be decoded alone.
const LINE_CHARS: u8 = 120;
const FIRST: [u8; 2] = [0x06, 0x09];
const NEXT: [u8; 2] = [0x04, 0x14];
/// Bytes of the length before a packet, and of the checksum behind it.
const LENGTH_LEN: usize = 2;
const CRC_LEN: usize = 2;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// CRC-16/XMODEM: polynomial 0x1021, from zero, not reflected.
#[must_use]
pub fn crc16<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> u16 {
    bytes.into_iter().fold(0, |crc, byte| {
        let mut crc = crc ^ (u16::from(*byte) << 8);
        for _ in 0..8 {
            crc = match crc & 0x8000 {
                0 => crc << 1,
                _ => (crc << 1) ^ 0x1021,
            };
        }
        crc
    })
}

/// Sends `packet` as a frame, a line a call of `line`. The packet has at most 65533 bytes; nothing is sent of a longer one.
pub fn write_frame(packet: &[u8], mut line: impl FnMut(&[u8])) {
    let len = packet.len().saturating_add(CRC_LEN);
    let Ok(len) = u16::try_from(len) else {
        return;
    };
    let (len, crc) = (len.to_be_bytes(), crc16(packet).to_be_bytes());
    let mut bytes = len.iter().chain(packet).chain(&crc).copied().peekable();
    let mut marker = FIRST;
    while bytes.peek().is_some() {
        let mut text = [0; LINE_LEN];
        let mut used = 0_usize;
        let mut put = |byte: u8| {
            if let Some(place) = text.get_mut(used) {
                *place = byte;
                used = used.saturating_add(1);
            }
        };
        marker.into_iter().for_each(&mut put);
        let mut chars = 0_u8;
        while chars < LINE_CHARS {
            let Some(first) = bytes.next() else { break };
            let (second, third) = (bytes.next(), bytes.next());
            let group = [0, first, second.unwrap_or(0), third.unwrap_or(0)];
            let group = u32::from_be_bytes(group);
            put(char_of(group >> 18));
            put(char_of(group >> 12));
            put(second.map_or(b'=', |_| char_of(group >> 6)));
            put(third.map_or(b'=', |_| char_of(group)));
            chars = chars.saturating_add(4);
        }
        put(b'\n');
        line(text.get(..used).unwrap_or_default());
        marker = NEXT;
    }
}

fn char_of(bits: u32) -> u8 {
    let place = usize::try_from(bits & 0x3f).unwrap_or(0);
    ALPHABET.get(place).copied().unwrap_or(b'A')
}

fn bits_of(char: u8) -> Option<u32> {
    let (base, first) = match char {
        b'A'..=b'Z' => (0, b'A'),
        b'a'..=b'z' => (26, b'a'),
        b'0'..=b'9' => (52, b'0'),
        b'+' => return Some(62),
        b'/' => return Some(63),
        _ => return None,
    };
    Some(u32::from(char.wrapping_sub(first)).wrapping_add(base))
}

/// Where in a line the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Outside a frame, or in a line that is not one's.
    Noise,
    /// Behind the first byte of a marker.
    Marker(u8),
    /// In the Base64 of a line.
    Text,
}

/// Finds packets in what comes over a line, a byte at a time.
#[derive(Debug)]
pub struct FrameReader<'b> {
    buf: &'b mut [u8],
    /// Bytes decoded of the frame under way, its length included.
    len: usize,
    /// Characters of a group that is not whole, and their bits.
    chars: u8,
    group: u32,
    place: Place,
    /// Bytes of the packet that is whole; 0 if none is.
    packet_len: usize,
}

impl<'b> FrameReader<'b> {
    /// Decodes into `buf`, which must be 4 bytes longer than the longest packet.
    #[must_use]
    pub const fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            len: 0,
            chars: 0,
            group: 0,
            place: Place::Noise,
            packet_len: 0,
        }
    }

    /// Bytes of the longest packet.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.buf.len().saturating_sub(LENGTH_LEN + CRC_LEN)
    }

    /// Takes the next byte; whether a packet is whole now. What is damaged or too long is passed over in silence: the
    /// sender repeats what is not answered.
    pub fn push(&mut self, byte: u8) -> bool {
        match (self.place, byte) {
            (Place::Text, b'\n') => {
                self.place = Place::Noise;
                return self.end_line();
            }
            (Place::Text, b'\r') => {}
            (Place::Text, b'=') => self.pad(),
            (Place::Text, char) => match bits_of(char) {
                Some(bits) => self.char(bits),
                None => {
                    self.len = 0;
                    self.restart(byte);
                }
            },
            (Place::Marker(first), second) => match [first, second] {
                FIRST => {
                    (self.len, self.chars, self.packet_len) = (0, 0, 0);
                    self.place = Place::Text;
                }
                // A continuation of nothing is noise.
                NEXT if self.len > 0 => self.place = Place::Text,
                _ => self.restart(byte),
            },
            (Place::Noise, _) => self.restart(byte),
        }
        false
    }

    /// The packet that came last, until the next one begins.
    #[must_use]
    pub fn packet(&self) -> Option<&[u8]> {
        let end = LENGTH_LEN.checked_add(self.packet_len)?;
        let packet = self.buf.get(LENGTH_LEN..end)?;
        (!packet.is_empty()).then_some(packet)
    }

    fn restart(&mut self, byte: u8) {
        self.place = match byte {
            0x06 | 0x04 => Place::Marker(byte),
            _ => Place::Noise,
        };
    }

    fn char(&mut self, bits: u32) {
        self.group = (self.group << 6) | bits;
        self.chars = self.chars.saturating_add(1);
        if self.chars == 4 {
            let [_, first, second, third] = self.group.to_be_bytes();
            self.store(&[first, second, third]);
            self.chars = 0;
        }
    }

    /// The first `=` ends the group; a second one finds none.
    fn pad(&mut self) {
        let [_, _, second, third] = self.group.to_be_bytes();
        match self.chars {
            // 12 and 18 bits: one byte and two.
            2 => {
                let byte = u8::try_from((self.group >> 4) & 0xff).unwrap_or(0);
                self.store(&[byte]);
            }
            3 => {
                let pair = u16::from_be_bytes([second, third]) >> 2;
                let high = u16::try_from((self.group >> 16) & 0x3).unwrap_or(0) << 14;
                self.store(&(pair | high).to_be_bytes());
            }
            _ => {}
        }
        self.chars = 0;
    }

    fn store(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.buf.get_mut(self.len) {
                Some(place) => *place = *byte,
                None => {
                    // Too long for this buffer: the rest is noise.
                    (self.len, self.place) = (0, Place::Noise);
                    return;
                }
            }
            self.len = self.len.saturating_add(1);
        }
    }

    fn end_line(&mut self) -> bool {
        let decoded = self.buf.get(..self.len).unwrap_or_default();
        let Some((len, rest)) = decoded.split_first_chunk::<LENGTH_LEN>() else {
            return false;
        };
        let len = usize::from(u16::from_be_bytes(*len));
        if rest.len() < len && self.chars == 0 {
            return false;
        }
        self.len = 0;
        let whole = rest.get(..len).filter(|_| rest.len() == len);
        let parts = whole.and_then(<[u8]>::split_last_chunk::<CRC_LEN>);
        let sound =
            |(packet, crc): &(&[u8], &[u8; CRC_LEN])| crc16(*packet) == u16::from_be_bytes(**crc);
        self.packet_len = parts.filter(sound).map_or(0, |(packet, _)| packet.len());
        self.packet_len > 0
    }
}

#[cfg(test)]
mod tests;
