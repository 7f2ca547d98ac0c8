package io.drover.qemu.nbd;

/** What both ends have agreed on besides the plain protocol. */
enum Extra {
  /** Replies come in chunks that say where they belong; without it, only whole ones do. */
  STRUCTURED_REPLIES,
  /** The client may ask which parts hold data. */
  ALLOCATION
}
