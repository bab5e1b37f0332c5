//! How long a document may be, for whom, what it costs, and in what form it is handed over.

use std::{fs, io::Read as _, path::Path, process::Output};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use homeseed::{
    backend::user_data::{LIMIT, PROVIDERS},
    inspect::read,
};

use crate::{
    program::{folder, given},
    tools::said,
};

const SITE: &str =
    "server_name: maple.chat\nhost: chat.maple.chat\noperator:\n  email: o@maple.chat\n";

/// Keys that no compression makes shorter.
fn site(keys: usize) -> String {
    let key = |n: usize| {
        let blob = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &noise(n as u64 + 1, 32)].concat();
        format!("    - ssh-ed25519 {} key{n}\n", STANDARD.encode(blob))
    };
    let list = if keys == 0 { "" } else { "  ssh_keys:\n" };
    [SITE, list, &(0..keys).map(key).collect::<String>()].concat()
}

/// Bytes that no compression makes fewer.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(next).collect()
}

/// An RSA key of 4096 bits, as the file of a public key has it.
fn rsa() -> String {
    let part = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let modulus = [&[0, 0x80][..], &noise(7, 511)].concat();
    let blob = [part(b"ssh-rsa"), part(&[1, 0, 1]), part(&modulus)].concat();
    format!("    - ssh-rsa {} key\n", STANDARD.encode(blob))
}

/// So many servers with names such as people choose.
fn servers(count: usize) -> String {
    let words = [
        "amber", "birch", "cedar", "delta", "ember", "fern", "grove", "heron", "iris", "juniper",
        "kettle", "lantern", "maple", "north", "otter", "pine", "quartz", "river", "stone",
        "umbra", "valley", "willow",
    ];
    let (hosts, ends) =
        (["", "matrix.", "chat."], ["org", "net", "de", "chat", "ch", "social", "uk", "fr"]);
    let bytes = noise(3, 4 * count);
    let name = |it: &[u8]| {
        let of = |list: &[&str], byte: u8| list[usize::from(byte) % list.len()].to_owned();
        [of(&hosts, it[0]), of(&words, it[1]), of(&words, it[2]), ".".to_owned(), of(&ends, it[3])]
            .concat()
    };
    let names: String = bytes.chunks(4).map(|it| format!("    - {}\n", name(it))).collect();
    format!("federation:\n  allow:\n    - matrix.org\n{names}")
}

#[test]
fn the_layers_of_every_machine_leave_room_for_more() {
    let length = made(&["--limit", "14500"], &site(1)).stdout.len();
    assert!(length > 10_000, "{length}");
}

#[test]
fn a_machine_that_watches_itself_fits_the_strictest_provider_as_text() {
    let text = site(1) + "watch: true\n";
    let length = made(&["--limit", &LIMIT.to_string()], &text).stdout.len();
    assert!(length > 16_000, "{length}");
}

#[test]
fn six_keys_and_fifty_servers_fit_the_strictest_provider_as_text() {
    let text = [site(5), rsa(), servers(50)].concat();
    let length = made(&["--limit", &LIMIT.to_string()], &text).stdout.len();
    assert!(length > 15_000, "{length}");
}

/// All but the one that shows everything a layer of one's own can have, those with mail and the commands for accounts, or with
/// the gate for upgrades, and the one that is pinged; the one with all layers fits what the next provider takes, as it says
/// itself.
#[test]
fn the_machines_of_the_tests_get_what_the_strictest_provider_takes() {
    let cases = fs::read_dir("image-tests").unwrap().map(|case| case.unwrap().path());
    let larger = |case: &Path| {
        ["own-layer", "mail", "upgrade", "watch", "everything"].iter().any(|it| case.ends_with(it))
    };
    let cases = cases.filter(|case| case.is_dir() && !larger(case));
    let files = cases.flat_map(|case| fs::read_dir(case).unwrap()).map(|it| it.unwrap().path());
    let sites: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|it| it == "yaml")).collect();
    assert!(sites.len() > 12, "{sites:?}");
    for site in sites {
        let site = site.to_str().unwrap();
        let output = given(&["user-data", site, "--limit", "16384"], "");
        assert_eq!(output.status.code(), Some(0), "{site}: {}", said(&output));
    }
}

