package dev.squirrly.cases;

import java.util.HashMap;
import java.util.Map;

/** The command line of every case: {@code --variant bad|good}, {@code --rate 5000}, {@code --sidecar-port 8080}. */
final class Options {
    private final Map<String, String> given = new HashMap<>();

    private Options() {}

    static Options parse(String[] args) {
        Options options = new Options();
        for (int i = 0; i < args.length; i++) {
            String name = args[i];
            String value;
            int equals = name.indexOf('=');
            if (equals >= 0) {
                value = name.substring(equals + 1);
                name = name.substring(0, equals);
            } else if (i + 1 < args.length) {
                value = args[++i];
            } else {
                throw new IllegalArgumentException("no value for " + name);
            }
            switch (name) {
                case "--variant", "--rate", "--sidecar-port" -> options.given.put(name, value);
                default -> throw new IllegalArgumentException("unknown option " + name);
            }
        }
        return options;
    }

    /** Whether to run the job as it was before its fault was fixed. */
    boolean bad() {
        String variant = given.getOrDefault("--variant", "bad");
        return switch (variant) {
            case "bad" -> true;
            case "good" -> false;
            default -> throw new IllegalArgumentException("--variant is bad or good, not " + variant);
        };
    }

    /** Records per second, over all subtasks of the source. */
    long rate(long usual) {
        long rate = Long.parseLong(given.getOrDefault("--rate", Long.toString(usual)));
        if (rate < 1) {
            throw new IllegalArgumentException("--rate is below 1: " + rate);
        }
        return rate;
    }

    /** The port on 127.0.0.1 of the service that the job calls. */
    int sidecarPort() {
        String port = given.get("--sidecar-port");
        if (port == null) {
            throw new IllegalArgumentException("--sidecar-port is missing: this job calls a service on that port");
        }
        return Integer.parseInt(port);
    }
}
