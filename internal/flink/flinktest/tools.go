package flinktest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// SampleClass is the entry class of the sample job.
const SampleClass = "dev.squirrly.sample.SampleJob"

// EnsureLib returns the directory with the jars of one Flink version, .cache/flink/<version>/lib-<hash> in the repository,
// and lets Maven fill it when it is not there. The hash is that of the list of jars, tools/flink/pom.xml.
func EnsureLib(ctx context.Context, version string) (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	home := filepath.Join(root, ".cache", "flink", version)
	pom, err := os.ReadFile(filepath.Join(root, "tools", "flink", "pom.xml"))
	if err != nil {
		return "", fmt.Errorf("read the list of jars: %w", err)
	}
	lib := filepath.Join(home, fmt.Sprintf("lib-%x", sha256.Sum256(pom))[:len("lib-")+8])
	if _, err := os.Stat(lib); err == nil { //nolint:gosec // a hash of our own file
		return lib, nil
	}
	if err := os.MkdirAll(home, 0o750); err != nil {
		return "", fmt.Errorf("create Flink cache: %w", err)
	}
	part, err := os.MkdirTemp(home, "part-")
	if err != nil {
		return "", fmt.Errorf("create Flink cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(part) }()
	err = maven(ctx, filepath.Join(root, "tools", "flink"), "dependency:copy-dependencies",
		"-Dflink.version="+version, "-Dflink.lib="+part)
	if err != nil {
		return "", fmt.Errorf("fetch Flink %s: %w", version, err)
	}
	// A half-filled directory must never look complete; somebody else may have been faster.
	if err := os.Rename(part, lib); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // a hash of our own file
		return "", fmt.Errorf("fetch Flink %s: %w", version, err)
	}
	return lib, nil
}

// SQLProject is the Maven project, below the root of the repository, whose jar runs a file of SQL statements: its class
// SQLClass, with the path of the file as argument.
const (
	SQLProject = "test/public/sql"
	SQLClass   = "dev.squirrly.sql.SqlFile"
)

// SQLVersion is the version of Flink's SQL that runs on a version of Flink: its own, but where no jars of that patch
// release are to be had.
func SQLVersion(flink string) string {
	if flink == "1.20.5" {
		return "1.20.3"
	}
	return flink
}

// SQLJars are the jars that Flink's SQL needs beside those of [EnsureLib]. Maven fetches them once.
func SQLJars(ctx context.Context, version string) ([]string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return nil, err
	}
	version = SQLVersion(version)
	dir := filepath.Join(root, ".cache", "flink", version, "sql-jars")
	complete := filepath.Join(dir, "flink-table-planner-loader-"+version+".jar")
	if _, err := os.Stat(complete); err != nil {
		err := maven(ctx, filepath.Join(root, filepath.FromSlash(SQLProject)), "dependency:copy-dependencies",
			"-Dflink.version="+version, "-DoutputDirectory="+dir)
		if err != nil {
			return nil, fmt.Errorf("fetch the SQL of Flink %s: %w", version, err)
		}
	}
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	return jars, nil
}

// SampleJar returns the path of the sample job's jar, and lets Maven build it when it is absent or older than a source.
func SampleJar(ctx context.Context) (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	project := filepath.Join(root, "examples", "sample-job")
	return built(ctx, project, filepath.Join(project, "target", "sample-job.jar"))
}

// BuildJar returns the jar of a Maven project for a version of Flink, target/<version>/*.jar or target/*.jar, and lets
// Maven build it with -Dflink.version when it is absent or older than a source.
func BuildJar(ctx context.Context, project, version string) (string, error) {
	if jar := jarIn(filepath.Join(project, "target", version)); jar != "" {
		return built(ctx, project, jar, "-Dflink.version="+version)
	}
	if err := maven(ctx, project, "package", "-Dflink.version="+version); err != nil {
		return "", fmt.Errorf("build %s: %w", filepath.Base(project), err)
	}
	for _, folder := range []string{version, "."} {
		if jar := jarIn(filepath.Join(project, "target", folder)); jar != "" {
			return jar, nil
		}
	}
	return "", fmt.Errorf("build %s: Maven left no jar in target", filepath.Base(project))
}

// jarIn is the jar in a folder that holds the job: not the one before shading, nor sources.
func jarIn(folder string) string {
	jars, _ := filepath.Glob(filepath.Join(folder, "*.jar")) // the pattern is well formed
	for _, jar := range jars {
		name := filepath.Base(jar)
		if !strings.HasPrefix(name, "original-") && !strings.HasSuffix(name, "-sources.jar") {
			return jar
		}
	}
	return ""
}

// built returns the jar of a project, and lets Maven build it when it is absent or older than a source.
func built(ctx context.Context, project, jar string, args ...string) (string, error) {
	fresh, err := newerThanSources(jar, project)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", filepath.Base(project), err)
	}
	if fresh {
		return jar, nil
	}
	if err := maven(ctx, project, "package", args...); err != nil {
		return "", fmt.Errorf("build %s: %w", filepath.Base(project), err)
	}
	return jar, nil
}

func newerThanSources(jar, project string) (bool, error) {
	built, err := os.Stat(jar)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stat jar: %w", err)
	}
	var newest time.Time
	for _, source := range []string{filepath.Join(project, "pom.xml"), filepath.Join(project, "src")} {
		err := filepath.WalkDir(source, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return fmt.Errorf("stat source: %w", err)
			}
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
			return nil
		})
		if err != nil {
			return false, fmt.Errorf("walk sources: %w", err)
		}
	}
	return !built.ModTime().Before(newest), nil
}

// maven runs one goal of the project in dir, quietly; its output is in the error.
func maven(ctx context.Context, dir, goal string, args ...string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("mvn not found: install Maven (Debian: apt-get install maven)")
	}
	args = append([]string{"-q", "-B", "-f", filepath.Join(dir, "pom.xml"), goal}, args...)
	cmd := exec.CommandContext(ctx, mvn, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn %s: %w: %s", goal, err, firstLine(string(out)))
	}
	return nil
}

// findJava names what to install when there is no Java.
func findJava(named string) (string, error) {
	candidates := []string{"java"}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		candidates = []string{filepath.Join(home, "bin", "java"), "java"}
	}
	if named != "" {
		candidates = []string{named}
	}
	for _, c := range candidates {
		if path, err := exec.LookPath(c); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s not found: install a JDK 17 (Debian: apt-get install openjdk-17-jdk-headless) or set JAVA_HOME",
		candidates[0])
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
