package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;

/**
 * The records of the zones that a host answers for, at one moment. A name is one guest's: where two
 * want the same, the one that comes first in the list of claims has it. Does not change.
 */
final class NameZones {
  /** Nobody transfers a zone, so nobody compares it. */
  private static final long SERIAL = 1;

  private final long ttl;
  private final NameServiceSettings settings;
  private final Name server;
  private final List<Name> zones;
  private final Map<Name, List<Record>> records = new HashMap<>();
  // Also those that are only part of longer ones: they are there, without records.
  private final Set<Name> names = new HashSet<>();
  private final Map<Name, GuestName> owners = new HashMap<>();
  private final Map<GuestName, List<String>> answered = new HashMap<>();

  NameZones(NameServiceSettings settings, List<NameClaim> claims) {
    this.ttl = settings.ttl().toSeconds();
    this.settings = settings;
    this.zones = settings.zones().stream().flatMap(zone -> name(zone).stream()).toList();
    this.server = name("ns." + settings.ownZone()).orElse(Name.root);
    zones.forEach(this::begin);
    settings.listen().forEach(address -> add(address(server, address)));
    claims.forEach(this::add);
  }

  private void begin(Name zone) {
    add(soa(zone));
    add(new NSRecord(zone, DClass.IN, ttl, server));
  }

  private void add(NameClaim claim) {
    for (GuestNames.Card card : claim.names().cards()) {
      Optional<Name> name = name(whole(card.name()));
      if (name.isPresent() && !name.get().equals(server)) {
        add(claim, card, name.get());
      }
    }
  }

  private String whole(String name) {
    return name.indexOf('.') < 0 ? name + "." + settings.ownZone() : name;
  }

  private void add(NameClaim claim, GuestNames.Card card, Name name) {
    GuestName guest = claim.names().guest();
    GuestName owner = owners.putIfAbsent(name, guest);
    if (owner != null && !owner.equals(guest)) {
      return;
    }
    if (owner == null && zoneOf(name).isPresent()) {
      answered.computeIfAbsent(guest, _ -> new ArrayList<>()).add(name.toString(true));
      String mark = "move=%d host=%s".formatted(claim.names().sequence(), claim.host());
      name("_drover." + name.toString(true))
          .ifPresent(where -> add(new TXTRecord(where, DClass.IN, ttl, mark)));
    }
    for (IpAddress address : card.addresses()) {
      add(address(name, address));
      Name reverse = ReverseMap.fromAddress(address.inet());
      if (!records.containsKey(reverse)) {
        add(new PTRRecord(reverse, DClass.IN, ttl, name));
      }
    }
  }

  private Record address(Name name, IpAddress address) {
    return address.isV6()
        ? new AAAARecord(name, DClass.IN, ttl, address.inet())
        : new ARecord(name, DClass.IN, ttl, address.inet());
  }

  private void add(Record record) {
    Name name = record.getName();
    Optional<Name> zone = zoneOf(name);
    if (zone.isPresent()) {
      List<Record> there = records.computeIfAbsent(name, _ -> new ArrayList<>());
      if (!there.contains(record)) {
        there.add(record);
      }
      for (Name each = name; !each.equals(zone.get()); each = new Name(each, 1)) {
        names.add(each);
      }
      names.add(zone.get());
    }
  }

  /** The innermost zone that has the name, if one has. */
  Optional<Name> zoneOf(Name name) {
    return zones.stream()
        .filter(name::subdomain)
        .max(java.util.Comparator.comparingInt(Name::labels));
  }

  boolean exists(Name name) {
    return names.contains(name);
  }

  List<Record> records(Name name) {
    return records.getOrDefault(name, List.of());
  }

  SOARecord soa(Name zone) {
    return new SOARecord(
        zone,
        DClass.IN,
        ttl,
        server,
        name("hostmaster." + settings.ownZone()).orElse(server),
        SERIAL,
        3600,
        600,
        86_400,
        ttl);
  }

  /** The names that are answered for a guest. */
  List<String> of(GuestName guest) {
    return List.copyOf(answered.getOrDefault(guest, List.of()));
  }

  /** Empty for what would be longer than a name can be. */
  private static Optional<Name> name(String text) {
    try {
      return Optional.of(Name.fromString(text + "."));
    } catch (TextParseException e) {
      return Optional.empty();
    }
  }
}
