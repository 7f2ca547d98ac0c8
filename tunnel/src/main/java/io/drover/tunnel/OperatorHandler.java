package io.drover.tunnel;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Serves HTTP to operators over the port. */
public interface OperatorHandler {
  /** Whether the configuration lists this operator. */
  boolean permits(String operator);

  /** Serves one connection to its end; it is closed afterwards. */
  void serve(String operator, InputStream in, OutputStream out) throws IOException;
}
