// Package template reads template.yaml: for tests that hold it to the code's
// numbers and names, and for those that make its resources elsewhere without a
// second list of them.
package template

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is what is deployed. Values are what YAML gives (string, int,
// float64, bool, []any, map[string]any); a short function such as !Ref X stands
// in its long form, {"Ref": "X"}.
type Template struct {
	Parameters map[string]map[string]any `yaml:"Parameters"`
	Globals    map[string]any            `yaml:"Globals"`
	Resources  map[string]Resource       `yaml:"Resources"`
	Outputs    map[string]map[string]any `yaml:"Outputs"`
}

// Resource is one resource, by its logical name in Template.
type Resource struct {
	Type           string         `yaml:"Type"`
	DeletionPolicy string         `yaml:"DeletionPolicy"`
	Metadata       map[string]any `yaml:"Metadata"`
	Properties     map[string]any `yaml:"Properties"`
}

// Read reads a template. It fails where the file is none.
func Read(path string) (*Template, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil {
		return nil, fmt.Errorf("read the template %s: %w", path, err)
	}
	lengthen(&root)
	t := &Template{}
	if err := root.Decode(t); err != nil {
		return nil, fmt.Errorf("read the template %s: %w", path, err)
	}
	if len(t.Resources) == 0 {
		return nil, fmt.Errorf("read the template %s: it has no resources", path)
	}
	return t, nil
}

// lengthen writes short functions out, innermost first.
func lengthen(n *yaml.Node) {
	for _, child := range n.Content {
		lengthen(child)
	}
	if !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return
	}
	name := strings.TrimPrefix(n.Tag, "!")
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	argument := *n
	argument.Tag = ""
	if argument.Kind == yaml.ScalarNode {
		argument.Tag = "!!str"
	}
	*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column, Content: []*yaml.Node{
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, &argument,
	}}
}

// At is what stands at a path of names and indices below properties or any
// other part of a template; nil where there is nothing.
func At(value any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[s]
		case int:
			list, _ := value.([]any)
			if s < 0 || s >= len(list) {
				return nil
			}
			value = list[s]
		}
	}
	return value
}
