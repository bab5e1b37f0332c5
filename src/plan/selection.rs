//! Which layers a machine has, and what their templates and conditions can see.
//!
//! Every condition on which others depend is evaluated here, once.

use minijinja::{Value, context};

use super::{Aim, Keeps, Port, Secret, kept};
use crate::{
    check::Helpers,
    error::Error,
    layer::{Layer, Layers, Protocol},
    site::Site,
    template::{self, condition_holds, counting},
};

/// The layers that are part of the machine for a site.
pub(super) struct Selection<'a, 's> {
    /// In the order of their steps.
    pub(super) layers: Vec<&'a Layer<'s>>,
    /// What is said of those that are left out of a rehearsal.
    pub(super) missed: Vec<String>,
    /// Every name that must lead to the machine; its own is the first.
    pub(super) names: Vec<String>,
    /// What listens, by number, each port once.
    pub(super) ports: Vec<Port>,
    /// The secrets, in the order of the layers.
    pub(super) secrets: Vec<Secret>,
    /// The functions that checks may call.
    pub(super) helpers: Vec<Helpers>,
    /// What a backup keeps.
    pub(super) keeps: Keeps,
    /// `site`, `names`, `ports`, `secrets`, `layers`, `keeps`, `restore`.
    pub(super) context: Value,
}

/// Decides which layers a site has, and gathers what their templates see.
pub(super) fn select<'a, 's>(
    site: &Site,
    all: &'a Layers<'s>,
    aim: Aim,
) -> Result<Selection<'a, 's>, Vec<Error>> {
    let context = context! { site => Value::from_serialize(site.values()) };
    let mut layers = chosen(&context, all)?;
    let missed = if aim.rehearses { leave_out(&mut layers) } else { Vec::new() };
    let mut errors = missing(&layers);
    let mut gather = |result: Result<(), Error>| errors.extend(result.err());
    let mut names = vec![site.host().to_owned()];
    gather(add_names(&mut names, &layers, &context));
    let (mut ports, mut secrets) = (Vec::new(), Vec::new());
    for layer in &layers {
        gather(add_ports(&mut ports, layer, &context));
        gather(add_secrets(&mut secrets, layer, &context));
    }
    ports.sort();
    ports.dedup_by_key(|port| port.range);
    errors.extend(overlaps(&ports));
    let helpers = helpers(&layers, all);
    let mut keeps = Keeps::default();
    match kept::kept(&layers, &secrets, &helpers) {
        Ok(found) => keeps = found,
        Err(error) => errors.push(error),
    }
    match kept::readers(all, &context) {
        Ok(found) => keeps.readers = found,
        Err(error) => errors.push(error),
    }
    if errors.is_empty() {
        let context = extended(&context, &names, &ports, &secrets, &layers);
        let keeping = Value::from_serialize(&keeps);
        let context = context! { restore => aim.restores, keeps => keeping, ..context };
        Ok(Selection { layers, missed, names, ports, secrets, helpers, keeps, context })
    } else {
        Err(errors)
    }
}

/// The functions that layers bring, each with those whose checks may call them.
fn helpers(layers: &[&Layer<'_>], all: &Layers<'_>) -> Vec<Helpers> {
    let bring = layers.iter().filter(|layer| !layer.manifest.helpers.is_empty());
    bring
        .map(|layer| {
            let callers = layers.iter().map(|it| it.name);
            let callers = callers.filter(|it| all.closure(it).contains(layer.name));
            Helpers {
                layer: layer.name.to_owned(),
                shell: layer.manifest.helpers.clone(),
                callers: callers.map(str::to_owned).collect(),
            }
        })
        .collect()
}

fn chosen<'a, 's>(context: &Value, all: &'a Layers<'s>) -> Result<Vec<&'a Layer<'s>>, Vec<Error>> {
    let (mut layers, mut errors) = (Vec::new(), Vec::new());
    for layer in &all.ordered {
        match condition_holds(layer.manifest.when.as_deref(), context) {
            Ok(true) => layers.push(layer),
            Ok(false) => {}
            Err(error) => errors.push(all.blame(layer.name, "when", error.message())),
        }
    }
    if errors.is_empty() { Ok(layers) } else { Err(errors) }
}

/// Leaves out the layers that rely on another computer; a sentence of each.
fn leave_out(layers: &mut Vec<&Layer<'_>>) -> Vec<String> {
    let mut said = Vec::new();
    layers.retain(|layer| {
        let other = layer.manifest.relies_on.as_ref();
        said.extend(other.map(|other| {
            format!("the layer `{}` is left out: the test internet has no {other}", layer.name)
        }));
        other.is_none()
    });
    said
}

fn missing(chosen: &[&Layer<'_>]) -> Vec<Error> {
    let mut errors = Vec::new();
    for layer in chosen {
        for need in &layer.manifest.needs {
            if !chosen.iter().any(|it| it.name == need) {
                let name = layer.name;
                errors.push(Error::new(format!(
                    "layer `{name}` needs `{need}`, which this site leaves out"
                )));
            }
        }
    }
    errors
}

fn add_names(names: &mut Vec<String>, layers: &[&Layer<'_>], context: &Value) -> Result<(), Error> {
    for layer in layers {
        for expression in counting(&layer.manifest.names, context)? {
            let name = template::text(expression, context)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(())
}

fn add_ports(ports: &mut Vec<Port>, layer: &Layer<'_>, context: &Value) -> Result<(), Error> {
    for port in counting(&layer.manifest.ports, context)? {
        ports.push(Port { range: port.0, layer: layer.name.to_owned() });
    }
    Ok(())
}

/// Ranges that share a port are one promise made twice.
fn overlaps(ports: &[Port]) -> Vec<Error> {
    let pairs = ports.windows(2).filter(|pair| pair[0].range.meets(&pair[1].range));
    let error = |pair: &[Port]| {
        let [a, b] = [&pair[0], &pair[1]];
        let message = format!("`{}` of layer `{}` and ", a.range, a.layer);
        Error::new(format!("{message}`{}` of layer `{}` have ports in common", b.range, b.layer))
    };
    pairs.map(error).collect()
}

fn add_secrets(secrets: &mut Vec<Secret>, layer: &Layer<'_>, context: &Value) -> Result<(), Error> {
    for (name, entry) in &layer.manifest.secrets {
        if condition_holds(entry.when.as_deref(), context)? {
            secrets.push(Secret::of(layer.name, name, entry)?);
        }
    }
    Ok(())
}

fn extended(
    site: &Value,
    names: &[String],
    ports: &[Port],
    secrets: &[Secret],
    chosen: &[&Layer<'_>],
) -> Value {
    let numbers = |protocol| -> Vec<String> {
        let of = ports.iter().filter(|port| port.range.protocol == protocol);
        of.map(|port| port.range.numbers()).collect()
    };
    let layers: Vec<&str> = chosen.iter().map(|layer| layer.name).collect();
    context! {
        names,
        ports => context! { tcp => numbers(Protocol::Tcp), udp => numbers(Protocol::Udp) },
        secrets => Value::from_serialize(secrets),
        layers,
        ..site.clone()
    }
}
