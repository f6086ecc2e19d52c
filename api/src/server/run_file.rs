//! The file that says where a ready program listens, for whoever started it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::Running;

/// Where a program on this machine reaches the service.
pub fn base_url(at: SocketAddr, tls: bool) -> String {
    format!("{}://{}", if tls { "https" } else { "http" }, near(at))
}

/// An address that means every network of this machine, as one that can be dialled.
fn near(at: SocketAddr) -> SocketAddr {
    let ip = match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, at.port())
}

/// Writes the run file, whole or not at all; answers where, if it was asked for.
pub fn write(running: &Running) -> Option<PathBuf> {
    let file = running.installation.settings.run_file()?;
    let ready = json!({
        "base_url": running.base_url, "lmtp": running.lmtp.map(near), "smtp": running.smtp.map(near),
        "pid": std::process::id(),
    });
    if let Err(e) = whole(&file, &format!("{ready}\n")) {
        tracing::error!(runbook = "RB-RUN-FILE", error = %e, file = %file.display(), "The run file was not written.");
    }
    Some(file)
}

fn whole(file: &Path, text: &str) -> io::Result<()> {
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, text)?;
    std::fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_on_every_network_is_reached_on_this_machine() {
        assert_eq!(base_url("0.0.0.0:8080".parse().unwrap(), false), "http://127.0.0.1:8080");
        assert_eq!(base_url("[::]:443".parse().unwrap(), true), "https://[::1]:443");
        assert_eq!(base_url("10.1.2.3:80".parse().unwrap(), false), "http://10.1.2.3:80");
    }
}
