//! QEMU's own control channel: the few verbs that a test needs.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::error::{Error, Result};

/// Sends the machine one command without arguments, such as `stop` or `cont`, and waits until it is done.
pub fn command(socket: &Path, name: &str) -> Result<()> {
    let stream = UnixStream::connect(socket).map_err(|error| qmp_error(&error))?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(|error| qmp_error(&error))?;
    let mut reader = BufReader::new(stream);
    for name in ["qmp_capabilities", name] {
        let line = json!({ "execute": name }).to_string() + "\n";
        reader.get_mut().write_all(line.as_bytes()).map_err(|error| qmp_error(&error))?;
        answer(&mut reader)?;
    }
    Ok(())
}

/// Greetings and events stand between a command and its answer.
fn answer(reader: &mut BufReader<UnixStream>) -> Result<()> {
    loop {
        let mut line = String::new();
        let length = reader.read_line(&mut line).map_err(|error| qmp_error(&error))?;
        let reply: Value = serde_json::from_str(&line).unwrap_or_default();
        if length == 0 || reply.get("error").is_some() {
            return Err(Error::host(format!("QEMU refused a command: {}", line.trim())));
        }
        if reply.get("return").is_some() {
            return Ok(());
        }
    }
}

fn qmp_error(error: &std::io::Error) -> Error {
    Error::host(format!("QEMU does not answer: {error}"))
}
