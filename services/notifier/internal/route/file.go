package route

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"

	"squirrly.dev/internal/followfile"
)

// File is a file of routes that is read again when it changes. A change with a mistake is told, and the routes stay as
// they were. Channels are made at the start: a change of them waits for the next one, and so do the routes beside it. It is
// safe for concurrent use.
type File struct{ *followfile.File[*Config] }

// Open reads a file, which has to be right to begin with. Known are the channels that there are besides those of the file.
func Open(path string, known []string, log *slog.Logger) (*File, error) {
	f, err := followfile.Open(followfile.Options[*Config]{
		Path: path, What: "routes", Limit: MaxBytes, Log: log, Accept: sameChannels,
		Read: func(b []byte) (*Config, error) { return Read(b, known) },
	})
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Everyone are the routes without a file: every channel is told of changes, and those of everything of every end of a run.
func Everyone(channels, everything []string) *File {
	root := &Route{Path: "route", Channels: channels, Tell: TellChanges}
	root.Routes = []*Route{
		{Path: "route.routes[0]", Channels: channels, Tell: TellChanges, Continue: true},
		{Path: "route.routes[1]", Channels: everything, Tell: TellAll},
	}
	return &File{followfile.Fixed(&Config{Root: root})}
}

// Config are the routes that hold now. They are shared: do not change them.
func (f *File) Config() *Config { return f.Value() }

// sameChannels refuses a change of channels. What stands in the files that they name is not compared.
func sameChannels(now, next *Config) error {
	same := slices.EqualFunc(now.Channels, next.Channels, func(a, b Channel) bool {
		return a.Name == b.Name && a.Type.Name == b.Type.Name && reflect.DeepEqual(a.Settings, b.Settings)
	})
	if !same {
		return errors.New("the channels are others: restart the notifier for them")
	}
	return nil
}
