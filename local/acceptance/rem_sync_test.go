package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// mirror is a consumer that keeps a table of memories from events alone, by
// the guide's code: created and updated write a row, deleted takes it out and
// fails where there is none.
type mirror struct {
	rows map[string]object
	seen map[string]bool // events; a repeat is not applied again
}

func (m *mirror) apply(t testing.TB, r request) {
	t.Helper()
	event := r.json(t)
	if m.seen[text(t, event, "id")] {
		return
	}
	data := r.data(t)
	id := text(t, data, "memory_id")
	switch text(t, event, "event") {
	case "memory.created", "memory.updated":
		row := m.rows[id]
		if row == nil {
			row = object{"namespace": data["namespace"]}
		}
		row["content"], row["tags"] = data["content"], data["tags"]
		m.rows[id] = row
	case "memory.deleted":
		if m.rows[id] == nil {
			t.Errorf("deleted, and not in the table: %s", r.body)
		}
		delete(m.rows, id)
	}
	m.seen[text(t, event, "id")] = true
}

func TestRow030SyncUseCase(t *testing.T) {
	row(t, 30, "sync use case")
	c := shared(t)
	ns := name("row-030")
	table := &mirror{rows: map[string]object{}, seen: map[string]bool{}}
	rx := receive(t)
	c.webhook(t, object{"url": rx.url, "namespace": ns, "secret": "secret",
		"events": list{"memory.created", "memory.updated", "memory.deleted"}})
	events := 0
	random := rand.New(rand.NewPCG(30, 0))
	var alive []string
	for i := range 120 {
		content, tags := fmt.Sprintf("note %d ✓", i), list{fmt.Sprintf("t%d", i%3), "x"}
		switch pick := random.IntN(6); {
		case pick < 2 || len(alive) == 0:
			alive = append(alive, c.remember(t, ns, content, tags...))
		case pick == 2:
			made := c.call(t, "POST", "/v1/memory-set", object{
				"key": fmt.Sprintf("key-%d", random.IntN(4)), "value": content, "namespace": ns, "tags": tags}).want(t, 200)
			if made["version"] == 1.0 {
				alive = append(alive, text(t, made, "id"))
			}
		case pick < 5:
			id := alive[random.IntN(len(alive))]
			c.call(t, "PATCH", "/v1/memories/"+id, object{"content": content, "tags": tags}).want(t, 200)
		default:
			at := random.IntN(len(alive))
			c.forget(t, alive[at]).want(t, 200)
			alive = append(alive[:at], alive[at+1:]...)
		}
		events++
		rx.wait(t, events-5) // a consumer that follows, some events behind
	}
	for _, r := range rx.exactly(t, events) {
		table.apply(t, r)
	}
	if len(table.rows) != len(alive) {
		t.Errorf("the table has %d rows, the store %d", len(table.rows), len(alive))
	}
	for _, id := range alive {
		stored := c.call(t, "GET", "/v1/memories/"+id, nil).want(t, 200)
		want := object{"content": stored["content"], "tags": stored["tags"], "namespace": stored["namespace"]}
		if !reflect.DeepEqual(table.rows[id], want) {
			t.Errorf("%s is %v in the table, %v in the store", id, table.rows[id], want)
		}
	}
}
