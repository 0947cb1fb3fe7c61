package console

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// page is what a handler shows.
type page struct {
	template string // its file in templates, without the ending
	title    string
	notice   notice
	here     string // the page's address where a form was sent to another one; "" = as it was opened
	data     any
}

// notice is what just happened, in a word for its colour and a sentence.
type notice struct{ Kind, Text string }

// frame is what the layout shows around every page.
type frame struct {
	Title   string
	Notice  notice
	Memory  string
	Nav     []link
	Query   string
	Stream  string // where news come from; "" = pages ask
	Here    string // as in page
	Live    bool   // pages are told of news
	Bare    bool   // there is nothing to search yet: nobody is signed in
	Login   bool   // somebody is signed in
	Writes  bool   // and may write
	Admins  bool   // and may what only an admin may
	Version string
	Data    any
}

// link is one place of a memory's navigation.
type link struct {
	Name, Path string
	Here       bool
}

// places are the sections of a memory, in the order of the navigation.
var places = []struct{ name, part string }{
	{"Overview", ""}, {"Events", "events"}, {"Hooks", "hooks"}, {"Dead letters", "dead-letters"},
	{"Grains", "grains"}, {"Erasures", "erasures"},
}

func (v *visit) framed(p page) frame {
	f := frame{
		Title: p.title, Notice: p.notice, Memory: v.memory, Query: v.asked("q"), Here: p.here, Live: v.cfg.Stream, Version: v.cfg.Version, Data: p.data,
		Bare: p.template == "login", Login: v.key != "", Writes: v.allows("write"), Admins: v.allows("admin"),
	}
	if v.memory == "" {
		return f
	}
	if v.cfg.Stream {
		f.Stream = v.home("live")
	}
	for _, p := range places {
		at := v.home()
		if p.part != "" {
			at = v.home(p.part)
		}
		here := v.r.URL.Path == at || p.part != "" && strings.HasPrefix(v.r.URL.Path, at+"/")
		f.Nav = append(f.Nav, link{p.name, at, here})
	}
	return f
}

// home is a path of the console below the visit's memory.
func (v *visit) home(parts ...string) string { return memoryPath(v.memory, parts...) }

func memoryPath(memory string, parts ...string) string {
	return Root + client.Path(append([]string{"memories", memory}, parts...)...)
}

//go:embed templates
var templates embed.FS

// pages are the parsed templates, one for each file but the layout and its
// parts, which all of them share.
type pages map[string]*template.Template

func (c *Console) parse() (pages, error) {
	shared, err := template.New("layout.html").Funcs(c.functions()).ParseFS(templates, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, file := range files {
		one, err := shared.Clone()
		if err == nil {
			one, err = one.ParseFS(templates, file)
		}
		if err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(path.Base(file), ".html")] = one
	}
	return all, nil
}

func (p pages) write(out io.Writer, name string, f frame) error {
	t, ok := p[name]
	if !ok {
		return fmt.Errorf("there is no template %q", name)
	}
	return t.ExecuteTemplate(out, "layout.html", f)
}
