package acceptance_test

import (
	"fmt"
	"reflect"
	"testing"
)

func TestRow011MemorySetCreate(t *testing.T) {
	row(t, 11, "memory-set create")
	c := shared(t)
	ns := name("row-011")
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	made := c.call(t, "POST", "/v1/memory-set", object{
		"key": "deploy/target", "value": "eu-west-1", "namespace": ns, "tags": list{"b", "a"}, "metadata": object{"by": "ops"},
	}).want(t, 200)
	if keys := keysOf(made); !reflect.DeepEqual(keys, []string{"id", "key", "namespace", "success", "version"}) {
		t.Errorf("keys %v", keys)
	}
	if made["success"] != true || made["key"] != "deploy/target" || made["namespace"] != ns || made["version"] != 1.0 {
		t.Errorf("got %v", made)
	}
	created := rx.exactly(t, 1)[0]
	data := created.data(t)
	if created.json(t)["event"] != "memory.created" || data["memory_id"] != text(t, made, "id") ||
		data["content"] != "eu-west-1" || !reflect.DeepEqual(data["tags"], list{"b", "a"}) {
		t.Errorf("heard %s of %v", created.body, made)
	}
	c.remember(t, ns, "fence")
	unbroken(t, created, rx.exactly(t, 2)[1])
}

func TestRow012MemorySetOverwrite(t *testing.T) {
	row(t, 12, "memory-set overwrite")
	c := shared(t)
	ns := name("row-012")
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	first := c.set(t, ns, "plan", "A")
	second := c.call(t, "POST", "/v1/memory-set", object{
		"key": "plan", "value": "B", "namespace": ns, "tags": list{"new"},
	}).want(t, 200)
	if second["id"] != first["id"] || second["version"] != 2.0 || second["success"] != true {
		t.Errorf("first %v, then %v", first, second)
	}
	got := rx.exactly(t, 2)
	updated := got[1]
	unbroken(t, got[0], updated)
	data := updated.data(t)
	if updated.json(t)["event"] != "memory.updated" || data["memory_id"] != first["id"] || data["content"] != "B" ||
		data["namespace"] != ns || !reflect.DeepEqual(data["tags"], list{"new"}) {
		t.Errorf("heard %s", updated.body)
	}
	if keys := keysOf(data); !reflect.DeepEqual(keys, []string{"content", "created_at", "memory_id", "namespace", "tags", "updated_at"}) {
		t.Errorf("keys of data: %v", keys)
	}
	if created := got[0].data(t); data["created_at"] != created["created_at"] {
		t.Errorf("created at %v, then at %v", created["created_at"], data["created_at"])
	}
	c.remember(t, ns, "fence")
	unbroken(t, updated, rx.exactly(t, 3)[2])
	if kept := c.call(t, "POST", "/v1/memory-get", object{"key": "plan", "namespace": ns}).want(t, 200); kept["value"] != "B" {
		t.Errorf("kept %v", kept)
	}
	if hits := c.recall(t, ns, "A"); len(hits) != 0 {
		t.Errorf("recall finds the old value: %v", hits)
	}
}

func TestRow013MemoryGetSearchListDelete(t *testing.T) {
	row(t, 13, "memory-get/search/list/delete")
	c := shared(t)
	ns := name("row-013")
	at := object{"key": "colour", "namespace": ns}
	if none := c.call(t, "POST", "/v1/memory-get", at); none.want(t, 200)["found"] != false {
		t.Errorf("found before it was set: %v", none)
	}
	made := c.set(t, ns, "colour", "ultramarine blue")
	got := c.call(t, "POST", "/v1/memory-get", at).want(t, 200)
	want := []string{"created_at", "found", "id", "key", "metadata", "namespace", "tags", "updated_at", "value", "version"}
	if keys := keysOf(got); !reflect.DeepEqual(keys, want) {
		t.Errorf("keys %v, want %v", keys, want)
	}
	if got["found"] != true || got["value"] != "ultramarine blue" || got["id"] != made["id"] || got["version"] != 1.0 {
		t.Errorf("got %v", got)
	}
	if elsewhere := c.call(t, "POST", "/v1/memory-get", object{"key": "colour", "namespace": ns + "x"}).want(t, 200); elsewhere["found"] != false {
		t.Errorf("found in another namespace: %v", elsewhere)
	}
	hits := objects(t, c.call(t, "POST", "/v1/memory-search", object{"query": "ultramarine", "namespace": ns}).want(t, 200), "memories")
	if len(hits) != 1 || hits[0]["key"] != "colour" || hits[0]["id"] != made["id"] {
		t.Errorf("search found %v", hits)
	}
	c.set(t, ns, "shape", object{"sides": 4, "name": "square"})
	if shape := c.call(t, "POST", "/v1/memory-get", object{"key": "shape", "namespace": ns}).want(t, 200); shape["value"] != `{"name":"square","sides":4}` &&
		shape["value"] != `{"sides":4,"name":"square"}` {
		t.Errorf("a value that is no string is kept as %v, want its JSON text", shape["value"])
	}
	deleted := c.call(t, "POST", "/v1/memory-delete", at).want(t, 200)
	if deleted["success"] != true || deleted["deleted"] == 0.0 || deleted["deleted"] == false {
		t.Errorf("deleted %v", deleted)
	}
	if gone := c.call(t, "POST", "/v1/memory-get", at).want(t, 200); gone["found"] != false || gone["value"] != nil {
		t.Errorf("found after it was deleted: %v", gone)
	}
	if listed := listKeys(t, c, ns, 10); !reflect.DeepEqual(listed, []string{"shape"}) {
		t.Errorf("the list has %v", listed)
	}
	if renewed := c.set(t, ns, "colour", "red"); renewed["id"] == made["id"] || renewed["version"] != 1.0 {
		t.Errorf("set after it was deleted: %v, before %v", renewed, made)
	}
}

func TestRow013MemoryListPages(t *testing.T) {
	row(t, 13, "memory-get/search/list/delete")
	c := shared(t)
	ns := name("row-013-pages")
	for i := range 5 {
		c.set(t, ns, fmt.Sprintf("key-%d", i), "value")
	}
	c.set(t, ns+"x", "key-9", "value")
	seen := map[string]bool{}
	listed := listKeys(t, c, ns, 2)
	for _, key := range listed {
		seen[key] = true
	}
	if len(listed) != 5 || len(seen) != 5 || seen["key-9"] {
		t.Errorf("paged by two the list has %v", listed)
	}
}

// listKeys pages through memory-list and returns the keys in its order.
func listKeys(t testing.TB, c caller, namespace string, limit int) []string {
	t.Helper()
	var keys []string
	cursor := ""
	for range 20 {
		body := object{"namespace": namespace, "limit": limit}
		if cursor != "" {
			body["cursor"] = cursor
		}
		page := c.call(t, "POST", "/v1/memory-list", body).want(t, 200)
		all := objects(t, page, "memories")
		if len(all) > limit {
			t.Fatalf("%d on a page of %d", len(all), limit)
		}
		if _, ok := page["total"].(float64); !ok {
			t.Errorf("total is %v", page["total"])
		}
		for _, one := range all {
			keys = append(keys, text(t, one, "key"))
		}
		if cursor, _ = page["next_cursor"].(string); cursor == "" {
			return keys
		}
	}
	t.Fatal("the list has no end")
	return nil
}
