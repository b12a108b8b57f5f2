// Package natsusers says who may do what on a NATS server that Squirrly uses: a table of users with the least that each
// needs, and the configuration of nats-server made of it.
//
// The services share the account of the streams, [Streams]. People and systems outside are in accounts of their own: the
// server answers a stored message on whatever reply subject its sender chose, without asking whether the sender may publish
// there, so a requester in the account of the streams could have the server store its answer among our facts. The inbox is
// a service that the account of requesters imports: the answer goes back through the import, into an account without
// streams. Requesters and subscribers are not in one account either, or the answer to a requester could be sent to those
// who listen to results, and a result that a subscriber asks for into the inbox.
package natsusers

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// The accounts.
const (
	Streams     = "SQUIRRLY"             // streams, buckets, services, and who administers them
	Requesters  = "SQUIRRLY_REQUESTERS"  // who may put requests into the inbox
	Subscribers = "SQUIRRLY_SUBSCRIBERS" // who may read results
)

// The users of the account [Streams].
const (
	Trigger   = events.DurableTrigger
	Collector = events.DurableCollector
	Analyzer  = events.DurableAnalyzer
	Notifier  = "notifier"
	Provision = "provision" // makes and changes streams, buckets and durables
	Operator  = "operator"  // the command line: looks at everything, asks, cancels, decides about findings
)

// User is one user with what it may do. Everything else is refused.
type User struct {
	Name      string
	Account   string
	Publish   []string // subjects
	Subscribe []string // subjects
	Imports   []Import // what its account needs for it
}

// Import is a subject of the account [Streams] that another account uses.
type Import struct {
	Subject string
	To      string // its name in the importing account; empty is the same
	Service bool   // messages go there, and answers come back; else messages come from there
	Many    bool   // a service with more than one answer
}

// APIPrefix is where subscribers find what they may of the API of JetStream: the server itself answers $JS.API in an account
// without streams.
const APIPrefix = "SQUIRRLY.API"

// Requester is somebody who asks for profiles.
type Requester struct {
	Name  string
	Scope string // cluster[/namespace[/job]] about which it may ask; empty is all
}

// Options say whom the table has besides the services.
type Options struct {
	Channels    []string // types of notification channels
	Forward     []string // subjects outside of Squirrly's on which the notifier publishes, such as acme.flink.>
	Requesters  []Requester
	Subscribers []string
}

// ErrOptions says that a name or a scope cannot be one.
var ErrOptions = errors.New("not possible in a table of users")

const maxName = 48

var nameForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)

// Users is the table.
func Users(o Options) ([]User, error) {
	t := table{topology: bus.Topology{Channels: o.Channels, Subscribers: o.Subscribers}}
	all := []User{t.trigger(), t.collector(), t.analyzer(), t.notifier(o.Forward), t.provision(), t.operator()}
	for _, r := range o.Requesters {
		u, err := requester(r)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	for _, name := range o.Subscribers {
		all = append(all, subscriber(name, o.Forward))
	}
	for _, subject := range o.Forward {
		if strings.ContainsAny(subject, " \t\r\n\"',") || strings.HasPrefix(subject, "squirrly.") || strings.HasPrefix(subject, "$") ||
			strings.HasPrefix(subject, "_") || strings.HasPrefix(subject, "*") || strings.HasPrefix(subject, ">") || subject == "" {
			return nil, fmt.Errorf("subject %q: %w: it must be outside of Squirrly's and the server's own, without quotes and commas", subject, ErrOptions)
		}
	}
	seen := map[string]bool{}
	for i := range all {
		u := &all[i]
		if !nameForm.MatchString(u.Name) || len(u.Name) > maxName {
			return nil, fmt.Errorf("user %q: %w: lower-case letters, digits and dashes, at most %d", u.Name, ErrOptions, maxName)
		}
		if seen[u.Name] {
			return nil, fmt.Errorf("user %q: %w: there is one of that name", u.Name, ErrOptions)
		}
		seen[u.Name] = true
		u.Subscribe = append(u.Subscribe, bus.InboxPrefix(u.Name)+".>")
		slices.Sort(u.Publish)
		u.Publish = slices.Compact(u.Publish)
	}
	return all, nil
}

// requester may ask; its account imports exactly what it may ask about.
func requester(r Requester) (User, error) {
	subjects := []string{events.SubjectRequested, events.SubjectRequestAny}
	if r.Scope != "" {
		parts := strings.Split(r.Scope, "/")
		const most = 3 // cluster, namespace, job
		if len(parts) > most || slices.Contains(parts, "") {
			return User{}, fmt.Errorf("scope %q of %s: %w: CLUSTER, CLUSTER/NAMESPACE or CLUSTER/NAMESPACE/JOB", r.Scope, r.Name, ErrOptions)
		}
		var subject strings.Builder
		subject.WriteString(events.SubjectRequested)
		for _, part := range parts {
			subject.WriteString("." + events.Token(part))
		}
		if len(parts) < most {
			subject.WriteString(".>")
		}
		subjects = []string{subject.String()}
	}
	return User{
		Name: r.Name, Account: Requesters, Publish: subjects,
		Imports: []Import{{Subject: events.SubjectRequested, Service: true}, {Subject: events.SubjectRequestAny, Service: true}},
	}, nil
}

// subscriber reads results as they come, or at its own pace from a durable of its own.
func subscriber(name string, forward []string) User {
	d := bus.SubscriberDurable(name)
	next := ".CONSUMER.MSG.NEXT." + events.StreamEvents + "." + d
	info := ".CONSUMER.INFO." + events.StreamEvents + "." + d
	ack := "$JS.ACK." + events.StreamEvents + "." + d + ".>"
	u := User{
		Name: name, Account: Subscribers, Publish: []string{APIPrefix + next, APIPrefix + info, ack}, Subscribe: append([]string{events.SubjectReady}, forward...),
		Imports: []Import{
			{Subject: events.SubjectReady},
			{Subject: ack, Service: true},
			{Subject: "$JS.API" + next, To: APIPrefix + next, Service: true, Many: true},
			{Subject: "$JS.API" + info, To: APIPrefix + info, Service: true},
		},
	}
	for _, subject := range forward {
		u.Imports = append(u.Imports, Import{Subject: subject})
	}
	return u
}
