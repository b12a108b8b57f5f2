// Command public runs the jobs of docs/public-jobs.md on a real Flink, captures each with `squirrly profile`, and records
// beside the capture, without Squirrly, what is needed to say what is true of the job.
//
//	go run ./test/public -files DIR -out DIR [-job NAME]
//
// For each job the folder gets capture/ (what `squirrly profile --out` left), verdict.txt (what it printed), truth.json
// (Flink's counters and the CPU time of each thread, before and after), and dumps/ (thread dumps in between).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/internal/flink/flinktest"
)

// Job is one entry of jobs.yaml.
type Job struct {
	Name        string            `yaml:"name"`
	Flink       string            `yaml:"flink"`
	SQL         string            `yaml:"sql"`   // statements to run, in the folder of the files
	Jar         string            `yaml:"jar"`   // what is submitted: a file, or a Maven artifact
	Main        string            `yaml:"main"`  // class to run
	Args        []string          `yaml:"args"`  // its arguments
	Files       []string          `yaml:"files"` // further jars of the cluster, in the folder of the files
	Maven       []string          `yaml:"maven"` // further jars of the cluster, group:artifact:version
	Heap        int               `yaml:"heap"`  // MiB of heap for the tasks; default 512
	Parallelism int               `yaml:"parallelism"`
	Config      map[string]string `yaml:"config"`
	Beside      *Job              `yaml:"beside"` // a second job on the same cluster; both are captured
}

type settings struct {
	jobs, only, files, out, squirrly string
	warmup, duration                 time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.jobs, "jobs", "test/public/jobs.yaml", "the jobs")
	flag.StringVar(&s.only, "job", "", "name of the only job to run")
	flag.StringVar(&s.files, "files", "", "folder with the jars and SQL files of others")
	flag.StringVar(&s.out, "out", "", "folder for the captures")
	flag.StringVar(&s.squirrly, "squirrly", "bin/squirrly", "the program that captures")
	flag.DurationVar(&s.warmup, "warmup", 30*time.Second, "before a capture")
	flag.DurationVar(&s.duration, "duration", 30*time.Second, "of each profile")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "public:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.files == "" || s.out == "" {
		return errors.New("-files and -out are needed")
	}
	text, err := os.ReadFile(s.jobs)
	if err != nil {
		return fmt.Errorf("read the jobs: %w", err)
	}
	var jobs []Job
	if err := yaml.Unmarshal(text, &jobs); err != nil {
		return fmt.Errorf("%s: %w", s.jobs, err)
	}
	if s.only != "" {
		jobs = slices.DeleteFunc(jobs, func(j Job) bool { return j.Name != s.only })
	}
	if len(jobs) == 0 {
		return fmt.Errorf("%s has no job %q", s.jobs, s.only)
	}
	var failed error
	for i := range jobs {
		say("%s on Flink %s", jobs[i].Name, jobs[i].Flink)
		if err := s.measure(ctx, &jobs[i]); err != nil {
			say("%s: %v", jobs[i].Name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", jobs[i].Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// measure starts the cluster of a job, submits it and what runs beside it, and captures both.
func (s *settings) measure(ctx context.Context, job *Job) (err error) {
	jars, err := s.jars(ctx, job)
	if err != nil {
		return err
	}
	heap := 512
	if job.Heap > 0 {
		heap = job.Heap
	}
	cluster, err := flinktest.Start(ctx, flinktest.Options{
		Version: job.Flink, Jars: jars, Profiling: true, TaskHeap: heap, Config: job.Config, JVM: []string{"-XX:+UseG1GC"},
		StartTimeout: 4 * time.Minute,
	})
	if err != nil {
		return fmt.Errorf("start Flink: %w", err)
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	all := []*Job{job}
	if job.Beside != nil {
		job.Beside.Flink = job.Flink
		all = append(all, job.Beside)
	}
	ids := make([]string, len(all))
	for i, j := range all {
		if ids[i], err = s.submit(ctx, cluster, j); err != nil {
			return err
		}
	}
	for i, j := range all {
		wait, cancel := context.WithTimeout(ctx, 3*time.Minute)
		err := cluster.WaitRunning(wait, ids[i])
		cancel()
		if err != nil {
			return fmt.Errorf("%s does not run: %w", j.Name, err)
		}
	}
	time.Sleep(s.warmup)
	for i, j := range all {
		if err := s.capture(ctx, cluster, ids[i], filepath.Join(s.out, j.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) submit(ctx context.Context, cluster *flinktest.Cluster, j *Job) (string, error) {
	if j.SQL != "" {
		jar, err := flinktest.BuildJar(ctx, filepath.FromSlash(flinktest.SQLProject), flinktest.SQLVersion(j.Flink))
		if err != nil {
			return "", fmt.Errorf("build the job that runs SQL: %w", err)
		}
		file, err := filepath.Abs(filepath.Join(s.files, j.SQL))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", j.SQL, err)
		}
		return cluster.RunJarParallel(ctx, jar, flinktest.SQLClass, j.Parallelism, file)
	}
	jar, err := s.find(ctx, j.Jar)
	if err != nil {
		return "", err
	}
	return cluster.RunJarParallel(ctx, jar, j.Main, j.Parallelism, j.Args...)
}

// capture profiles one job while its truth is recorded. What Squirrly prints goes to a file: nobody reads it here.
func (s *settings) capture(ctx context.Context, cluster *flinktest.Cluster, job, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	record, err := startRecord(ctx, cluster, job, dir)
	if err != nil {
		return fmt.Errorf("record the truth: %w", err)
	}
	verdict, err := os.Create(filepath.Join(dir, "verdict.txt"))
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	defer func() { _ = verdict.Close() }()
	cmd := exec.CommandContext(ctx, s.squirrly, "profile", cluster.URL, "--job", job, "--mode", "ITIMER,WALL",
		"--duration", s.duration.String(), "--provider", "rules", "--out", filepath.Join(dir, "capture"))
	cmd.Stdout, cmd.Stderr = verdict, verdict
	profileErr := cmd.Run()
	if err := record.end(ctx); err != nil {
		return fmt.Errorf("record the truth: %w", err)
	}
	if profileErr != nil {
		return fmt.Errorf("squirrly profile: %w (see %s)", profileErr, verdict.Name())
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "▸ "+format+"\n", args...) }
