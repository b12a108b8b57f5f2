package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// requestFlags describe a profile to ask for.
type requestFlags struct {
	namespace string
	cluster   string
	job       string
	duration  time.Duration
	modes     []string
	context   []string
	prompt    string
	reason    string
	labels    map[string]string
	managers  []string
	most      int
	scope     string
	baseline  string
}

func (r *requestFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&r.namespace, "namespace", "n", "", "`NAME` of the namespace of the FlinkDeployment (env NAMESPACE)")
	f.StringVar(&r.cluster, "kube-context", "", "`NAME` of the kube context of the FlinkDeployment")
	f.StringVar(&r.job, "job", "", "`ID` or name of the job, when several run")
	f.DurationVarP(&r.duration, "duration", "d", 0, "`TIME` that each profile takes (default 30s; env PROFILER_DURATION)")
	f.StringSliceVarP(&r.modes, "mode", "m", nil, "profiler `MODES`: ITIMER, WALL, CPU, ALLOC, LOCK (default ITIMER,WALL; env PROFILER_TYPE)")
	f.StringArrayVar(&r.context, "context", nil, "`FILE|DIR` that helps the analysis: source, configuration, notes; repeatable")
	f.StringVar(&r.prompt, "prompt-file", "", "Markdown `FILE` that replaces the default prompt (env ANALYSIS_PROMPT_FILE)")
	f.StringVar(&r.reason, "reason", "", "`WHY`, for people")
	f.StringToStringVarP(&r.labels, "label", "l", nil, "`KEY=VALUE` labels of the run")
	f.StringSliceVar(&r.managers, "task-manager", nil, "`ID` of a TaskManager to profile; repeatable (default: all that run the job)")
	f.StringVar(&r.baseline, "baseline", "", "run to compare with: last (default), release (the last one whose label release differs), none, or a `RUN`")
	f.IntVar(&r.most, "max-task-managers", 0, "profile at most this `NUMBER` of TaskManagers, those that matter most for the job's speed now; 0 is the cap: 80 profiles a run, 40 TaskManagers in 2 modes")
	f.StringVar(&r.scope, "scope", "", "which TaskManagers, in one `TEXT`: all, \"busiest N\" or \"named ID ID\"; instead of the two flags above")
}

// build makes the request. Context files are read whole; those that do not fit into an event are returned apart, to be
// stored first.
func (a *app) build(ctx context.Context, r *requestFlags, target string) (events.ProfileRequested, []upload, error) {
	t, err := r.target(target)
	if err != nil {
		return events.ProfileRequested{}, nil, err
	}
	req := events.ProfileRequested{Target: t, Reason: r.reason, Labels: r.labels, Baseline: r.baseline}
	if req.Scope, err = r.scopeOf(); err != nil {
		return req, nil, err
	}
	if err := r.profile(&req); err != nil {
		return req, nil, err
	}
	if path := first(r.prompt, env("SQUIRRLY_PROMPT_FILE", "ANALYSIS_PROMPT_FILE")); path != "" {
		b, err := userfile.Read(ctx, path, maxContextFile)
		if err != nil {
			return req, nil, refused(ctx, "--prompt-file: %w", err)
		}
		if err := analyzer.CheckPrompt(string(b)); err != nil {
			return req, nil, usage("--prompt-file %s: %w", path, err)
		}
		req.Prompt = string(b)
	}
	uploads, err := a.attach(ctx, r.context, &req)
	if err != nil {
		return req, nil, err
	}
	if err := req.Validate(); err != nil {
		return req, nil, usage("%w", err)
	}
	return req, uploads, nil
}

// scopeOf reads which TaskManagers are to be profiled.
func (r *requestFlags) scopeOf() (events.Scope, error) {
	if r.scope == "" {
		return events.Scope{TaskManagers: r.managers, MaxTaskManagers: r.most}, nil
	}
	if len(r.managers) > 0 || r.most != 0 {
		return events.Scope{}, usage("--scope says what --task-manager and --max-task-managers say: give either")
	}
	s, err := events.ParseScope(r.scope)
	if err != nil {
		return s, usage("--scope %q: choose all, \"busiest N\" or \"named ID ID\"", r.scope)
	}
	return s, nil
}

func (r *requestFlags) profile(req *events.ProfileRequested) error {
	modes := r.modes
	if v := env("SQUIRRLY_MODES", "PROFILER_TYPE"); len(modes) == 0 && v != "" {
		modes = strings.Split(v, ",")
	}
	for _, m := range modes {
		mode := events.Mode(strings.ToUpper(strings.TrimSpace(m)))
		if !mode.Valid() {
			return usage("mode %q: choose CPU, ITIMER, WALL, ALLOC or LOCK", m)
		}
		req.Modes = append(req.Modes, mode)
	}
	d := r.duration
	if v := env("SQUIRRLY_DURATION", "PROFILER_DURATION"); d == 0 && v != "" {
		if !strings.ContainsAny(v, "hms") {
			v += "s" // the proof of concept took plain seconds
		}
		var err error
		if d, err = time.ParseDuration(v); err != nil {
			return usage("PROFILER_DURATION: %w", err)
		}
	}
	req.Duration = events.Duration(d)
	return nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// upload is a context file that is stored before the request.
type upload struct {
	key  string
	body []byte
}

// attach reads the context files into the request, inline while they fit and as uploads else.
func (a *app) attach(ctx context.Context, paths []string, req *events.ProfileRequested) ([]upload, error) {
	var uploads []upload
	files, err := a.readContext(ctx, paths)
	if err != nil {
		return nil, err
	}
	inline := 0
	for _, file := range files {
		f := events.ContextFile{Name: file.name}
		if inline+len(file.body) <= events.MaxInlineContext/2 {
			inline += len(file.body)
			f.Text = string(file.body)
		} else {
			f.SHA256, f.Size = artifact.Sum(file.body), int64(len(file.body))
			f.Key = artifact.UploadKey(f.SHA256)
			uploads = append(uploads, upload{key: f.Key, body: file.body})
		}
		req.Context = append(req.Context, f)
	}
	return uploads, nil
}
