package flinktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path"
	"path/filepath"
	"time"
)

// RunJar uploads a jar and runs entryClass of it with the given arguments. It returns the id of the submitted job,
// whose tasks may not run yet: see [Cluster.WaitRunning].
func (c *Cluster) RunJar(ctx context.Context, jarPath, entryClass string, args ...string) (string, error) {
	return c.RunJarParallel(ctx, jarPath, entryClass, 0, args...)
}

// RunJarParallel is RunJar with a parallelism for what the job gives none; 0 leaves that to the job, which then gets 1: of
// parallelism.default in the configuration of the cluster Flink takes no notice here.
func (c *Cluster) RunJarParallel(ctx context.Context, jarPath, entryClass string, parallelism int, args ...string) (string, error) {
	jarID, err := c.upload(ctx, jarPath)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", filepath.Base(jarPath), err)
	}
	request := map[string]any{"entryClass": entryClass, "programArgsList": args}
	if parallelism > 0 {
		request["parallelism"] = parallelism
	}
	body, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("run %s: %w", entryClass, err)
	}
	var answer struct {
		JobID string `json:"jobid"`
	}
	err = c.do(ctx, http.MethodPost, "/jars/"+jarID+"/run", "application/json", bytes.NewReader(body), &answer)
	if err != nil {
		return "", fmt.Errorf("run %s: %w", entryClass, err)
	}
	return answer.JobID, nil
}

// WaitRunning returns when every task of the job is RUNNING, and fails when the job has ended or ctx does.
func (c *Cluster) WaitRunning(ctx context.Context, jobID string) error {
	return c.wait(ctx, jobID, func(j jobState) (bool, error) {
		if j.ended() {
			return false, fmt.Errorf("it is %s", j.State)
		}
		running := j.State == "RUNNING"
		for _, v := range j.Vertices {
			running = running && v.Status == "RUNNING"
		}
		return running, nil
	})
}

// CancelJob cancels the job and returns when it has ended.
func (c *Cluster) CancelJob(ctx context.Context, jobID string) error {
	err := c.do(ctx, http.MethodPatch, "/jobs/"+jobID+"?mode=cancel", "", nil, nil)
	if err != nil {
		return fmt.Errorf("cancel job %s: %w", jobID, err)
	}
	return c.wait(ctx, jobID, func(j jobState) (bool, error) { return j.ended(), nil })
}

type jobState struct {
	State    string `json:"state"`
	Vertices []struct {
		Status string `json:"status"`
	} `json:"vertices"`
}

func (j jobState) ended() bool {
	return j.State == "FAILED" || j.State == "CANCELED" || j.State == "FINISHED"
}

// wait polls the job until reached says so, or fails.
func (c *Cluster) wait(ctx context.Context, jobID string, reached func(jobState) (bool, error)) error {
	for {
		var job jobState
		if err := c.get(ctx, "/jobs/"+jobID, &job); err != nil {
			return fmt.Errorf("wait for job %s: %w", jobID, err)
		}
		if ok, err := reached(job); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for job %s: %w", jobID, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// upload returns the id that Flink gave the jar: the last element of its path on the JobManager.
func (c *Cluster) upload(ctx context.Context, jarPath string) (string, error) {
	jar, err := os.ReadFile(jarPath)
	if err != nil {
		return "", fmt.Errorf("read jar: %w", err)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="jarfile"; filename=%q`, filepath.Base(jarPath))},
		"Content-Type":        {"application/x-java-archive"},
	})
	if err != nil {
		return "", fmt.Errorf("write form: %w", err)
	}
	if _, err := part.Write(jar); err != nil {
		return "", fmt.Errorf("write form: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("write form: %w", err)
	}
	var answer struct {
		Filename string `json:"filename"`
	}
	if err := c.do(ctx, http.MethodPost, "/jars/upload", w.FormDataContentType(), &form, &answer); err != nil {
		return "", err
	}
	return path.Base(answer.Filename), nil
}

func (c *Cluster) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, into)
}

// do is the plain HTTP that starting a cluster needs; the client under test is not used to set up its own test.
func (c *Cluster) do(ctx context.Context, method, path, contentType string, body io.Reader, into any) (err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
