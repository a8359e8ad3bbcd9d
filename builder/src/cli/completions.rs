//! `sprag completions` and `sprag man`.

use clap::{Args, Command};
use clap_complete::Shell;
use std::path::PathBuf;

use super::print;
use crate::error::Error;
use crate::output::{Access, Existing, OutputError, Target};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sprag completions bash > /etc/bash_completion.d/sprag")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write those of all commands to a folder
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Existing folder to write sprag.1, sprag-build.1 and the others to
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<(), Error> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "sprag", &mut text);
    print(&String::from_utf8_lossy(&text))
}

pub(super) fn man(args: &ManArgs, command: Command) -> Result<(), Error> {
    let page = |command: Command| {
        let mut text = Vec::new();
        match clap_mangen::Man::new(command).render(&mut text) {
            Ok(()) => Ok(text),
            Err(e) => Err(OutputError::from_io("-".as_ref(), e)),
        }
    };
    let Some(folder) = &args.out else {
        return print(&String::from_utf8_lossy(&page(command)?));
    };
    for subcommand in command.get_subcommands() {
        let name = format!("sprag-{}", subcommand.get_name());
        let file = folder.join(format!("{name}.1"));
        let text = page(subcommand.clone().name(name))?;
        Target::check(&file, [], Existing::Replace, Access::Ordinary)?.write(&text)?;
    }
    let file = folder.join("sprag.1");
    Target::check(&file, [], Existing::Replace, Access::Ordinary)?.write(&page(command)?)?;
    Ok(())
}
