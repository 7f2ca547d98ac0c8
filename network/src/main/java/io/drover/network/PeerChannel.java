package io.drover.network;

import java.io.Closeable;
import java.io.InputStream;
import java.io.OutputStream;

/** An authenticated, encrypted connection to another host's agent. */
public interface PeerChannel extends Closeable {
  InputStream in();

  OutputStream out();
}
