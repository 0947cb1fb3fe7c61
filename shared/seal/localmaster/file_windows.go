//go:build windows

package localmaster

import "io/fs"

// reachable is always false: a mode says nothing here. The data folder's access
// list is what keeps others from the file.
func reachable(fs.FileMode) bool { return false }

// syncDir does nothing: a folder can't be synced here, and its names are in the
// file system's journal.
func syncDir(string) error { return nil }
