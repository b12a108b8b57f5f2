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

// lib is a temporary folder with links to all jars of a cluster: Flink's own, those of its SQL, and those that the job needs.
func (s *settings) lib(ctx context.Context, job *Job) (string, error) {
	flink, err := flinktest.EnsureLib(ctx, job.Flink)
	if err != nil {
		return "", err
	}
	folders := []string{flink}
	if job.SQL != "" {
		sql, err := sqlLib(ctx, job.Flink)
		if err != nil {
			return "", err
		}
		folders = append(folders, sql)
	}
	var jars []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, "*.jar"))
		if err != nil {
			return "", fmt.Errorf("list %s: %w", folder, err)
		}
		jars = append(jars, found...)
	}
	for _, name := range append(append([]string{}, job.Files...), job.Maven...) {
		jar, err := s.find(ctx, name)
		if err != nil {
			return "", err
		}
		jars = append(jars, jar)
	}
	lib, err := os.MkdirTemp("", "public-lib-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	for _, jar := range jars {
		link := filepath.Join(lib, filepath.Base(jar))
		if err := os.Symlink(jar, link); err != nil && !os.IsExist(err) {
			return "", fmt.Errorf("link %s: %w", jar, err)
		}
	}
	return lib, nil
}

// sqlLib is the folder with the jars of Flink's SQL, which Maven fills once.
func sqlLib(ctx context.Context, version string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(".cache", "flink", version, "sql"))
	if err != nil {
		return "", fmt.Errorf("find the cache: %w", err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "flink-table-planner-loader-*.jar")); len(found) > 0 {
		return dir, nil
	}
	return dir, maven(ctx, "-f", filepath.Join("test", "public", "sql", "pom.xml"), "dependency:copy-dependencies",
		"-Dflink.version="+version, "-DoutputDirectory="+dir)
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
