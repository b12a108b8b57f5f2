//go:build realflink

package flink_test

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// recordHappenings keeps what Flink says of a job that takes checkpoints and has a chain of operators, of one that fails
// again and again, and of one without checkpoints.
func recordHappenings(t *testing.T, version string) {
	r := startRecorder(t, flinktest.Options{Version: version, Profiling: true, Slots: 3, Config: map[string]string{
		"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": "1000", "restart-strategy.fixed-delay.delay": "1 s",
	}})
	light := []string{"--parallelism=1", "--sine-steps=10", "--sleep-ms=1"}
	chained := r.submit(t, append(light, "--chained=true", "--checkpoint-ms=500")...)
	failing := r.submit(t, append(light, "--fail-after-ms=1500")...)
	quiet := r.submit(t, append(light, "--chained=true")...)
	for i, id := range []string{chained, failing, quiet} {
		r.scrub = append(r.scrub, id, strings.Repeat(strconv.Itoa(i+1), len(id)))
	}
	recordCheckpoints(t, r, chained)
	r.get(t, "happening-checkpoint-config-off", "/jobs/"+quiet+"/checkpoints/config", 200)
	recordOperators(t, r, chained)
	recordFailures(t, r, failing)
	r.get(t, "happening-taskmanager", "/taskmanagers/"+flinktest.TaskManagerID(0), 200)
	recordRestarting(t, r, failing)
}

// submit runs the sample job and returns its id.
func (r *recorder) submit(t *testing.T, args ...string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	jar, err := flinktest.SampleJar(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.cluster.RunJar(ctx, jar, flinktest.SampleClass, args...)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// until asks until the answer is as it should be.
func (r *recorder) until(t *testing.T, what string, ok func(c *flink.Client) bool) {
	client, err := flink.New(r.cluster.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if ok(client) {
			return
		}
	}
	t.Fatalf("%s within 2 minutes: it did not happen", what)
}

func recordCheckpoints(t *testing.T, r *recorder, job string) {
	r.until(t, "three checkpoints", func(c *flink.Client) bool {
		s, err := c.Checkpoints(t.Context(), job)
		return err == nil && s.Counts.Completed > 2
	})
	var all flink.Checkpoints
	decode(t, r.get(t, "happening-checkpoints", "/jobs/"+job+"/checkpoints", 200), &all)
	r.get(t, "happening-checkpoint-config", "/jobs/"+job+"/checkpoints/config", 200)
	details := "/jobs/" + job + "/checkpoints/details/" + strconv.FormatInt(all.Latest.Completed.ID, 10)
	var one flink.Checkpoint
	decode(t, r.get(t, "happening-checkpoint-details", details, 200), &one)
	for vertex := range one.Tasks {
		r.get(t, "happening-checkpoint-times", details+"/subtasks/"+vertex, 200)
		break
	}
	r.get(t, "happening-checkpoint-forgotten", "/jobs/"+job+"/checkpoints/details/999999", 404)
}

// recordOperators keeps the graph of a chained job, the names of its metrics and the values of some of them.
func recordOperators(t *testing.T, r *recorder, job string) {
	var graph flink.Job
	decode(t, r.get(t, "happening-job", "/jobs/"+job, 200), &graph)
	vertex := graph.Vertices[0]
	var operators []string
	r.until(t, "metrics of operators", func(c *flink.Client) bool {
		operators, _ = c.Operators(t.Context(), job, vertex.ID)
		return len(operators) > 1
	})
	path := "/jobs/" + job + "/vertices/" + vertex.ID
	r.get(t, "happening-vertex", path, 200)
	r.get(t, "happening-operators", path+"/subtasks/metrics", 200)
	var names []string
	for _, o := range operators {
		names = append(names, o+".numRecordsIn", o+".numRecordsOut")
	}
	query := url.Values{"get": {strings.Join(names, ",")}, "agg": {"sum,avg"}}
	r.get(t, "happening-operator-records", path+"/subtasks/metrics?"+query.Encode(), 200)
	if e := r.ask(t, "GET", path+"/subtasks/metrics?get="+strings.Repeat("x", 5000), ""); e.Status != 404 {
		t.Errorf("a first line of more than 4,096 bytes: status %d", e.Status)
	}
}

func recordFailures(t *testing.T, r *recorder, job string) {
	r.until(t, "two failures", func(c *flink.Client) bool {
		all, err := c.Exceptions(t.Context(), job, 3)
		return err == nil && len(all) > 1
	})
	r.get(t, "happening-exceptions", "/jobs/"+job+"/exceptions?maxExceptions=2", 200)
}

// recordRestarting catches the failing job between two attempts.
func recordRestarting(t *testing.T, r *recorder, job string) {
	r.until(t, "a restart", func(c *flink.Client) bool {
		jobs, err := c.Jobs(t.Context())
		if err != nil {
			return false
		}
		for _, j := range jobs {
			if j.ID == job && j.State == flink.JobRestarting {
				e := r.ask(t, "GET", "/jobs/overview", "")
				if strings.Contains(string(e.JSON), flink.JobRestarting) {
					r.keep(t, "happening-jobs-restarting", e, 200)
					return true
				}
			}
		}
		return false
	})
	var graph flink.Job
	decode(t, r.ask(t, "GET", "/jobs/"+job, "").JSON, &graph)
	r.get(t, "happening-vertex-failing", "/jobs/"+job+"/vertices/"+graph.Vertices[1].ID, 200)
}