#[track_caller]
fn made(words: &[&str], site: &str) -> Output {
    let output = given(&[&["user-data", "-"], words].concat(), site);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_provider_gets_what_it_takes_and_an_error_names_its_limit() {
    // Longer than any of the small ones takes.
    let long = site(40);
    for provider in PROVIDERS {
        let output = given(&["user-data", "-", "--for", provider.name], &long);
        let errors = text(&output.stderr);
        let length = output.stdout.len();
        if output.status.success() {
            assert!(provider.takes(length), "{}: {length}", provider.name);
            if let Some(limit) = provider.limit {
                assert!(errors.contains(&format!(" of {limit} bytes for ")), "{errors}");
            }
            continue;
        }
        let words = format!(" bytes, {} takes {}\n", provider.title, provider.limit.unwrap());
        assert!(errors.contains(&words), "{errors}");
        assert!(errors.contains("  operator.ssh_keys: 40 entries\n"), "{errors}");
    }
    let refused = |name| given(&["user-data", "-", "--for", name], &long).status.code() == Some(1);
    assert!(refused("aws") && refused("linode") && !refused("gcp") && !refused("disk"));
}

#[test]
fn without_a_provider_nothing_is_refused_and_who_takes_it_is_said() {
    let output = made(&[], &site(40));
    let errors = text(&output.stderr);
    assert!(errors.contains("too long for aws, linode"), "{errors}");
    assert!(errors.contains("`--encoding gzip` makes "), "{errors}");
    assert!(read("it", &output.stdout).is_ok());
}

#[test]
fn what_each_thing_costs_is_what_the_document_loses_without_it() {
    let (two, one) = (site(2), site(1));
    let output = given(&["user-data", "-", "--encoding", "compact", "--limit", "9000"], &two);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let row = errors.lines().find(|line| line.ends_with(" key1")).unwrap();
    let bytes: usize = row.split_whitespace().next().unwrap().parse().unwrap();
    let length = |site: &str| made(&["--encoding", "compact", "--limit", "99K"], site).stdout.len();
    let expected = length(&two) - length(&one);
    assert!(bytes.abs_diff(expected) < 12, "{bytes}, {expected}");
    // It is the same number where one of both would only fit with longer lines.
    for keys in 1..4 {
        let plan = text(&given(&["plan", "-"], &site(keys)).stdout);
        let row = plan.lines().find(|line| line.ends_with(" key0")).unwrap();
        let bytes: usize = row.split_whitespace().next().unwrap().parse().unwrap();
        assert!((40..220).contains(&bytes), "{plan}");
    }
}

#[test]
fn an_option_and_a_layer_of_the_users_have_their_cost() {
    let dir = folder();
    fs::create_dir(dir.path().join("tea")).unwrap();
    let manifest = "about: Tea\nkeys:\n  tea: {type: flag, default: false, about: x}\n\
                    waives: {/etc/tea.conf: x}\n";
    fs::write(dir.path().join("tea/layer.yaml"), manifest).unwrap();
    fs::write(dir.path().join("tea/README.md"), "x").unwrap();
    fs::create_dir_all(dir.path().join("tea/files/etc")).unwrap();
    fs::write(dir.path().join("tea/files/etc/tea.conf"), "darjeeling 0123456789\n").unwrap();
    let path = dir.path().join("site.yaml");
    let more = "layers: [tea]\ntea: true\nsynapse: {user_agent_suffix: a_long_suffix_indeed}\n";
    fs::write(&path, site(1) + more).unwrap();
    let output = given(&["user-data", path.to_str().unwrap(), "--limit", "1000"], "");
    let errors = text(&output.stderr);
    for name in ["layers: tea", "synapse.user_agent_suffix", "operator.ssh_keys: ssh-ed25519"] {
        assert!(errors.contains(name), "{name}: {errors}");
    }
}

#[test]
fn gzip_is_shorter_than_text_and_holds_a_document() {
    let output = made(&["--encoding", "gzip"], &site(1));
    let compact = made(&["--encoding", "compact"], &site(1)).stdout;
    assert!(output.stdout.len() + 1500 < compact.len());
    let mut document = String::new();
    flate2::read::GzDecoder::new(&*output.stdout).read_to_string(&mut document).unwrap();
    assert!(read("it", document.as_bytes()).is_ok() && read("it", &output.stdout).is_ok());
    assert_eq!(made(&["--encoding", "gzip"], &site(1)).stdout, output.stdout, "other bytes");
}

#[test]
fn base64_is_one_line_and_comes_by_itself_where_nothing_else_is_taken() {
    let plain = made(&["--encoding", "gzip"], &site(1)).stdout;
    assert!(read("it", &plain).is_ok());
    for words in [&["--base64"][..], &["--for", "hetzner"], &["--for", "azure"]] {
        let encoded = made(&[&["--encoding", "gzip"], words].concat(), &site(1)).stdout;
        assert_eq!(STANDARD.decode(&encoded).unwrap(), plain, "{words:?}");
    }
    let output =
        given(&["user-data", "-", "--encoding", "gzip", "--for", "digitalocean"], &site(1));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("DigitalOcean takes text only"), "{}", said(&output));
}

