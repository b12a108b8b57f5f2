package channel

import "reflect"

// ParseTemplate is for the fuzzer.
var ParseTemplate = parseTemplate //nolint:gochecknoglobals // of tests.

// ViewFields are what a template sees of a note, and of an item.
func ViewFields() [2][]string {
	var all [2][]string
	for i, t := range []reflect.Type{reflect.TypeFor[view](), reflect.TypeFor[viewItem]()} {
		for f := range t.Fields() {
			all[i] = append(all[i], f.Name)
		}
	}
	return all
}
