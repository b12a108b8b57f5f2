package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// errForged says that a message is not the fact that it claims to be.
var errForged = errors.New("the message is not what it says")

// genuine compares what a message says about itself: a fact is on the subject of its type, target and run, and has the id of
// its run and type, in the envelope and as the message's own. Who may publish on one subject, or has the server send an
// answer there, cannot pass a fact of another kind, or about another run.
func genuine(d Delivery, e events.Event) error {
	var about struct {
		Run      string          `json:"run"`
		Identity events.Identity `json:"identity"`
	}
	if err := json.Unmarshal(e.Data, &about); err != nil {
		return fmt.Errorf("%w: it is about no run: %w", errForged, err)
	}
	subject, id := about.Identity.Subject(e.Type, about.Run), about.Run+"/"+string(e.Type)
	switch {
	case about.Run == "" || about.Run != e.RunID:
		return fmt.Errorf("%w: the run is %q in the envelope and %q in the data", errForged, e.RunID, about.Run)
	case d.Header.Get(events.HeaderRun) != e.RunID:
		return fmt.Errorf("%w: the run is %q in the header and %q in the envelope", errForged, d.Header.Get(events.HeaderRun), e.RunID)
	case !same(e.Type, d.Subject, subject, "."):
		return fmt.Errorf("%w: a %s of run %s is not told on %s", errForged, e.Type, about.Run, d.Subject)
	case !same(e.Type, e.ID, id, "/"):
		return fmt.Errorf("%w: the id of a %s of run %s is not %s", errForged, e.Type, about.Run, e.ID)
	case !isID(d.Header.Get(jetstream.MsgIDHeader), e.ID):
		return fmt.Errorf("%w: the id is %q of the message and %q of the event", errForged, d.Header.Get(jetstream.MsgIDHeader), e.ID)
	}
	return nil
}

// isID reports whether a message has the id of a fact: as it is, or with an addition, see [Bus.anotherID].
func isID(has, id string) bool { return has == id || strings.HasPrefix(has, id+"/") }

// same compares the name of a fact; a run may have several changes of findings, whose names have one part more.
func same(t events.Type, has, want, sep string) bool {
	if several := strings.HasPrefix(string(t), "dev.squirrly.finding."); !several {
		return has == want
	}
	rest, ok := strings.CutPrefix(has, want+sep)
	return ok && rest != "" && !strings.Contains(rest, sep)
}
