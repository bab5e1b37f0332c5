//! The verbs that tell shells and `man` what this program understands.

use std::path::Path;

use clap::{Command, CommandFactory as _, ValueEnum};

use super::{args::Args, output};
use crate::{
    error::{Error, Result},
    host::files,
};

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  homeseed completions bash > /etc/bash_completion.d/homeseed
  homeseed completions zsh > ~/.zfunc/_homeseed
  homeseed completions fish > ~/.config/fish/completions/homeseed.fish";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  homeseed man | man -l -
  homeseed man -o /usr/local/share/man/man1";

/// The shells.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Shell {
    /// GNU bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// Prints the script for `shell`.
pub(super) fn completions(shell: Shell) -> Result<()> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(), "homeseed", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

/// Prints the main page, or writes all of them into `dir`.
pub(super) fn man(dir: Option<&Path>) -> Result<()> {
    let mut program = visible().disable_help_subcommand(true);
    program.build();
    let Some(dir) = dir else { return output::print(&page(program)?) };
    output::refuse_stdout(dir, "a folder of pages")?;
    let verbs: Vec<Command> = program.get_subcommands().cloned().collect();
    files::write(&dir.join("homeseed.1"), &page(program)?)?;
    for verb in verbs {
        let name = format!("homeseed-{}", verb.get_name());
        files::write(&dir.join(format!("{name}.1")), &page(verb)?)?;
    }
    Ok(())
}

/// Without the verb that only the program itself calls.
fn visible() -> Command {
    let program = Args::command();
    let shown: Vec<Command> =
        program.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
    let mut bare = Command::new("homeseed").version(env!("CARGO_PKG_VERSION"));
    bare = bare.about(program.get_about().cloned().unwrap_or_default());
    bare = bare.after_long_help(program.get_after_long_help().cloned().unwrap_or_default());
    bare.args(program.get_arguments().cloned()).subcommands(shown).subcommand_required(true)
}

fn page(command: Command) -> Result<String> {
    let mut page = Vec::new();
    let failed = |error| Error::host(format!("no manual page: {error}"));
    clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
