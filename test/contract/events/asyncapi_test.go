package events_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"squirrly.dev/pkg/events"
)

// asyncAPI is as much of an AsyncAPI 3 document as is compared.
type asyncAPI struct {
	AsyncAPI string `yaml:"asyncapi"`
	Info     struct {
		Title, Version string
	} `yaml:"info"`
	Servers    map[string]struct{ Host, Protocol string } `yaml:"servers"`
	JetStream  topology                                   `yaml:"x-jetstream"`
	Channels   map[string]channel                         `yaml:"channels"`
	Operations map[string]operation                       `yaml:"operations"`
	Components struct {
		Messages map[string]message `yaml:"messages"`
	} `yaml:"components"`

	whole any // the same document, for references
}

type reference struct {
	Ref string `yaml:"$ref"`
}

type channel struct {
	Address    string               `yaml:"address"`
	Parameters map[string]reference `yaml:"parameters"`
	Messages   map[string]reference `yaml:"messages"`
	JetStream  struct {
		Stream string `yaml:"stream"`
	} `yaml:"x-jetstream"`
}

type operation struct {
	Action    string    `yaml:"action"`
	Channel   reference `yaml:"channel"`
	JetStream struct {
		Durable string `yaml:"durable"`
	} `yaml:"x-jetstream"`
}

type message struct {
	Name    string    `yaml:"name"`
	Payload reference `yaml:"payload"`
}

func document(t *testing.T, text string) asyncAPI {
	t.Helper()
	var d asyncAPI
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(text), &d.whole); err != nil {
		t.Fatal(err)
	}
	return d
}

func asyncAPIText(t *testing.T) string {
	t.Helper()
	return read(t, filepath.Join(contract, "asyncapi.yaml"))
}

func TestAsyncAPI(t *testing.T) {
	d := document(t, asyncAPIText(t))
	for _, fault := range faults(t, d) {
		t.Error(fault)
	}
}

// Each line of the document is there for a reason: spoiling it is seen.
func TestAsyncAPI_Spoilt(t *testing.T) {
	for _, c := range []struct{ old, spoilt string }{
		{"asyncapi: 3.0.0", "asyncapi: 2.6.0"},
		{"protocol: nats", "protocol: kafka"},
		{"squirrly.v1.artifact.ready.{cluster}.{namespace}.{job}.{run}", "squirrly.v1.artifact.done.{cluster}.{namespace}.{job}.{run}"},
		{"squirrly.v1.run.failed.{cluster}.{namespace}.{job}.{run}", "squirrly.v1.run.failed.{cluster}.{job}.{run}"},
		{"address: squirrly.v1.dead.{service}.{reason}", "address: squirrly.v1.dead.{service}"},
		{"name: dev.squirrly.run.cancel.v1", "name: dev.squirrly.run.cancel.v2"},
		{"'#/components/messages/runFailed'", "'#/components/messages/runRejected'"},
		{"'#/components/messages/runFailed'", "'#/components/messages/runBroken'"},
		{"'#/components/parameters/job'", "'#/components/parameters/task'"},
		{"'#/channels/artifactReady'", "'#/channels/artifact'"},
		{"'#/components/schemas/profilePlanned'", "'#/components/schemas/planned'"},
		{"schemas/dev.squirrly.profile.planned.v1.json", "schemas/profile.planned.json"},
		{"action: receive", "action: subscribe"},
		{"durable: analyzer", "durable: analyser"},
		{"stream: SQUIRRLY_DEAD", "stream: SQUIRRLY_EVENTS"},
	} {
		text := asyncAPIText(t)
		if !strings.Contains(text, c.old) {
			t.Errorf("there is no %q", c.old)
		}
		if got := faults(t, document(t, strings.Replace(text, c.old, c.spoilt, 1))); len(got) == 0 {
			t.Errorf("%q is not seen", c.spoilt)
		}
	}
}

// faults are the differences between the document and the package, and the breaks of its own rules.
func faults(t *testing.T, d asyncAPI) []string {
	t.Helper()
	var all []string
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if d.AsyncAPI != "3.0.0" || d.Info.Title == "" || d.Info.Version == "" || len(d.Servers) == 0 {
		fault("AsyncAPI %q, %+v, %d servers", d.AsyncAPI, d.Info, len(d.Servers))
	}
	for name, s := range d.Servers {
		if s.Protocol != "nats" || s.Host == "" {
			fault("server %s: %+v", name, s)
		}
	}
	all = append(all, d.typeFaults(t)...)
	all = append(all, d.addressFaults(t)...)
	all = append(all, d.operationFaults()...)
	return append(all, d.referenceFaults("", d.whole)...)
}

