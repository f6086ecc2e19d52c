//! Which connectors this program has: an explicit list, given by the binary.

use std::sync::Arc;

use civicdesk_contract::{About, Connector};

/// The installed connectors, in the order in which they are shown.
#[derive(Clone)]
pub struct Registry(Arc<Vec<(About, Arc<dyn Connector>)>>);

impl Registry {
    /// Of two connectors with one id the first counts.
    pub fn new(connectors: Vec<Arc<dyn Connector>>) -> Self {
        let mut known: Vec<(About, Arc<dyn Connector>)> = Vec::with_capacity(connectors.len());
        for connector in connectors {
            let about = connector.about();
            if known.iter().any(|(other, _)| other.id == about.id) {
                tracing::warn!(connector = about.id, "a second connector of this id is left out");
                continue;
            }
            known.push((about, connector));
        }
        Self(Arc::new(known))
    }

    /// The connector of this id and what it says of itself.
    pub fn find(&self, id: &str) -> Option<(&About, &Arc<dyn Connector>)> {
        self.0.iter().find(|(about, _)| about.id == id).map(|(about, connector)| (about, connector))
    }

    /// What every connector says of itself.
    pub fn table(&self) -> impl Iterator<Item = &About> {
        self.0.iter().map(|(about, _)| about)
    }
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::memory::{MemoryNetwork, capabilities, connector, connector_with};

    use super::*;

    #[test]
    fn a_connector_is_found_by_its_id_and_shown_in_its_place() {
        let network = MemoryNetwork::new();
        let quiet = civicdesk_contract::Capabilities { send: false, ..capabilities() };
        let registry = Registry::new(vec![
            connector(network.clone()),
            connector_with("quiet", quiet.clone(), network.clone()),
            connector_with("quiet", capabilities(), network),
        ]);
        assert_eq!(registry.table().map(|about| about.id).collect::<Vec<_>>(), ["memory", "quiet"]);
        assert_eq!(registry.find("quiet").unwrap().0.capabilities, quiet);
        assert!(registry.find("pigeon").is_none());
    }
}
