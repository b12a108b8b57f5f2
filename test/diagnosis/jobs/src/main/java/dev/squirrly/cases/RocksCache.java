package dev.squirrly.cases;

import java.util.Arrays;
import java.util.Random;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Profiles of customers in RocksDB, many times what its block cache holds: each look-up reads blocks from files. What helps
 * is memory, or blocks of the index and filters that are read in parts.
 */
public final class RocksCache {
    private static final int CUSTOMERS = 400_000;
    private static final int BYTES = 400;

    private RocksCache() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(250_000), Types.LONG, i -> (long) i)
                .map(new VisitFunction())
                .returns(Types.LONG)
                .name("visits")
                .uid("visits")
                .keyBy(visit -> visit < 0 ? -visit : visit, Types.LONG)
                .map(new ProfileFunction())
                .returns(Types.LONG)
                .name("profile")
                .uid("profile")
                .sinkTo(new DiscardingSink<>())
                .name("profiles")
                .uid("profiles")
                .disableChaining();
        env.execute("rocks-cache");
    }

    /** Each customer once, as a negative number, and then one after the other at random. */
    static final class VisitFunction implements MapFunction<Long, Long> {
        private long visits;
        private final Random random = new Random(1);

        @Override
        public Long map(Long ignored) {
            visits++;
            return visits <= CUSTOMERS ? -visits : 1 + random.nextInt(CUSTOMERS);
        }
    }

    static final class ProfileFunction extends RichMapFunction<Long, Long> {
        private transient ValueState<byte[]> profile;
        private transient Random random;

        @Override
        public void open(OpenContext context) {
            profile = getRuntimeContext().getState(
                    new ValueStateDescriptor<>("profile", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
            random = new Random(2);
        }

        @Override
        public Long map(Long visit) throws Exception {
            if (visit < 0) {
                byte[] bytes = new byte[BYTES];
                random.nextBytes(bytes);
                Arrays.fill(bytes, BYTES / 2, BYTES, (byte) 7); // half of it compresses
                profile.update(bytes);
                return visit;
            }
            return (long) profile.value()[0];
        }
    }
}
