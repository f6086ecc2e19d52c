//! Which tenant is to be looked at next: one entry a tenant, so that idle ones cost nothing.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

/// Tenants by the moment (microseconds since 1970) at which work is due.
#[derive(Debug, Default)]
pub struct Heap {
    order: BTreeSet<(i64, Uuid)>,
    due: HashMap<Uuid, i64>,
}

impl Heap {
    /// Looks at a tenant at this moment, or earlier if that was asked for before.
    pub fn push(&mut self, tenant: Uuid, at: i64) {
        let was = self.due.get(&tenant).copied();
        if was.is_some_and(|was| was <= at) {
            return;
        }
        if let Some(was) = was {
            self.order.remove(&(was, tenant));
        }
        self.due.insert(tenant, at);
        self.order.insert((at, tenant));
    }

    /// Takes the tenant that has waited longest, if any is due.
    pub fn pop(&mut self, now: i64) -> Option<Uuid> {
        let (at, tenant) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, tenant));
        self.due.remove(&tenant);
        Some(tenant)
    }

    /// When the next tenant is due.
    pub fn next(&self) -> Option<i64> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_that_waited_longest_comes_first_and_only_once() {
        let (a, b, c) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let mut heap = Heap::default();
        for (tenant, at) in [(a, 30), (b, 20), (a, 10), (a, 15), (c, 90)] {
            heap.push(tenant, at);
        }
        assert_eq!(heap.next(), Some(10));
        assert_eq!([heap.pop(50), heap.pop(50), heap.pop(50)], [Some(a), Some(b), None]);
        assert_eq!(heap.next(), Some(90));
        heap.push(a, 60);
        assert_eq!([heap.pop(90), heap.pop(90), heap.pop(90)], [Some(a), Some(c), None]);
    }
}
