//! Names that no other network uses: people as `telegram:4711`, messages as network, our account and the network's own id.

/// A message's name, such as `telegram:4711:9:12`.
pub fn name(network: &str, account: &str, own: &str) -> String {
    format!("{network}:{account}:{own}")
}

/// The network's own id in a name, where it is of this network and account.
pub fn own<'a>(network: &str, account: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(network)?.strip_prefix(':')?.strip_prefix(account)?.strip_prefix(':')
}

/// A person's address on a network that knows people by a number: the same number is somebody else elsewhere.
pub fn person(network: &str, own: &str) -> String {
    format!("{network}:{own}")
}

/// The network's own id of a person, where the address is of this network.
pub fn person_of<'a>(network: &str, address: &'a str) -> Option<&'a str> {
    address.strip_prefix(network)?.strip_prefix(':').filter(|own| !own.is_empty())
}
