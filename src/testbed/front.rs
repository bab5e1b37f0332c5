//! The fronts: one nginx that stands for the archives, the Matrix repository, the certificate
//! authority and the operator's other web server, under their real names.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

use url::Url;

use super::{
    acme,
    bridge::Upstream,
    link::{FRONT, FRONT6},
    root::Root,
    trust::Certificate,
};
use crate::{
    error::{Error, Result},
    host::{Host, Process, archives::Archive, files, wait_until},
};

/// Everything that is served, by name.
pub struct Fronts {
    sites: BTreeMap<String, String>,
    upstreams: String,
    /// Each port, and whether TLS is spoken there.
    ports: BTreeMap<u16, bool>,
}

/// The server, answering.
pub struct Server {
    process: Process,
}

impl Default for Fronts {
    fn default() -> Fronts {
        let ports = BTreeMap::from([(80, false), (443, true)]);
        Fronts { sites: BTreeMap::new(), upstreams: String::new(), ports }
    }
}

impl Fronts {
    /// Serves `archive`, as the machine names it, out of a cache in front of `upstream`.
    pub fn archive(&mut self, archive: &Archive, upstream: &Upstream) {
        let n = self.upstreams.lines().count();
        let Upstream { archive: real, socket } = upstream;
        writeln!(self.upstreams, "upstream archive{n} {{ server unix:{}; }}", socket.display())
            .ok();
        let (scheme, path) = (&real.scheme, &archive.path);
        let to = format!(
            "proxy_pass {scheme}://archive{n}; rewrite ^{path}(.*)$ {}$1 break; \
             proxy_set_header Host {}; proxy_ssl_name {}; proxy_ssl_server_name on; \
             proxy_cache archives; proxy_cache_lock on;",
            real.path, real.host, real.host
        );
        self.open(archive, &format!("location {path} {{ {to} proxy_cache_valid 200 10m; }}"));
        let lasting = format!("~ ^{path}(pool/|.*/by-hash/)");
        self.open(archive, &format!("location {lasting} {{ {to} proxy_cache_valid 200 365d; }}"));
    }

    /// Serves the files of `dir` at the address `at`.
    pub fn folder(&mut self, at: &Archive, dir: &Path) {
        let location = format!("location {} {{ alias {}/; }}", at.path, dir.display());
        self.open(at, &location);
    }

    /// Serves `file` at `url`.
    pub fn file(&mut self, url: &Url, file: &Path) {
        let location = format!("location = {} {{ alias {}; }}", url.path(), file.display());
        self.add(url.host_str().unwrap_or_default(), &location);
    }

    /// Serves the certificate authority, whose directory the machine finds at `at`.
    pub fn authority(&mut self, at: &Archive) {
        let pass = format!("proxy_pass https://{}", acme::ADDRESS);
        let directory = at.path.trim_end_matches('/');
        self.open(at, &format!("location = {directory} {{ {pass}/dir; }}"));
        self.open(at, &format!("location / {{ {pass}; }}"));
    }

    /// Serves one document as JSON, readable from any web page, as web servers like to: behind a redirect, and
    /// with a charset.
    pub fn document(&mut self, host: &str, path: &str, file: &Path) {
        let open = "add_header Access-Control-Allow-Origin * always;";
        let charset =
            "default_type application/json; charset utf-8; charset_types application/json;";
        self.add(host, &format!("location = {path} {{ {open} return 302 /published$uri; }}"));
        let there = format!("location = /published{path}");
        self.add(host, &format!("{there} {{ {open} {charset} alias {}; }}", file.display()));
    }

    /// The names, for the certificate and for DNS.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.sites.keys().cloned().collect()
    }

    /// Starts the server; `cache` outlives the run, everything else of it lies in `dir`.
    pub fn start(
        &self,
        host: &Host,
        root: &Root,
        dir: &Path,
        cache: &Path,
        own: &Certificate,
    ) -> Result<Server> {
        files::make(cache)?;
        let file = dir.join("nginx.conf");
        files::write(&file, &self.configuration(dir, cache, own))?;
        let words = root.words(&["nginx", "-e", "stderr", "-c", &file.to_string_lossy()]);
        Ok(Server { process: host.spawn(&words, &dir.join("nginx.log"))? })
    }

    /// Serves this from now on; who is being served by `server` is served to the end.
    pub fn follow(
        &self,
        host: &Host,
        server: &mut Server,
        dir: &Path,
        cache: &Path,
        own: &Certificate,
    ) -> Result<()> {
        let before = server.workers();
        files::write(&dir.join("nginx.conf"), &self.configuration(dir, cache, own))?;
        host.run(&["kill", "-HUP", &server.process.id().to_string()])?;
        let (limit, pause) = (Duration::from_secs(10), Duration::from_millis(100));
        let is_new = || Ok(server.workers().iter().any(|worker| !before.contains(worker)));
        if wait_until(limit, pause, is_new)? {
            return Ok(());
        }
        Err(Error::host("the front of the test internet does not take what it is to serve"))
    }

    /// A location at `at`, whatever its port.
    fn open(&mut self, at: &Archive, location: &str) {
        self.ports.insert(at.port, at.scheme == "https");
        self.add(&at.host, location);
    }

    fn add(&mut self, host: &str, location: &str) {
        let site = self.sites.entry(host.to_owned()).or_default();
        writeln!(site, "    {location}").ok();
    }

    fn configuration(&self, dir: &Path, cache: &Path, own: &Certificate) -> String {
        let mut text = format!(
            "daemon off;\nuser root;\nworker_processes 1;\npid {run}/nginx.pid;\n\
             events {{ worker_connections 512; }}\nhttp {{\n\
             access_log {run}/access.log;\nclient_body_temp_path {run}/body;\n\
             server_names_hash_bucket_size 128;\nproxy_http_version 1.1;\n\
             proxy_set_header Host $host;\nproxy_set_header Connection \"\";\n\
             proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;\n\
             proxy_cache_path {cache} levels=1:2 keys_zone=archives:16m max_size=8g inactive=365d \
             use_temp_path=off;\nproxy_max_temp_file_size 0;\n\
             ssl_certificate {chain};\nssl_certificate_key {key};\n{upstreams}",
            run = dir.display(),
            cache = cache.display(),
            chain = own.chain.display(),
            key = own.key.display(),
            upstreams = self.upstreams,
        );
        for (name, locations) in &self.sites {
            let listen = self.listen();
            write!(text, "server {{\n{listen}    server_name {name};\n{locations}}}\n").ok();
        }
        text + "}\n"
    }

    fn listen(&self) -> String {
        let mut lines = String::new();
        for (port, tls) in &self.ports {
            let tls = if *tls { " ssl" } else { "" };
            writeln!(lines, "    listen {FRONT}:{port}{tls}; listen [{FRONT6}]:{port}{tls};").ok();
        }
        lines
    }
}

impl Server {
    /// Whether it still serves.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// The processes that serve, by number.
    fn workers(&self) -> Vec<String> {
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        children.split_whitespace().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_port_is_served_there() {
        let mut fronts = Fronts::default();
        let at = Archive::parse("https://a.example:8443/packages/").expect("an address");
        fronts.folder(&at, Path::new("/repository/debian"));
        let listen = fronts.listen();
        for listens in [":80;", ":443 ssl;", ":8443 ssl;"] {
            assert_eq!(listen.matches(listens).count(), 2, "{listens} in {listen}");
        }
    }
}
