package dev.squirrly.cases;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A job that would keep up with half a core, if other processes left it that; both variants are the same. */
public final class Starved {
    private Starved() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        options.bad(); // the two variants are the same
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(10_000), Types.LONG, i -> (long) i)
                .map(new ChecksumFunction())
                .name("checksum")
                .uid("checksum")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("checksums")
                .uid("checksums")
                .disableChaining();
        env.execute("starved");
    }

    /** 40 µs of arithmetic. */
    static final class ChecksumFunction implements MapFunction<Long, Long> {
        private static final int ROUNDS = 20_000;

        @Override
        public Long map(Long number) {
            long sum = number;
            for (int i = 0; i < ROUNDS; i++) {
                sum = Long.rotateLeft(sum * 0x9E3779B97F4A7C15L, 17) ^ i;
            }
            return sum;
        }
    }
}
