//! Lines: a serial port, a TCP connection, a Unix socket.

use core::fmt;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

/// How long a read waits before it says that nothing has come.
const TICK: Duration = Duration::from_millis(100);

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A serial port, and its speed in bits a second.
    Serial(PathBuf, u32),
    /// HOST:PORT.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(path, _) | Self::Unix(path) => f.write_str(&crate::input::shown(path)),
            Self::Tcp(host) => f.write_str(host),
        }
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// An open line.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// Whether a read of nothing means that nothing has come; else the other end is closed.
    empty_is_quiet: bool,
}

impl Wire {
    /// Opens the line. `limit` bounds how long a connection may take to be made, and how long a socket may take no bytes.
    pub(super) fn open(address: &Address, limit: Duration) -> io::Result<Self> {
        // Sockets do not know a limit of zero.
        let limit = limit.max(TICK);
        let socket = |stream: Box<dyn Stream>| Self {
            stream,
            empty_is_quiet: false,
        };
        match address {
            Address::Tcp(host) => {
                let stream = connect(host, limit)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(limit))?;
                stream.set_nodelay(true)?;
                Ok(socket(Box::new(stream)))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(limit))?;
                Ok(socket(Box::new(stream)))
            }
            Address::Serial(path, speed) => Ok(Self {
                stream: Box::new(serial(path, *speed)?),
                empty_is_quiet: true,
            }),
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// What has come, or nothing yet.
    pub(super) fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buf) {
            Ok(0) if !self.empty_is_quiet => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(e) if is_quiet(e.kind()) => Ok(0),
            read => read,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }
}

/// Tries the addresses of a name one after the other.
fn connect(host: &str, limit: Duration) -> io::Result<TcpStream> {
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => return Ok(stream),
            Err(e) => failure = e,
        }
    }
    Err(failure)
}

const fn is_quiet(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// A terminal that passes bytes on as they are.
#[cfg(unix)]
fn serial(path: &Path, speed: u32) -> io::Result<std::fs::File> {
    use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
    use rustix::termios::{ControlModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    // Without waiting for a carrier, which three wires do not have.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty())?;
    let mut modes = tcgetattr(&file)?;
    modes.make_raw();
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    // One stop bit, and no wait for a wire that is not there, whatever the port was used for before.
    modes.control_modes -= ControlModes::CSTOPB | ControlModes::CRTSCTS;
    modes.set_speed(speed)?;
    // A read returns after a tenth of a second, with or without bytes.
    modes.special_codes[SpecialCodeIndex::VMIN] = 0;
    modes.special_codes[SpecialCodeIndex::VTIME] = 1;
    tcsetattr(&file, OptionalActions::Flush, &modes)?;
    fcntl_setfl(&file, fcntl_getfl(&file)? & !OFlags::NONBLOCK)?;
    Ok(file.into())
}

#[cfg(not(unix))]
fn serial(_: &Path, _: u32) -> io::Result<std::fs::File> {
    Err(io::ErrorKind::Unsupported.into())
}