// typeFaults: the messages are the event types, and three that are no events of ours; a fact has the channel of its type.
func (d asyncAPI) typeFaults(t *testing.T) []string {
	t.Helper()
	var all, types []string
	for name, m := range d.Components.Messages {
		if name == "resume" || name == "deadLetter" || name == "cloudEvent" {
			continue
		}
		types = append(types, m.Name)
		if m.Payload.Ref != "#/components/schemas/"+name {
			all = append(all, "message "+name+" has the payload "+m.Payload.Ref)
		}
	}
	slices.Sort(types)
	if diff := cmp.Diff(slices.Sorted(slices.Values(values(t, "Type"))), types); diff != "" {
		all = append(all, "types (-declared +documented):\n"+diff)
	}
	return all
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// addressFaults: the addresses are the subjects of the package, each with its parameters and the message of its type.
func (d asyncAPI) addressFaults(t *testing.T) []string {
	t.Helper()
	var all []string
	want := addresses(t)
	have := map[string]string{}
	for name, c := range d.Channels {
		var params []string
		for _, m := range parameter.FindAllStringSubmatch(c.Address, -1) {
			params = append(params, m[1])
		}
		slices.Sort(params)
		if diff := cmp.Diff(params, slices.Sorted(maps.Keys(c.Parameters))); diff != "" {
			all = append(all, "parameters of "+name+" (-address +declared):\n"+diff)
		}
		for m, ref := range c.Messages {
			if ref.Ref != "#/components/messages/"+m {
				all = append(all, "message "+m+" of "+name+" is "+ref.Ref)
			}
			have[c.Address] = d.Components.Messages[m].Name
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		all = append(all, "addresses (-package +documented):\n"+diff)
	}
	return all
}

// addresses are the subjects that the package makes, with the type of what is sent there.
func addresses(t *testing.T) map[string]string {
	t.Helper()
	id := events.Identity{Cluster: "CLUSTER", Namespace: "NAMESPACE", Job: "JOB"}
	all := map[string]string{
		events.SubjectRequested:                 string(events.TypeProfileRequested),
		id.RequestSubject():                     string(events.TypeProfileRequested),
		events.SubjectBackground:                string(events.TypeProfileRequested),
		events.SubjectEvent:                     "",
		events.SubjectCancel + "RUN":            string(events.TypeRunCancel),
		events.ResumeSubject("SERVICE", "RUN"):  "",
		events.DeadSubject("SERVICE", "REASON"): "",
	}
	for _, typ := range values(t, "Type") {
		switch typ := events.Type(typ); typ {
		case events.TypeProfileRequested, events.TypeRunCancel:
		case events.TypeNotificationSent, events.TypeNotificationFailed:
			all[id.ChannelSubject(typ, "RUN", "CHANNEL")] = string(typ)
		case events.TypeFindingOpened, events.TypeFindingWorsened, events.TypeFindingImproved, events.TypeFindingResolved,
			events.TypeFindingReopened, events.TypeFindingDismissed:
			all[id.Subject(typ, "RUN")+".CHANGE"] = string(typ)
		default:
			all[id.Subject(typ, "RUN")] = string(typ)
		}
	}
	documented := map[string]string{}
	for address, typ := range all {
		documented[placeholder.ReplaceAllStringFunc(address, func(s string) string {
			return "{" + strings.ToLower(s) + "}"
		})] = typ
	}
	// Each subject that the package declares is that of some address.
	for name, subject := range prefixed(t, "Subject") {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(documented)), func(a string) bool { return covers(subject, a) }) {
			t.Errorf("no address is below %s", name)
		}
	}
	return documented
}

var placeholder = regexp.MustCompile(`[A-Z]+`)

// covers reports whether a subject, with wildcards or as a prefix, is that of an address.
func covers(subject, address string) bool {
	pattern := regexp.QuoteMeta(subject)
	if strings.HasSuffix(subject, ".") {
		pattern += ".+"
	}
	pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, `\*`, `[^.]+`), `>`, `.+`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(address)
}

// operationFaults: every channel is used, by operations whose stream and durable fit.
func (d asyncAPI) operationFaults() []string {
	var all []string
	unused := maps.Clone(d.Channels)
	for name, o := range d.Operations {
		key := strings.TrimPrefix(o.Channel.Ref, "#/channels/")
		delete(unused, key)
		if o.Action != "send" && o.Action != "receive" {
			all = append(all, name+" does "+o.Action)
		}
		if o.JetStream.Durable == "" {
			continue
		}
		durable, ok := d.JetStream.Durables[o.JetStream.Durable]
		if !ok || o.Action != "receive" || durable.Stream != d.Channels[key].JetStream.Stream {
			all = append(all, name+" cannot receive with durable "+o.JetStream.Durable)
		}
	}
	for name := range unused {
		all = append(all, "nothing uses channel "+name)
	}
	for name, c := range d.Channels {
		s, ok := d.JetStream.Streams[c.JetStream.Stream]
		if !ok || !slices.ContainsFunc(s.Subjects, func(subject string) bool { return covers(subject, c.Address) }) {
			all = append(all, "stream "+c.JetStream.Stream+" does not store channel "+name)
		}
	}
	return all
}

// referenceFaults follows every $ref of the document: into itself, or to a schema beside it.
func (d asyncAPI) referenceFaults(at string, v any) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if ref, ok := inner.(string); ok && key == "$ref" {
				if !d.resolves(ref) {
					all = append(all, at+": "+ref+" leads nowhere")
				}
				continue
			}
			all = append(all, d.referenceFaults(at+"/"+key, inner)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, d.referenceFaults(at, inner)...)
		}
	}
	return all
}

func (d asyncAPI) resolves(ref string) bool {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		_, err := os.Stat(filepath.Join(contract, filepath.FromSlash(ref)))
		return err == nil && strings.HasPrefix(ref, "schemas/")
	}
	at := d.whole
	for name := range strings.SplitSeq(path, "/") {
		m, ok := at.(map[string]any)
		if !ok || m[name] == nil {
			return false
		}
		at = m[name]
	}
	return true
}
