package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"squirrly.dev/internal/flink/flinktest"
)

// jars are those of a cluster beside Flink's own: those of its SQL, and those that the job needs.
func (s *settings) jars(ctx context.Context, job *Job) (jars []string, err error) {
	if job.SQL != "" {
		if jars, err = flinktest.SQLJars(ctx, job.Flink); err != nil {
			return nil, err
		}
	}
	for _, name := range append(append([]string{}, job.Files...), job.Maven...) {
		jar, err := s.find(ctx, name)
		if err != nil {
			return nil, err
		}
		jars = append(jars, jar)
	}
	return jars, nil
}

// find is the path of a jar: a file of the folder that was given, or a Maven artifact, fetched once.
func (s *settings) find(ctx context.Context, name string) (string, error) {
	part := strings.Split(name, ":")
	if len(part) != 3 {
		path, err := filepath.Abs(filepath.Join(s.files, name))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("docs/public-jobs.md says where it is from: %w", err)
		}
		return path, nil
	}
	dir, err := filepath.Abs(filepath.Join(".cache", "public"))
	if err != nil {
		return "", fmt.Errorf("find the cache: %w", err)
	}
	path := filepath.Join(dir, part[1]+"-"+part[2]+".jar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
	return path, maven(ctx, plugin, "-Dartifact="+name, "-DoutputDirectory="+dir)
}

func maven(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "mvn", append([]string{"-q", "-B"}, args...)...).CombinedOutput()
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("mvn: %w: %s", err, line)
	}
	return nil
}
