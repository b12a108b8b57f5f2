package events

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Subjects and subject prefixes. Nothing else in the project spells them.
const (
	subjectRoot = "squirrly.v1."

	SubjectRequested  = subjectRoot + "profile.requested"
	SubjectBackground = subjectRoot + "profile.background" // requests that nobody waits for; all others pass them
	SubjectCancel     = subjectRoot + "run.cancel."
	SubjectEvent      = subjectRoot + "event.received" // any CloudEvent, for the rules of policies
	SubjectResume     = subjectRoot + "resume."
	SubjectDead       = subjectRoot + "dead."
	SubjectPlanned    = subjectRoot + "profile.planned.>"
	SubjectArtifacts  = subjectRoot + "artifact.ready.>"
	SubjectReady      = subjectRoot + "recommendation.ready.>"
	SubjectNotices    = subjectRoot + "notification.>"
	SubjectFindings   = subjectRoot + "finding.>"
	SubjectDismissed  = subjectRoot + "finding.dismissed.>"
	SubjectReopened   = subjectRoot + "finding.reopened.>"
	SubjectRejected   = subjectRoot + "run.rejected.>"
	SubjectFailed     = subjectRoot + "run.failed.>"
	SubjectCancelled  = subjectRoot + "run.cancelled.>"
	SubjectCancelAny  = SubjectCancel + "*"
	SubjectResumeAny  = SubjectResume + ">"
	SubjectDeadAny    = SubjectDead + ">"
	SubjectRequestAny = SubjectRequested + ".>"
)

// Streams, buckets and durables.
const (
	StreamRequests  = "SQUIRRLY_REQUESTS"
	StreamEvents    = "SQUIRRLY_EVENTS"
	StreamDead      = "SQUIRRLY_DEAD"
	BucketRuns      = "SQUIRRLY_RUNS"
	BucketLeases    = "SQUIRRLY_LEASES"
	BucketPermits   = "SQUIRRLY_PERMITS"
	BucketNotify    = "SQUIRRLY_NOTIFY"
	BucketFindings  = "SQUIRRLY_FINDINGS"
	BucketSpending  = "SQUIRRLY_SPENDING"
	BucketAnswers   = "SQUIRRLY_ANSWERS"
	BucketPolicy    = "SQUIRRLY_POLICY"
	BucketArtifacts = "SQUIRRLY_ARTIFACTS"

	DurableTrigger        = "trigger"
	DurableBackground     = "trigger-background"
	DurableCancel         = "trigger-cancel"
	DurableCollector      = "collector"
	DurableAnalyzer       = "analyzer"
	DurableFindings       = "notifier-findings"
	DurableNotifierPrefix = "notifier-"

	DurableSubscriberPrefix = "subscriber-" // of subscribers in another account
)

// Token limits: longer or unsafe names are shortened to tokenKeep bytes, a dash and tokenHash hex digits.
const (
	tokenMax  = 48
	tokenKeep = 39
	tokenHash = 8
)

// Token makes one subject token (also an object or KV key token) of any name. Bytes outside [A-Za-z0-9-] become "_";
// when that changed something, or the name is longer than 48 bytes, the token is the first 39 bytes, "-" and 8 hex
// digits of the SHA-256 of the original, so that two names never share a token by accident. An empty name is "_".
// Tokens are one-way: identity is read from the data of an event, never parsed back from its subject.
func Token(name string) string {
	if name == "" {
		return "_"
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; isTokenByte(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('_')
		}
	}
	token := b.String()
	if token == name && len(token) <= tokenMax {
		return token
	}
	sum := sha256.Sum256([]byte(name))
	return token[:min(len(token), tokenKeep)] + "-" + hex.EncodeToString(sum[:])[:tokenHash]
}

func isTokenByte(c byte) bool {
	return c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Identity names what a run is about, in the three parts that subjects and object keys use.
type Identity struct {
	Cluster   string `json:"cluster"`   // kube context, or the configured cluster name, or "local"
	Namespace string `json:"namespace"` // Kubernetes namespace, or host-port of a URL target
	Job       string `json:"job"`       // deployment, deployment--job in a session cluster, or the job's name
}

// Subject is the subject of a fact of type t about one run.
func (id Identity) Subject(t Type, run string) string {
	return subjectRoot + nounVerb[t] + "." + id.tokens() + "." + Token(run)
}

// ChannelSubject is the subject of a notification event: that of the run, ending in the channel.
func (id Identity) ChannelSubject(t Type, run, channel string) string {
	return id.Subject(t, run) + "." + Token(channel)
}

// FindingSubject is the subject of a change of a finding: that of the run, ending in the finding and the number of the change.
func (id Identity) FindingSubject(t Type, c FindingChanged) string {
	return id.Subject(t, c.Run) + "." + Token(c.part())
}

// RequestSubject is the inbox subject of a requester who may only ask about this identity.
func (id Identity) RequestSubject() string { return SubjectRequested + "." + id.tokens() }

// Key is a stable token for the identity, for KV keys and claims.
func (id Identity) Key() string {
	sum := sha256.Sum256([]byte(id.Cluster + "\n" + id.Namespace + "\n" + id.Job))
	return hex.EncodeToString(sum[:16])
}

// Prefix is the folder of a run's objects in the artifact store: <cluster>/<namespace>/<job>/<run>/.
func (id Identity) Prefix(run string) string {
	return strings.ReplaceAll(id.tokens(), ".", "/") + "/" + Token(run) + "/"
}

// String is the identity as people write it.
func (id Identity) String() string { return id.Cluster + "/" + id.Namespace + "/" + id.Job }

func (id Identity) tokens() string {
	return Token(id.Cluster) + "." + Token(id.Namespace) + "." + Token(id.Job)
}

// ResumeSubject is where the sweeper tells one service to take a run up again.
func ResumeSubject(service, run string) string {
	return SubjectResume + Token(service) + "." + Token(run)
}

// DeadSubject is where a service's dead letters of one reason go.
func DeadSubject(service string, reason Code) string {
	return SubjectDead + Token(service) + "." + Token(string(reason))
}
