//go:build realflink

package flink_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// settingsSQL is a job that sets what the planner, the runtime and nobody but itself reads.
const settingsSQL = `
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '2 s';
SET 'table.exec.mini-batch.size' = '5000';
SET 'pipeline.object-reuse' = 'true';
SET 'pipeline.global-job-parameters' = 'shop.region:eu,shop.password:hunter2,shop.login:hunter2';
CREATE TABLE bids (bidder BIGINT, price BIGINT, ts AS LOCALTIMESTAMP, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'datagen', 'rows-per-second' = '200', 'fields.bidder.min' = '1', 'fields.bidder.max' = '9');
CREATE TABLE hops (bidder BIGINT, total BIGINT, ends TIMESTAMP(3)) WITH ('connector' = 'blackhole');
CREATE TABLE sums (bidder BIGINT, total BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO hops SELECT bidder, SUM(price), window_end
  FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '10' SECOND)) GROUP BY bidder, window_start, window_end;
INSERT INTO sums SELECT bidder, SUM(price) FROM bids GROUP BY bidder;
`

// plainSQL sets nothing.
const plainSQL = `
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
CREATE TABLE sums (n BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sums SELECT n, COUNT(*) FROM numbers GROUP BY n;
`

// recordSettings keeps what Flink says of the settings and watermarks of jobs: of the sample job, for the replay, of one with
// object reuse and event time, and of two in SQL.
func recordSettings(t *testing.T, version string) {
	jars, err := flinktest.SQLJars(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	r := startRecorder(t, flinktest.Options{Version: version, Profiling: true, Slots: 6, Jars: jars})
	sample := r.submit(t, "--sine-steps=10")
	reuse := r.submit(t, "--object-reuse=true", "--event-time=true", "--sine-steps=10")
	sql, plain := r.submitSQL(t, version, settingsSQL), r.submitSQL(t, version, plainSQL)
	r.scrub = append(r.scrub, sample, flinktest.RecordedJobID)
	for i, id := range []string{reuse, sql, plain} {
		r.scrub = append(r.scrub, id, strings.Repeat(strconv.Itoa(i+1), len(id)))
	}
	recordSetting(t, r, sample, "")
	recordSetting(t, r, reuse, "settings-reuse-")
	var graph flink.Job
	decode(t, r.ask(t, "GET", "/jobs/"+reuse, "").JSON, &graph)
	query := "?get=Source__numbers.numRecordsIn,Source__numbers.numRecordsOut&agg=sum,avg,min,max"
	r.get(t, "settings-reuse-operator-records", "/jobs/"+reuse+"/vertices/"+graph.Vertices[0].ID+"/subtasks/metrics"+query, 200)
	recordSetting(t, r, sql, "settings-sql-")
	recordSetting(t, r, plain, "settings-sql-plain-")
}

// recordSetting keeps the configuration of a job and, once there are some of its last vertex, the watermarks of all.
func recordSetting(t *testing.T, r *recorder, job, prefix string) {
	r.get(t, prefix+"job-config", "/jobs/"+job+"/config", 200)
	wait, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := r.cluster.WaitRunning(wait, job); err != nil {
		t.Fatal(err)
	}
	var graph flink.Job
	if prefix == "" { // its graph is recorded as job.0
		decode(t, r.ask(t, "GET", "/jobs/"+job, "").JSON, &graph)
	} else {
		decode(t, r.get(t, prefix+"job", "/jobs/"+job, 200), &graph)
	}
	last := graph.Vertices[len(graph.Vertices)-1]
	r.until(t, "watermarks of job "+job, func(c *flink.Client) bool {
		marks, err := c.Watermarks(t.Context(), job, last.ID)
		timed := strings.HasPrefix(prefix, "settings-reuse") || prefix == "settings-sql-"
		return err == nil && len(marks) == last.Parallelism && (!timed || slices.Max(slices.Collect(maps.Values(marks))) > 0)
	})
	for i, v := range graph.Vertices {
		r.get(t, prefix+"watermarks-"+strconv.Itoa(i), "/jobs/"+job+"/vertices/"+v.ID+"/watermarks", 200)
	}
}

func (r *recorder) submitSQL(t *testing.T, version, statements string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "job.sql")
	if err := os.WriteFile(file, []byte(statements), 0o600); err != nil {
		t.Fatal(err)
	}
	jar, err := flinktest.BuildJar(ctx, filepath.Join("..", "..", filepath.FromSlash(flinktest.SQLProject)), flinktest.SQLVersion(version))
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.cluster.RunJar(ctx, jar, flinktest.SQLClass, file)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
