package dev.squirrly.cases;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A job that has work to do, a quarter of a core, and keeps up with it; both variants are the same. */
public final class WarmNotLimited {
    private WarmNotLimited() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        options.bad(); // the two variants are the same
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(6_000), Types.LONG, i -> (long) i)
                .map(new SignFunction())
                .name("sign")
                .uid("sign")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("signed")
                .uid("signed")
                .disableChaining();
        env.execute("warm-not-limited");
    }

    /** Stretches a number into a signature; 50 µs of arithmetic. */
    static final class SignFunction implements MapFunction<Long, Long> {
        private static final int ROUNDS = 20_000;

        @Override
        public Long map(Long number) {
            long signature = number;
            for (int i = 0; i < ROUNDS; i++) {
                signature = Long.rotateLeft(signature * 0x9E3779B97F4A7C15L, 17) ^ i;
            }
            return signature;
        }
    }
}
