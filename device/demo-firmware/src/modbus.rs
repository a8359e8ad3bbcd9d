//! Modbus RTU: frames, functions and the register map.

mod map;

use crate::channel;
use crate::crc::crc16;
use crate::node::Node;
use crate::settings;

#[cfg(feature = "release-1-1")]
use map::IDENTIFICATION;
use map::INPUTS;
pub(crate) use map::print_map;

const LONGEST_FRAME: usize = 256;
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;

/// The receiving side: bytes until a silence.
pub(crate) struct Bus {
    frame: [u8; LONGEST_FRAME],
    len: usize,
    overrun: bool,
    pub(crate) good: u32,
    pub(crate) bad: u32,
}

impl Bus {
    pub(crate) const fn new() -> Self {
        Self {
            frame: [0; LONGEST_FRAME],
            len: 0,
            overrun: false,
            good: 0,
            bad: 0,
        }
    }

    pub(crate) fn push(&mut self, byte: u8) {
        match self.frame.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.overrun = true,
        }
    }

    pub(crate) fn is_receiving(&self) -> bool {
        self.len > 0
    }

    /// The frame that a silence has ended, without address and check sum, if it is whole and for us.
    pub(crate) fn take(&mut self, address: u8) -> Option<Request> {
        let (frame, overrun) = (&self.frame[..self.len], self.overrun);
        (self.len, self.overrun) = (0, false);
        let (body, sum) = frame.split_last_chunk::<2>()?;
        if overrun || body.len() < 2 || crc16(body) != u16::from_le_bytes(*sum) {
            self.bad = self.bad.wrapping_add(1);
            return None;
        }
        self.good = self.good.wrapping_add(1);
        if body[0] != address && body[0] != 0 {
            return None;
        }
        let mut request = Request {
            bytes: [0; LONGEST_FRAME],
            len: body.len() - 1,
            broadcast: body[0] == 0,
        };
        request.bytes[..request.len].copy_from_slice(&body[1..]);
        Some(request)
    }
}

/// Function code and data.
pub(crate) struct Request {
    bytes: [u8; LONGEST_FRAME],
    len: usize,
    broadcast: bool,
}

