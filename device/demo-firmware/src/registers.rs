//! The only place where hardware registers are touched.

/// A 32-bit register at a fixed address.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

impl Register {
    pub(crate) const fn at(address: usize) -> Self {
        Self(address)
    }

    /// The register `bytes` further on.
    pub(crate) const fn offset(self, bytes: usize) -> Self {
        Self(self.0 + bytes)
    }

    pub(crate) fn read(self) -> u32 {
        let pointer = core::ptr::with_exposed_provenance::<u32>(self.0);
        // SAFETY: every `Register` of this program names an aligned device register of the part.
        unsafe { pointer.read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        let pointer = core::ptr::with_exposed_provenance_mut::<u32>(self.0);
        // SAFETY: as in `read`; no register of this program changes how memory is mapped.
        unsafe { pointer.write_volatile(value) }
    }

    pub(crate) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }
}
