// Package pages reads the documentation: its fenced blocks, links and
// headings, for tests that run the blocks and follow the links.
package pages

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
)

// Page is one Markdown file.
type Page struct {
	Path    string // from the root, with slashes
	Blocks  []Block
	Links   []Link
	Anchors map[string]bool // of its headings, as GitHub names them
}

// Block is a fenced block.
type Block struct {
	Line     int // of its first line of text
	Language string
	Mark     string // what stands behind the language; see Marks
	Text     string
}

// Link is a link to another place of the project; those to elsewhere are left
// out.
type Link struct {
	Line int
	File string // from the root; the page itself where the link is an anchor only
	Part string // the anchor, "" for none
}

// fence begins and ends a block.
const fence = "```"

var (
	heading = regexp.MustCompile(`^#{1,6} +(.*)$`)
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code    = regexp.MustCompile("`[^`]*`")
	outside = regexp.MustCompile(`^[a-z]+:`)
)

// Read reads a page's text. It fails on a block without an end.
func Read(name, text string) (Page, error) {
	p := Page{Path: name, Anchors: map[string]bool{}}
	var open *Block
	for i, line := range strings.SplitAfter(text, "\n") {
		info, fenced := strings.CutPrefix(strings.TrimRight(line, "\n"), fence)
		switch {
		case fenced && open == nil:
			language, mark, _ := strings.Cut(info, " ")
			open = &Block{Line: i + 2, Language: language, Mark: mark}
		case fenced:
			p.Blocks, open = append(p.Blocks, *open), nil
		case open != nil:
			open.Text += line
		default:
			p.prose(i+1, strings.TrimRight(line, "\n"))
		}
	}
	if open != nil {
		return p, fmt.Errorf("%s:%d: a block that never ends", name, open.Line-1)
	}
	return p, nil
}

// prose takes links and headings from a line that stands in no block.
func (p *Page) prose(number int, line string) {
	if found := heading.FindStringSubmatch(line); found != nil {
		p.anchor(found[1])
	}
	for _, found := range linked.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
		if outside.MatchString(found[1]) {
			continue
		}
		file, part, _ := strings.Cut(found[1], "#")
		if file = path.Join(path.Dir(p.Path), file); strings.HasPrefix(found[1], "#") {
			file = p.Path
		}
		p.Links = append(p.Links, Link{number, file, part})
	}
}

// anchor adds a heading's: lower case, spaces as hyphens, no punctuation, and
// a number behind one that was there before.
func (p *Page) anchor(title string) {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
	free := name
	for n := 1; p.Anchors[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	p.Anchors[free] = true
}
