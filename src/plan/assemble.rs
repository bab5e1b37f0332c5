//! Puts a plan together, and collects every conflict on the way.

use minijinja::Value;

use super::{
    Chosen, Package, Personal, Plan, Port, Publication, Unit, covered, files,
    seen::{Seen, held, holds, seen},
    settings,
};
use crate::{
    check::Check,
    error::{Error, Errors},
    layer::{Layer, Layers},
    site::Site,
    template,
};

/// The plan of `site`.
pub(super) fn plan(site: &Site, all: &Layers<'_>) -> Result<Plan, Errors> {
    let seen = seen(site, all).map_err(Errors::from)?;
    let mut errors = Vec::new();
    let mut plan = frame(site, &seen);
    for layer in &seen.layers {
        errors.extend(add(&mut plan, layer, &seen.context).err());
    }
    errors.extend(doubles(&plan));
    for packages in [&mut plan.packages, &mut plan.presumed] {
        packages.sort();
        packages.dedup_by(|a, b| a.name == b.name);
    }
    plan.ports.sort();
    plan.ports.dedup_by_key(|port| port.number);
    let left_out = files::add(&mut plan, all, &seen, &mut errors);
    for layer in &seen.layers {
        match publications(layer, &seen.context, &plan) {
            Ok(found) => plan.publications.extend(found),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        errors.extend(covered::gaps(&plan, &seen, &left_out, all));
    }
    errors.extend(settings::conflicts(&plan, &seen, all, site));
    Errors::none_or(errors)?;
    Ok(plan)
}

/// What the plan takes from the site as it is.
fn frame(site: &Site, seen: &Seen<'_, '_>) -> Plan {
    let chosen = |layer: &&Layer<'_>| Chosen {
        name: layer.name.to_owned(),
        about: layer.manifest.about.clone(),
        bakes: layer.manifest.bakes,
    };
    Plan {
        server_name: site.server_name().to_owned(),
        host: site.host().to_owned(),
        names: site.names().to_vec(),
        suite: site.suite().to_owned(),
        ssh_keys: site.ssh_keys().into_iter().map(str::to_owned).collect(),
        site_digest: site.digest().to_owned(),
        warnings: site.warnings(),
        layers: seen.layers.iter().map(chosen).collect(),
        publications: Vec::new(),
        packages: Vec::new(),
        presumed: Vec::new(),
        personal: Vec::new(),
        units: Vec::new(),
        ports: Vec::new(),
        files: Vec::new(),
        helpers: String::new(),
        checks: Vec::new(),
    }
}

/// Adds all of a layer but its files.
fn add(plan: &mut Plan, layer: &Layer<'_>, context: &Value) -> Result<(), Error> {
    let (manifest, name) = (&layer.manifest, || layer.name.to_owned());
    plan.helpers += &manifest.helpers;
    for package in held(&manifest.packages, context)? {
        plan.packages.push(Package { name: package.clone(), layer: name() });
    }
    for package in held(&manifest.presumes, context)? {
        plan.presumed.push(Package { name: package.clone(), layer: name() });
    }
    for path in &manifest.personal {
        plan.personal.push(Personal { path: personal(path, layer)?, layer: name() });
    }
    for unit in held(&manifest.units, context)? {
        plan.units.push(Unit { name: unit.clone(), layer: name() });
    }
    for number in held(&manifest.ports, context)? {
        plan.ports.push(Port { number: *number, layer: name() });
    }
    plan.checks.extend(checks(layer, context)?);
    Ok(())
}

/// Below a folder of its own: what is removed from a tree must not be half of it.
fn personal(path: &str, layer: &Layer<'_>) -> Result<String, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._@+-*?".contains(c);
    let deep = path.strip_prefix('/').is_some_and(|rest| rest.trim_end_matches('/').contains('/'));
    if deep && path.chars().all(plain) && !path.contains("..") {
        return Ok(path.to_owned());
    }
    let name = layer.name;
    let message = format!("layer `{name}`: `{path}` is no path of something personal");
    Err(Error::new(message).hint("such as `/etc/ssh/ssh_host_*`: absolute, and not a top folder"))
}

fn checks(layer: &Layer<'_>, context: &Value) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    for entry in &layer.manifest.checks {
        if holds(entry.when.as_deref(), context)? {
            checks.push(Check {
                layer: layer.name.to_owned(),
                name: entry.name.clone(),
                from: entry.from,
                cure: entry.cure.clone(),
                run: entry.run.clone(),
                wait: entry.wait.0,
                covers: entry.covers.clone(),
            });
        }
    }
    Ok(checks)
}

/// Units that two layers enable, and checks that have one name.
fn doubles(plan: &Plan) -> Vec<Error> {
    let mut errors = Vec::new();
    for (n, unit) in plan.units.iter().enumerate() {
        if let Some(other) = plan.units[..n].iter().find(|it| it.name == unit.name) {
            let (a, b, name) = (&other.layer, &unit.layer, &unit.name);
            errors.push(Error::new(format!("layers `{a}` and `{b}` both enable `{name}`")));
        }
    }
    for (n, check) in plan.checks.iter().enumerate() {
        if plan.checks[..n].iter().any(|it| it.title() == check.title()) {
            errors.push(Error::new(format!("two checks are named `{}`", check.title())));
        }
    }
    errors
}

/// What `layer` wants published elsewhere: files of the plan.
fn publications(
    layer: &Layer<'_>,
    context: &Value,
    plan: &Plan,
) -> Result<Vec<Publication>, Error> {
    let Some(publish) = &layer.manifest.publish else { return Ok(Vec::new()) };
    if !holds(publish.when.as_deref(), context)? {
        return Ok(Vec::new());
    }
    let host = template::text(&publish.host, context)?;
    publish.files.iter().map(|(path, file)| publication(layer, &host, path, file, plan)).collect()
}

fn publication(
    layer: &Layer<'_>,
    host: &str,
    path: &str,
    file: &str,
    plan: &Plan,
) -> Result<Publication, Error> {
    let name = layer.name;
    let planned = plan.files.iter().find(|it| it.path == file && it.layer == name);
    let contents = &planned
        .ok_or_else(|| Error::new(format!("layer `{name}` publishes `{file}`, which it has not")))?
        .contents;
    Ok(Publication {
        host: host.to_owned(),
        path: path.to_owned(),
        url: format!("https://{host}{path}"),
        contents: contents.clone(),
        layer: name.to_owned(),
    })
}
