package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The names of the fleet's guests: what each host says of its own, kept by host, so that a word of
 * one never destroys another's. Who is right about a guest is found out when it is asked. Safe for
 * all threads.
 */
final class FleetNames {
  /** A host that was not heard of for so long yields to any other that says it has its guest. */
  static final Duration SILENT_AFTER = Duration.ofSeconds(30);

  /** So long after the start a name that is not known may be one of a host not heard yet. */
  static final Duration GATHERING = Duration.ofSeconds(30);

  /** What nobody announces (a guest given up, a host's silence) is seen after so long. */
  private static final Duration LONGEST_KEPT = Duration.ofMillis(200);

  private final HostName self;
  private final NameServiceSettings settings;
  private final HostNames own;
  private final Departing departing;
  private final LongSupplier nanos;
  private final long beganNanos;
  private final Map<HostName, Peer> peers = new TreeMap<>();
  private NameZones zones;
  private long zonesNanos;
  private long ownVersion;
  private boolean changed;

  /** What this host knows of guests that leave it. */
  interface Departing {
    /** Whether a guest that was here may be on that host by its move of that number. */
    boolean mayBeAt(HostName peer, GuestName guest, long sequence);
  }

  /** What a host said last. */
  private static final class Peer {
    private Map<GuestName, GuestNames> guests = Map.of();
    private boolean heard;
    private OptionalLong silentSinceNanos = OptionalLong.empty();
  }

  FleetNames(
      HostName self,
      NameServiceSettings settings,
      HostNames own,
      Collection<HostName> peers,
      Departing departing,
      LongSupplier nanos) {
    this.self = self;
    this.settings = settings;
    this.own = own;
    this.departing = departing;
    this.nanos = nanos;
    this.beganNanos = nanos.getAsLong();
    peers.forEach(peer -> this.peers.put(peer, new Peer()));
    this.zones = new NameZones(settings, List.of());
    this.changed = true;
  }

  /** A host has these guests, and no other. */
  synchronized void heard(HostName host, Map<GuestName, GuestNames> guests) {
    Peer peer = peers.get(host);
    if (peer != null) {
      peer.guests = Map.copyOf(guests);
      peer.heard = true;
      peer.silentSinceNanos = OptionalLong.empty();
      changed = true;
    }
  }

  /** The connection to a host ended; its guests, which need no agent, are taken to live on. */
  synchronized void silent(HostName host) {
    Peer peer = peers.get(host);
    if (peer != null && peer.silentSinceNanos.isEmpty()) {
      peer.silentSinceNanos = OptionalLong.of(nanos.getAsLong());
    }
  }

  /** Whether what is not known does not exist, as far as can be told. */
  synchronized boolean isComplete() {
    return peers.values().stream().allMatch(peer -> peer.heard)
        || nanos.getAsLong() - beganNanos > GATHERING.toNanos();
  }

  /** Who has each guest, those that are here first. */
  synchronized List<NameClaim> claims() {
    Map<GuestName, GuestNames> here = own.now().guests();
    Map<GuestName, NameClaim> best = new HashMap<>();
    here.forEach(
        (guest, names) -> best.put(guest, new NameClaim(self, names, NameClaim.Standing.HEARD)));
    peers.forEach(
        (host, peer) -> {
          NameClaim.Standing standing = standing(peer);
          for (GuestNames names : peer.guests.values()) {
            GuestName guest = names.guest();
            // Nobody takes the names of a guest that is here and stays.
            if (!here.containsKey(guest) || departing.mayBeAt(host, guest, names.sequence())) {
              best.merge(guest, new NameClaim(host, names, standing), NameClaim::better);
            }
          }
        });
    List<NameClaim> claims = new ArrayList<>(best.values());
    claims.sort(
        Comparator.comparing((NameClaim claim) -> !claim.host().equals(self))
            .thenComparing(claim -> claim.names().guest()));
    return claims;
  }

  private NameClaim.Standing standing(Peer peer) {
    return peer.silentSinceNanos.isPresent()
            && nanos.getAsLong() - peer.silentSinceNanos.getAsLong() > SILENT_AFTER.toNanos()
        ? NameClaim.Standing.SILENT
        : NameClaim.Standing.HEARD;
  }

  /** What is to be answered now. */
  synchronized NameZones zones() {
    long now = nanos.getAsLong();
    long version = own.version();
    if (changed || version != ownVersion || now - zonesNanos > LONGEST_KEPT.toNanos()) {
      changed = false;
      ownVersion = version;
      zonesNanos = now;
      zones = new NameZones(settings, claims());
    }
    return zones;
  }
}
