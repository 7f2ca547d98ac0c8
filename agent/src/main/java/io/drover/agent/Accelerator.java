package io.drover.agent;

/** How guests' instructions are run. */
enum Accelerator {
  /** KVM where the host has it, else emulation. */
  AUTO,
  KVM,
  TCG
}
