// Package completion says what may follow on a command line. It reads the
// commands' own description, so nothing has to be kept in step with it; the
// shells' scripts ask it at each key.
package completion

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// The scripts that make a shell ask.
var (
	//go:embed bash.sh
	bash string
	//go:embed zsh.sh
	zsh string
	//go:embed fish.fish
	fish string
)

// Script returns the script of a shell: bash, zsh or fish.
func Script(shell string) (string, error) {
	script, known := map[string]string{"bash": bash, "zsh": zsh, "fish": fish}[shell]
	if !known {
		return "", fmt.Errorf("no completion is known for %q: use bash, zsh or fish", shell)
	}
	return script, nil
}

// Words returns what the last of the words may become, in order; the words
// before it are what was written behind the program's name. None means that
// anything may follow, such as a file.
func Words(root *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	node, waiting := walk(root, before)
	var all []string
	if waiting != nil && last == "=" {
		last = "" // bash makes --flag=value three words
	}
	switch name, _, valued := strings.Cut(last, "="); {
	case waiting != nil:
		all = values(waiting)
	case strings.HasPrefix(last, "-") && valued:
		if f := flag(node, name); f != nil {
			for _, v := range values(f) {
				all = append(all, name+"="+v)
			}
		}
	case strings.HasPrefix(last, "-"):
		all = flags(node)
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				all = append(all, child.Name)
			}
		}
		for _, p := range node.Positional {
			all = append(all, enum(p)...)
		}
	}
	all = slices.DeleteFunc(all, func(w string) bool { return !strings.HasPrefix(w, last) })
	slices.Sort(all)
	return slices.Compact(all)
}

// walk follows words down to a command; waiting is the flag whose value comes
// next.
func walk(node *kong.Node, words []string) (at *kong.Node, waiting *kong.Flag) {
	for _, word := range words {
		switch {
		case waiting != nil:
			if word != "=" {
				waiting = nil
			}
		case strings.HasPrefix(word, "-"):
			if f := flag(node, word); takesWord(f) {
				waiting = f
			}
		default:
			for _, child := range node.Children {
				if child.Name == word {
					node = child
					break
				}
			}
		}
	}
	return node, waiting
}

// CommandFirst puts flags that stand before the command, as in memhooks --json
// hooks list, behind its first word, which is the one that knows them. A flag
// that few commands take stays where it is, and is refused there.
func CommandFirst(root *kong.Node, words []string) []string {
	for i := 0; i < len(words); i++ {
		if !strings.HasPrefix(words[i], "-") {
			return slices.Concat(words[i:i+1], words[:i], words[i+1:])
		}
		name, _, valued := strings.Cut(words[i], "=")
		f := flag(root, name)
		switch {
		case f == nil:
			return words
		case takesWord(f) && !valued:
			i++
		}
	}
	return words
}

// takesWord says whether the word behind a flag is its value.
func takesWord(f *kong.Flag) bool { return f != nil && !f.IsBool() }

// flag is the flag of that name that a command takes, nil where it takes none.
func flag(node *kong.Node, word string) *kong.Flag {
	for _, f := range taken(node) {
		if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

func flags(node *kong.Node) []string {
	var names []string
	for _, f := range taken(node) {
		names = append(names, "--"+f.Name)
	}
	return names
}

// taken are the flags that may follow a command: its own and its parents'. Before
// any command they are also those of the commands that have others below them.
func taken(node *kong.Node) []*kong.Flag {
	all := slices.Concat(node.AllFlags(true)...)
	if node.Parent == nil {
		for _, child := range node.Children {
			if len(child.Children) > 0 {
				all = append(all, child.Flags...)
			}
		}
	}
	return all
}

func values(f *kong.Flag) []string { return enum(f.Value) }

// enum is what a value is chosen from, nothing where it is free.
func enum(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(v.EnumSlice(), func(w string) bool { return w == "" })
}
