package dev.squirrly.sample;

import org.apache.flink.api.common.functions.MapFunction;

/** The runner-up: real CPU work behind the stall, which a CPU profile shows first though it limits nothing yet. */
public final class SineFunction implements MapFunction<Integer, Double> {
    private static final long serialVersionUID = 1L;

    private final int steps;

    public SineFunction(int steps) {
        this.steps = steps;
    }

    @Override
    public Double map(Integer number) {
        double sum = 0;
        double angle = (number & 0xFF) / 256.0;
        for (int i = 0; i < steps; i++) {
            sum += Math.sin(angle + sum * 1e-9);
        }
        return sum;
    }
}
