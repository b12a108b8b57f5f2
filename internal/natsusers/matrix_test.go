package natsusers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

func allowed(user string, a action) bool {
	objects := may[user][a.kind]
	return slices.Contains(objects, "*") || slices.Contains(objects, a.object)
}

// outside are the users of the accounts of others.
func outside(user natsusers.User) bool { return user.Account != natsusers.Streams }

// TestMatrix tries everything as everybody: what is forbidden is refused with a violation, what is allowed is answered.
func TestMatrix(t *testing.T) { onNodes(t, matrix) }

func matrix(t *testing.T, w *world) {
	t.Helper()
	var tried, refused, worked int
	for _, u := range w.users {
		if may[u.Name] == nil {
			t.Fatalf("nothing is known of %s", u.Name)
		}
		c := w.client(u.Name)
		waiting := map[string]*nats.Subscription{}
		for _, a := range actions() {
			tried++
			inbox := c.NewRespInbox()
			sub, err := c.SubscribeSync(inbox)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.PublishRequest(a.subject, inbox, []byte(a.body)); err != nil {
				t.Fatal(err)
			}
			waiting[a.subject] = sub
		}
		c.settled(t)
		for _, a := range actions() {
			no := c.refused("publish", a.subject)
			switch yes := allowed(u.Name, a); {
			case yes && no:
				t.Errorf("%s may not %s %s: %s", u.Name, a.kind, a.object, a.subject)
			case yes && a.kind == "FORWARD": // nobody answers
				worked++
			case yes:
				m, err := waiting[a.subject].NextMsg(5 * time.Second)
				if err != nil {
					t.Errorf("%s: %s %s is not answered: %v", u.Name, a.kind, a.object, err)
					continue
				}
				if strings.Contains(string(m.Data), "not enabled") || strings.HasSuffix(a.kind, "INFO") && strings.Contains(string(m.Data), `"error"`) {
					t.Errorf("%s: %s %s: %s", u.Name, a.kind, a.object, m.Data)
				}
				worked++
			case !no:
				t.Errorf("%s may %s %s: %s", u.Name, a.kind, a.object, a.subject)
			default:
				refused++
			}
		}
	}
	t.Logf("%d actions of %d users tried, %d refused with a violation, %d allowed and answered", tried, len(w.users), refused, worked)
}

// TestMatrix_Listening: nobody listens to the answers of others, to facts, or to what is stored.
func TestMatrix_Listening(t *testing.T) {
	w := start(t)
	w.provision()
	for _, u := range w.users {
		c := w.client(u.Name)
		forbidden := []string{
			">", "squirrly.>", events.SubjectReady, "_INBOX.>", "_INBOX_>", "_INBOX_*.>", "$KV.>", "$O.>", "$JS.>", "$JS.EVENT.>", "$SYS.>",
			"_R_.>", events.SubjectRequestAny,
		}
		for _, other := range w.users {
			if other.Name != u.Name {
				forbidden = append(forbidden, bus.InboxPrefix(other.Name)+".>")
			}
		}
		if u.Account == natsusers.Subscribers {
			forbidden = slices.DeleteFunc(forbidden, func(s string) bool { return s == events.SubjectReady })
			if _, err := c.SubscribeSync(events.SubjectReady); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range forbidden {
			if _, err := c.SubscribeSync(s); err != nil && !strings.Contains(err.Error(), "invalid subject") {
				t.Fatal(err)
			}
		}
		c.settled(t)
		for _, s := range forbidden {
			if !c.refused("subscription", s) {
				t.Errorf("%s may listen on %s", u.Name, s)
			}
		}
		if c.refused("subscription", events.SubjectReady) == (u.Account == natsusers.Subscribers) {
			t.Errorf("%s and results: %v", u.Name, c.errors)
		}
	}
}

// TestMatrix_ReplySubjects: whatever somebody from outside may send, with one of our subjects as that of the answer, nothing
// is stored there.
func TestMatrix_ReplySubjects(t *testing.T) { onNodes(t, replySubjects) }

func replySubjects(t *testing.T, w *world) {
	t.Helper()
	stored := map[string]int{}
	var sent int
	for _, u := range w.users {
		c := w.client(u.Name)
		targets := map[string]string{}
		for i, a := range actions() {
			if !allowed(u.Name, a) || strings.Contains(a.subject, "STREAM.UPDATE") || strings.Contains(a.subject, ".CREATE.") {
				continue
			}
			for j, typ := range facts {
				reply := orders.Subject(typ, fmt.Sprintf("%s-%d-%d", u.Name, i, j))
				targets[reply] = a.kind + " " + a.object
				if err := c.PublishRequest(a.subject, reply, []byte(a.body)); err != nil {
					t.Fatal(err)
				}
				sent++
			}
		}
		c.settled(t)
		time.Sleep(200 * time.Millisecond)
		for reply, what := range targets {
			if w.stored(events.StreamEvents, reply) > 0 {
				stored[u.Name]++
				if outside(u) {
					t.Errorf("%s: the answer to %s is stored on %s", u.Name, what, reply)
				} else if stored[u.Name] == 1 {
					t.Logf("%s: the answer to %s is stored on %s", u.Name, what, reply)
				}
			}
		}
	}
	t.Logf("%d allowed requests sent with a fact's subject for the answer, stored: %v", sent, stored)
}
