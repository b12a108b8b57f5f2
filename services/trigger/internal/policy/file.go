package policy

import (
	"log/slog"
	"time"

	"squirrly.dev/internal/followfile"
)

// File is a file of policies that is read again when it changes. A change with a mistake is told, and the policies stay
// as they were. It is safe for concurrent use.
type File struct{ *followfile.File[[]Policy] }

// Open reads a file, which has to be right to begin with. A profile takes usual, unless a policy says otherwise.
func Open(path string, usual time.Duration, log *slog.Logger) (*File, error) {
	f, err := followfile.Open(followfile.Options[[]Policy]{
		Path: path, What: "policies", Limit: MaxBytes, Log: log,
		Read: func(b []byte) ([]Policy, error) { return Read(b, usual) },
	})
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Policies are those that hold now. The result is shared: do not change it.
func (f *File) Policies() []Policy { return f.Value() }
