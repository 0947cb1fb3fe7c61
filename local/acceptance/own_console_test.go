package acceptance_test

import (
	"bytes"
	"testing"
)

func TestRow081DashboardData(t *testing.T) {
	row(t, 81, "dashboard")
	m := shared(t).fresh(t)
	rx := receive(t)
	refusing := receive(t, status(503))
	const private = "a private word"
	modes := map[string]bool{"full": true, "metadata_only": false, "hash_only": false}
	taken, dead := map[string]string{}, map[string]string{}
	for mode := range modes {
		taken[mode] = m.push(t, rx, object{"redaction_mode": mode, "secret": "hidden secret"})
		dead[mode] = m.push(t, refusing, object{"redaction_mode": mode, "max_retries": 1, "secret": "hidden secret"})
	}
	hash := m.add(t, belief("ann", object{"object": private}))
	rx.wait(t, 3)
	refusing.wait(t, 6)
	for mode, full := range modes {
		m.settledCounts(t, taken[mode], 1)
		listed := m.get(t, "/hooks/"+taken[mode]+"/deliveries")
		all := objects(t, listed.want(t, 200), "deliveries")
		if len(all) != 1 {
			t.Fatalf("deliveries %v", all)
		}
		holdsAll(t, all[0], object{"hook": taken[mode], "status": "delivered", "attempts": 1, "last_status": 200, "event": "grain_created", "seq": 1, "hash": hash})
		if bytes.Contains(listed.body, []byte(private)) {
			t.Errorf("the list of deliveries shows content: %v", listed)
		}
		eventually(t, "a dead letter", func() bool { return len(m.letters(t, dead[mode])) == 1 })
		letter := m.letters(t, dead[mode])[0]
		holdsAll(t, letter, object{"status": "dead", "attempts": 2, "last_status": 503, "hook": dead[mode]})
		opened := m.get(t, "/dead-letters/"+text(t, letter, "id"))
		if shown := bytes.Contains(opened.body, []byte(private)); shown != full {
			t.Errorf("%s shows content: %v, in %v", mode, shown, opened)
		}
		var sent object
		for _, r := range refusing.wait(t, 6) {
			if r.header.Get("X-Memhooks-Hook") == dead[mode] {
				sent = r.json(t)
			}
		}
		if !equalJSON(t, opened.json(t)["body"], sent) {
			t.Errorf("the payload is %v, was %v", opened.json(t)["body"], sent)
		}
		for _, a := range []answer{opened, listed, m.get(t, "/hooks")} {
			if bytes.Contains(a.body, []byte("hidden secret")) {
				t.Errorf("a secret is shown: %v", a)
			}
		}
	}
}
