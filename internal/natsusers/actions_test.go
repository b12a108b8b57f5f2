package natsusers_test

import (
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

// action is something that a client may try by publishing.
type action struct {
	kind, object, subject string
	body                  string
}

const runID = "1e9b84ce-433c-529f-af1d-788d2d2f9cde"

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

var facts = []events.Type{
	events.TypeProfilePlanned, events.TypeArtifactReady, events.TypeRecommendationReady, events.TypeRunRejected, events.TypeRunFailed,
	events.TypeRunCancelled,
}

// actions are what anybody may think of.
func actions() []action {
	t := bus.Topology{Channels: options.Channels, Subscribers: options.Subscribers}
	var all []action
	add := func(kind, object, subject, body string) { all = append(all, action{kind, object, subject, body}) }
	for _, s := range t.Streams() {
		for verb, body := range map[string]string{
			"INFO": "", "CREATE": `{"name":"x"}`, "UPDATE": `{"name":"x"}`, "DELETE": "", "PURGE": "", "MSG.GET": `{"seq":1}`,
			"MSG.DELETE": `{"seq":1}`, "SNAPSHOT": `{"deliver_subject":"x"}`, "RESTORE": "{}", "LEADER.STEPDOWN": "", "PEER.REMOVE": "{}",
		} {
			add(verb, s, "$JS.API.STREAM."+verb+"."+s, body)
		}
		add("DIRECT", s, "$JS.API.DIRECT.GET."+s, `{"seq":1}`)
		add("WATCH", s, "$JS.API.CONSUMER.CREATE."+s+".eph.>", "{}")
		add("LIST", s, "$JS.API.CONSUMER.LIST."+s, "")
		add("NEW", s, "$JS.API.CONSUMER.CREATE."+s, "{}")
		add("NEW", s, "$JS.API.CONSUMER.DURABLE.CREATE."+s+".mine", "{}")
	}
	for _, d := range t.Durables() {
		path := d.Stream + "." + d.Name
		add("CINFO", d.Name, "$JS.API.CONSUMER.INFO."+path, "")
		add("NEXT", d.Name, "$JS.API.CONSUMER.MSG.NEXT."+path, `{"batch":1,"no_wait":true}`)
		add("ACK", d.Name, "$JS.ACK."+path+".1.1.1.1.1", "+WPI")
		add("OUTSIDE INFO", d.Name, natsusers.APIPrefix+".CONSUMER.INFO."+path, "")
		add("OUTSIDE NEXT", d.Name, natsusers.APIPrefix+".CONSUMER.MSG.NEXT."+path, `{"batch":1,"no_wait":true}`)
		add("CDELETE", d.Name, "$JS.API.CONSUMER.DELETE."+path, "")
		add("CPAUSE", d.Name, "$JS.API.CONSUMER.PAUSE."+path, "{}")
		add("CRESET", d.Name, "$JS.API.CONSUMER.RESET."+path, "{}")
		add("CREATE", d.Name, "$JS.API.CONSUMER.CREATE."+path, "{}")
		add("DEAD", d.Name, events.DeadSubject(d.Name, events.CodeInvalidRequest), "x")
	}
	for _, typ := range facts {
		add("FACT", string(typ), orders.Subject(typ, runID), "{}")
	}
	add("FACT", "notification", orders.ChannelSubject(events.TypeNotificationSent, runID, "log"), "{}")
	add("FACT", "finding", "squirrly.v1.finding.opened.prod.flink.orders."+runID+".1", "{}")
	add("RESUME", events.DurableCollector, events.ResumeSubject(events.DurableCollector, runID), "")
	add("RESUME", events.DurableAnalyzer, events.ResumeSubject(events.DurableAnalyzer, runID), "")
	for bucket, keys := range map[string][]string{
		events.BucketRuns: {"run.x", "active.x", "latest.x", "summary.x"}, events.BucketPermits: {"pool"}, events.BucketNotify: {"log.x"},
		events.BucketFindings: {"job.x", "ref.log.x"}, events.BucketSpending: {"day.x"}, events.BucketAnswers: {"x"},
		events.BucketPolicy: {"optout.x", "view.x"},
		events.BucketLeases: {"trigger.x", "collector.x", "analyzer.x", "notifier.x", "ready.squirrly-trigger", "ready.squirrly-collector", "ready.squirrly-analyzer", "ready.squirrly-notifier"},
	} {
		for _, key := range keys {
			add("KEY", bucket+" "+key, bus.KeySubject(bucket, key), "{}")
		}
	}
	add("OBJECT", "C", "$O."+events.BucketArtifacts+".C.x", "x")
	add("OBJECT", "M", "$O."+events.BucketArtifacts+".M.x", "x")
	add("INBOX", "bare", events.SubjectRequested, "{}")
	add("INBOX", "background", events.SubjectBackground, "{}")
	add("INBOX", "orders", orders.RequestSubject(), "{}")
	add("INBOX", "payments", events.Identity{Cluster: "prod", Namespace: "flink", Job: "payments"}.RequestSubject(), "{}")
	add("INBOX", "cancel", events.SubjectCancel+runID, "")
	add("INBOX", "event", events.SubjectEvent, "{}")
	add("FORWARD", "", "acme.flink.advice", "x")
	for _, subject := range []string{
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.META.LEADER.STEPDOWN", "$JS.API.SERVER.REMOVE",
		"$JS.API.ACCOUNT.PURGE.SQUIRRLY", "$JS.API.STREAM.CREATE.OTHER", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.SQUIRRLY.CONNZ",
		"_INBOX.x", "_INBOX_trigger.x", "_INBOX_analyzer.x", "_INBOX_requester.x", "squirrly.v1.other", "other",
	} {
		add("OTHER", subject, subject, "{}")
	}
	return all
}

// may is what each user may do, written down apart from the table that is tested: kind to objects; "*" is any.
var may = map[string]map[string][]string{
	natsusers.Trigger: {
		"INFO": {"*"}, "MSG.GET": {"KV_SQUIRRLY_LEASES", "KV_SQUIRRLY_RUNS", "KV_SQUIRRLY_PERMITS", "KV_SQUIRRLY_POLICY", "SQUIRRLY_EVENTS", "OBJ_SQUIRRLY_ARTIFACTS"},
		"CINFO": {"trigger", "trigger-background", "trigger-cancel", "collector", "analyzer"},
		"NEXT":  {"trigger", "trigger-background", "trigger-cancel"}, "ACK": {"trigger", "trigger-background", "trigger-cancel"},
		"DEAD": {"trigger", "trigger-background", "trigger-cancel"}, "RESUME": {"*"},
		"FACT": {string(events.TypeProfilePlanned), string(events.TypeRunRejected), string(events.TypeRunFailed), string(events.TypeRunCancelled)},
		"KEY": {
			"SQUIRRLY_RUNS run.x", "SQUIRRLY_RUNS active.x", "SQUIRRLY_RUNS latest.x", "SQUIRRLY_RUNS summary.x", "SQUIRRLY_PERMITS pool",
			"SQUIRRLY_POLICY optout.x", "SQUIRRLY_POLICY view.x", "SQUIRRLY_LEASES trigger.x", "SQUIRRLY_LEASES ready.squirrly-trigger",
		},
		"INBOX": {"bare", "background", "cancel"},
	},
	natsusers.Collector: worker("collector", events.TypeArtifactReady, nil, nil),
	natsusers.Analyzer: worker("analyzer", events.TypeRecommendationReady, []string{"SQUIRRLY_SPENDING day.x", "SQUIRRLY_ANSWERS x"},
		[]string{"orders", "payments"}),
	natsusers.Notifier: {
		"INFO": {"*"}, "MSG.GET": {"KV_SQUIRRLY_NOTIFY", "KV_SQUIRRLY_FINDINGS", "SQUIRRLY_EVENTS"},
		"CINFO": {"notifier-findings", "notifier-log", "notifier-webhook"}, "NEXT": {"notifier-findings", "notifier-log", "notifier-webhook"},
		"ACK": {"notifier-findings", "notifier-log", "notifier-webhook"}, "DEAD": {"notifier-findings", "notifier-log", "notifier-webhook"},
		"FACT":    {"notification", "finding"},
		"KEY":     {"SQUIRRLY_NOTIFY log.x", "SQUIRRLY_FINDINGS job.x", "SQUIRRLY_FINDINGS ref.log.x", "SQUIRRLY_LEASES ready.squirrly-notifier"},
		"FORWARD": {"*"},
	},
	natsusers.Provision: {"INFO": {"*"}, "CREATE": {"*"}, "UPDATE": {"*"}, "CINFO": {"*"}},
	natsusers.Operator: {
		"INFO": {"*"}, "MSG.GET": {"*"}, "CINFO": {"*"}, "LIST": {"SQUIRRLY_REQUESTS", "SQUIRRLY_EVENTS"}, "RESUME": {"*"},
		"FACT": {"finding"}, "KEY": {"SQUIRRLY_FINDINGS job.x", "SQUIRRLY_POLICY optout.x"},
		"INBOX": {"bare", "background", "orders", "payments", "cancel"},
	},
	"requester":  {"INBOX": {"bare", "orders", "payments"}},
	"orders-ci":  {"INBOX": {"orders"}},
	"subscriber": {"OUTSIDE INFO": {"subscriber-subscriber"}, "OUTSIDE NEXT": {"subscriber-subscriber"}, "ACK": {"subscriber-subscriber"}},
	"dashboard":  {"OUTSIDE INFO": {"subscriber-dashboard"}, "OUTSIDE NEXT": {"subscriber-dashboard"}, "ACK": {"subscriber-dashboard"}},
}

func worker(name string, result events.Type, keys, inbox []string) map[string][]string {
	streams := []string{"KV_SQUIRRLY_LEASES", "KV_SQUIRRLY_RUNS", "KV_SQUIRRLY_PERMITS", "KV_SQUIRRLY_POLICY", "SQUIRRLY_EVENTS", "OBJ_SQUIRRLY_ARTIFACTS"}
	if keys != nil {
		streams = append(streams, "KV_SQUIRRLY_SPENDING", "KV_SQUIRRLY_ANSWERS")
	}
	return map[string][]string{
		"INFO": {"*"}, "MSG.GET": streams, "CINFO": {name}, "NEXT": {name}, "ACK": {name}, "DEAD": {name},
		"FACT": {string(result), string(events.TypeRunFailed), string(events.TypeRunCancelled)},
		"KEY": append([]string{
			"SQUIRRLY_RUNS run.x", "SQUIRRLY_RUNS active.x", "SQUIRRLY_RUNS latest.x", "SQUIRRLY_RUNS summary.x", "SQUIRRLY_PERMITS pool",
			"SQUIRRLY_POLICY optout.x", "SQUIRRLY_LEASES " + name + ".x", "SQUIRRLY_LEASES ready.squirrly-" + name,
		}, keys...),
		"OBJECT": {"*"}, "INBOX": inbox,
	}
}
