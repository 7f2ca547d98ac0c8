package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fleet's own name service: every host tells the names of its guests to whoever asks, and a
 * host that is configured to asks all its peers and answers DNS questions with what they say.
 *
 * <p>Who answers connects, to each peer it exchanges guests with, and connects again for as long as
 * it runs: what a peer said while it was away is in the list that each connection begins with. What
 * a connection carries is the difference between what was said over it and what is so; nothing
 * waits in queues, and a word of an old connection cannot come after one of a new one.
 *
 * <p>Safe for all threads.
 */
public final class NameService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NameService.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(2);
  private static final Duration SILENCE = Duration.ofSeconds(8);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** What one peer may make this host remember. */
  private static final int MAX_GUESTS = 4096;

  private final List<HostName> peers;
  private final Function<HostName, PeerChannel> dialer;
  private final LongSupplier nanos;
  private final HostNames own;
  private final Optional<FleetNames> fleet;
  private final List<NameListener> listeners = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final Set<Line> lines = ConcurrentHashMap.newKeySet();
  private final Map<HostName, Line> told = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** A connection to a peer. */
  private final class Line {
    private final PeerChannel channel;
    private final AtomicLong heardNanos = new AtomicLong(nanos.getAsLong());

    Line(PeerChannel channel) {
      this.channel = channel;
    }

    DataInputStream in() {
      return new DataInputStream(new BufferedInputStream(channel.in()));
    }

    NameMessage read(DataInputStream in) throws IOException {
      NameMessage message = NameFrames.read(in);
      heardNanos.set(nanos.getAsLong());
      return message;
    }

    void write(byte[] frames) throws IOException {
      channel.out().write(frames);
    }

    boolean isSilent() {
      return nanos.getAsLong() - heardNanos.get() > SILENCE.toNanos();
    }

    void close() {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("closing a connection about names", e);
      }
    }
  }

  private NameService(
      HostName self,
      Optional<NameServiceSettings> settings,
      List<HostName> peers,
      Function<HostName, PeerChannel> dialer,
      FleetNames.Departing departing,
      LongSupplier nanos) {
    this.peers = List.copyOf(peers);
    this.dialer = dialer;
    this.nanos = nanos;
    this.own = new HostNames(nanos);
    this.fleet = settings.map(each -> new FleetNames(self, each, own, peers, departing, nanos));
  }

  /**
   * Takes the addresses to answer at, if there are any; nothing is said or answered before {@link
   * #start}.
   *
   * @param peers hosts whose guests are answered for
   * @param dialer connects to one, or throws what keeps it from that
   * @throws ProblemException if an address cannot be had
   */
  public static NameService open(
      HostName self,
      Optional<NameServiceSettings> settings,
      List<HostName> peers,
      Function<HostName, PeerChannel> dialer,
      Redirects redirects) {
    return open(self, settings, peers, dialer, redirects::mayBeAt, System::nanoTime);
  }

  static NameService open(
      HostName self,
      Optional<NameServiceSettings> settings,
      List<HostName> peers,
      Function<HostName, PeerChannel> dialer,
      FleetNames.Departing departing,
      LongSupplier nanos) {
    NameService service = new NameService(self, settings, peers, dialer, departing, nanos);
    try {
      service.fleet.ifPresent(fleet -> service.bind(settings.orElseThrow(), fleet));
      return service;
    } catch (ProblemException e) {
      service.close();
      throw e;
    }
  }

  private void bind(NameServiceSettings settings, FleetNames names) {
    NameResponder responder = new NameResponder(names);
    for (IpAddress address : settings.listen()) {
      listeners.add(NameListener.bind(address, settings.port(), responder));
    }
  }

  /** Begins to ask and to answer; the guests that are here are known by now. */
  public void start() {
    listeners.forEach(NameListener::start);
    threads.add(Thread.ofVirtual().name("names").start(this::watch));
    if (fleet.isPresent()) {
      for (HostName peer : peers) {
        threads.add(
            Thread.ofVirtual().name("names-" + peer).start(() -> follow(peer, fleet.get())));
      }
    }
  }

  // ---- the guests of this host ----

  /** The guest is here by that move, and runs. */
  void here(GuestWhereabouts now, List<GuestPort> ports) {
    own.here(GuestNames.of(now, ports));
  }

  /** The guest is another host's. */
  void left(GuestName guest) {
    own.left(guest);
  }

  /** The guest is no more. */
  void ended(GuestName guest) {
    own.ended(guest);
  }

  /** How many hosts answer for the guests of this one, itself included. */
  int answering() {
    return told.size() + (fleet.isPresent() ? 1 : 0);
  }

  // ---- what is known of the fleet's ----

  /** Where a guest is, as far as its names are answered here. */
  Optional<GuestWhereabouts> find(GuestName guest) {
    return fleet.flatMap(
        names ->
            names.claims().stream()
                .filter(claim -> claim.names().guest().equals(guest))
                .findFirst()
                .map(
                    claim ->
                        new GuestWhereabouts(
                            guest, claim.names().sequence(), claim.host(), List.of(), List.of())));
  }

  /** The names that this host answers for a guest. */
  List<String> answered(GuestName guest) {
    return fleet.map(names -> names.zones().of(guest)).orElse(List.of());
  }

  // ---- asking ----

  private void follow(HostName peer, FleetNames names) {
    Duration pause = FIRST_PAUSE;
    boolean reached = true;
    try {
      while (!closed) {
        try {
          Line line = new Line(dialer.apply(peer));
          if (!reached) {
            LOG.info("host={} tells again which guests it has", peer);
          }
          reached = true;
          if (listen(peer, line, names)) {
            pause = FIRST_PAUSE;
          }
        } catch (ProblemException e) {
          // Said once: it is tried for as long as the agent runs.
          if (reached) {
            LOG.warn("host={} does not tell which guests it has: {}", peer, e.problem());
          }
          reached = false;
        } catch (RuntimeException e) {
          LOG.error("host={} is asked again for its guests' names", peer, e);
        }
        Thread.sleep(pause);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes in what a peer tells, to the connection's end; whether it told all. */
  private boolean listen(HostName peer, Line line, FleetNames names) {
    Map<GuestName, GuestNames> guests = new HashMap<>();
    boolean all = false;
    lines.add(line);
    try {
      DataInputStream in = line.in();
      while (!closed) {
        switch (line.read(in)) {
          case NameMessage.Here(GuestNames here) -> guests.put(here.guest(), here);
          case NameMessage.Gone(GuestName guest) -> guests.remove(guest);
          case NameMessage.All() -> all = true;
          case NameMessage.Alive() -> {
            line.write(NameFrames.encode(new NameMessage.Alive()));
            continue;
          }
        }
        if (guests.size() > MAX_GUESTS) {
          throw new IOException("more than %d guests".formatted(MAX_GUESTS));
        }
        if (all) {
          names.heard(peer, guests);
        }
      }
    } catch (IOException e) {
      LOG.debug("host={} tells its guests' names no more: {}", peer, e.toString());
    } finally {
      lines.remove(line);
      line.close();
      names.silent(peer);
    }
    return all;
  }

  // ---- telling ----

  /** A peer asks. Serves it to the connection's end. */
  public void accept(HostName peer, PeerChannel channel) {
    Line line = new Line(channel);
    lines.add(line);
    Optional.ofNullable(told.put(peer, line)).ifPresent(Line::close);
    Thread teller = Thread.ofVirtual().name("names-to-" + peer).start(() -> tell(peer, line));
    try {
      DataInputStream in = line.in();
      while (!closed && line.read(in) instanceof NameMessage.Alive) {
        // Who asks says nothing but that.
      }
    } catch (IOException e) {
      LOG.debug("host={} asks for names no more: {}", peer, e.toString());
    } finally {
      told.remove(peer, line);
      lines.remove(line);
      line.close();
      teller.interrupt();
    }
  }

  private void tell(HostName peer, Line line) {
    Map<GuestName, GuestNames> said = new HashMap<>();
    boolean first = true;
    try {
      while (true) {
        HostNames.Snapshot now = own.now();
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (GuestName guest : new HashSet<>(said.keySet())) {
          if (!now.guests().containsKey(guest)) {
            said.remove(guest);
            frames.writeBytes(NameFrames.encode(new NameMessage.Gone(guest)));
          }
        }
        now.guests()
            .forEach(
                (guest, names) -> {
                  if (!names.equals(said.put(guest, names))) {
                    frames.writeBytes(NameFrames.encode(new NameMessage.Here(names)));
                  }
                });
        if (first) {
          frames.writeBytes(NameFrames.encode(new NameMessage.All()));
        }
        first = false;
        frames.writeBytes(NameFrames.encode(new NameMessage.Alive()));
        line.write(frames.toByteArray());
        own.awaitOther(now.version(), KEEP_ALIVE);
      }
    } catch (IOException e) {
      LOG.debug("host={} is told no names any more: {}", peer, e.toString());
      line.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- time ----

  /** A peer that is cut off says nothing, not even that. */
  private void watch() {
    try {
      while (!closed) {
        Thread.sleep(KEEP_ALIVE);
        lines.stream().filter(Line::isSilent).forEach(Line::close);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
    listeners.forEach(NameListener::close);
    threads.forEach(Thread::interrupt);
    lines.forEach(Line::close);
  }
}
