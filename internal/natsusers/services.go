package natsusers

import (
	"slices"
	"strings"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// table makes the users of the account of the streams.
type table struct{ topology bus.Topology }

const (
	api    = "$JS.API."
	object = "$O." + events.BucketArtifacts + "."
)

// client is the name under which a service connects; see package backends.
func client(user string) string { return "squirrly-" + user }

// service is what every service needs: it looks whether all is there and has room, and tries whether something is stored.
func (t table) service(name string) User {
	u := User{Name: name, Account: Streams}
	for _, s := range t.topology.Streams() {
		u.Publish = append(u.Publish, info(s))
	}
	u.Publish = append(u.Publish, bus.KeySubject(events.BucketLeases, bus.ProbeKey(client(name))))
	return u
}

func info(stream string) string { return api + "STREAM.INFO." + stream }
func get(stream string) string  { return api + "STREAM.MSG.GET." + stream }

// serves are the rights to take messages of the durables of a service, and to keep them as dead letters.
func (t table) serves(service string) []string {
	var all []string
	for _, d := range t.topology.Durables() {
		if d.Name != service && !strings.HasPrefix(d.Name, service+"-") {
			continue
		}
		path := d.Stream + "." + d.Name
		all = append(all, api+"CONSUMER.INFO."+path, api+"CONSUMER.MSG.NEXT."+path, "$JS.ACK."+path+".>",
			events.SubjectDead+events.Token(d.Name)+".*")
	}
	return all
}

// keeps are the rights to read a bucket, and to change the keys of a pattern.
func keeps(bucket, pattern string) []string {
	return []string{get(bus.BucketStream(bucket)), bus.KeySubject(bucket, pattern)}
}

// watches are the rights to follow a bucket. Who may make a consumer chooses where it delivers to, so these are for
// services that take nothing from strangers but requests.
func watches(bucket string) []string {
	s := bus.BucketStream(bucket)
	return []string{
		api + "CONSUMER.CREATE." + s + ".*." + bus.KeySubject(bucket, ">"), api + "CONSUMER.DELETE." + s + ".*",
		"$JS.FC." + s + ".>",
	}
}

// worker is a service that carries runs on.
func (t table) worker(name string) User {
	u := t.service(name)
	u.Publish = slices.Concat(u.Publish, t.serves(name), keeps(events.BucketLeases, name+".*"), keeps(events.BucketRuns, ">"), keeps(events.BucketPermits, ">"),
		keeps(events.BucketPolicy, "optout.>"), artifacts(), []string{
			get(events.StreamEvents), events.SubjectFailed, events.SubjectCancelled,
		})
	return u
}

func artifacts() []string { return []string{get(bus.ArtifactStream()), object + "C.*", object + "M.*"} }

func (t table) trigger() User {
	u := t.service(Trigger)
	u.Publish = slices.Concat(u.Publish, t.serves(Trigger), keeps(events.BucketLeases, Trigger+".*"), keeps(events.BucketRuns, ">"), watches(events.BucketRuns),
		keeps(events.BucketPermits, ">"), keeps(events.BucketPolicy, ">"), watches(events.BucketPolicy), []string{
			get(events.StreamEvents), get(bus.ArtifactStream()), // results, for the HTTP API
			events.SubjectPlanned, events.SubjectRejected, events.SubjectFailed, events.SubjectCancelled, events.SubjectResumeAny,
			events.SubjectRequested, events.SubjectBackground, events.SubjectCancelAny,
		})
	for _, d := range t.topology.Durables() { // whether a step's input is acknowledged
		if d.Name == Collector || d.Name == Analyzer {
			u.Publish = append(u.Publish, api+"CONSUMER.INFO."+d.Stream+"."+d.Name)
		}
	}
	return u
}

func (t table) collector() User {
	u := t.worker(Collector)
	u.Publish = append(u.Publish, events.SubjectArtifacts)
	return u
}

func (t table) analyzer() User {
	u := t.worker(Analyzer)
	u.Publish = slices.Concat(u.Publish, keeps(events.BucketSpending, ">"), keeps(events.BucketAnswers, ">"),
		[]string{events.SubjectReady, events.SubjectRequestAny}) // the latter for follow-ups
	return u
}

func (t table) notifier(forward []string) User {
	u := t.service(Notifier)
	u.Publish = slices.Concat(u.Publish, t.serves(Notifier), keeps(events.BucketNotify, ">"), watches(events.BucketNotify),
		keeps(events.BucketFindings, ">"), forward, []string{
			get(events.StreamEvents), events.SubjectNotices, events.SubjectFindings,
			api + "CONSUMER.INFO." + events.StreamEvents + "." + events.DurableFindings, // it looks for it without a channel, too
		})
	return u
}

// provision makes and changes the topology; it neither reads nor deletes anything.
func (t table) provision() User {
	u := User{Name: Provision, Account: Streams}
	for _, s := range t.topology.Streams() {
		u.Publish = append(u.Publish, info(s), api+"STREAM.CREATE."+s, api+"STREAM.UPDATE."+s)
	}
	for _, d := range t.topology.Durables() {
		path := d.Stream + "." + d.Name
		u.Publish = append(u.Publish, api+"CONSUMER.CREATE."+path, api+"CONSUMER.INFO."+path)
	}
	return u
}

// operator is the command line.
func (t table) operator() User {
	u := User{Name: Operator, Account: Streams}
	for _, s := range t.topology.Streams() {
		u.Publish = append(u.Publish, info(s), get(s))
	}
	for _, s := range []string{events.StreamRequests, events.StreamEvents} {
		u.Publish = append(u.Publish, api+"CONSUMER.INFO."+s+".*", api+"CONSUMER.LIST."+s)
	}
	u.Publish = slices.Concat(u.Publish, watches(events.BucketRuns), watches(events.BucketPolicy), watches(events.BucketFindings),
		keeps(events.BucketFindings, "job.*"), keeps(events.BucketPolicy, "optout.>"), []string{
			events.SubjectRequested, events.SubjectRequestAny, events.SubjectBackground, events.SubjectCancelAny, events.SubjectResumeAny,
			events.SubjectFindings,
		})
	return u
}
