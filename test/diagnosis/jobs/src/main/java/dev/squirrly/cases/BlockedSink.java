package dev.squirrly.cases;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Rows are parsed, which takes CPU, and written to a warehouse that answers after 2 ms. The bad variant waits for the
 * answer to each row, the good one writes a hundred rows at once.
 */
public final class BlockedSink {
    private static final int BATCH = 100;

    private BlockedSink() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(900), Types.STRING, BlockedSink::row)
                .map(new ParseFunction())
                .returns(Types.STRING)
                .name("parse")
                .uid("parse")
                .disableChaining()
                .rebalance()
                .sinkTo(new WarehouseSink(options.bad() ? 1 : BATCH))
                .name("warehouse")
                .uid("warehouse")
                .disableChaining();
        env.execute("blocked-sink");
    }

    private static String row(int index) {
        StringBuilder row = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            row.append(index * 31 + i).append(';');
        }
        return row.toString();
    }

    /** Checks the sum of a row in a slow way. */
    static final class ParseFunction implements MapFunction<String, String> {
        private static final int ROUNDS = 600;

        @Override
        public String map(String row) {
            long sum = 0;
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < row.length(); i++) {
                    sum = Long.rotateLeft(sum, 5) ^ (row.charAt(i) + round) * 0x9E3779B97F4A7C15L;
                }
            }
            return row + Long.toHexString(sum);
        }
    }

    /** Not a plain Sink, because that has one more method to implement on Flink 1.20, which is gone on 2.x. */
    static final class WarehouseSink extends DiscardingSink<String> {
        private final int batch;

        WarehouseSink(int batch) {
            this.batch = batch;
        }

        @Override
        public SinkWriter<String> createWriter(WriterInitContext context) {
            return new WarehouseWriter(new Warehouse(), batch);
        }
    }

    static final class WarehouseWriter implements SinkWriter<String> {
        private final Warehouse warehouse;
        private final int batch;
        private List<String> rows = new ArrayList<>();

        WarehouseWriter(Warehouse warehouse, int batch) {
            this.warehouse = warehouse;
            this.batch = batch;
        }

        @Override
        public void write(String row, Context context) {
            rows.add(row);
            if (rows.size() >= batch) {
                flush(false);
            }
        }

        @Override
        public void flush(boolean endOfInput) {
            if (!rows.isEmpty()) {
                warehouse.insert(rows).join();
                rows = new ArrayList<>();
            }
        }

        @Override
        public void close() {
            warehouse.close();
        }
    }

    /** A client whose requests take a round trip, however many rows they carry. */
    static final class Warehouse {
        private static final long ROUND_TRIP_MILLIS = 2;

        private final ScheduledExecutorService network = Executors.newSingleThreadScheduledExecutor();

        CompletableFuture<Integer> insert(List<String> rows) {
            CompletableFuture<Integer> answer = new CompletableFuture<>();
            network.schedule(() -> answer.complete(rows.size()), ROUND_TRIP_MILLIS, TimeUnit.MILLISECONDS);
            return answer;
        }

        void close() {
            network.shutdownNow();
        }
    }
}