impl Request {
    fn word(&self, at: usize) -> Result<u16, u8> {
        let bytes = self.bytes[..self.len]
            .get(at..at + 2)
            .ok_or(ILLEGAL_VALUE)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

/// The answer as it goes on the line.
pub(crate) struct Reply {
    bytes: [u8; LONGEST_FRAME],
    len: usize,
}

impl Reply {
    fn new(address: u8, function: u8) -> Self {
        let mut reply = Self {
            bytes: [0; LONGEST_FRAME],
            len: 0,
        };
        reply.bytes[0] = address;
        reply.bytes[1] = function;
        reply.len = 2;
        reply
    }

    fn byte(&mut self, byte: u8) -> Result<(), u8> {
        // Two bytes stay free for the check sum.
        if self.len + 3 > LONGEST_FRAME {
            return Err(ILLEGAL_VALUE);
        }
        self.bytes[self.len] = byte;
        self.len += 1;
        Ok(())
    }

    fn word(&mut self, word: u16) -> Result<(), u8> {
        let [high, low] = word.to_be_bytes();
        self.byte(high)?;
        self.byte(low)
    }

    fn seal(mut self) -> Self {
        let sum = crc16(&self.bytes[..self.len]).to_le_bytes();
        self.bytes[self.len..self.len + 2].copy_from_slice(&sum);
        self.len += 2;
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Carries a request out; a broadcast gets no reply.
pub(crate) fn answer(node: &mut Node, address: u8, request: &Request) -> Option<Reply> {
    let function = request.bytes[0];
    let mut reply = Reply::new(address, function);
    let done = match function {
        0x01 | 0x02 => read_bits(node, request, &mut reply),
        0x03 => read_holding(node, request, 1, &mut reply),
        0x04 => read_inputs(node, request, &mut reply),
        0x05 => write_coil(node, request, &mut reply),
        0x06 => write_one(node, request, &mut reply),
        0x08 => echo(request, &mut reply),
        0x10 => write_many(node, request, 1, &mut reply),
        0x11 => describe(node, &mut reply),
        #[cfg(feature = "release-1-1")]
        0x17 => write_then_read(node, request, &mut reply),
        #[cfg(feature = "release-1-1")]
        0x2B => identify(request, &mut reply),
        _ => Err(ILLEGAL_FUNCTION),
    };
    if let Err(exception) = done {
        reply = Reply::new(address, function | 0x80);
        reply.byte(exception).ok()?;
        if exception == ILLEGAL_ADDRESS {
            node.note(0x054, i32::from(function));
        }
    }
    if request.broadcast {
        None
    } else {
        Some(reply.seal())
    }
}

/// Bits: one alarm for each channel, then heater enabled and heater locked.
fn read_bits(node: &Node, request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let (first, count) = (usize::from(request.word(1)?), usize::from(request.word(3)?));
    let total = channel::COUNT + 2;
    if count == 0 || first + count > total {
        return Err(ILLEGAL_ADDRESS);
    }
    reply.byte(count.div_ceil(8) as u8)?;
    let bit = |index: usize| match index.checked_sub(channel::COUNT) {
        None => !matches!(node.channels[index].level, channel::Level::Normal),
        Some(0) => node.heater.enabled,
        Some(_) => node.heater.phase.number() & 0x8000 != 0,
    };
    for start in (first..first + count).step_by(8) {
        let end = (start + 8).min(first + count);
        let byte = (start..end).fold(0, |byte, index| {
            byte | u8::from(bit(index)) << (index - start)
        });
        reply.byte(byte)?;
    }
    Ok(())
}

fn read_inputs(node: &Node, request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let (first, count) = (request.word(1)?, request.word(3)?);
    if count == 0 || count > 125 {
        return Err(ILLEGAL_VALUE);
    }
    reply.byte((count * 2) as u8)?;
    for address in first..first.checked_add(count).ok_or(ILLEGAL_ADDRESS)? {
        let input = INPUTS
            .get(usize::from(address / 2))
            .ok_or(ILLEGAL_ADDRESS)?;
        let value = (input.read)(node).cast_unsigned();
        reply.word(if address % 2 == 0 {
            (value >> 16) as u16
        } else {
            value as u16
        })?;
    }
    Ok(())
}

fn read_holding(node: &Node, request: &Request, at: usize, reply: &mut Reply) -> Result<(), u8> {
    let (first, count) = (request.word(at)?, request.word(at + 2)?);
    if count == 0 || count > 125 {
        return Err(ILLEGAL_VALUE);
    }
    reply.byte((count * 2) as u8)?;
    for address in first..first.checked_add(count).ok_or(ILLEGAL_ADDRESS)? {
        let index = usize::from(address / 2);
        if index >= settings::COUNT {
            return Err(ILLEGAL_ADDRESS);
        }
        let value = node.settings.get(index).cast_unsigned();
        reply.word(if address % 2 == 0 {
            (value >> 16) as u16
        } else {
            value as u16
        })?;
    }
    Ok(())
}

fn write_coil(node: &mut Node, request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let (coil, value) = (request.word(1)?, request.word(3)?);
    match (coil, value) {
        (0, 0xFF00) => node.heater.enabled = true,
        (0, 0) => node.heater.enabled = false,
        (1, 0xFF00) => node.heater.clear(),
        (2, 0xFF00) => node.log.clear(),
        (0..=2, _) => return Err(ILLEGAL_VALUE),
        _ => return Err(ILLEGAL_ADDRESS),
    }
    reply.word(coil)?;
    reply.word(value)
}

/// The low half of a setting; the high half becomes its sign.
fn write_one(node: &mut Node, request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let (address, word) = (request.word(1)?, request.word(3)?);
    let index = usize::from(address / 2);
    if address % 2 == 0 || index >= settings::COUNT {
        return Err(ILLEGAL_ADDRESS);
    }
    if !node.change(index, i32::from(word.cast_signed())) {
        return Err(ILLEGAL_VALUE);
    }
    reply.word(address)?;
    reply.word(word)
}

fn write_many(node: &mut Node, request: &Request, at: usize, reply: &mut Reply) -> Result<(), u8> {
    let (first, count) = (request.word(at)?, request.word(at + 2)?);
    if first % 2 != 0 || count % 2 != 0 || count == 0 || count > 120 {
        return Err(ILLEGAL_ADDRESS);
    }
    for pair in 0..count / 2 {
        let data = at + 5 + usize::from(pair) * 4;
        let value = u32::from(request.word(data)?) << 16 | u32::from(request.word(data + 2)?);
        let index = usize::from(first / 2 + pair);
        if index >= settings::COUNT {
            return Err(ILLEGAL_ADDRESS);
        }
        if !node.change(index, value.cast_signed()) {
            return Err(ILLEGAL_VALUE);
        }
    }
    reply.word(first)?;
    reply.word(count)
}

fn echo(request: &Request, reply: &mut Reply) -> Result<(), u8> {
    for byte in &request.bytes[1..request.len] {
        reply.byte(*byte)?;
    }
    Ok(())
}

fn describe(node: &Node, reply: &mut Reply) -> Result<(), u8> {
    let text = crate::VERSION.as_bytes();
    reply.byte(text.len() as u8 + 2)?;
    reply.byte(b'S')?;
    reply.byte(if node.heater.enabled { 0xFF } else { 0 })?;
    for byte in text {
        reply.byte(*byte)?;
    }
    Ok(())
}

#[cfg(feature = "release-1-1")]
fn write_then_read(node: &mut Node, request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let mut written = Reply::new(0, 0);
    write_many(node, request, 5, &mut written)?;
    read_holding(node, request, 1, reply)
}

#[cfg(feature = "release-1-1")]
fn identify(request: &Request, reply: &mut Reply) -> Result<(), u8> {
    let [_, kind, category, first, ..] = request.bytes;
    if kind != 0x0E || !(1..=3).contains(&category) {
        return Err(ILLEGAL_VALUE);
    }
    let objects = IDENTIFICATION.iter().enumerate().skip(usize::from(first));
    if usize::from(first) >= IDENTIFICATION.len() {
        return Err(ILLEGAL_ADDRESS);
    }
    for byte in [
        kind,
        category,
        0x83,
        0,
        0,
        (IDENTIFICATION.len() - usize::from(first)) as u8,
    ] {
        reply.byte(byte)?;
    }
    for (number, text) in objects {
        reply.byte(number as u8)?;
        reply.byte(text.len() as u8)?;
        for byte in text.bytes() {
            reply.byte(byte)?;
        }
    }
    Ok(())
}
