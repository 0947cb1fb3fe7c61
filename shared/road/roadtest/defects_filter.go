package roadtest

import (
	"context"
	"maps"
	"slices"

	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

// misreadHooks keep another filter than they are given.
type misreadHooks struct {
	hook.Store
	read func(tree map[string]any)
}

func (s misreadHooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	tree, some := h.Pattern.JSON().(map[string]any)
	if !some {
		return s.Store.Put(ctx, h)
	}
	tree = maps.Clone(tree)
	s.read(tree)
	var err error
	if h.Pattern, err = pattern.Parse(tree); err != nil {
		return h, err
	}
	return s.Store.Put(ctx, h)
}

// entries changes each entry of a filter that has an operator: others take its
// place.
func entries(operator string, wrong func(operand any) []any) func(tree map[string]any) {
	return func(tree map[string]any) {
		for field, v := range tree {
			var list []any
			each, _ := v.([]any)
			for _, entry := range each {
				object, _ := entry.(map[string]any)
				if operand, has := object[operator]; has {
					list = append(list, wrong(operand)...)
				} else {
					list = append(list, entry)
				}
			}
			tree[field] = list
		}
	}
}

// orMissing lets anything-but accept a field that is missing.
func orMissing(operand any) []any {
	return []any{map[string]any{"anything-but": operand}, map[string]any{"exists": false}}
}

// whole takes a prefix for all of the word.
func whole(operand any) []any { return []any{operand} }

// narrow leaves the ends of a range of numbers out.
func narrow(operand any) []any {
	list, _ := operand.([]any)
	list = slices.Clone(list)
	for i, comparison := range list {
		if text, ok := comparison.(string); ok {
			list[i] = text[:1]
		}
	}
	return []any{map[string]any{"numeric": list}}
}

// lax asks for the first field alone.
func lax(tree map[string]any) {
	for _, field := range slices.Sorted(maps.Keys(tree))[1:] {
		delete(tree, field)
	}
}
