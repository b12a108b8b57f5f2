package flinktest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// layout is what the JVMs of one cluster share: directories, ports and configuration.
type layout struct {
	options  Options
	logDir   string
	tempDir  string
	restPort int
	rpcPort  int
}

func newLayout(o Options) (*layout, error) {
	dir, err := filepath.Abs(o.Dir) // Flink's JVMs get it in their configuration
	if err != nil {
		return nil, fmt.Errorf("find cluster directory: %w", err)
	}
	o.Dir = dir
	l := &layout{options: o, logDir: filepath.Join(dir, "log"), tempDir: filepath.Join(dir, "tmp")}
	for _, d := range []string{l.logDir, l.tempDir} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return nil, fmt.Errorf("create cluster directory: %w", err)
		}
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	l.restPort, l.rpcPort = ports[0], ports[1]
	return l, nil
}

func (l *layout) url() string { return "http://127.0.0.1:" + strconv.Itoa(l.restPort) }

func (l *layout) startJobManager(ctx context.Context, java string) (*process, error) {
	return l.startJVM(ctx, java, "jobmanager", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
		nil, "-Xmx384m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1") // starts faster
}

// frameworkHeap is the part of the heap that is Flink's own, in MiB.
const frameworkHeap = 128

// startTaskManager gives the sizes that Flink's own scripts would compute: without them a TaskManager does not start.
func (l *layout) startTaskManager(ctx context.Context, java string, i int) (*process, error) {
	settings := map[string]string{
		"taskmanager.resource-id":                    TaskManagerID(i),
		"taskmanager.cpu.cores":                      strconv.Itoa(l.options.Slots) + ".0",
		"taskmanager.memory.framework.heap.size":     fmt.Sprintf("%dm", frameworkHeap),
		"taskmanager.memory.framework.off-heap.size": "128m",
		"taskmanager.memory.task.heap.size":          fmt.Sprintf("%dm", l.options.TaskHeap),
		"taskmanager.memory.task.off-heap.size":      "0m",
		"taskmanager.memory.network.min":             "64m",
		"taskmanager.memory.network.max":             "64m",
		"taskmanager.memory.managed.size":            "32m",
		"taskmanager.memory.jvm-metaspace.size":      "256m",
		"taskmanager.memory.jvm-overhead.min":        "192m",
		"taskmanager.memory.jvm-overhead.max":        "192m",
	}
	heap := fmt.Sprintf("%dm", frameworkHeap+l.options.TaskHeap)
	jvm := append([]string{"-Xms" + heap, "-Xmx" + heap, "-XX:MaxDirectMemorySize=192m", "-XX:MaxMetaspaceSize=256m"}, l.options.JVM...)
	return l.startJVM(ctx, java, fmt.Sprintf("taskmanager-%d", i+1),
		"org.apache.flink.runtime.taskexecutor.TaskManagerRunner", settings, jvm...)
}

func (l *layout) startJVM(ctx context.Context, java, name, class string, settings map[string]string, jvm ...string) (*process, error) {
	conf := filepath.Join(l.options.Dir, "conf-"+name)
	if err := l.writeConf(conf, settings); err != nil {
		return nil, fmt.Errorf("configure %s: %w", name, err)
	}
	classpath, err := l.classpath()
	if err != nil {
		return nil, err
	}
	args := append(jvm, moduleOptions()...)
	args = append(args,
		"-Djava.io.tmpdir="+l.tempDir,
		"-Dlog.file="+filepath.Join(l.logDir, name+".log"),
		"-Dlog4j.configurationFile=file:"+filepath.Join(conf, "log4j2.properties"),
		"-cp", classpath, class, "--configDir", conf)
	return run(ctx, name, filepath.Join(l.logDir, name+".out"), java, args...)
}

// classpath lists the jars one by one, so that the web UI can be left out.
func (l *layout) classpath() (string, error) {
	jars, err := filepath.Glob(filepath.Join(l.options.Lib, "*.jar"))
	if err != nil || len(jars) == 0 {
		return "", fmt.Errorf("no Flink jars in %s", l.options.Lib)
	}
	if l.options.NoWebUI {
		jars = slices.DeleteFunc(jars, func(j string) bool { return strings.HasPrefix(filepath.Base(j), "flink-runtime-web-") })
	}
	return strings.Join(append(jars, l.options.Jars...), string(os.PathListSeparator)), nil
}

// writeConf writes the configuration directory of one JVM.
func (l *layout) writeConf(dir string, settings map[string]string) error {
	config := map[string]string{
		"jobmanager.rpc.address":        "127.0.0.1",
		"jobmanager.bind-host":          "127.0.0.1",
		"jobmanager.rpc.port":           strconv.Itoa(l.rpcPort),
		"jobmanager.memory.heap.size":   "384m",
		"rest.address":                  "127.0.0.1",
		"rest.bind-address":             "127.0.0.1",
		"rest.port":                     strconv.Itoa(l.restPort),
		"rest.profiling.enabled":        strconv.FormatBool(l.options.Profiling),
		"rest.profiling.dir":            l.tempDir,
		"taskmanager.host":              "127.0.0.1",
		"taskmanager.bind-host":         "127.0.0.1",
		"taskmanager.numberOfTaskSlots": strconv.Itoa(l.options.Slots),
		"io.tmp.dirs":                   l.tempDir,
		"pekko.ask.timeout":             "60s", // a loaded machine needs more than the 10 s of the default
		"pekko.startup-timeout":         "60s",
	}
	maps.Copy(config, settings)
	maps.Copy(config, l.options.Config)
	var yaml strings.Builder
	for _, key := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(&yaml, "%s: %q\n", key, config[key])
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("create directory: %w", err)
	}
	for name, text := range map[string]string{"config.yaml": yaml.String(), "log4j2.properties": log4j} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

const log4j = `rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
appender.file.name = file
appender.file.type = FILE
appender.file.fileName = ${sys:log.file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %-5p %-60c %x - %m%n
`

// freePorts are ports that nobody listens on. Another program may take one before the JVM does: then the JVM ends, and
// Start says so.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // all of them only at the end, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// moduleOptions open the parts of the JDK that Flink reaches into, as the distribution's own configuration does.
func moduleOptions() []string {
	var options []string
	for _, export := range []string{
		"java.base/sun.net.util", "java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5",
		"jdk.compiler/com.sun.tools.javac.api", "jdk.compiler/com.sun.tools.javac.file",
		"jdk.compiler/com.sun.tools.javac.parser", "jdk.compiler/com.sun.tools.javac.tree",
		"jdk.compiler/com.sun.tools.javac.util",
	} {
		options = append(options, "--add-exports="+export+"=ALL-UNNAMED")
	}
	for _, open := range []string{
		"java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect", "java.text", "java.time",
		"java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks",
	} {
		options = append(options, "--add-opens=java.base/"+open+"=ALL-UNNAMED")
	}
	return options
}
