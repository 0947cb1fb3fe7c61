//go:build windows

package embedded

// syncFolder does nothing: a folder can't be synced here, and its names are in
// the file system's journal.
func syncFolder(string) error { return nil }
