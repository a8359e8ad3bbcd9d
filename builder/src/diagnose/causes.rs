//! What a log can speak for: our codes, and what befalls devices without having one.

use crate::explain::{Explanation, Stage, explain};

/// What a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One of our codes.
    Code(u16),
    /// Something that happens around an update, by its name in [`FIELD_CAUSES`].
    Field(&'static str),
}

/// Something that befalls a device and has no code of ours: the updater itself cannot see it, or it was not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldCause {
    /// Its name.
    pub name: &'static str,
    /// Where it shows.
    pub stage: Stage,
    /// What it means.
    pub meaning: &'static str,
    /// What leads to it.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code(code) => explained(code).map_or("", |e| e.name),
            Self::Field(name) => name,
        }
    }

    /// Its code, if it has one.
    #[must_use]
    pub fn code(self) -> Option<u16> {
        match self {
            Self::Code(code) => Some(code),
            Self::Field(_) => None,
        }
    }

    /// Where it shows.
    #[must_use]
    pub fn stage(self) -> Stage {
        match self {
            Self::Code(code) => Stage::of(code),
            Self::Field(name) => field(name).map_or(Stage::Operation, |field| field.stage),
        }
    }

    /// Meaning, cause and remedy.
    #[must_use]
    pub fn sentences(self) -> [&'static str; 3] {
        match self {
            Self::Code(code) => explained(code).map(|e| [e.meaning, e.cause, e.remedy]),
            Self::Field(name) => field(name).map(|f| [f.meaning, f.cause, f.remedy]),
        }
        .unwrap_or_default()
    }
}

fn explained(code: u16) -> Option<&'static Explanation> {
    explain(code)
}

fn field(name: &str) -> Option<&'static FieldCause> {
    FIELD_CAUSES.iter().find(|field| field.name == name)
}

/// All of them, in the order of their stages.
pub const FIELD_CAUSES: &[FieldCause] = &[
    FieldCause {
        name: "LINK_LOST",
        stage: Stage::Download,
        meaning: "The link broke off or stayed silent.",
        cause: "Weak radio, a gateway or modem that was restarted, a name that does not resolve, or a server that is down.",
        remedy: "Nothing on the device: it goes on at the block where it was. If it never gets further, look at the link between the last two blocks that came.",
    },
    FieldCause {
        name: "SERVER_REFUSED",
        stage: Stage::Download,
        meaning: "The server answered, and refused.",
        cause: "An address or token that has expired, a package that was taken down, or a server that is overloaded.",
        remedy: "Fetch the address in the log from a desk. Give the device a new address or token: it goes on with the same package.",
    },
    FieldCause {
        name: "CLOCK_WRONG",
        stage: Stage::Download,
        meaning: "A certificate was refused for its dates.",
        cause: "The device's clock stands wrong after a power failure, or the server's certificate has expired.",
        remedy: "Set the clock before the transfer begins, or renew the certificate; what Sprag checks needs neither.",
    },
    FieldCause {
        name: "STORAGE_FULL",
        stage: Stage::Download,
        meaning: "There is no room for what is to be stored.",
        cause: "Logs or earlier downloads fill the file system, or its quota is reached.",
        remedy: "Free space and offer the package again; hold the package's staging size against the partition.",
    },
    FieldCause {
        name: "WRITE_PROTECTED",
        stage: Stage::Backup,
        meaning: "What is to be written may not be.",
        cause: "A file system that was mounted read-only after errors, a protected sector, or a process without the right to write.",
        remedy: "Look for what set the protection: errors of the medium come first. Then remove it, and offer the package again.",
    },
    FieldCause {
        name: "MEDIA_FAULT",
        stage: Stage::Write,
        meaning: "The storage itself reports an error.",
        cause: "Worn or damaged flash, a card with bad contacts, or a supply that sags under load.",
        remedy: "Read the same addresses again: errors that stay mean a part to be replaced, errors that wander point at supply or contacts.",
    },
    FieldCause {
        name: "POWER_DIP",
        stage: Stage::Write,
        meaning: "The supply voltage fell below what the device needs.",
        cause: "An old battery, a charger that is too weak for radio and flash together, or a plug that was pulled.",
        remedy: "Charge or replace the battery, and let the preconditions ask for more charge before an update begins; the update goes on by itself.",
    },
    FieldCause {
        name: "OUT_OF_MEMORY",
        stage: Stage::Write,
        meaning: "The system had no memory left.",
        cause: "Something else on the device takes it, or the package was built for more RAM than there is.",
        remedy: "Free memory before the update, or build with a smaller `--ram`; the updater itself allocates nothing.",
    },
    FieldCause {
        name: "WATCHDOG_RESET",
        stage: Stage::Write,
        meaning: "The watchdog restarted the device.",
        cause: "A task starved: often a loop around the updater that calls step after step without feeding the watchdog.",
        remedy: "Feed the watchdog between steps; each step makes a bounded number of flash operations.",
    },
    FieldCause {
        name: "IMAGE_NOT_BOOTABLE",
        stage: Stage::Boot,
        meaning: "The bootloader found no image that it would start, or refused the new one.",
        cause: "An image that is signed for another bootloader key, a header or trailer that it does not know, or a wrong offset.",
        remedy: "Check the new image with the bootloader's own tool (such as `imgtool verify`) before a package is built of it.",
    },
    FieldCause {
        name: "CRASH",
        stage: Stage::Operation,
        meaning: "The running image stopped with a fault.",
        cause: "A defect of the new image, or hardware that it does not fit.",
        remedy: "Let it revert, which it does unless it is confirmed; take the fault's registers to whoever wrote the image.",
    },
    FieldCause {
        name: "DRIVER_CONFLICT",
        stage: Stage::Operation,
        meaning: "A driver did not start, or does not match what it works with.",
        cause: "Modules or peripherals of another version than the new image expects.",
        remedy: "Bind the package to the operating system's version and the hardware's revision, and add the driver to the health checks before confirm.",
    },
];
