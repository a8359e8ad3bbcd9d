//! The command shell on the console: line editing, a history of one, and the table of commands.

mod commands;

use core::fmt::Write;

use crate::node::Node;
use crate::texts::Text;
use commands::{COMMANDS, Problem};

const LONGEST_LINE: usize = 96;

/// The line being typed.
pub(crate) struct Shell {
    line: [u8; LONGEST_LINE],
    len: usize,
    previous: [u8; LONGEST_LINE],
    previous_len: usize,
}

impl Shell {
    pub(crate) const fn new() -> Self {
        Self {
            line: [0; LONGEST_LINE],
            len: 0,
            previous: [0; LONGEST_LINE],
            previous_len: 0,
        }
    }

    /// Takes one typed byte.
    pub(crate) fn push(&mut self, node: &mut Node, byte: u8) {
        match byte {
            b'\r' | b'\n' => self.enter(node),
            0x08 | 0x7F if self.len > 0 => {
                self.len -= 1;
                node.console.send(b"\x08 \x08");
            }
            // Ctrl-P brings the previous line back, Ctrl-U forgets this one.
            0x10 => {
                self.erase(node);
                (self.line, self.len) = (self.previous, self.previous_len);
                node.console.send(&self.line[..self.len]);
            }
            0x15 => self.erase(node),
            b'\t' => self.complete(node),
            b' '..=b'~' if self.len < LONGEST_LINE => {
                self.line[self.len] = byte;
                self.len += 1;
                node.console.send(&[byte]);
            }
            _ => node.console.send(b"\x07"),
        }
    }

    fn erase(&mut self, node: &mut Node) {
        for _ in 0..self.len {
            node.console.send(b"\x08 \x08");
        }
        self.len = 0;
    }

    /// Completes a command's name if only one begins so.
    fn complete(&mut self, node: &mut Node) {
        let typed = &self.line[..self.len];
        let mut fitting = COMMANDS
            .iter()
            .filter(|command| command.name.as_bytes().starts_with(typed));
        if let (Some(command), None) = (fitting.next(), fitting.next()) {
            let rest = &command.name.as_bytes()[self.len..];
            node.console.send(rest);
            self.line[self.len..self.len + rest.len()].copy_from_slice(rest);
            self.len += rest.len();
        } else {
            node.console.send(b"\x07");
        }
    }

    fn enter(&mut self, node: &mut Node) {
        node.console.send(b"\r\n");
        (self.previous, self.previous_len) = (self.line, self.len);
        if let Ok(line) = core::str::from_utf8(&self.line[..self.len]) {
            run(node, line.trim());
        }
        self.len = 0;
        node.console.send(b"> ");
    }
}

fn run(node: &mut Node, line: &str) {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    if name.is_empty() {
        return;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let text = node.text(Text::UnknownCommand);
        let _ = write!(node.console, "{text}: {name}\r\n");
        return;
    };
    let text = match (command.run)(node, rest.trim()) {
        Ok(()) => return,
        Err(Problem::Missing) => Text::MissingArgument,
        Err(Problem::Bad) => Text::BadArgument,
        Err(Problem::Range) => Text::OutOfRange,
        // The console cannot fail.
        Err(Problem::Output) => return,
    };
    let text = node.text(text);
    let _ = write!(
        node.console,
        "{text}.\r\n{} {}\r\n",
        command.name, command.usage
    );
}
