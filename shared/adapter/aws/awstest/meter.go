package awstest

import (
	"maps"
	"sync"
)

// Usage is what calls of one operation cost: requests, and the units that they
// are charged by. A reading of a table costs read units of 4 KiB (strongly
// consistent), a write write units of 1 KiB, a call of a queue one unit for
// each 64 KiB that it carries, at least one.
type Usage struct{ Requests, Units int }

// Meter adds up usage by the name of the service's operation: PutItem,
// UpdateItem, DeleteItem, TransactWriteItems, GetItem, BatchGetItem, Query;
// SendMessageBatch, ReceiveMessage, DeleteMessageBatch,
// ChangeMessageVisibilityBatch. A call that needs several requests (more than
// 100 keys, more than ten messages) counts as several. What a condition
// refused is charged as a write; what was invalid is not counted. The zero
// value is ready; it is safe for concurrent use.
type Meter struct {
	mu   sync.Mutex
	used map[string]Usage
}

// Sum returns what the named operations used, all operations where none is
// named.
func (m *Meter) Sum(operations ...string) Usage {
	all := m.Usage()
	var sum Usage
	for name, u := range all {
		if len(operations) == 0 {
			sum.Requests, sum.Units = sum.Requests+u.Requests, sum.Units+u.Units
		}
		for _, wanted := range operations {
			if name == wanted {
				sum.Requests, sum.Units = sum.Requests+u.Requests, sum.Units+u.Units
			}
		}
	}
	return sum
}

// Usage returns all that was counted, by operation.
func (m *Meter) Usage() map[string]Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.used)
}

// Reset begins at nothing again.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = nil
}

// count adds one request.
func (m *Meter) count(operation string, units int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used == nil {
		m.used = map[string]Usage{}
	}
	u := m.used[operation]
	m.used[operation] = Usage{Requests: u.Requests + 1, Units: u.Units + units}
}
