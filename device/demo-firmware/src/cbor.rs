//! A writer for the few CBOR items (RFC 8949) that telemetry needs.

pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
    /// Set once something did not fit; what follows is dropped.
    full: bool,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            len: 0,
            full: false,
        }
    }

    pub(crate) fn finish(self) -> Option<&'b [u8]> {
        if self.full {
            None
        } else {
            Some(&self.buffer[..self.len])
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.len..self.len + bytes.len()) {
            Some(place) if !self.full => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            _ => self.full = true,
        }
    }

    fn head(&mut self, major: u8, value: u32) {
        let major = major << 5;
        match value {
            0..=23 => self.raw(&[major | value as u8]),
            24..=0xFF => self.raw(&[major | 24, value as u8]),
            0x100..=0xFFFF => {
                let [high, low] = (value as u16).to_be_bytes();
                self.raw(&[major | 25, high, low]);
            }
            _ => {
                self.raw(&[major | 26]);
                self.raw(&value.to_be_bytes());
            }
        }
    }

    pub(crate) fn map(&mut self, entries: usize) {
        self.head(5, entries as u32);
    }

    pub(crate) fn array(&mut self, items: usize) {
        self.head(4, items as u32);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u32);
        self.raw(text.as_bytes());
    }

    pub(crate) fn int(&mut self, value: i32) {
        match u32::try_from(value) {
            Ok(value) => self.head(0, value),
            Err(_) => self.head(1, value.wrapping_add(1).unsigned_abs()),
        }
    }

    pub(crate) fn uint(&mut self, value: u32) {
        self.head(0, value);
    }
}
