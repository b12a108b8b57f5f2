package dev.squirrly.cases;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Ten records a second: nothing to diagnose, in either variant. */
public final class IdleJob {
    private IdleJob() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        options.bad(); // the two variants are the same
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(10), Types.STRING, i -> "device-" + i)
                .map(device -> device.length())
                .returns(Types.INT)
                .name("measure")
                .uid("measure")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("lengths")
                .uid("lengths")
                .disableChaining();
        env.execute("idle-job");
    }
}
