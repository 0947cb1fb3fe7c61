package pages

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const sample = "# One, two & `three`\n" +
	"A [link](other.md#part-one), ![a picture](img/a.png), `[no](link)`, [out](https://example.com), [here](#one-two--three).\n" +
	"```sh aws\nsam build\n# [no](link)\n```\n" +
	"## One, two & `three`\n" +
	"```\nplain\n```\n"

func TestRead(t *testing.T) {
	p, err := Read("docs/a.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	blocks := []Block{{4, "sh", "aws", "sam build\n# [no](link)\n"}, {9, "", "", "plain\n"}}
	if !reflect.DeepEqual(p.Blocks, blocks) {
		t.Errorf("blocks %+v", p.Blocks)
	}
	links := []Link{{2, "docs/other.md", "part-one"}, {2, "docs/img/a.png", ""}, {2, "docs/a.md", "one-two--three"}}
	if !reflect.DeepEqual(p.Links, links) {
		t.Errorf("links %+v", p.Links)
	}
	if got := slices.Sorted(maps.Keys(p.Anchors)); !slices.Equal(got, []string{"one-two--three", "one-two--three-1"}) {
		t.Errorf("anchors %q", got)
	}
}

func TestReadRefusesABlockWithoutEnd(t *testing.T) {
	if _, err := Read("a.md", "x\n```sh\necho\n"); err == nil || !strings.Contains(err.Error(), "a.md:2") {
		t.Errorf("got %v", err)
	}
}

func TestMarks(t *testing.T) {
	for _, m := range Marks {
		if found, ok := (Block{Language: m.Language, Mark: m.Mark}).Marked(); !ok || found != m || m.Check == "" {
			t.Errorf("%q %q finds %v %v", m.Language, m.Mark, found, ok)
		}
	}
	if m, ok := (Block{Language: "sh", Mark: "sometime"}).Marked(); ok {
		t.Errorf("found %v", m)
	}
}
