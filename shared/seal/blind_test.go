package seal_test

import (
	"bytes"
	"testing"

	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

func TestBlindTokensTellWordsKindsAndMemoriesApart(t *testing.T) {
	s, _ := newSealer()
	seen := map[[seal.BlindSize]byte]bool{}
	for _, v := range []seal.Vault{home, {Tenant: "t2", Memory: "default"}} {
		b, err := s.Blinder(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range [][2]string{{"word", "tea"}, {"word", "te"}, {"wordt", "ea"}, {"", "wordtea"}, {"tag", "tea"}, {"word", ""}} {
			token := b.Blind(word[0], word[1])
			if seen[token] {
				t.Errorf("%v in %v has the token of something else", word, v)
			}
			seen[token] = true
			if token != b.Blind(word[0], word[1]) {
				t.Errorf("%v has two tokens", word)
			}
			if bulk, err := s.Blind(t.Context(), v, word[0], word[1]); err != nil || !bytes.Equal(bulk, token[:]) {
				t.Errorf("%v: %x, %v here, %x by a Blinder", word, bulk, err, token)
			}
		}
	}
}

func TestABlinderAllocatesNothing(t *testing.T) {
	s, _ := newSealer()
	b, err := s.Blinder(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	b.Blind("word", "a long enough word to size the buffer")
	if n := testing.AllocsPerRun(100, func() { b.Blind("word", "tea") }); n != 0 {
		t.Errorf("%v allocations a word", n)
	}
}

func FuzzOpen(f *testing.F) {
	store := &sealtest.Store{}
	s := seal.New(sealtest.Config(store, 1, nil))
	box, _ := mustSeal(f, s, home, alice, "tea")
	f.Add(box, []byte("bind"))
	f.Add(box[:len(box)-1], []byte("bind"))
	f.Add(box[:20], []byte(nil))
	f.Add([]byte{}, []byte{})
	f.Add(bytes.Repeat([]byte{1}, seal.Overhead), []byte("bind"))
	f.Fuzz(func(t *testing.T, candidate, bind []byte) {
		plain, err := s.Open(t.Context(), home, candidate, bind)
		sound := bytes.Equal(candidate, box) && string(bind) == "bind"
		if sound != (err == nil) {
			t.Fatalf("opened to %q, %v", plain, err)
		}
		if _, err := seal.KeyID(candidate); err == nil && len(candidate) < seal.Overhead {
			t.Fatal("a key id out of no box")
		}
	})
}
