package flink_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/flink"
)

// A TaskManager that hangs is as silent as one that is dead; a timeout of something else is not its fault.
func TestTaskManagerSilent(t *testing.T) {
	for message, silent := range map[string]bool{
		`java.util.concurrent.TimeoutException: Invocation of [RemoteRpcInvocation(TaskExecutorGateway.requestProfilingList(Duration))] at recipient [pekko.tcp://flink@10.0.0.7:6122/user/rpc/taskmanager_0] timed out. This is usually caused by: 1) Pekko failed sending the message silently`: true,
		`java.util.concurrent.TimeoutException: Invocation of [RemoteRpcInvocation(DispatcherGateway.requestJob(JobID))] at recipient [x] timed out.`:                                                                                                                                             false,
		`java.lang.IllegalStateException: something else`: false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"errors":["Internal server error.","<Exception on server side:\n` + message + `\n\tat x.Y.z(Y.java:1)\n"]}`))
		}))
		client, err := flink.New(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.ListProfiles(t.Context(), "tm")
		server.Close()
		if errors.Is(err, flink.ErrTaskManagerSilent) != silent || silent != errors.Is(err, flink.ErrUnavailable) {
			t.Errorf("%s: %v", message, err)
		}
		if silent && strings.Contains(err.Error(), "Exception") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: it says %v", message, err)
		}
	}
}
