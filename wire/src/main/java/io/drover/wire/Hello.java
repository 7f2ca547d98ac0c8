package io.drover.wire;

import io.drover.model.HostName;

/**
 * The first message on every connection of the port, from the side that connected.
 *
 * @param oldest the oldest protocol version the caller speaks
 * @param newest the newest one
 */
public record Hello(int oldest, int newest, HostName from, Purpose purpose) {}
