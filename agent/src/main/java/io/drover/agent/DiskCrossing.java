package io.drover.agent;

import io.drover.qemu.disk.ChangeStream;
import java.io.IOException;
import java.io.OutputStream;

/** How a disk's changes cross over one connection, and the answers come back. */
interface DiskCrossing extends ChangeStream {
  /** Takes what comes from the target, in pieces of any size. */
  void received(byte[] bytes, int offset, int length) throws IOException;

  /** Nothing more comes from the target. */
  void end(String reason);

  /** Takes answers, in pieces of any size. */
  @FunctionalInterface
  interface Answers {
    void received(byte[] bytes, int offset, int length);
  }

  /** Changes as they are. */
  record Plain(OutputStream out, Answers answers) implements DiskCrossing {
    @Override
    public void head(byte[] bytes) throws IOException {
      out.write(bytes);
    }

    @Override
    public void content(long diskOffset, byte[] bytes) throws IOException {
      out.write(bytes);
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void received(byte[] bytes, int offset, int length) {
      answers.received(bytes, offset, length);
    }

    @Override
    public void end(String reason) {}
  }
}
