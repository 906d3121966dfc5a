//! By which names and addresses this computer may be called. They are read where Linux tells them;
//! elsewhere, and in a container that is called by its host's, they are given by hand. Deliberately
//! without asking a name server: what it says today may be another computer tomorrow.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use crate::base::{Refusal, limits};

/// Longest name of a host (RFC 1035 section 2.3.4).
const NAME_MAX: usize = 253;

/// The host's name, with and without `.local`, and every address that it holds.
pub(super) fn of_this_computer() -> BTreeSet<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let host = checked(&read("/proc/sys/kernel/hostname")).ok();
    let dotless = host.iter().filter(|host| !host.contains('.')).map(|host| format!("{host}.local"));
    let known = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain(dotless).chain(host.clone());
    let addresses = v4(&read("/proc/net/fib_trie")).into_iter().chain(v6(&read("/proc/net/if_inet6")));
    known.chain(addresses.map(|address| address.to_string())).take(limits::TLS_NAMES_MAX).collect()
}

/// A name or an address as a certificate may have it.
pub(super) fn checked(text: &str) -> Result<String, Refusal> {
    let text = text.trim().to_ascii_lowercase();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let is_label = |label: &str| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let labels = text.strip_prefix("*.").unwrap_or(&text);
    if text.len() <= NAME_MAX && labels.split('.').all(is_label) {
        return Ok(text);
    }
    let shown: String = text.chars().take(60).collect();
    Err(Refusal::invalid("tls-name", format!("{shown:?} is neither a host's name, such as mes.works.example, nor an address")))
}

/// Addresses of this host in the kernel's table of routes: a line with the address, then one that calls it local.
fn v4(table: &str) -> Vec<IpAddr> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let local = lines.windows(2).filter(|pair| pair[1] == "/32 host LOCAL");
    local.filter_map(|pair| pair[0].strip_prefix("|-- ")?.parse().ok()).collect()
}

/// Addresses that stay: those that are made for an hour (flag 1), or hold on one wire only, are left out.
fn v6(table: &str) -> Vec<IpAddr> {
    let one = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [address, _, _, _, flags, ..] = fields.as_slice() else { return None };
        let address = Ipv6Addr::from(u128::from_str_radix(address, 16).ok()?);
        let passes = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1) || address.is_unicast_link_local();
        (!passes).then_some(IpAddr::V6(address))
    };
    table.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_where_linux_tells_them() {
        let table = "Main:\n     +-- 127.0.0.0/8 2 0 2\n           |-- 127.0.0.1\n              /32 host LOCAL\n           |-- 192.0.2.0\n              /24 link UNICAST\n           |-- 192.0.2.2\n              /32 host LOCAL\n           |-- 192.0.2.255\n              /32 link BROADCAST\n";
        assert_eq!(v4(table), ["127.0.0.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap()));
        let table = "00000000000000000000000000000001 01 80 10 80       lo\nfd000000000000000000000000000002 04 40 00 82     eth0\nfd0000000000000000000000000000aa 04 40 00 01     eth0\nfe8000000000000000fc00fffe000001 04 40 20 80     eth0\nnot a line\n";
        assert_eq!(v6(table), ["::1", "fd00::2"].map(|text| text.parse::<IpAddr>().unwrap()));
        let all = of_this_computer();
        assert!(["localhost", "127.0.0.1", "::1"].iter().all(|name| all.contains(*name)), "{all:?}");
    }

    #[test]
    fn only_what_a_certificate_can_name_is_taken() {
        assert_eq!(checked(" MES.Works.Example ").unwrap(), "mes.works.example");
        assert_eq!(checked("2001:DB8::1").unwrap(), "2001:db8::1");
        for bad in ["", "a b", "-x", "mes..example", "https://mes", "*", "ü", &"a".repeat(64), &"a.".repeat(130)] {
            assert!(checked(bad).is_err(), "{bad} was taken");
        }
    }
}
