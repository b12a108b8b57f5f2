package dev.squirrly.cases;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Sensor readings are parsed; the bad variant waits a millisecond after each, to be gentle to the next system. */
public final class SleepyMap {
    private SleepyMap() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.of(env, options.rate(1_800), Types.STRING, SleepyMap::reading)
                .map(options.bad() ? new PacedParseFunction() : new ParseFunction())
                .returns(Types.DOUBLE)
                .name("parse")
                .uid("parse")
                .disableChaining()
                .sinkTo(new DiscardingSink<>())
                .name("readings")
                .uid("readings")
                .disableChaining();
        env.execute("sleepy-map");
    }

    private static String reading(int index) {
        return "temperature;" + index + ";" + "room of the sensor and what is known of it ".repeat(5);
    }

    static class ParseFunction implements MapFunction<String, Double> {
        @Override
        public Double map(String reading) throws Exception {
            int from = reading.indexOf(';') + 1;
            return Double.parseDouble(reading.substring(from, reading.indexOf(';', from)));
        }
    }

    static final class PacedParseFunction extends ParseFunction {
        @Override
        public Double map(String reading) throws Exception {
            Thread.sleep(1);
            return super.map(reading);
        }
    }
}
