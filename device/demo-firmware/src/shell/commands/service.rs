//! Commands about the node itself: settings, clock, events, firmware.

use core::fmt::{self, Write};

use super::{COMMANDS, Outcome, Problem, hexadecimal, number, say};
use crate::clock::Moment;
use crate::events::Event;
use crate::node::Node;
use crate::registers::Register;
use crate::settings::{self, SETTINGS, Settings};
use crate::sha256::Sha256;
use crate::telemetry::PLANS;
use crate::texts::{Language, Text};
use crate::{VERSION, crc, faults, modbus, start};

pub(super) fn date(node: &mut Node, rest: &str) -> Outcome {
    if rest.is_empty() {
        return match node.local_time() {
            Some(moment) => Ok(write!(node.console, "{moment}\r\n")?),
            None => say(node, Text::ClockUnset),
        };
    }
    let mut parts = rest.split(['-', ' ', ':']);
    let mut part = || number::<u16>(parts.next().unwrap_or(""));
    let year = part()?;
    let mut small = || u8::try_from(part()?).map_err(|_| Problem::Range);
    let moment = Moment {
        year,
        month: small()?,
        day: small()?,
        hour: small()?,
        minute: small()?,
        second: small()?,
    };
    node.set_time(moment.to_unix().ok_or(Problem::Range)?);
    Ok(())
}

pub(super) fn defaults(node: &mut Node, _: &str) -> Outcome {
    let defaults = Settings::defaults();
    for i in 0..settings::COUNT {
        node.change(i, defaults.get(i));
    }
    say(node, Text::Loaded)
}

pub(super) fn events(node: &mut Node, rest: &str) -> Outcome {
    match rest {
        "" => {}
        "clear" => {
            node.log.clear();
            return say(node, Text::LogCleared);
        }
        _ => return Err(Problem::Bad),
    }
    if node.log.iter().next().is_none() {
        return say(node, Text::LogEmpty);
    }
    let mut console = node.console;
    for event in node.log.iter() {
        print_event(&mut console, event)?;
    }
    Ok(())
}

fn print_event(out: &mut impl Write, event: &Event) -> fmt::Result {
    let cause = faults::find(event.fault).map_or("?", |fault| fault.cause);
    write!(
        out,
        "{} {:03X} {cause} ({})",
        Moment::from_unix(event.at),
        event.fault,
        event.detail
    )?;
    #[cfg(feature = "release-1-1")]
    if event.repeats > 0 {
        write!(out, ", and {} times more", event.repeats)?;
    }
    out.write_str("\r\n")
}

pub(super) fn explain(node: &mut Node, rest: &str) -> Outcome {
    let number = u16::try_from(hexadecimal(rest)?).map_err(|_| Problem::Range)?;
    let fault = faults::find(number).ok_or(Problem::Range)?;
    let (cause, remedy) = (node.text(Text::FaultCause), node.text(Text::FaultRemedy));
    write!(
        node.console,
        "{cause}: {}\r\n{remedy}: {}\r\n",
        fault.cause, fault.remedy
    )?;
    Ok(())
}

pub(super) fn list_faults(node: &mut Node, _: &str) -> Outcome {
    for fault in faults::all() {
        write!(
            node.console,
            "{} {:03X} {}\r\n",
            fault.severity.letter(),
            fault.number,
            fault.cause
        )?;
    }
    Ok(())
}

pub(super) fn fingerprint(node: &mut Node, _: &str) -> Outcome {
    const FLASH: usize = 0x0800_8000;
    const LEN: usize = 96 * 1024;
    let mut sha = Sha256::new();
    let mut word = Register::at(FLASH);
    for _ in 0..LEN / 4 {
        sha.update(&word.read().to_le_bytes());
        word = word.offset(4);
    }
    let digest = sha.finish();
    for byte in digest {
        write!(node.console, "{byte:02x}")?;
    }
    write!(
        node.console,
        " {:08x} {:02x}\r\n",
        crc::crc32(&digest),
        crc::crc8(&digest)
    )?;
    Ok(())
}

