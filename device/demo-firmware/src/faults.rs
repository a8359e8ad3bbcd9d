//! Every fault that the node can report: number, how bad it is, cause and remedy.

/// How bad a fault is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Note,
    Warning,
    Stop,
}

impl Severity {
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Note => 'N',
            Self::Warning => 'W',
            Self::Stop => 'S',
        }
    }
}

/// A row of the fault table.
pub(crate) struct Fault {
    pub(crate) number: u16,
    pub(crate) severity: Severity,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

macro_rules! faults {
    ($($(#[$attribute:meta])* $number:literal $severity:ident $cause:literal => $remedy:literal;)*) => {
        /// Sorted by number.
        static FAULTS: &[Fault] = &[$($(#[$attribute])* Fault {
            number: $number, severity: Severity::$severity, cause: $cause, remedy: $remedy,
        },)*];
    };
}

faults! {
    0x001 Note "The node was restarted by its user" => "none needed";
    0x002 Warning "The node was restarted by its watchdog" => "send the event log to the service desk";
    0x003 Warning "The supply broke down for a short time" => "check the supply cable and its fuse";
    0x004 Stop "A memory test failed after the start" => "replace the node";
    0x005 Note "The clock lost its time" => "set the clock with 'date'";
    0x010 Warning "The settings in both copies were damaged" => "enter the settings again and save them";
    0x011 Note "One copy of the settings was damaged" => "save the settings once more";
    0x012 Note "The settings come from an older release" => "check the new settings and save them";
    0x020 Warning "The temperature channel does not answer" => "check the plug of the temperature sensor";
    0x021 Warning "The humidity channel does not answer" => "check the plug of the humidity sensor";
    0x022 Warning "The pressure channel does not answer" => "check that the pressure port is not blocked";
    0x023 Note "The light channel does not answer" => "clean the window and check the plug of the light sensor";
    0x024 Warning "The supply channel does not answer" => "replace the node if this stays";
    0x025 Stop "The plate channel does not answer" => "check the plate sensor before the heater is used again";
    0x030 Warning "The temperature is below its limit" => "move the node or enable the heater";
    0x031 Warning "The temperature is above its limit" => "shade the node or lower the heater target";
    0x032 Note "The humidity is below its limit" => "none needed indoors";
    0x033 Warning "The humidity is above its limit" => "check the seal and the drying cartridge";
    0x034 Note "The air pressure is below its limit" => "check the altitude setting";
    0x035 Note "The air pressure is above its limit" => "check the altitude setting";
    0x036 Note "The illuminance is above its limit" => "shade the light sensor";
    0x037 Warning "The supply voltage is below its limit" => "charge or replace the battery";
    0x038 Stop "The supply voltage is above its limit" => "disconnect the node and replace the supply";
    0x039 Warning "The heater plate is colder than the surroundings allow" => "check the plate sensor";
    0x03A Stop "The heater plate is hotter than the surroundings allow" => "disconnect the heater";
    0x040 Note "A bearing shows first signs of wear" => "measure again after a week";
    0x041 Warning "A bearing is worn" => "plan its replacement";
    0x042 Stop "A bearing is about to fail" => "stop the machine and replace the bearing";
    0x043 Note "The vibration sensor saturates" => "choose the larger range";
    0x044 Note "The vibration record was interrupted" => "none needed";
    0x050 Note "The field bus was silent for a minute" => "check the master and the cable";
    0x051 Note "Field bus frames with bad check sums" => "check termination, shield and baud rate";
    0x052 Note "A field bus frame was longer than allowed" => "check the timing of the master";
    0x053 Warning "Two nodes answer to the same address" => "give each node its own address with 'set bus.address'";
    0x054 Note "The master asked for an unknown register" => "compare the register map with the release of the node";
    0x060 Note "The radio did not join its network" => "check antenna and keys";
    0x061 Note "A report was not acknowledged" => "none needed, it is sent again";
    0x062 Warning "Reports were dropped because the queue was full" => "lengthen the report period";
    0x063 Note "The air time of this hour is used up" => "lengthen the report period";
    0x070 Note "A rule was refused because it is too long" => "split the rule in two";
    0x071 Note "A rule was refused because it needs too many values" => "simplify the expression";
    0x072 Warning "A rule was stopped because it ran too long" => "check the rule for mistakes";
    0x073 Note "A rule divides by zero" => "check the rule for mistakes";
    0x080 Note "The display does not answer" => "check the ribbon cable";
    0x081 Note "The display was reset" => "none needed";
    0x090 Stop "The firmware does not match its check sum" => "install the firmware again";
    0x091 Warning "An update was refused because its signature is wrong" => "use a package from the manufacturer";
    0x092 Note "An update was interrupted" => "none needed, it is resumed";
    0x093 Note "An update was refused because it is made for another node" => "choose the package for this node";
    0x094 Note "The new firmware was not confirmed and the old one is back" => "send the event log to the service desk";
    0x101 Stop "The heater plate passed its cut-out temperature" => "let the plate cool and check its sensor, then 'heater clear'";
    #[cfg(not(feature = "release-1-1"))]
    0x102 Warning "The heater did not reach its target in ten minutes" => "check the heater's supply, then 'heater clear'";
    #[cfg(feature = "release-1-1")]
    0x102 Warning "The heater did not reach its target in fifteen minutes" => "check the heater's supply and the wind shield, then 'heater clear'";
    0x103 Stop "The plate sensor failed while the heater was on" => "check the plate sensor, then 'heater clear'";
    #[cfg(feature = "release-1-1")]
    0x104 Note "The heater worked at full power for an hour" => "check the wind shield";
    0x110 Note "A tamper switch was opened" => "check the housing";
    0x111 Warning "The shell was locked after three wrong passwords" => "wait for ten minutes";
    #[cfg(feature = "release-1-1")]
    0x120 Note "The median filter was changed" => "none needed";
}

pub(crate) fn find(number: u16) -> Option<&'static Fault> {
    FAULTS
        .binary_search_by_key(&number, |fault| fault.number)
        .ok()
        .map(|at| &FAULTS[at])
}

pub(crate) fn all() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter()
}
