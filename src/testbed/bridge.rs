//! A way out for the archives alone: a unix socket of which each connection becomes one to the host's
//! own mirror.
//!
//! The namespace of the test internet has no way to anywhere else.

use std::{
    io,
    net::{Shutdown, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    thread,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    host::{
        archives::{Archive, Archives},
        files,
    },
};

/// Both archives and the sockets that lead to them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upstreams {
    /// Where the archive itself is reached.
    pub main: Upstream,
    /// Where its security updates are reached.
    pub security: Upstream,
}

/// One archive and the socket that leads to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upstream {
    /// The archive.
    pub archive: Archive,
    /// The socket.
    pub socket: PathBuf,
}

/// Opens both sockets in `dir`; they work as long as this process lives.
pub fn open(archives: &Archives, dir: &Path) -> Result<Upstreams> {
    let (main, security) = (dir.join("main.sock"), dir.join("security.sock"));
    serve(&archives.main, &main)?;
    serve(&archives.security, &security)?;
    Ok(Upstreams {
        main: Upstream { archive: archives.main.clone(), socket: main },
        security: Upstream { archive: archives.security.clone(), socket: security },
    })
}

fn serve(archive: &Archive, socket: &Path) -> Result<()> {
    files::remove(socket)?;
    let listener = UnixListener::bind(socket).map_err(|error| {
        Error::host(format!("cannot listen on `{}`: {error}", socket.display()))
            .hint("a socket's path may have 107 characters: run in a shorter folder")
    })?;
    let place = (archive.host.clone(), archive.port);
    thread::spawn(move || {
        for inside in listener.incoming().flatten() {
            let place = place.clone();
            thread::spawn(move || join(&inside, &place));
        }
    });
    Ok(())
}

/// A connection that fails is the mirror's to report; the machine's apt asks again.
fn join(inside: &UnixStream, place: &(String, u16)) -> io::Result<()> {
    let outside = TcpStream::connect((place.0.as_str(), place.1))?;
    let (mut from, mut to) = (inside.try_clone()?, outside.try_clone()?);
    thread::spawn(move || {
        io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    let (mut from, mut to) = (outside, inside.try_clone()?);
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)
}
