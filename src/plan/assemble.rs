//! Puts a plan together, and collects every conflict on the way.

use std::collections::BTreeMap;

use minijinja::Value;

use super::{
    Aim, Born, Chosen, Package, Personal, Plan, Publication, Record, Unit, covered, facts, files,
    selection::{Selection, select},
    settings,
};
use crate::{
    check::Check,
    error::{Error, Errors},
    layer::{BornEntry, Layer, Layers, RecordEntry},
    site::Site,
    template::{self, condition_holds, counting},
};

/// The plan of `site`, for a machine with this aim.
pub(super) fn plan(site: &Site, all: &Layers<'_>, aim: Aim) -> Result<Plan, Errors> {
    let selection = select(site, all, aim).map_err(Errors::from)?;
    let mut errors = Vec::new();
    let mut plan = empty(site, &selection);
    for layer in &selection.layers {
        errors.extend(add(&mut plan, layer, &selection.context).err());
    }
    let (found, refused) = facts::facts(&selection, all);
    errors.extend(refused);
    errors.extend(facts::strangers(&found, &selection, all));
    plan.facts = found;
    errors.extend(doubles(&plan));
    for packages in [&mut plan.packages, &mut plan.presumed] {
        packages.sort();
        packages.dedup_by(|a, b| a.name == b.name);
    }
    let left_out = files::add(&mut plan, all, &selection, &mut errors);
    for layer in &selection.layers {
        match publications(layer, &selection.context, &plan) {
            Ok(found) => plan.publications.extend(found),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        errors.extend(covered::gaps(&plan, &selection, &left_out, all));
    }
    errors.extend(settings::conflicts(&plan, &selection, all, site));
    Errors::none_or(errors)?;
    Ok(plan)
}

/// What the plan takes from the site as it is.
fn empty(site: &Site, selection: &Selection<'_, '_>) -> Plan {
    let chosen = |layer: &&Layer<'_>| Chosen {
        name: layer.name.to_owned(),
        about: layer.manifest.about.clone(),
        bakes: layer.manifest.bakes,
    };
    Plan {
        server_name: site.server_name().to_owned(),
        host: site.host().to_owned(),
        names: selection.names.clone(),
        suite: site.suite().name.to_owned(),
        ssh_keys: site.ssh_keys().into_iter().map(str::to_owned).collect(),
        site_digest: site.digest().to_owned(),
        warnings: [site.warnings(), &selection.missed].concat(),
        layers: selection.layers.iter().map(chosen).collect(),
        publications: Vec::new(),
        packages: Vec::new(),
        presumed: Vec::new(),
        personal: Vec::new(),
        records: Vec::new(),
        facts: Vec::new(),
        born: Vec::new(),
        secrets: selection.secrets.clone(),
        keeps: selection.keeps.clone(),
        units: Vec::new(),
        ports: selection.ports.clone(),
        files: Vec::new(),
        helpers: selection.helpers.clone(),
        cures: BTreeMap::new(),
        checks: Vec::new(),
    }
}

/// Adds all of a layer but its files.
fn add(plan: &mut Plan, layer: &Layer<'_>, context: &Value) -> Result<(), Error> {
    let (manifest, name) = (&layer.manifest, || layer.name.to_owned());
    for package in counting(&manifest.packages, context)? {
        plan.packages.push(Package { name: package.clone(), layer: name() });
    }
    for package in counting(&manifest.presumes, context)? {
        plan.presumed.push(Package { name: package.clone(), layer: name() });
    }
    for path in &manifest.personal {
        plan.personal.push(Personal { path: personal(path, layer)?, layer: name() });
    }
    for unit in counting(&manifest.units, context)? {
        plan.units.push(Unit { name: unit.clone(), layer: name() });
    }
    for (fact, entry) in &manifest.born {
        plan.born.push(born(layer, fact, entry, context)?);
    }
    for entry in &manifest.records {
        plan.records.extend(records(layer, entry, context)?);
    }
    let secrets = plan.secrets.iter().filter(|secret| secret.layer == layer.name);
    let kept = secrets.map(|it| Personal { path: it.path.clone(), layer: name() });
    plan.personal.extend(kept.collect::<Vec<_>>());
    plan.cures.extend(manifest.cures.clone());
    plan.checks.extend(checks(layer, context)?);
    Ok(())
}

fn born(layer: &Layer<'_>, name: &str, entry: &BornEntry, context: &Value) -> Result<Born, Error> {
    let value = template::text(&entry.value, context)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.:/@+=-".contains(c);
    let is_clause = entry.because.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if value.is_empty() || !value.chars().all(plain) || !is_clause || !is_name {
        let message = format!("layer `{}`: `{name}` is no fact for life", layer.name);
        return Err(
            Error::new(message).hint("its value is one word, and its reason one line of ASCII")
        );
    }
    let (name, because) = (name.to_owned(), entry.because.clone());
    Ok(Born { name, value, because, layer: layer.name.to_owned() })
}

fn records(layer: &Layer<'_>, entry: &RecordEntry, context: &Value) -> Result<Vec<Record>, Error> {
    if !condition_holds(entry.when.as_deref(), context)? {
        return Ok(Vec::new());
    }
    let names =
        template::plain_text(&template::value(&entry.names, context)?).map_err(Error::new)?;
    let record = |name: &str| Record {
        name: name.to_owned(),
        kind: entry.r#type.clone(),
        value: entry.value.clone(),
        why: entry.why.clone(),
        layer: layer.name.to_owned(),
    };
    Ok(names.split_whitespace().map(record).collect())
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
        if condition_holds(entry.when.as_deref(), context)? {
            checks.push(Check {
                layer: layer.name.to_owned(),
                name: entry.name.clone(),
                from: entry.from,
                cure: entry.cure.clone(),
                run: entry.run.clone(),
                wait: entry.wait.0,
                own_kernel: entry.own_kernel,
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
    for (n, secret) in plan.secrets.iter().enumerate() {
        if let Some(other) = plan.secrets[..n].iter().find(|it| it.name == secret.name) {
            let (a, b, name) = (&other.layer, &secret.layer, &secret.name);
            errors.push(Error::new(format!("layers `{a}` and `{b}` both have a secret `{name}`")));
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
    if !condition_holds(publish.when.as_deref(), context)? {
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
