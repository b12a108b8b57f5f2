// Package trial does one measured trial: it asks for many runs, breaks things meanwhile, waits until every run is over,
// and then counts, from what is stored and from what was seen outside, how often each run ended and how often each JVM
// was profiled. It judges by ends only: how long something took is told and proves nothing on a busy machine.
package trial

import (
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// The topologies.
const (
	One   = "one"   // one NATS server, artifacts in it
	Three = "three" // three NATS servers with three copies, artifacts in them
	S3    = "s3"    // one NATS server, artifacts in MinIO
)

// Topologies are all of them.
var Topologies = []string{One, Three, S3}

// The faults.
const (
	Kill    = "kill"    // SIGKILL of a service
	Term    = "term"    // SIGTERM of a service
	Freeze  = "freeze"  // SIGSTOP of a service, for up to twice the time after which another takes over
	Node    = "node"    // SIGKILL of a NATS server
	Stall   = "stall"   // SIGSTOP of a NATS server
	Isolate = "isolate" // a leader is cut from the other servers, not from its clients
	Store   = "store"   // SIGKILL or SIGSTOP of MinIO
	Disk    = "disk"    // the disk below the streams or the artifacts is full
	Line    = "line"    // the lines of the services to one kind of server are slow, cut up, cut short or reset
	Bucket  = "bucket"  // a bucket is deleted, and made again later
)

// Options of a trial.
type Options struct {
	Topology string
	Faults   []string
	Runs     int
	Window   int           // runs under way at a time
	Copies   int           // of each request, half of them as beyond the window of duplicates
	Poison   int           // messages for the inbox that nobody can read
	Each     int           // processes of each service
	AckWait  time.Duration // silence after which another takes over
	Every    time.Duration // between two faults, on average
	Seed     uint64
	Patience time.Duration // without the end of any run, before the rest counts as stuck
	Flink    string        // version of the recordings

	Root string // of the repository
	Bin  string // folder with the built services
	Dir  string // for data and logs; it exists
	Log  *slog.Logger
}

// FaultsOf are the faults that make sense on a topology.
func FaultsOf(topology string) []string {
	faults := []string{Kill, Term, Freeze, Node, Stall, Line, Disk, Bucket}
	switch topology {
	case Three:
		faults = append(faults, Isolate)
	case S3:
		faults = append(faults, Store)
	}
	return faults
}

// check finds what cannot be done.
func (o Options) check() error {
	if !slices.Contains(Topologies, o.Topology) {
		return fmt.Errorf("topology %q: one of %v", o.Topology, Topologies)
	}
	for _, f := range o.Faults {
		if !slices.Contains(FaultsOf(o.Topology), f) {
			return fmt.Errorf("fault %q: on %q one of %v", f, o.Topology, FaultsOf(o.Topology))
		}
	}
	return nil
}

func (o Options) has(fault string) bool { return slices.Contains(o.Faults, fault) }

func (o Options) nodes() int {
	if o.Topology == Three {
		return 3
	}
	return 1
}
