package dev.squirrly.sql;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs the statements of a SQL file as one streaming job: {@code SqlFile FILE}.
 *
 * <p>A statement ends with a semicolon at the end of a line. {@code SET 'key' = 'value'} configures the job, and all
 * {@code INSERT}s become one statement set, so that the file is one job whether or not it says so.
 */
public final class SqlFile {
    private SqlFile() {}

    public static void main(String[] args) throws Exception {
        TableEnvironment table = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        var inserts = table.createStatementSet();
        for (String statement : statements(Files.readString(Path.of(args[0])))) {
            String word = statement.split("\\s+", 2)[0].toUpperCase(Locale.ROOT);
            switch (word) {
                case "SET" -> set(table, statement);
                case "INSERT" -> inserts.addInsertSql(statement);
                case "BEGIN", "END" -> { } // of a statement set
                default -> table.executeSql(statement);
            }
        }
        inserts.execute();
    }

    static List<String> statements(String text) {
        List<String> all = new ArrayList<>();
        StringBuilder one = new StringBuilder();
        for (String line : text.lines().toList()) {
            if (line.strip().startsWith("--")) {
                continue;
            }
            one.append(line).append('\n');
            if (line.stripTrailing().endsWith(";")) {
                String statement = one.toString().strip();
                all.add(statement.substring(0, statement.length() - 1));
                one.setLength(0);
            }
        }
        return all;
    }

    private static void set(TableEnvironment table, String statement) {
        String[] parts = statement.split("'");
        table.getConfig().set(parts[1], parts[3]);
    }
}
