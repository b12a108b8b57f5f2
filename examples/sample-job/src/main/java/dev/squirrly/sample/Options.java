package dev.squirrly.sample;

import java.util.HashMap;
import java.util.Map;

/** Command line options of the form {@code --name=value}. */
final class Options {
    private final Map<String, String> given = new HashMap<>();

    private Options() {}

    static Options parse(String[] args) {
        Options options = new Options();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (!arg.startsWith("--") || equals < 0) {
                throw new IllegalArgumentException("expected --name=value, got " + arg);
            }
            options.given.put(arg.substring(2, equals), arg.substring(equals + 1));
        }
        return options;
    }

    int integer(String name, int otherwise) {
        String value = given.remove(name);
        if (value == null) {
            return otherwise;
        }
        int number = Integer.parseInt(value);
        if (number < 0) {
            throw new IllegalArgumentException("--" + name + " is negative: " + number);
        }
        return number;
    }

    boolean flag(String name, boolean otherwise) {
        String value = given.remove(name);
        return value == null ? otherwise : Boolean.parseBoolean(value);
    }

    /** Called after all known options were taken, so that a typo is an error and not a default. */
    void refuseUnknown() {
        if (!given.isEmpty()) {
            throw new IllegalArgumentException("unknown options: " + given.keySet());
        }
    }
}
