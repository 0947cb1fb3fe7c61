package acceptance_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// TestSecretsStandInNoFile gives hooks secrets, the caller's own and generated
// ones, rotates them, makes a key, uses all of them, and looks for each in what
// the server printed and in every file of its folder: while it runs, after a
// kill and after a stop.
func TestSecretsStandInNoFile(t *testing.T) {
	if deployed() {
		t.Skip("looks into files; what services hold: go test ./shared/adapter/aws -run TestSimulation")
	}
	t.Parallel()
	s := start(t, 86, settings{"MEMHOOKS_AUTH": "on"})
	boss, secrets := s.as(adminKey), map[string]string{"the operator's key": adminKey}
	key := func(of string, c caller) caller {
		made := c.call(t, "POST", "/v1/keys", object{"name": name("key"), "scopes": list{"admin"}, "tenant": "default"}).want(t, 201)
		secrets[of] = text(t, made, "key")
		return c.as(secrets[of])
	}
	m := key("a key", boss).memory("default")
	rx, named := receive(t), word()
	secrets["a caller's own secret"], secrets["the one after it"] = word(), word()
	own := m.push(t, rx, object{"name": named, "secret": secrets["a caller's own secret"]})
	made := m.hook(t, object{"name": name("generated"), "delivery_mode": "webhook", "url": rx.url, "generate_secret": true})
	secrets["a generated secret"] = text(t, made, "secret")
	m.add(t, belief("before"))
	rx.exactly(t, 2)
	m.post(t, "/hooks/"+own+"/rotate-secret", object{"secret": secrets["the one after it"]}).want(t, 200)
	rotated := m.post(t, "/hooks/"+text(t, made, "id")+"/rotate-secret", nil, header("Idempotency-Key", name("rotate"))).want(t, 200)
	secrets["the one generated after it"] = text(t, rotated, "secret")
	m.add(t, belief("after"))
	rx.exactly(t, 4)
	secrets["a key that was refused"] = "ap_" + strings.Repeat(word(), 2)
	s.as(secrets["a key that was refused"]).memory("default").post(t, "/add", belief("never")).refused(t, 401, "invalid_key")

	s.keeps(t, "while it runs", named, secrets)
	s.kill()
	s.keeps(t, "after a kill", named, secrets)
	s.start(t)
	m.add(t, belief("again"))
	rx.exactly(t, 6)
	s.stop(t)
	s.keeps(t, "after a stop", named, secrets)
}

// keeps looks for secrets in the server's files and in what it printed, and sees
// that the search does find what stands there in the open: a hook's name, and
// the address that it listens on.
func (s *server) keeps(t *testing.T, when, named string, secrets map[string]string) {
	t.Helper()
	if address := strings.TrimPrefix(*s.address.Load(), "http://"); len(search(t, s.dir, named)) == 0 || len(printed(s, address)) == 0 {
		t.Fatalf("%s: the search finds a hook's name in %v, the address in what was printed as %v", when, search(t, s.dir, named), printed(s, address))
	}
	for of, secret := range secrets {
		texts := []string{secret}
		if code, generated := strings.CutPrefix(secret, "whsec_"); generated {
			raw, err := base64.StdEncoding.DecodeString(code)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, code, string(raw))
		}
		for _, text := range texts {
			if files, forms := search(t, s.dir, text), printed(s, text); len(files)+len(forms) != 0 {
				t.Errorf("%s: %s is in files: %v, was printed: %v", when, of, files, forms)
			}
		}
	}
}

// printed tells in which forms a server has printed a word.
func printed(s *server, word string) (forms []string) {
	for form, text := range disguises(word) {
		if bytes.Contains([]byte(s.output.String()), text) {
			forms = append(forms, form)
		}
	}
	return forms
}
