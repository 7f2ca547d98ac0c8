package io.drover.tunnel;

import io.drover.model.ByteRate;
import java.time.Duration;

/**
 * What a {@link LinkProbe} found.
 *
 * @param rate of the probe's bytes once any first burst was over
 * @param roundTrip the shortest of a few, before the link was filled
 * @param sentBytes what the probe cost
 */
public record LinkSpeed(ByteRate rate, Duration roundTrip, long sentBytes) {}
