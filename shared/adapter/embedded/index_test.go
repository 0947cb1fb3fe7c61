package embedded

import (
	"fmt"
	"testing"
)

func TestWhatStandsInTheIndexIsNotTouched(t *testing.T) {
	s := open(t)
	docs := s.documents(100)
	s.must(index{s.db}.Put(bg, docs[:60]))
	kept := func() (all string) {
		s.must(s.rows(bg, "SELECT id, hex(block) FROM doc_data WHERE id > 10", nil, func(scan func(...any) error) error {
			var id int64
			var block string
			err := scan(&id, &block)
			all += fmt.Sprint(id, block, "\n")
			return err
		}))
		return all
	}
	before := kept()
	s.must(index{s.db}.Put(bg, docs[:60]))
	if kept() != before {
		t.Error("indexing again what is indexed rewrote the index")
	}
	s.must(index{s.db}.Put(bg, docs))
	f, err := index{s.db}.Find(bg, mem1, []string{"everywhere"}, nil, 1)
	s.must(err)
	if f.Docs != 100 || f.Frequency["everywhere"] != 100 {
		t.Errorf("%d of %d documents have what 100 have", f.Frequency["everywhere"], f.Docs)
	}
}
