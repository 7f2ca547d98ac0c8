package io.drover.lab;

/** Makes a lab and waits to be killed. */
final class LabOwner {
  private LabOwner() {}

  static void main(String[] arguments) throws InterruptedException {
    LabGuard guard = new LabGuard(LabStore.ofMachine(), new LabName(arguments[0]));
    Lab lab =
        Lab.up(
            LabStore.ofMachine(),
            LabPlan.of(new LabName(arguments[0]), LinkShape.UNSHAPED)
                .withAgents(LabPlan.Agents.NONE),
            _ -> {});
    System.out.println("up " + lab.record().name());
    Thread.sleep(600_000);
    guard.close();
  }
}