pub(super) fn get(node: &mut Node, rest: &str) -> Outcome {
    if !rest.is_empty() {
        let index = settings::find(rest).ok_or(Problem::Bad)?;
        let value = node.settings.get(index);
        write!(node.console, "{value}\r\n")?;
        return Ok(());
    }
    for (i, setting) in SETTINGS.iter().enumerate() {
        let value = node.settings.get(i);
        write!(
            node.console,
            "{:<16}{value:>8}  {}\r\n",
            setting.key, setting.help
        )?;
    }
    Ok(())
}

pub(super) fn help(node: &mut Node, rest: &str) -> Outcome {
    for command in COMMANDS
        .iter()
        .filter(|command| rest.is_empty() || command.name == rest)
    {
        write!(
            node.console,
            "{:<12}{:<24}{}\r\n",
            command.name, command.usage, command.help
        )?;
    }
    Ok(())
}

pub(super) fn language(node: &mut Node, rest: &str) -> Outcome {
    if rest.is_empty() {
        let key = node.settings.language().key();
        write!(node.console, "{key}\r\n")?;
        return Ok(());
    }
    let index = Language::ALL
        .iter()
        .position(|language| language.key() == rest)
        .ok_or(Problem::Bad)?;
    node.change(settings::LANGUAGE, index as i32);
    say(node, Text::Welcome)
}

pub(super) fn map(node: &mut Node, _: &str) -> Outcome {
    let mut console = node.console;
    Ok(modbus::print_map(node, &mut console)?)
}

pub(super) fn monitor(node: &mut Node, rest: &str) -> Outcome {
    node.monitor = match rest {
        "on" => true,
        "off" => false,
        "" => return Err(Problem::Missing),
        _ => return Err(Problem::Bad),
    };
    Ok(())
}

pub(super) fn peek(node: &mut Node, rest: &str) -> Outcome {
    let (address, count) = rest.split_once(' ').unwrap_or((rest, "4"));
    let (address, count) = (hexadecimal(address)? as usize, number::<usize>(count)?);
    let readable = [0x0800_0000..0x0810_0000, 0x2000_0000..0x2002_0000];
    let end = address
        .checked_add(count.checked_mul(4).ok_or(Problem::Range)?)
        .ok_or(Problem::Range)?;
    let allowed = readable
        .iter()
        .any(|range| range.contains(&address) && end <= range.end);
    if address % 4 != 0 || count > 256 || !allowed {
        return Err(Problem::Range);
    }
    for i in 0..count {
        if i % 4 == 0 {
            write!(
                node.console,
                "{}{:08x}:",
                if i == 0 { "" } else { "\r\n" },
                address + i * 4
            )?;
        }
        write!(
            node.console,
            " {:08x}",
            Register::at(address).offset(i * 4).read()
        )?;
    }
    node.console.write_str("\r\n")?;
    Ok(())
}

pub(super) fn plans(node: &mut Node, _: &str) -> Outcome {
    for plan in &PLANS {
        let last = plan.first + u32::from(plan.spacing) * (u32::from(plan.count) - 1);
        let (first, last) = (plan.first as f32 / 1000.0, last as f32 / 1000.0);
        write!(
            node.console,
            "{} {first:.3} to {last:.3} MHz, {} channels, {} s an hour\r\n",
            plan.name, plan.count, plan.air_time
        )?;
    }
    Ok(())
}

pub(super) fn restart(node: &mut Node, _: &str) -> Outcome {
    say(node, Text::Restarting)?;
    start::restart()
}

pub(super) fn save(node: &mut Node, _: &str) -> Outcome {
    node.settings.save();
    say(node, Text::Saved)
}

pub(super) fn set(node: &mut Node, rest: &str) -> Outcome {
    let (name, value) = rest.split_once(' ').ok_or(Problem::Missing)?;
    let index = settings::find(name).ok_or(Problem::Bad)?;
    if node.change(index, number(value.trim())?) {
        Ok(())
    } else {
        Err(Problem::Range)
    }
}

pub(super) fn version(node: &mut Node, _: &str) -> Outcome {
    write!(node.console, "SN-4 {VERSION}\r\n")?;
    Ok(())
}
