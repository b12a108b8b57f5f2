package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// deliver stores the context, the user's files and last the manifest, and keeps the payload in the record, so that a
// later attempt tells the same.
func (r *attempt) deliver(ctx context.Context, o *observer) (events.Payload, error) {
	err := r.claim.Mutate(ctx, func(rec *run.Record) error {
		rec.Step, rec.Percent = "storing context and manifest", percentCaptured
		if rec.Profiled.IsZero() {
			rec.Profiled = time.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	files, err := r.userFiles(ctx, o)
	if err != nil {
		return nil, err
	}
	what := o.after(ctx, r.modes())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	doc, err := r.jobContext(ctx, what)
	if err != nil {
		return nil, err
	}
	ready := events.ArtifactReady{
		Run: r.plan.Run, Identity: r.plan.Identity,
		Captures: refs(r.claim.Record().Captures), Context: append([]events.ContextRef{doc}, files...),
	}
	if ready.Manifest, err = r.manifest(ctx, ready, what); err != nil {
		return nil, err
	}
	err = r.claim.Mutate(ctx, func(rec *run.Record) error {
		if rec.Artifact == nil {
			rec.Artifact, rec.Percent = &ready, percentStored
		}
		ready = *rec.Artifact
		return nil
	})
	return ready, err
}

// refs are the captures as the event tells them.
func refs(captures []run.Capture) []events.CaptureRef {
	out := make([]events.CaptureRef, 0, len(captures))
	for _, c := range captures {
		ref := events.CaptureRef{
			JVM: c.JVM, Mode: c.Mode, Status: events.CaptureLost, Samples: c.Samples,
			TriggerTime: c.TriggerTime, Requested: c.Requested, Adopted: c.Adopted,
			Code: c.Code, Note: c.Note, Hint: c.Hint,
		}
		if c.State == run.CaptureStored && c.Object != nil {
			ref.Status, ref.ObjectRef = events.CaptureStored, *c.Object
		}
		out = append(out, ref)
	}
	return out
}

// jobContext stores what Flink said.
func (r *attempt) jobContext(ctx context.Context, what *jobcontext.Context) (events.ContextRef, error) {
	body, err := encode(what, jobcontext.MaxBytes)
	if err != nil {
		return events.ContextRef{}, bus.Permanent(events.CodeInternal, err)
	}
	ref, err := r.put(ctx, artifact.ContextKey(r.prefix(), jobcontext.Name, artifact.Sum(body)), body)
	return events.ContextRef{Name: jobcontext.Name, Kind: events.ContextJob, ObjectRef: ref}, err
}

func (r *attempt) prefix() string { return r.plan.Identity.Prefix(r.plan.Run) }

// put stores one object, as long as this attempt owns the run.
func (r *attempt) put(ctx context.Context, key string, body []byte) (ref events.ObjectRef, err error) {
	if err := r.claim.Check(ctx); err != nil {
		return ref, err
	}
	err = r.timing.Patiently(ctx, func(ctx context.Context) error {
		ref, err = r.store.Put(ctx, key, body)
		return err
	})
	return ref, capture.StoreFault(err, r.timing)
}

// maxUserFile is the largest file of a user that is passed on, in bytes.
const maxUserFile = 1 << 20

// userFiles puts the files of the request beside the captures. One that cannot be had is named, and missing.
func (r *attempt) userFiles(ctx context.Context, o *observer) ([]events.ContextRef, error) {
	var out []events.ContextRef
	for _, f := range r.plan.Context {
		body, err := r.userFile(ctx, f)
		if errors.Is(err, artifact.ErrUnavailable) || ctx.Err() != nil {
			return nil, capture.StoreFault(err, r.timing)
		}
		if err != nil {
			o.noteMissing(fmt.Sprintf("context file %s: %v", f.Name, err))
			continue
		}
		ref, err := r.put(ctx, artifact.ContextKey(r.prefix(), f.Name, artifact.Sum(body)), body)
		if err != nil {
			return nil, err
		}
		out = append(out, events.ContextRef{Name: f.Name, Kind: events.ContextUser, ObjectRef: ref})
	}
	return out, nil
}

func (r *attempt) userFile(ctx context.Context, f events.ContextFile) (body []byte, err error) {
	if f.Key == "" {
		return []byte(f.Text), nil
	}
	err = r.timing.Patiently(ctx, func(ctx context.Context) error {
		body, err = r.store.Await(ctx, events.ObjectRef{Key: f.Key, SHA256: f.SHA256, Size: f.Size}, maxUserFile)
		return err
	})
	return body, err
}

// manifestSchema names the form of a manifest.
const manifestSchema = "squirrly.manifest.v1"

// manifest lists everything that was stored for a run.
type manifest struct {
	Schema    string              `json:"schema"`
	Run       string              `json:"run"`
	Identity  events.Identity     `json:"identity"`
	CreatedAt time.Time           `json:"createdAt"`
	Plan      manifestPlan        `json:"plan"`
	Versions  manifestVersions    `json:"versions"`
	Captures  []events.CaptureRef `json:"captures"`
	Context   []events.ContextRef `json:"context"`
	Missing   []string            `json:"missing,omitempty"`
}

// manifestPlan is the plan without texts of the user.
type manifestPlan struct {
	RestURL     string            `json:"restUrl"`
	JobID       string            `json:"jobId"`
	JobName     string            `json:"jobName"`
	Modes       []events.Mode     `json:"modes"`
	Duration    events.Duration   `json:"duration"`
	Scope       events.Scope      `json:"scope,omitzero"`
	Labels      map[string]string `json:"labels,omitempty"`
	RequestedAt time.Time         `json:"requestedAt"`
}

// manifestVersions say what made the artifacts.
type manifestVersions struct {
	Squirrly string `json:"squirrly,omitempty"`
	Flink    string `json:"flink,omitempty"`
	Java     string `json:"java,omitempty"`
}

func (r *attempt) manifest(ctx context.Context, ready events.ArtifactReady, what *jobcontext.Context) (events.ObjectRef, error) {
	p := r.plan
	body, err := json.MarshalIndent(manifest{
		Schema: manifestSchema, Run: p.Run, Identity: p.Identity, CreatedAt: time.Now().UTC(),
		Plan: manifestPlan{
			RestURL: p.RestURL, JobID: p.JobID, JobName: p.JobName, Modes: p.Modes, Duration: p.Duration,
			Scope: p.Scope, Labels: p.Labels, RequestedAt: p.RequestedAt,
		},
		Versions: manifestVersions{Squirrly: r.cfg.Version, Flink: what.FlinkVersion, Java: what.JavaVersion},
		Captures: ready.Captures, Context: ready.Context, Missing: what.Missing,
	}, "", " ")
	if err != nil {
		return events.ObjectRef{}, bus.Permanent(events.CodeInternal, fmt.Errorf("encode manifest: %w", err))
	}
	return r.put(ctx, artifact.DocumentKey(r.prefix(), artifact.Manifest, ".json", artifact.Sum(body)), body)
}
