//! Names of messages that no other channel of a tenant uses: the network, our account on it, then the network's own id.

/// A message's name, such as `telegram:4711:9:12`.
pub fn name(network: &str, account: &str, own: &str) -> String {
    format!("{network}:{account}:{own}")
}

/// The network's own id in a name, where it is of this network and account.
pub fn own<'a>(network: &str, account: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(network)?.strip_prefix(':')?.strip_prefix(account)?.strip_prefix(':')
}