#[test]
fn lines_are_no_longer_than_a_terminal_where_there_is_room() {
    let document = text(&made(&["--encoding", "compact", "--limit", "64K"], &site(3)).stdout);
    assert!(document.lines().all(|line| line.len() <= 80), "{document}");
    assert!(document.lines().count() > 100);
    // A byte less makes lines longer, not an error.
    let limit = (document.len() - 1).to_string();
    let wide = made(&["--encoding", "compact", "--limit", &limit], &site(3)).stdout;
    assert!(wide.len() + 200 < document.len());
    let payload = |bytes: &[u8]| read("it", bytes).unwrap().payload.digest;
    assert_eq!(payload(&wide), payload(document.as_bytes()));
}

#[test]
fn check_and_plan_say_how_long_the_document_is() {
    for keys in [0, 40] {
        let length = made(&[], &site(keys)).stdout.len();
        let check = text(&given(&["check", "-"], &site(keys)).stdout);
        let line = check.lines().find(|line| line.starts_with("user-data: ")).unwrap();
        let number = line.split_whitespace().find_map(|word| word.parse::<usize>().ok()).unwrap();
        let is_exact = !line.contains("at most");
        assert!(number >= length && (number == length) == is_exact, "{line}, {length}");
        assert_eq!(length > LIMIT, line.contains("too long for aws"), "{line}");
        let plan = text(&given(&["plan", "-"], &site(keys)).stdout);
        assert!(plan.contains(&format!("user-data: {length} bytes, compact")), "{plan}");
    }
    let plan = text(&given(&["plan", "-"], &site(9)).stdout);
    assert!(plan.contains(" less without:\n"), "{plan}");
    assert!(
        plan.contains("  operator.ssh_keys: ssh-ed25519 ") && plan.contains("and 3 more"),
        "{plan}"
    );
}

#[test]
fn limits_are_understood_as_they_are_typed() {
    for limit in ["32768", "32K", "32 KiB", "32kb"] {
        made(&["--limit", limit], &site(1));
    }
}

#[test]
fn the_page_has_every_provider_with_its_limit() {
    let page = fs::read_to_string("docs/user-data.md").unwrap();
    for provider in PROVIDERS {
        let start = format!("| `{}` | ", provider.name);
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("`{}` is not on the page", provider.name));
        assert!(row.contains("](https://"), "{row}");
        let limit = provider.limit.map_or("none".to_owned(), |it| it.to_string());
        assert!(row.contains(&format!("| {limit} |")), "{row}");
    }
}
