//! The wire: a bridge with public-looking addresses in a network namespace of its own.
//!
//! Synapse refuses to federate with private and documentation ranges, hence real ones; nothing leaves
//! the namespace.

use std::path::Path;

use super::root::Root;
use crate::{
    error::Result,
    host::{Host, files},
};

/// Where names are answered, addresses are leased and packets would leave.
pub const GATEWAY: &str = "93.184.215.1";
/// The gateway's second address.
pub const GATEWAY6: &str = "2606:2800:220:1::1";
/// The fronts: archives, the Matrix repository, the certificate authority.
pub const FRONT: &str = "93.184.215.10";
/// The fronts' second address.
pub const FRONT6: &str = "2606:2800:220:1::10";
/// The homeserver that the site lists.
pub const LISTED: &str = "93.184.215.20";
/// The homeserver that the site does not list.
pub const UNLISTED: &str = "93.184.215.21";
/// The machine, by lease.
pub const MACHINE: &str = "93.184.215.80";
/// The machine's address that follows from its prefix and `MACHINE_MAC`.
pub const MACHINE6: &str = "2606:2800:220:1:5054:ff:fe12:3456";
/// The machine's network card.
pub const MACHINE_MAC: &str = "52:54:00:12:34:56";
/// The machine's end of the wire.
pub const TAP: &str = "tap0";
/// The container's end of the wire: systemd's own name for it, so that its defaults configure it.
pub const CONTAINER_LINK: &str = "host0";
/// Our end of the container's wire.
pub const CONTAINER_PEER: &str = "peer0";
/// The network namespace of the container.
pub const NAMESPACE: &str = "machine";
/// The bridge.
pub const BRIDGE: &str = "br0";

/// A new network namespace for a container, with a wire to the bridge; an earlier one goes.
pub fn plug_container(host: &Host) -> Result<()> {
    unplug_container(host)?;
    let lines = format!(
        "netns add {NAMESPACE}\n\
         link add {CONTAINER_PEER} type veth peer name {CONTAINER_LINK} netns {NAMESPACE}\n\
         link set {CONTAINER_PEER} master {BRIDGE} up\n"
    );
    host.feed(&["ip", "-batch", "-"], &lines)?;
    let words = ["ip", "-n", NAMESPACE, "link", "set", CONTAINER_LINK, "address", MACHINE_MAC];
    host.run(&words)
}

/// No container has a wire to the bridge any more: as long as one has, it answers for the machine's address, and another
/// machine that finds it taken (RFC 4862, 5.4) goes without IPv6.
pub fn unplug_container(host: &Host) -> Result<()> {
    host.outcome(&["ip", "netns", "delete", NAMESPACE], "")?;
    host.outcome(&["ip", "link", "delete", CONTAINER_PEER], "")?;
    Ok(())
}

/// Where ip-netns(8) keeps the names of network namespaces.
const NAMES: &str = "/run/netns";

/// Makes the bridge, its addresses and the machine's end; needs the namespace.
pub fn up(host: &Host, root: &Root) -> Result<()> {
    // Other runs on this host have a container's namespace of the same name.
    files::make(Path::new(NAMES))?;
    host.run(&["mount", "-t", "tmpfs", "tmpfs", NAMES])?;
    let mut lines = vec![
        "link set lo up".to_owned(),
        format!("link add {BRIDGE} type bridge forward_delay 0"),
        format!("link set {BRIDGE} up"),
        format!("tuntap add dev {TAP} mode tap"),
        format!("link set {TAP} master {BRIDGE} up"),
    ];
    for address in [GATEWAY, FRONT, LISTED, UNLISTED] {
        lines.push(format!("addr add {address}/24 dev {BRIDGE}"));
    }
    for address in [GATEWAY6, FRONT6] {
        lines.push(format!("addr add {address}/64 dev {BRIDGE} nodad"));
    }
    // Programs look up IPv4 or IPv6 only when there is a route to somewhere.
    lines.push(format!("route add default dev {BRIDGE}"));
    lines.push(format!("route add ::/0 dev {BRIDGE}"));
    host.feed(&root.words(&["ip", "-batch", "-"]), &(lines.join("\n") + "\n")).map(drop)
}
