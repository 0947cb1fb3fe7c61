package acceptance_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
)

func TestRow040SSRFGuard(t *testing.T) {
	row(t, 40, "SSRF guard")
	// A deployed stack that is tested here has the setting on from the start.
	s := start(t, 40, settings{"MEMHOOKS_ALLOW_DESTINATIONS": ""}, "MEMHOOKS_ALLOW_DESTINATIONS")
	rx, witness := receive(t), receive(t)
	at, err := url.Parse(rx.url)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(at.Host)
	if err != nil {
		t.Fatal(err)
	}
	body := func(address string) object {
		return object{"url": address, "events": list{"memory.created"}, "namespace": "row-040", "max_retries": 0}
	}
	metadata := []string{"http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/computeMetadata/v1/", "http://10.0.0.1/"}
	refused := append(metadata, "http://[::1]:"+port, "http://[::ffff:169.254.169.254]/", "http://192.168.1.1/", "http://172.16.0.1/",
		"http://100.64.0.1/", "http://0.0.0.0:"+port, "http://224.0.0.1/", "http://[fe80::1]/",
		"http://[fd00:ec2::254]/", "http://[64:ff9b::a00:1]/", "http://[2002:a00:1::]/")
	if !deployed() {
		refused = append(refused, rx.url, "http://[::ffff:127.0.0.1]:"+port,
			"http://2130706433:"+port, "http://0x7f.1:"+port, "http://0177.0.0.1:"+port, "http://127.1:"+port,
			"http://localhost:"+port, "http://hooks.localhost:"+port)
	}
	for _, address := range refused {
		s.call(t, "POST", "/v1/webhooks", body(address)).refused(t, 400, "invalid_field")
	}
	if all := webhooks(t, s.caller); len(all) != 0 {
		t.Errorf("a refused webhook is there: %v", all)
	}
	// A name is looked up at each connect; this one leads to loopback. Made while
	// that was allowed, its hook gets nothing once it is not.
	loopback := settings{"MEMHOOKS_ALLOW_DESTINATIONS": "127.0.0.0/8,::1/128"}
	if !deployed() {
		s.restart(t, loopback)
	}
	id := text(t, s.webhook(t, body("http://localhost:"+port+"/hook")), "id")
	s.call(t, "PATCH", "/v1/webhooks/"+id, object{"url": metadata[0]}).refused(t, 400, "invalid_field")
	if !deployed() {
		s.restart(t, settings{"MEMHOOKS_ALLOW_DESTINATIONS": ""})
		s.remember(t, "row-040", "to nobody")
		eventually(t, "the dead letter", func() bool { return len(s.letters(t, id)) == 1 })
		if got, _ := rx.all(); len(got) != 0 {
			t.Errorf("a name that leads to loopback was sent %s", bodies(got))
		}
		s.restart(t, loopback)
	}
	// Allowed by a setting, the same name and the address are sent to; what
	// the setting does not name stays refused.
	for _, address := range metadata {
		s.call(t, "POST", "/v1/webhooks", body(address)).refused(t, 400, "invalid_field")
	}
	s.webhook(t, body(witness.url))
	s.remember(t, "row-040", "to both")
	if got := rx.exactly(t, 1)[0]; got.data(t)["content"] != "to both" {
		t.Errorf("the name got %s", got.body)
	}
	witness.exactly(t, 1)
}

func TestRow041PayloadSize(t *testing.T) {
	row(t, 41, "payload size")
	c := shared(t)
	const most = 102_400
	ns := name("row-041")
	// Six bytes in JSON for each in UTF-8, whether a hook listens or not.
	worst := strings.Repeat("\x01", 32_768)
	tags := list{strings.Repeat("t", 30_000), strings.Repeat("\"", 4_000)}
	tooLarge := []struct {
		path string
		body object
	}{
		{"/v1/remember", object{"content": worst, "namespace": ns}},
		{"/v1/memory-set", object{"key": "k", "value": worst, "namespace": ns}},
		{"/v1/remember", object{"content": strings.Repeat("\"", 32_768), "tags": tags, "namespace": ns}},
	}
	refuse := func() {
		t.Helper()
		for _, w := range tooLarge {
			c.call(t, "POST", w.path, w.body).refused(t, 413, "payload_too_large")
		}
	}
	refuse()
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	refuse()
	id := c.remember(t, ns, "small")
	c.call(t, "PATCH", "/v1/memories/"+id, object{"content": worst}).refused(t, 413, "payload_too_large")
	if kept := c.call(t, "GET", "/v1/memories/"+id, nil).want(t, 200); kept["content"] != "small" {
		t.Error("a refused PATCH changed the memory")
	}
	// The largest that pass, and each fits: quotes take two bytes, and so do
	// most control characters that have a letter; others take six.
	for _, content := range []string{
		strings.Repeat("\"", 32_768), strings.Repeat("\n", 32_768), strings.Repeat("\u2028", 10_922), strings.Repeat("\x01", 16_000) + "x",
	} {
		c.remember(t, ns, content)
	}
	got := rx.exactly(t, 5)
	large := 0
	for _, r := range got {
		if len(r.body) > most {
			t.Errorf("a body of %d bytes, at most %d are accepted", len(r.body), most)
		}
		if len(r.body) > 60_000 {
			large++
		}
	}
	if large != 3 {
		t.Errorf("%d bodies above 60,000 bytes, want 3", large)
	}
	if forgotten := c.call(t, "DELETE", "/v1/forget?namespace="+ns, nil).want(t, 200); forgotten["deleted"] != 5.0 {
		t.Errorf("%v memories, want the 5 that were accepted", forgotten["deleted"])
	}
}
