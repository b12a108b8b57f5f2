package dev.squirrly.sample;

import org.apache.flink.api.common.functions.MapFunction;

/** The decoy: real CPU work on every odd number, on a branch of its own, which limits nothing as long as cores are free. */
public final class OddSineFunction implements MapFunction<Integer, Integer> {
    private static final long serialVersionUID = 1L;

    private final int steps;

    public OddSineFunction(int steps) {
        this.steps = steps;
    }

    @Override
    public Integer map(Integer number) {
        if (number % 2 == 0) {
            return 0;
        }
        double sum = 0;
        double angle = (number & 0xFF) / 256.0;
        for (int i = 0; i < steps; i++) {
            sum += Math.sin(angle + sum * 1e-9);
        }
        return (int) sum;
    }
}
