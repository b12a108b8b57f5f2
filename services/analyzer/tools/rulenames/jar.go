package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxEntry bounds a file of a jar, in bytes.
const maxEntry = 256 << 20

// eachJar calls found for each class of the jars that a pattern names, and of the jars in them: Flink hides its RPC
// system and its planner so. A JDK's module (.jmod) is a jar behind four bytes.
func eachJar(pattern string, found func(*class)) error {
	jars, err := filepath.Glob(pattern)
	if err != nil || len(jars) == 0 {
		return fmt.Errorf("no jar is called %s: let Maven fetch them (make names)", pattern)
	}
	for _, jar := range jars {
		b, err := os.ReadFile(jar)
		if err != nil {
			return fmt.Errorf("read jar: %w", err)
		}
		if err := readJar(b, found); err != nil {
			return fmt.Errorf("read %s: %w", jar, err)
		}
	}
	return nil
}

func readJar(b []byte, found func(*class)) error {
	b = bytes.TrimPrefix(b, []byte("JM\x01\x00"))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	for _, f := range z.File {
		if err := readEntry(f, found); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func readEntry(f *zip.File, found func(*class)) error {
	inner := strings.HasSuffix(f.Name, ".jar")
	other := strings.HasPrefix(f.Name, "META-INF/") || strings.HasSuffix(f.Name, "module-info.class") // of other Javas
	if !inner && (other || !strings.HasSuffix(f.Name, ".class")) {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(io.LimitReader(r, maxEntry))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if inner {
		return readJar(b, found)
	}
	c, err := parseClass(b)
	if err != nil {
		return err
	}
	found(c)
	return nil
}
