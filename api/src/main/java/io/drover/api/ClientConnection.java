package io.drover.api;

import java.io.Closeable;
import java.io.InputStream;
import java.io.OutputStream;

/** A fresh connection to an agent; reading from it ends with an exception when nothing comes. */
interface ClientConnection extends Closeable {

  /** Makes connections; an agent that is not there is told as a problem. */
  interface Factory {
    ClientConnection connect();

    /** Who is asked, for messages and for the Host header. */
    String authority();
  }

  InputStream in();

  OutputStream out();
}
