package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Transport;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code drover demo}. */
@Command(
    name = "demo",
    description =
        "Move a busy guest between two hosts on this machine and prove its memory (as root).")
final class DemoCommand implements Callable<Integer> {
  private final HostControl.Factory agents;

  @Option(
      names = "--stress",
      paramLabel = "MB[,MB/s]",
      defaultValue = "256,100",
      description =
          "How much memory the guest rewrites and how fast; without a rate as fast as it goes;"
              + " 0 for an idle guest. Default: ${DEFAULT-VALUE}")
  private String stress = "256,100";

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "auto",
      description = "auto, precopy, postcopy, hybrid or cold. Default: ${DEFAULT-VALUE}")
  private String mode = "auto";

  @Option(
      names = "--transport",
      paramLabel = "TRANSPORT",
      defaultValue = "tunnel",
      description = "tunnel, native or native-tls. Default: ${DEFAULT-VALUE}")
  private String transport = "tunnel";

  @Option(names = "--keep", description = "Leave the lab up.")
  private boolean keep;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "demo",
      description = "The lab's name. Default: ${DEFAULT-VALUE}")
  private String name = "demo";

  @Option(names = "--json", description = "End with one JSON object on a line of its own.")
  private boolean json;

  @Mixin private LinkOptions link = new LinkOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  DemoCommand(HostControl.Factory agents) {
    this.agents = agents;
  }

  @Override
  public Integer call() {
    Workload workload = Workload.parseStress(stress);
    MigrationRequest wish =
        MigrationRequest.of("", "")
            .withMode(Mode.parse(mode).word())
            .withTransport(Transport.parse(transport).word());
    LabPlan plan = LabPlan.of(new LabName(name), link.shape("1gbit"));
    PrintWriter out = spec.commandLine().getOut();
    // Whoever asks for JSON reads standard output; the story then goes to the other one.
    Steps steps =
        new Steps(json ? spec.commandLine().getErr() : out, Steps.styleOf(System.getenv()));
    DemoReport report =
        new Demo(agents, steps)
            .run(plan, workload, wish, keep ? LabRecord.Keeping.KEPT : LabRecord.Keeping.OWNED);
    report.summary(Demo.describe(workload)).forEach(steps::line);
    if (json) {
      out.println(JsonMapper.builder().build().writeValueAsString(report));
      out.flush();
    }
    return report.good() ? 0 : Problem.Kind.MIGRATION.exitCode();
  }
}
