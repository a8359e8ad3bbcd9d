//! The two ways of a list of fields.

/// Moves fields into a checkpoint or out of it: one list of fields serves both ways.
pub(super) trait Transfer {
    fn bytes(&mut self, bytes: &mut [u8]);

    fn u8(&mut self, value: &mut u8) {
        self.bytes(core::slice::from_mut(value));
    }

    fn u64(&mut self, value: &mut u64) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u64::from_le_bytes(bytes);
    }

    fn u32(&mut self, value: &mut u32) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u32::from_le_bytes(bytes);
    }
}

/// Into a checkpoint.
pub(super) struct Save<'a> {
    pub(super) rest: Option<&'a mut [u8]>,
    pub(super) ok: bool,
}

impl Save<'_> {
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        match self
            .rest
            .take()
            .and_then(|rest| rest.split_at_mut_checked(bytes.len()))
        {
            Some((front, rest)) => {
                front.copy_from_slice(bytes);
                self.rest = Some(rest);
            }
            None => self.ok = false,
        }
    }
}

impl Transfer for Save<'_> {
    fn bytes(&mut self, bytes: &mut [u8]) {
        self.copy(bytes);
    }
}

/// Out of a checkpoint.
pub(super) struct Load<'a> {
    pub(super) rest: &'a [u8],
    pub(super) ok: bool,
}

impl Load<'_> {
    pub(super) fn next(&mut self) -> u8 {
        let mut byte = 0;
        self.u8(&mut byte);
        byte
    }
}

impl Transfer for Load<'_> {
    fn bytes(&mut self, bytes: &mut [u8]) {
        match self.rest.split_at_checked(bytes.len()) {
            Some((front, rest)) => {
                bytes.copy_from_slice(front);
                self.rest = rest;
            }
            None => self.ok = false,
        }
    }
}
