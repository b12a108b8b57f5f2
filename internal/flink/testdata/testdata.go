// Package testdata holds what real Flinks answered, one directory a version. It is recorded by
//
//	go test -tags realflink -run TestRecord ./flink -record
//
// and read by flinktest.NewReplay; nothing is edited by hand. Tests only.
package testdata

import "embed"

// Recordings has <version>/<exchange>.json and <version>/profiles/<MODE>.html.
//
//go:embed *
var Recordings embed.FS
