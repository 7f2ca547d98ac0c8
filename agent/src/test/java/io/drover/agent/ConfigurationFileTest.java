package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.agent.AgentConfiguration.Peer;
import io.drover.agent.AgentConfiguration.Permission;
import io.drover.agent.AgentConfiguration.TlsFiles;
import io.drover.chunk.StoreLimits;
import io.drover.model.ByteSize;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import io.drover.network.Hooks;
import io.drover.network.NameServiceSettings;
import io.drover.network.NameSettings;
import io.drover.network.NetworkSettings;
import io.drover.network.RoutedBridge;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {
  private static final AgentConfiguration DEFAULTS =
      new AgentConfiguration(
          new HostName("alpha"),
          new Endpoint("0.0.0.0", 7717),
          new TlsFiles(
              Path.of("/etc/drover/ca.pem"),
              Path.of("/etc/drover/host.pem"),
              Path.of("/etc/drover/host.key")),
          Map.of(),
          List.of(),
          Path.of("/run/drover"),
          Path.of("/var/lib/drover"),
          new StoreConfiguration(
              Path.of("/var/lib/drover/store"),
              new StoreLimits(
                  ByteSize.ofMebibytes(64),
                  ByteSize.ofMebibytes(16 << 10),
                  ByteSize.ofMebibytes(2 << 10))),
          "qemu-system-x86_64",
          Accelerator.AUTO,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          200,
          16,
          LogLevel.INFO,
          NetworkSettings.DEFAULT);

  @Test
  void hasADefaultForEveryKey() {
    assertThat(parse("{}")).isEqualTo(DEFAULTS);
  }

  @Test
  void takesTheShortSystemNameWhenNoneIsWritten() {
    assertThat(ConfigurationFile.parse("{}", "f", "Node7.example.org").name())
        .isEqualTo(new HostName("node7"));
    assertThatThrownBy(() -> ConfigurationFile.parse("{}", "f", "my_host"))
        .hasMessageContaining("'name' is missing")
        .hasMessageContaining("my_host");
  }

  @Test
  void readsEveryKey() {
    AgentConfiguration read =
        parse(
            """
            name: beta
            listen: "[2001:db8::1]:7000"
            tls: {authority: /a, certificate: /c, key: /k}
            peers:
              gamma: {address: gamma.example, send: true}
              delta: {address: "198.51.100.2:7718", send: false, receive: true, trusted-path: true}
            operators: [alice, bob]
            run-directory: /run/d
            state-directory: /var/d
            store: {directory: /srv/s, index: 128M, checkpoints: 0, cache: 3G}
            qemu: /opt/qemu
            accelerator: tcg
            heartbeat-timeout: 500ms
            stall-timeout: 2m
            migration-history: 0
            max-migrations: 256
            log-level: debug
            network:
              routed-bridges:
                guests: {gateway: [192.0.2.1, "fe80::1"], mac: "02:00:5e:00:53:01"}
              redirect: "off"
              vxlan-port: 4789
              redirect-idle: 1m
              dns:
                server: 198.51.100.53
                port: 5353
                key-file: /etc/drover/dns.key
                zones: [example.org, 2.0.192.in-addr.arpa]
                ttl: 1h
                moving-ttl: 1s
              name-service:
                zones: [guests.example, 2.0.192.in-addr.arpa]
                listen: [192.0.2.11, "2001:db8::11"]
                port: 5300
                ttl: 2s
              hooks: {command: /etc/drover/moved, webhook: "https://inventory.example/moved"}
            """);

    assertThat(read)
        .isEqualTo(
            new AgentConfiguration(
                new HostName("beta"),
                new Endpoint("2001:db8::1", 7000),
                new TlsFiles(Path.of("/a"), Path.of("/c"), Path.of("/k")),
                Map.of(
                    new HostName("gamma"),
                    new Peer(
                        new Endpoint("gamma.example", 7717),
                        Permission.GRANTED,
                        Permission.DENIED,
                        Permission.DENIED),
                    new HostName("delta"),
                    new Peer(
                        new Endpoint("198.51.100.2", 7718),
                        Permission.DENIED,
                        Permission.GRANTED,
                        Permission.GRANTED)),
                List.of("alice", "bob"),
                Path.of("/run/d"),
                Path.of("/var/d"),
                new StoreConfiguration(
                    Path.of("/srv/s"),
                    new StoreLimits(
                        ByteSize.ofMebibytes(128), new ByteSize(0), ByteSize.ofMebibytes(3 << 10))),
                "/opt/qemu",
                Accelerator.TCG,
                Duration.ofMillis(500),
                Duration.ofMinutes(2),
                0,
                256,
                LogLevel.DEBUG,
                new NetworkSettings(
                    Map.of(
                        "guests",
                        new RoutedBridge(
                            "guests",
                            "02:00:5e:00:53:01",
                            List.of(new IpAddress("192.0.2.1"), new IpAddress("fe80::1")))),
                    NetworkSettings.Redirect.OFF,
                    4789,
                    Optional.of(Duration.ofMinutes(1)),
                    Optional.of(
                        new NameSettings(
                            "198.51.100.53",
                            5353,
                            Path.of("/etc/drover/dns.key"),
                            List.of("example.org", "2.0.192.in-addr.arpa"),
                            Duration.ofHours(1),
                            Duration.ofSeconds(1))),
                    Optional.of(
                        new NameServiceSettings(
                            List.of("guests.example", "2.0.192.in-addr.arpa"),
                            List.of(new IpAddress("192.0.2.11"), new IpAddress("2001:db8::11")),
                            5300,
                            Duration.ofSeconds(2))),
                    new Hooks(
                        Optional.of("/etc/drover/moved"),
                        Optional.of(URI.create("https://inventory.example/moved"))))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nmae: beta|line 1: unknown key 'nmae'",
        "name: beta~lisen: x|line 2: unknown key 'lisen'",
        "tls: {cert: /x}|line 1: unknown key 'tls.cert'",
        "peers:~  beta: {address: b, sned: true}|line 2: unknown key 'peers.beta.sned'",
        "peers:~  beta: {send: true}|line 2: the peer 'beta' has no address",
        "peers:~  beta:|line 2: the peer 'beta' has no address",
        "peers:~  B_eta: {address: b}|line 2: 'peers' has 'B_eta'",
        "peers:~  beta: {address: b, send: yes}|line 2: 'peers.beta.send' is 'yes'",
        "peers:~  alpha: {address: b}|which is this host",
        "listen: 1.2.3.4:99999|line 1: 'listen' is '1.2.3.4:99999'",
        "run-directory: run|line 1: 'run-directory' is 'run', not an absolute path",
        "heartbeat-timeout: 5|line 1: 'heartbeat-timeout' is '5'",
        "heartbeat-timeout: 2h|line 1: 'heartbeat-timeout' is '2h'",
        "stall-timeout: [1s]|line 1: 'stall-timeout' must be a time",
        "max-migrations: 0|from 1 to 256",
        "migration-history: -1|from 0 to 10000",
        "log-level: loud|one of error, warn, info, debug",
        "accelerator: xen|one of auto, kvm, tcg",
        "store: {index: many}|line 1: 'store.index' is 'many', not a size",
        "store: {size: 1G}|line 1: unknown key 'store.size'",
        "operators: alice|line 1: 'operators' must be a list",
        "operators: [Al ice]|'Al ice'",
        "name: Alpha|line 1: 'name' is 'Alpha'",
        "name: alpha~name: beta|line 2",
        "name: [|line",
        "- a|line 1: the file must be keys with values",
        "qemu: ''|line 1: 'qemu' is ''",
        "network: {bridges: {}}|line 1: unknown key 'network.bridges'",
        "network:~  routed-bridges:~    g: {gateway: [192.0.2.1]}|line 3: the routed bridge 'g'"
            + " wants",
        "network:~  routed-bridges:~    g: {gateway: [192.0.2.1/24]}|line 3: the gateway"
            + " '192.0.2.1/24'",
        "network: {redirect: vpn}|one of tunnel, off",
        "network: {vxlan-port: 0}|line 1: 'network.vxlan-port' is '0', not a number from 1 to 65535",
        "peers:~  beta: {address: b, trusted-path: vxlan}|line 2: 'peers.beta.trusted-path' is 'vxlan'",
        "network: {dns: {server: ns}}|network.dns' wants server, key-file and zones",
        "network: {name-service: {listen: [192.0.2.1]}}|zones' is [], not zones such as [guests",
        "network: {name-service: {zones: [2.0.192.in-addr.arpa]}}|not zones such as [guests",
        "network: {name-service: {zones: [a, B.example]}}|is [a, B.example], not zones",
        "network: {name-service: {zones: [a.example]}}|listen' is [0.0.0.0], not addresses of this",
        "network: {name-service: {zones: [a.example], listen: [ns.example]}}|is [ns.example], not",
        "network: {name-service: {zones: [a.example], listen: ['::']}}|is [::], not addresses",
        "network: {name-service: {zones: [a.example], port: 0}}|from 1 to 65535",
        "network: {name-service: {zones: [a.example], ttl: 1}}|from 1s to 24h",
        "network: {name-service: {zone: a.example}}|unknown key 'network.name-service.zone'",
        "network: {name-service: {zones: [a.example], listen: [192.0.2.1]}}|of 'peers' with 'send'",
        "network: {hooks: {webhook: 'file:///etc'}}|an address such as https",
        "network: {redirect-idle: 10ms}|a time from 1s to 24h",
      })
  void tellsAMistakeWithItsLine(String text, String expected) {
    assertThatThrownBy(() -> parse(text.replace("~", "\n")))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(expected)
        .hasMessageContaining("agent.yaml");
  }

  @Test
  void namesAreAnsweredAtTheAgentsOwnAddressIfNoneIsWritten() {
    NameServiceSettings service =
        parse(
                """
                listen: 192.0.2.11
                peers: {beta: {address: b, receive: true}}
                network: {name-service: {zones: [guests.example]}}
                """)
            .network()
            .nameService()
            .orElseThrow();

    assertThat(service)
        .isEqualTo(
            new NameServiceSettings(
                List.of("guests.example"),
                List.of(new IpAddress("192.0.2.11")),
                53,
                Duration.ofSeconds(1)));
  }

  @Test
  void tellsAllMistakesAtOnce() {
    assertThatThrownBy(() -> parse("listen: ':'\nfoo: 1\nmax-migrations: many\n"))
        .hasMessageContaining("3 mistakes")
        .hasMessageContaining("line 1: 'listen'")
        .hasMessageContaining("line 2: unknown key 'foo'")
        .hasMessageContaining("line 3: 'max-migrations'");
  }

  @Test
  void saysThatTheFileDoesNotExist() {
    assertThatThrownBy(() -> ConfigurationFile.read(Path.of("/nowhere/agent.yaml"), "alpha"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("/nowhere/agent.yaml does not exist");
  }

  @Test
  void agreesWithTheReferenceConfiguration() throws IOException {
    String reference = Files.readString(Path.of("../docs/agent.yaml.example"));

    assertThat(parse(reference).peers()).containsOnlyKeys(new HostName("beta"));
    // Every default in the comments is the default in the code.
    String spelled = reference.replaceAll("(?m)^#(?! )(?!operators)", "");
    assertThat(spelled).contains("\ntls:").contains("\nlog-level:");
    assertThat(parse(spelled)).isEqualTo(parse(reference));
  }

  @FuzzTest(maxDuration = "20s")
  void neverFailsWithAnythingButAProblem(byte[] bytes) {
    try {
      parse(new String(bytes, StandardCharsets.UTF_8));
    } catch (ProblemException expected) {
      if (expected.problem().message().isEmpty()) {
        throw new AssertionError("a problem without a sentence");
      }
    }
  }

  private static AgentConfiguration parse(String text) {
    return ConfigurationFile.parse(text, "agent.yaml", "alpha");
  }
}
